"""Verdicts for the terminal: a row for each, with how grave it is, what it rests on, and what to change."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from nnctl.explain.check import Checked
from nnctl.show.names import shown

STYLES = {"ok": "green", "note": "", "warning": "bold yellow", "error": "bold red"}


def verdicts(checked: Checked, quiet: bool) -> Table:
    """Return all verdicts as a table; quiet leaves out what is ok."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("verdict")
    table.add_column("check")
    table.add_column("what was found; what to change", overflow="fold")
    for name, verdict in checked.verdicts:
        if quiet and verdict.grade == "ok":
            continue
        lines = [*verdict.said.splitlines(), *([f"change {verdict.change}"] if verdict.change else [])]
        said = "\n".join(shown(line, len(line)) for line in lines)
        table.add_row(verdict.grade, name.replace("_", " "), said, style=STYLES[verdict.grade])
    return table
