"""The list of columns: a row for each, whatever its name."""

from nnctl.data.survey import Column
from nnctl.show import console
from nnctl.show.columns import listing


def test_each_column_is_a_row(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    columns = [
        Column("[bold]\n", "number", 1200, 0, "0 to 9", "it counts the rows", countable=False),
        Column("sick", "boolean", 2, 7, '"yes", "no"', None, countable=True),
    ]
    console.results().print(listing(columns))
    rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "[bold] number 1,200 0 to 9 no: it counts the rows" in rows
    assert 'sick boolean 2 7 "yes", "no" the last column, 2 values' in rows
