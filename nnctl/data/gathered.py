"""Gathered rows are all those of a table's file as named columns: in memory, or on disk where they would fill it.

A column is numbers as long as every cell of it is one; where a later cell is none, the file is read again with that
column as texts, for 007 and 1.50 are not what their numbers are.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np

from nnctl import __version__
from nnctl.data import cache, readers, unpacked
from nnctl.data.cells import as_numbers, codes, missing_of, numbers_of
from nnctl.data.columns import Columns, Named, Texts
from nnctl.data.grid import Grid
from nnctl.data.hold import Hold
from nnctl.data.kinds import FEW_VALUES
from nnctl.data.memory import available, in_words, keep_freed
from nnctl.data.pieces import SIZE
from nnctl.data.records import Apart, Opened, Records, Source
from nnctl.data.words import printable
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array
from nnctl.registry import suggestion

NOTHING = np.empty(0)
SLOT = 8 * SIZE  # bytes of numbers that a piece of the text may come to: each takes a digit and a separator


@dataclass(frozen=True)
class Asked:
    """How a file is to be read: which columns are left out, which are texts, what is missing, and how it is written."""

    ignore: Collection[str] = ()
    texts: Collection[str] = ()
    numbers: Collection[str] = ()
    missing: Collection[str] = ()
    encoding: str = "utf-8"
    separator: str | None = None
    only: Collection[str] | None = None  # the columns that are wanted; None: all of them
    encoding_key: str = Source.encoding_key


@dataclass(frozen=True)
class Place:
    """Where a file's rows are to be held, as the spec and the memory that there is say, and for which part."""

    hold: Hold
    part: str


@dataclass(frozen=True)
class Gathered:
    """The rows of a file: its columns, the number of each row (m,), and what is to be said of it."""

    rows: Named
    lines: Array
    notes: list[str]
    named_lines: bool


def gather(path: Path, asked: Asked, place: Place | None = None, finite: bool = True) -> Gathered:
    """Read all rows, again with more columns as texts until that fits; without a place they are held in memory.

    Raise a DataError where there are none, or where one that must be `finite` is not.
    """
    keep_freed()
    file = None if place is None else _file(path, asked, place.hold)
    if place is not None and file is not None and (found := unpacked.opened(file)) is not None:
        columns, lines, label = found
        shape = len(columns), _width(columns.names, columns.values, asked)
        if place.hold.on_disk(path, shape, unpacked.CELL, place.part):
            said = f"{path}: its rows are read from {file}, where an earlier run unpacked them"
            return _settled(path, columns, lines, [said, *label.notes], label.named_lines)
    texts, on_disk = set(asked.texts), False
    while True:
        try:
            if place is not None and file is not None and on_disk:
                return _on_disk(path, asked, texts, file, place)
            return _in_memory(path, asked, texts, place, finite)
        except _OtherTexts as found_texts:
            texts |= found_texts.names
        except _NoRoom:
            on_disk = True


