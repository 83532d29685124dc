"""What a column of numbers is fitted to is exact, however many of them there are."""

import numpy as np
import pytest

from nnctl.data.columns import Columns, Texts
from nnctl.data.kinds import boolean, category, kinds, number
from nnctl.data.table import Table
from nnctl.data.tabular import TabularPreparation
from nnctl.errors import DataError
from nnctl.spec.spec import DataSpec


def test_what_is_neither_yes_nor_no_is_counted_apart_from_what_is_missing():
    def rows(values):
        texts = list(dict.fromkeys(value for value in values if value))
        codes = np.array([texts.index(value) if value else -1 for value in values])
        return Columns(("a",), np.empty((len(values), 0)), {"a": Texts(codes, tuple(texts))})

    fitted = boolean.fit(rows(["yes", "no", "yes"]), "a", None)
    said = fitted.remarks(rows(["maybe", "", "no", "", "perhaps", "yes"]))
    assert [(remark.before, remark.rows) for remark in said] == [
        ("a is neither yes nor no in ", 2),
        ("a is missing in ", 2),
    ]
    assert said[0].example == ' ("maybe"); taken as yes'
    assert fitted.remarks(rows(["yes", "no"])) == []


@pytest.mark.parametrize("gap", [False, True])
def test_a_column_of_numbers_is_fitted_to_those_that_are_there(gap):
    values = np.random.RandomState(0).randn(60_000, 3)
    if gap:
        values[5:50, 1] = np.nan
    fitted = number.fit(Columns(("a", "b", "c"), values, {}), "b", "indicator")
    there = values[~np.isnan(values[:, 1]), 1]
    assert (fitted.fill, fitted.low, fitted.high) == (np.median(there), there.min(), there.max())
    assert (fitted.gaps, fitted.indicator) == (gap, gap)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["10115", "01220", "20095", "80331"], category),  # post codes, most of them without a zero in front
        (["0", "1", "2", "3", "007"], category),
        (["1.5", "2.5", "3", "007"], None),
        (["1", "2", "3", "x", "007"], None),
        (["1", "x", "y"], category),
    ],
    ids=str,
)
def test_whole_numbers_beside_codes_with_zeros_in_front_are_codes(values, kind):
    rows = Columns(("a",), np.empty((10, 0)), {"a": Texts(np.arange(10) % len(values), tuple(values))})
    assert next((each for each in kinds.values() if each.suits(rows, "a")), None) is kind
    table = Table(rows, np.arange(10) % 2, origin="t.csv")
    if kind is None:
        with pytest.raises(DataError, match=r'holds numbers and texts mixed, such as "(007|x)" in row [34]'):
            TabularPreparation.fit(table, rows, DataSpec())
    else:
        assert TabularPreparation.fit(table, rows, DataSpec()).columns[0].values == tuple(sorted(values))
