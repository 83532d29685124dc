"""Remarks are counted over tables, and what is so of whole tables is said only where it is so of all of them."""

from nnctl.data.remarks import Remark, Remarks


def test_counts_are_added_and_the_first_example_stays():
    found = Remarks("t.csv")
    found.add([Remark("age is missing in ", 2, ", and never was", "; such as 3")], 1000)
    found.add([], 500)
    found.add([Remark("age is missing in ", 5, ", and never was", "; such as 4"), Remark("", 1, " look odd")], 1500)
    assert found.lines() == [
        "t.csv: age is missing in 7 of 3,000 rows, and never was; such as 3",
        "t.csv: 1 of 3,000 rows look odd",
    ]


def test_what_is_so_of_whole_tables():
    found = Remarks("t.csv")
    found.add([Remark("all values are 0", 10, whole=True)], 10)
    assert found.lines() == ["t.csv: all values are 0"]
    found.add([Remark("all values are 0", 5, whole=True)], 5)
    assert found.lines() == ["t.csv: all values are 0"]
    found.add([], 1)
    assert found.lines() == []
