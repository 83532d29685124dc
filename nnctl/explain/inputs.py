"""The inputs of `predict` as blocks of rows, whatever each is: a table, arrays, a picture, a folder of pictures, stdin.

Each is read by the readers that training has, and prepared as in training; what is wrong with an input as a whole is an
error, what is wrong with a row is told with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING

from nnctl.data import readers
from nnctl.data.block import BlockPreparation, in_words
from nnctl.data.blocks import Block
from nnctl.data.remarks import Remarks
from nnctl.errors import DataError, MismatchError, SpecError
from nnctl.explain.answers import FILE, ROW, Answers
from nnctl.explain.prediction import predicted
from nnctl.registry import FEW
from nnctl.runs.model import Model

if TYPE_CHECKING:
    from nnctl.data.tabular import TabularPreparation

STDIN = "-"


@dataclass(frozen=True)
class Answered:
    """A block with its answers, and what is to be said of it; the last of an input has no rows."""

    answers: Answers
    texts: Sequence[str] = ()  # the columns of text
    notes: Sequence[str] = ()
    failed: Sequence[str] = ()  # what is wrong with each row that has no prediction
    rows: int = 0


def answered(
    trained: Model, inputs: Sequence[str], features: str | None, keep: Sequence[str], proba: bool
) -> Iterator[Answered]:
    """Yield the answers to all inputs, in their order, one row for one row."""
    preparation = trained.interface.preparation
    with_files = len(inputs) > 1 or any(Path(name).is_dir() for name in inputs)
    for blocks in read(inputs, preparation, features, keep):
        remarks, row = Remarks(""), 0
        for block in blocks:
            table = block.table
            remarks.origin = table.origin
            remarks.add(preparation.unlike(table, begins=row == 0), len(table.X))
            failed = [f"{each.place}: {each.reason}" for each in block.failed]
            answers, texts = _answers(trained, block, row, proba, with_files)
            yield Answered(answers, texts, table.notes, failed, len(block))
            row += len(block)
        yield Answered({}, notes=remarks.lines())


def _answers(trained: Model, block: Block, first: int, proba: bool, with_files: bool) -> tuple[Answers, Sequence[str]]:
    """Return the answers to a block, None in rows that cannot be predicted, with the columns that are passed on; and
    which of all these hold text.
    """
    prediction = predicted(trained, block.table)
    said = prediction.columns(proba)
    if len(block.rows) < len(block):
        whole: dict[str, list[object]] = {name: [None] * len(block) for name in said}
        for name, values in said.items():
            for row, value in zip(block.rows.tolist(), values, strict=True):
                whole[name][row] = value
        said = whole
    files = {FILE: block.files} if with_files else {}
    answers = {**files, ROW: range(first, first + len(block)), **said}
    kept = {f"input_{name}" if name in answers else name: cells for name, cells in block.kept.items()}
    return {**answers, **kept}, (FILE, *prediction.texts, *kept)


def check(inputs: Sequence[str], output: Path | None) -> None:
    """Raise an error for inputs that are not there, stdin twice, and an output that is one of them."""
    for name in inputs:
        if name != STDIN and not Path(name).exists():
            raise DataError(f"{name}: there is no such file")
        if output is not None and name != STDIN and Path(name).resolve() == output.resolve():
            raise SpecError(f"{output}: is the input itself; choose another file for -o")
    if inputs.count(STDIN) > 1:
        raise SpecError("- is there twice, and stdin can be read once")


def read(
    inputs: Sequence[str],
    preparation: "BlockPreparation | TabularPreparation",
    features: str | None = None,
    keep: Sequence[str] = (),
) -> Iterator[Iterator[Block]]:
    """Yield each input as its blocks; pictures that follow each other are one, and are decoded side by side."""
    from nnctl.data.picture import SUFFIXES

    def kind(name: str) -> str:
        return "picture" if Path(name).suffix.lower() in SUFFIXES and not Path(name).is_dir() else name

    for what, group in groupby(inputs, kind):
        paths = [Path(name) for name in group]
        if not isinstance(preparation, BlockPreparation):
            for path in paths:
                yield _table(path, preparation, features, keep)
        elif what == "picture":
            yield _pictures(paths, preparation, features, keep)
        else:
            for path in paths:
                yield _arrays(path, preparation, features, keep)


def _table(path: Path, preparation: "TabularPreparation", features: str | None, keep: Sequence[str]) -> Iterator[Block]:
    from nnctl.data.incoming import read_blocks

    if str(path) != STDIN and readers.ending_of(path) is None:
        names = ", ".join(column.name for column in preparation.columns[:FEW])
        raise MismatchError(
            f"{path}: the network was trained on a table with named columns ({names}, ...).\n"
            f"Give it one, in a file that ends with {', '.join(readers.READERS)}."
        )
    _no_features(path, "a table", features)
    return read_blocks(None if str(path) == STDIN else path, preparation, keep)


def _pictures(
    paths: Sequence[Path], preparation: BlockPreparation, features: str | None, keep: Sequence[str]
) -> Iterator[Block]:
    from nnctl.data.folder import read_pictures  # and with it threads

    _no_features(paths[0], "a picture", features)
    _no_columns(paths[0], keep)
    return read_pictures(paths[0], paths, preparation)


def _arrays(path: Path, preparation: BlockPreparation, features: str | None, keep: Sequence[str]) -> Iterator[Block]:
    if str(path) == STDIN or readers.ending_of(path) is not None:
        name = "stdin" if str(path) == STDIN else path
        raise MismatchError(
            f"{name}: is a table with named columns, and the network was trained on arrays, whose features have none"
            f" ({in_words(preparation.shape)}).\nGive it an HDF5, NPZ or NPY file, or train on a table."
        )
    _no_columns(path, keep)
    if path.is_dir():
        from nnctl.data.folder import pictures_in, read_pictures  # and with it threads

        _no_features(path, "a folder", features)
        files, notes = pictures_in(path)
        blocks = read_pictures(path, files, preparation)
        first = next(blocks)
        return chain([replace(first, table=first.table.with_notes(notes))], blocks)
    from nnctl.data.files import read_blocks  # and with it the readers of all formats

    return read_blocks(path, preparation, features)


def _no_features(path: Path, what: str, features: str | None) -> None:
    if features is not None:
        raise SpecError(f"{path}: is {what}, in which no dataset is called {features!r}; leave --features out")


def _no_columns(path: Path, keep: Sequence[str]) -> None:
    if keep:
        raise SpecError(f"{path}: has no named columns that --keep could pass on")
