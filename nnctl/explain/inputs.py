"""The inputs of `predict` as blocks of rows, whatever each is: a table, arrays, a picture, a folder of pictures, stdin.

Each is read by the readers that training has, and prepared as in training; what is wrong with an input as a whole is an
error, what is wrong with a row is told with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING

from nnctl.data.block import BlockPreparation, in_words
from nnctl.data.blocks import Block
from nnctl.data.words import printable
from nnctl.errors import DataError, MismatchError, SpecError
from nnctl.explain.answers import FILE, ROW, Answers, Beside
from nnctl.explain.prediction import Prediction, predicted
from nnctl.registry import FEW
from nnctl.runs.model import Model
from nnctl.runs.run import Run
from nnctl.spec.spec import is_array_file

if TYPE_CHECKING:
    from nnctl.data.tabular import TabularPreparation

STDIN = "-"
BEYOND = "what it becomes in the network is beyond the numbers of a float"


@dataclass(frozen=True)
class Answered:
    """A block with its answers, and what is to be said of it; the last of an input has no rows."""

    answers: Answers
    texts: Sequence[str] = ()  # the columns of text
    notes: Sequence[str] = ()
    failed: Sequence[str] = ()  # what is wrong with each row that has no prediction
    rows: int = 0


def answered(
    trained: Model, inputs: Sequence[str], features: str | None, keep: Sequence[str], beside: Beside
) -> Iterator[Answered]:
    """Yield the answers to all inputs, in their order, one row for one row."""
    preparation = trained.interface.preparation
    with_files = len(inputs) > 1 or any(Path(name).is_dir() for name in inputs)
    kept: list[str] | None = None  # columns that are passed on, of all inputs
    for blocks in read(inputs, preparation, features, keep):
        remarks, row = preparation.beside(), 0
        for block in blocks:
            table = block.table
            remarks.add(table)
            kept = list(block.kept) if kept is None else kept
            _check_kept(block, kept)
            prediction = predicted(trained, table)
            answers, texts = _answers(prediction, block, kept, row, beside, with_files)
            failed = [f"{each.place}: {each.reason}" for each in block.failed]
            failed += [f"{table.origin}, {table.place(own)}: {BEYOND}" for own in prediction.beyond().tolist()]
            yield Answered(answers, texts, table.notes, failed, len(block))
            row += len(block)
        yield Answered({}, notes=remarks.lines())


def encoded(trained: Model, encoding: str | None) -> Model:
    """Return a model that reads tables in text in an encoding, where one is given."""
    preparation = trained.interface.preparation
    if encoding is None or isinstance(preparation, BlockPreparation):
        return trained
    return replace(trained, interface=replace(trained.interface, preparation=replace(preparation, encoding=encoding)))


def _check_kept(block: Block, kept: Sequence[str]) -> None:
    """Raise a MismatchError where a block has other columns to pass on than those that came first."""
    odd = set(block.kept) ^ set(kept)
    if odd:
        name = printable(min(odd))
        said = f"has a column {name}" if min(odd) in block.kept else f"has no column {name}"
        raise MismatchError(
            f"{block.table.origin}: {said}, unlike the input before it, and all of them are to be passed on.\n"
            f"Name those that every input has: --keep {','.join(map(printable, kept[:2]))},..."
        )


def _answers(
    prediction: Prediction, block: Block, kept: Sequence[str], first: int, beside: Beside, with_files: bool
) -> tuple[Answers, Sequence[str]]:
    """Return the answers to a block, None in rows that cannot be predicted, with the columns that are passed on; and
    which of all these hold text.
    """
    said = prediction.columns(beside)
    if len(block.rows) < len(block):
        whole: dict[str, list[object]] = {name: [None] * len(block) for name in said}
        for name, values in said.items():
            for row, value in zip(block.rows.tolist(), values, strict=True):
                whole[name][row] = value
        said = whole
    files = {FILE: block.files} if with_files else {}
    answers: dict[str, Sequence[object]] = {**files, ROW: range(first, first + len(block)), **said}
    texts = [FILE, *prediction.texts]
    for name in kept:
        free = name
        while free in answers or (free != name and free in kept):
            free = f"input_{free}"
        answers[free] = block.kept[name]
        texts.append(free)
    return answers, texts


def check(inputs: Sequence[str], output: Path | None, run: Run) -> None:
    """Raise an error for inputs that are not there, stdin twice, and an output that is one of them, or of the run."""
    if output is not None and output.exists() and output.resolve().parent == run.folder.resolve():
        raise SpecError(f"{output}: is a file of the run; choose another file for -o")
    for name in inputs:
        if name != STDIN and not Path(name).exists():
            raise DataError(f"{name}: there is no such file")
        if output is not None and name != STDIN and Path(name).resolve() == output.resolve():
            raise SpecError(f"{output}: is the input itself; choose another file for -o")
    if output is not None and str(output) == STDIN:
        raise SpecError("-o - names no file; without -o the answers go to stdout")
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

    def kind(name: str) -> str | None:
        return None if Path(name).suffix.lower() in SUFFIXES and not Path(name).is_dir() else name

    for what, group in groupby(inputs, kind):
        paths = [Path(name) for name in group]
        if not isinstance(preparation, BlockPreparation):
            for path in paths:
                yield _table(path, preparation, features, keep)
        elif what is None:
            yield _pictures(paths, preparation, features, keep)
        else:
            for path in paths:
                yield _arrays(path, preparation, features, keep)


def _table(path: Path, preparation: "TabularPreparation", features: str | None, keep: Sequence[str]) -> Iterator[Block]:
    from nnctl.data import readers
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
    if str(path) == STDIN or _is_table(path):
        what = "stdin is read as" if str(path) == STDIN else "is"
        raise MismatchError(
            f"{path}: {what} a table with named columns, and the network was trained on arrays, whose features have"
            f" none ({in_words(preparation.shape)}).\nGive it an HDF5, NPZ or NPY file, or train on a table."
        )
    _no_columns(path, keep)
    if path.is_dir():
        from nnctl.data.folder import pictures_in, read_pictures  # and with it threads

        _no_features(path, "a folder", features)
        files, notes = pictures_in(path)
        blocks = read_pictures(path, files, preparation)
        first = next(blocks)
        return chain([replace(first, table=first.table.with_notes(notes))], blocks)
    from nnctl.data.incoming_arrays import read_blocks  # and with it the readers of all formats

    return read_blocks(path, preparation, features)


def _is_table(path: Path) -> bool:
    if is_array_file(path.name):
        return False
    from nnctl.data.readers import ending_of  # and with it the readers of all tables

    return ending_of(path) is not None


def _no_features(path: Path, what: str, features: str | None) -> None:
    if features is not None:
        raise SpecError(f"{path}: is {what}, in which no dataset is called {features!r}; leave --features out")


def _no_columns(path: Path, keep: Sequence[str]) -> None:
    if keep:
        raise SpecError(f"{path}: has no named columns that --keep could pass on")
