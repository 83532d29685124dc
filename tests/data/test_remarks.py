"""Remarks are counted over tables, each with the example of the first that has one."""

from types import SimpleNamespace

from nnctl.data.remarks import Remark, Remarks


def test_counts_are_added_and_the_first_example_stays():
    tables = [
        ([Remark("age is missing in ", 2, ", and never was", "; such as 3")], 1000),
        ([], 500),
        ([Remark("age is missing in ", 5, ", and never was", "; such as 4"), Remark("", 1, " look odd")], 1500),
    ]
    found = Remarks(lambda table: table.said)
    for said, m in tables:
        found.add(SimpleNamespace(origin="t.csv", X=range(m), said=said))
    assert found.lines() == [
        "t.csv: age is missing in 7 of 3,000 rows, and never was; such as 3",
        "t.csv: 1 of 3,000 rows look odd",
    ]
