"""Decoding is pictures' files becoming pixels, side by side on the cores and in the order of the files, whoever was
first.

Only some pictures are decoded ahead of those that are asked for: all of them may be more than memory holds.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from nnctl import threads
from nnctl.data.picture import Cell, Form, decode, load_readers, silent
from nnctl.data.words import printable
from nnctl.errors import DataError
from nnctl.nn import Array

Decoded = tuple[Array, tuple[str, ...]]  # pixels (h, w, channels), and what is to be said of them
Result = TypeVar("Result")
AHEAD = 4  # files for each thread
NOTES = 3  # that pictures bring and that are told in full


@dataclass
class Decoding:
    """The pictures of some files, and after the last of them which files they are, and what is said of them."""

    origin: Path
    files: Sequence[Path | Cell]
    form: Form
    skip: bool  # those that cannot be read
    kept: list[int] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)
    _unreadable: list[str] = field(default_factory=list)

    @contextmanager
    def pictures(self) -> Iterator[Iterator[Array]]:
        """Yield pixels (h, w, channels), or (h, w) in gray, all of one size; the first mistake is raised."""
        with decoded(self.files, self.form, self.skip) as results:
            yield self._of_one_size(results)

    def _of_one_size(self, results: Iterator[Decoded | DataError]) -> Iterator[Array]:
        size: tuple[int, ...] = ()
        for row, result in enumerate(results):
            if isinstance(result, DataError):
                self._unreadable.append(str(result).partition("\n")[0])
                continue
            pixels, notes = result
            size = size or pixels.shape
            if pixels.shape != size:
                raise DataError(_sizes(self.origin, self.files[self.kept[0]], size, self.files[row], pixels.shape))
            self.kept.append(row)
            self._said += notes
            yield pixels[..., 0] if self.form.channels == 1 else pixels
        if not self.kept:
            count = len(self.files)
            raise DataError(f"{self.origin}: none of its {count:,} pictures can be read; {self._unreadable[0]}")

    @property
    def notes(self) -> list[str]:
        """What is to be said of the pictures."""
        said, more = self._said[:NOTES], len(self._said) - NOTES
        if more > 0:
            said.append(f"{self.origin}: such things are to be said of further pictures ({more:,} notes)")
        if self._unreadable:
            said.append(
                f"{self.origin}: pictures that cannot be read are left out (data.skip_unreadable),"
                f" {len(self._unreadable):,} of {len(self.files):,}; the first: {self._unreadable[0]}"
            )
        return said


@contextmanager
def decoded(files: Sequence[Path | Cell], form: Form, skip: bool) -> Iterator[Iterator[Decoded | DataError]]:
    """Decode pictures on all cores, and hand them over in their order."""
    load_readers()
    with silent(), side_by_side(partial(_decode, form=form, skip=skip), files) as results:
        yield results


@contextmanager
def side_by_side(work: Callable[[Path | Cell], Result], files: Sequence[Path | Cell]) -> Iterator[Iterator[Result]]:
    """Do the same work for each file on all cores, and hand over what comes of it in their order."""
    workers = threads.number()
    pool = ThreadPoolExecutor(workers)
    try:
        yield _in_order(pool, work, files, AHEAD * workers)
    finally:
        pool.shutdown(cancel_futures=True)  # a mistake or a signal waits for no further file


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Path | Cell], Result], files: Sequence[Path | Cell], ahead: int
) -> Iterator[Result]:
    waiting = deque[Future[Result]]()
    for file in files:
        waiting.append(pool.submit(work, file))
        if len(waiting) == ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _decode(file: Path | Cell, form: Form, skip: bool) -> Decoded | DataError:
    """Decode a picture; what is wrong with one that is to be skipped is returned, and not raised."""
    try:
        return decode(file, form)
    except DataError as error:
        if not skip:
            raise
        return error


def _sizes(origin: Path, first: Path | Cell, size: tuple[int, ...], other: Path | Cell, found: tuple[int, ...]) -> str:
    here, there = (str(file).removeprefix(str(origin)).lstrip("/\\, ") for file in (first, other))
    return (
        f"{origin}: its pictures have more than one size: {printable(here)} is {size[0]} x {size[1]} (height x width),"
        f" {printable(there)} {found[0]} x {found[1]}.\n"
        "Say to which size they are brought: data.size: [height, width], such as [64, 64]."
    )
