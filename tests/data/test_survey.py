"""The survey of a table: kinds, what is left out and why, and what looks like a target."""

import pytest

from nnctl.data.records import Source
from nnctl.data.survey import survey, twins, values_of
from nnctl.data.tables import read_columns

ROWS = 12
CELLS = {
    "id": [f"{i}" for i in range(1, ROWS + 1)],
    "customer_id": [f"{977 * i % 1000}" for i in range(ROWS)],
    "name": [f"n{i}" for i in range(ROWS)],
    "ticket": [f"t{i % 8}" for i in range(ROWS)],
    "day": [f"2020-01-{1 + i % 3:02d}" for i in range(ROWS)],
    "mixed": ["?x", "1", "2", "3", *["4"] * 8],
    "comma": ['"1,5"', '"2,5"', *['"3,5"'] * 10],
    "empty": [""] * ROWS,
    "constant": ["7"] * ROWS,
    "gaps": ["7", "", *["7"] * 10],
    "hardly": ["1.5", "2.5", *[""] * 10],
    "rarely": ["p", "p", "q", "q", *[""] * 8],
    "same": ["s"] * ROWS,
    "age": ["", "NA", *[f"{i / 4}" for i in range(10)]],
    "port": ["", *["C", "Q", "S"] * 3, "S", "S"],
    "sick": ["yes", "no", "", *["no"] * 9],
    "grade": [f"{i % 3}" for i in range(ROWS)],
    "year": [f"{2000 + i}" for i in range(ROWS)],
}


@pytest.fixture
def columns(tmp_path):
    path = tmp_path / "t.csv"
    lines = [",".join(CELLS), *(",".join(row) for row in zip(*CELLS.values(), strict=True))]
    path.write_text("\n".join(lines))
    return {column.name: column for column in survey(*read_columns(Source(path)))}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("id", "it counts the rows"),
        ("customer_id", "an identifier: another number in each row"),
        ("name", 'another text in each row, such as "n0"'),
        ("ticket", '8 different texts in 12 rows, such as "t0"'),
        ("day", 'dates or times, such as "2020-01-01"'),
        ("mixed", 'numbers and texts mixed, such as "?x"'),
        ("comma", 'numbers with decimal commas, such as "1,5"'),
        ("empty", "it is empty"),
        ("constant", "it is 7 in every row that has a value"),
        ("gaps", "it is 7 in every row that has a value"),
        ("hardly", "only 2 rows have a value"),
        ("rarely", "only 4 rows have a value"),
        ("same", 'it is "s" in every row'),
        *((name, None) for name in ("age", "port", "sick", "grade", "year")),
    ],
)
def test_what_tells_nothing_of_new_rows_is_left_out(columns, name, why):
    assert columns[name].unfit == why


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("age", "number, 0 to 2.25, 2 missing -> the median"),
        ("port", 'category, 3 values: "C", "Q", "S", 1 missing -> an input of its own'),
        ("sick", 'boolean, "yes", "no", 1 missing -> what most rows are'),
        ("grade", "number, 0 to 2"),
    ],
)
def test_a_column_is_told_with_its_kind(columns, name, told):
    assert str(columns[name]) == told


def test_a_column_of_no_kind_is_one_that_training_refuses(columns):
    assert {name for name, column in columns.items() if column.kind is None} == {
        "name", "day", "mixed", "comma", "empty"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "last", "reason"),
    [
        ("sick", False, "2 values"),
        ("sick", True, "the last column, 2 values"),
        ("grade", False, "3 values"),
        ("age", False, None),
        ("age", True, "the last column"),
        ("id", True, None),
    ],
)
def test_what_looks_like_a_target(columns, name, last, reason):
    assert columns[name].promise(last) == reason


def test_names_of_targets_are_known_in_any_case_and_as_a_word(tmp_path):
    (tmp_path / "t.csv").write_text("Target,class_name,classy\n1.5,0.5,0.25\n2.5,1.5,0.5\n")
    target, word, neither = survey(*read_columns(Source(tmp_path / "t.csv")))
    assert (target.usual, word.usual, neither.usual) == (True, False, False)
    assert target.promise(last=False) == word.promise(last=False) == "its name"
    assert neither.promise(last=False) is None


def test_long_and_unseen_values_fit_a_line(tmp_path):
    (tmp_path / "t.csv").write_text('a,b\n"x\ny",1\n' + f"{'long' * 20},2\n" * 3)
    assert survey(*read_columns(Source(tmp_path / "t.csv")))[0].holds == '"x\\ny", "longlonglonglonglongl..."'


def test_a_column_that_says_the_same_as_the_target_is_found(tmp_path):
    rows = [
        ("yes", 1, "a", 0.5, "p", 1),
        ("no", 2, "b", 1.5, "", 1),
        ("yes", 1, "c", 2.5, "p", 1),
        ("no", 2, "b", 3.5, "q", 2),
        ("no", 2, "b", 4.5, "q", 1),
    ]
    lines = ["alive,code,three,all,gaps,other", *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    columns, _ = read_columns(Source(tmp_path / "t.csv"))
    assert twins(columns, columns.names[1:], "alive") == ["code", "gaps"]
    assert twins(columns, columns.names[:3], "all") == []


def test_the_values_of_a_column_are_those_that_are_there(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,p\n,q\n3,\n")
    rows, _ = read_columns(Source(tmp_path / "t.csv"))
    assert values_of(rows, "a").tolist() == [1, 3]
    assert values_of(rows, "b").tolist() == ["p", "q"]
