"""The columns of a table that nobody has chosen a target in, as a person looks at them."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from nnctl.data.survey import Column
from nnctl.show.names import shown


def listing(columns: Sequence[Column]) -> Table:
    """Return the columns, a row for each, with what they hold and why they look like a target."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("column", "kind", "different", "missing", "holds", "a target?"):
        table.add_column(name, justify="right" if name in ("different", "missing") else "left", overflow="fold")
    for column in columns:
        counts = f"{column.different:,}", f"{column.missing:,}" if column.missing else ""
        reason = column.promise(last=column is columns[-1]) or (f"no: {column.unfit}" if column.unfit else "")
        table.add_row(shown(column.name), column.kind or "", *counts, column.holds, reason)
    return table