class _OtherTexts(Exception):
    """Some columns that were read as numbers hold something else."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self.names = names


class _NoRoom(Exception):
    """The rows are to be held on disk."""


@dataclass(frozen=True)
class _Found:
    """What a block holds."""

    numbers: Array  # (k, those columns that are taken for numbers)
    texts: Mapping[str, tuple[list[str], Array]]  # of a column of texts the distinct ones, and for each row its index
    late: set[str]  # columns that were taken for numbers, and are not


@dataclass
class _Reading:
    """A file that is read: the columns that are wanted, and what has been found in those of texts."""

    file: Opened
    asked: Asked
    names: list[str]
    values: dict[str, dict[str, int]]  # of each column of texts, with their indices
    late: set[str] = field(default_factory=set)  # columns that were taken for numbers, and are not
    infinite: str = ""  # the first number that is not finite, in words
    infinite_count: int = 0

    @classmethod
    def of(cls, file: Opened, asked: Asked, as_texts: set[str]) -> "_Reading":
        """Return the reading of a file; raise an error for a column that is not there."""
        unknown = next((name for name in [*asked.ignore, *asked.texts, *asked.numbers] if name not in file.names), None)
        if unknown is not None:
            kind = MismatchError if asked.only is not None else DataError
            raise kind(f"{file.source}: there is no column {printable(unknown)}{suggestion(unknown, file.names)}")
        wanted = [name for name in file.names if name not in asked.ignore]
        if asked.only is not None:
            wanted = [name for name in wanted if name in asked.only]
        return cls(file, asked, wanted, {name: {} for name in wanted if name in as_texts})

    @property
    def number_names(self) -> list[str]:
        """The columns that are read as numbers."""
        return [name for name in self.names if name not in self.values]

    @property
    def width(self) -> int:
        """How many inputs the columns make, as far as it is known."""
        return _width(self.names, self.values, self.asked)

    def blocks(self) -> Iterator[tuple[Array, dict[str, Array], Array]]:
        """Yield numbers (k, n), the codes (k,) of each column of texts, and the numbers of k rows, block by block;
        the numbers last until the next block.

        Raise _OtherTexts at the end where some columns are no numbers; from the first such cell on nothing is yielded.
        """
        for found, lines in self._found():
            self.late |= found.late
            if not self.late:
                self._count_infinite(found.numbers, lines)
                yield found.numbers, {name: self._coded(name, *own) for name, own in found.texts.items()}, lines
        if self.late:
            raise _OtherTexts(self.late)

    def _found(self) -> "Iterator[tuple[_Found, Array]]":
        """Yield what all blocks hold, and the numbers of their rows; many of a large text are read side by side."""
        for block in islice(self.file.blocks, 1):
            yield self._of(block), block.numbers
            apart = self.file.apart() if isinstance(block, Grid) else None
            if apart is not None:
                yield from self._side_by_side(apart)
        for block in _ahead(self.file.blocks):
            yield self._of(block), block.numbers

    def _side_by_side(self, apart: Apart) -> "Iterator[tuple[_Found, Array]]":
        from nnctl.data import relay  # here, for a small table is read without it

        def work(index: int) -> tuple[Array, _Found] | None:
            block = apart.read(index)
            if block is None:
                return None
            found = self._of(block)
            return found.numbers, replace(found, numbers=NOTHING)

        if relay.can_run():
            for index, (numbers, found) in enumerate(relay.relayed(work, apart.count, SLOT)):
                yield replace(found, numbers=numbers), apart.passed(index, len(numbers))

    def _of(self, block: Records) -> "_Found":
        """Return what a block holds; raise a DataError for a row that is none, and a number that is to be one."""
        for row in block.bad:
            raise DataError(f"{self.file.place(block.numbers[row.place])}: {row.reason}")
        missing, place = missing_of(self.asked.missing), {name: at for at, name in enumerate(self.file.names)}
        texts = dict[str, tuple[list[str], Array]]()
        for name in self.values:
            distinct = dict[str, int]()
            indices = codes(block.cells(place[name]), distinct, missing)
            texts[name] = list(distinct), indices
        names = [name for name in self.number_names if name not in self.late]
        numbers, strange = numbers_of(block, [place[name] for name in names], missing)
        for index in strange:
            if names[index] in self.asked.numbers:
                raise _no_number(self.file, names[index], block, missing, self.asked)
            self.late.add(names[index])
        return _Found(numbers, texts, self.late)

    def _coded(self, name: str, distinct: list[str], indices: Array) -> Array:
        """Return the codes of a column's texts among those of the whole file, from their codes in a block."""
        values = self.values[name]
        places = [values.setdefault(text, len(values)) for text in distinct]
        return np.array([*places, -1], np.int32)[indices]  # of -1 it is the last

    def check(self, m: int, finite: bool) -> None:
        """Raise a DataError where there are no rows, or a number that is none to count with."""
        if not m:
            raise DataError(f"{self.file.source}: has a header and no rows below it")
        if finite and self.infinite:
            more = f"; there are {self.infinite_count - 1:,} more" if self.infinite_count > 1 else ""
            raise DataError(f"{self.infinite}{more}; expected finite numbers.\nCorrect it, or list it in data.missing")

    def _count_infinite(self, numbers: Array, lines: Array) -> None:
        infinite = np.isinf(numbers)
        if not infinite.any():
            return
        if not self.infinite:
            row, column = np.argwhere(infinite)[0].tolist()
            name = printable(self.number_names[column])
            self.infinite = f"{self.file.place(lines[row])}: column {name} is {numbers[row, column]}"
        self.infinite_count += int(infinite.sum())


def _in_memory(path: Path, asked: Asked, texts: set[str], place: Place | None, finite: bool) -> Gathered:
    """Return the rows in memory; raise _NoRoom where they are to be on disk."""
    there = available() if place is not None else 0
    with _opened(path, asked) as file:
        reading = _Reading.of(file, asked, texts)
        numbers, m = np.empty((0, len(reading.number_names))), 0
        lines = [np.zeros(0, np.int64)]
        found: dict[str, list[Array]] = {name: [] for name in reading.values}
        for block, own, numbered in reading.blocks():
            end = m + len(block)
            if end > len(numbers):
                shape = file.expected(end), reading.width
                if place is not None and place.hold.on_disk(path, shape, unpacked.CELL, place.part, there):
                    raise _NoRoom
                room = max(end, shape[0] * 33 // 32), numbers.shape[1]
                if m:
                    numbers.resize(room, refcheck=False)  # there is never a second copy
                else:
                    numbers = np.empty(room)
            numbers[m:end] = block
            m = end
            lines.append(numbered)
            for name, each in own.items():
                found[name].append(each)
        reading.check(m, finite)
    numbers.resize((m, numbers.shape[1]), refcheck=False)
    columns = {name: Texts(np.concatenate(found[name]), tuple(own)) for name, own in reading.values.items()}
    rows = Columns(tuple(reading.names), numbers, columns)
    return _settled(path, rows, np.concatenate(lines), [*file.notes], file.named_lines)


def _on_disk(path: Path, asked: Asked, texts: set[str], file: Path, place: Place) -> Gathered:
    """Return the rows on disk, unpacked into a file."""
    state = cache.state_of(path)
    with _opened(path, asked) as opened:
        reading = _Reading.of(opened, asked, texts)
        blocks = reading.blocks()
        few = list(islice(blocks, 1))
        width = len(reading.names) + 1
        size = opened.expected(sum(len(lines) for _, _, lines in few)) * width * unpacked.CELL.itemsize
        with cache.written(file, size, f"unpack {path}") as out:
            m = unpacked.write(out, (_cells(reading, *block) for block in chain(few, blocks)), width)
            reading.check(m, finite=True)
            label = unpacked.Label(
                reading.names,
                {name: list(own) for name, own in reading.values.items()},
                opened.notes,
                opened.named_lines,
            )
            unpacked.finish(out, label, m, width)
            if cache.state_of(path) != state:
                raise cache.changed(path)
    found = unpacked.opened(file)
    assert found is not None
    columns, lines, label = found
    told = f"{path}: its rows were unpacked into {file} ({in_words(file.stat().st_size)})"
    notes = [f"{told}, where the next run finds them; it may be deleted", *label.notes]
    return _settled(path, columns, lines, notes, label.named_lines)


def _cells(reading: _Reading, numbers: Array, found: dict[str, Array], lines: Array) -> Array:
    """Return rows (k, columns + 1): the columns in their order, and the rows' own numbers."""
    columns = {**found, **dict(zip(reading.number_names, numbers.T, strict=True))}
    return np.column_stack([*(columns[name] for name in reading.names), lines])


def _settled(path: Path, columns: Named, lines: Array, notes: list[str], named_lines: bool) -> Gathered:
    """Return what was gathered without a first column that has no name and counts the rows."""
    if "" in columns.names:
        first = columns.read([""]).number("") if "" in columns.number_names else np.empty(0)
        if not len(first) or first[0] not in (0, 1) or not np.array_equal(first - first[0], np.arange(len(first))):
            raise DataError(f"{path}:1: the first column has no name; give it one")
        notes = [*notes, f"{path}: its first column has no name and counts the rows; it is left out"]
        columns = columns.without(("",))
    return Gathered(columns, lines, notes, named_lines)


def _width(names: Collection[str], values: Mapping[str, Collection[str]], asked: Asked) -> int:
    """Return how many inputs columns make: of texts those that nobody gave a kind are categories if they are few."""
    of_texts = sum(1 + (len(own) if name in asked.texts else min(len(own), FEW_VALUES)) for name, own in values.items())
    return len(names) - len(values) + of_texts


def _file(path: Path, asked: Asked, hold: Hold) -> Path:
    """Return where the rows of a file are in the cache if they have been unpacked as they are asked for."""
    which = [path.resolve(), *(sorted(own) for own in (asked.ignore, asked.texts, asked.numbers, asked.missing))]
    only = None if asked.only is None else sorted(asked.only)
    which += [asked.encoding, asked.separator, only]
    return cache.path_of(hold.cache, f"{path.stem}-rows", repr(which), f"{__version__} {cache.state_of(path)}")


def _opened(path: Path, asked: Asked) -> AbstractContextManager[Opened]:
    source = Source(path, asked.encoding, asked.separator, asked.ignore, encoding_key=asked.encoding_key)
    return readers.opened(source)


def _ahead(blocks: Iterator[Records]) -> Iterator[Records]:
    """Yield blocks, each of which is read in a thread while the one before is worked on: NumPy leaves room for both."""
    first = list(islice(blocks, 2))
    yield from first
    if len(first) < 2:
        return
    from concurrent.futures import ThreadPoolExecutor  # which a small table does not wait for

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, blocks, None)
        while (block := following.result()) is not None:
            following = pool.submit(next, blocks, None)
            yield block


def _no_number(
    file: Opened, name: str, block: Records, missing: Collection[str], asked: Asked
) -> DataError | MismatchError:
    for number, cell in zip(block.numbers, block.cells(file.names.index(name)), strict=True):
        if as_numbers([cell], missing) is None:
            said = f'{file.place(number)}: column {printable(name)} is "{printable(str(cell))}"; expected a number'
            return MismatchError(f"{said}, as in training") if asked.only is not None else DataError(said)
    raise AssertionError("a block of numbers without one that is none")
