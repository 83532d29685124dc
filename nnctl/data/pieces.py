"""A text file is read in pieces of whole lines, decoded strictly and unpacked where it is compressed by gzip."""

import codecs
import gzip
import io
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import IO, cast

from nnctl.data.records import Source
from nnctl.data.words import AGAIN
from nnctl.errors import DataError

SIZE = 1 << 19  # bytes of a piece: what is made of them stays in the processor's cache


class Lines(Iterator[str]):
    """The lines of an open file with their ends, how many have been taken, and the pieces that they come in.

    A piece is taken whole or line by line; of the standard input it is whatever is there already.
    """

    def __init__(self, file: IO[bytes], source: Source) -> None:
        self._file, self._source = file, source
        self.taken = 0
        self.pieces = self._read(file, source)
        self._behind = 0  # bytes that have been read and are in no piece yet
        self.left = 0  # of the piece that is taken line by line
        self._here: Iterator[str] = iter(())

    def __next__(self) -> str:
        while not self.left:
            self.begin(next(self.pieces))
        self.left -= 1
        self.taken += 1
        return next(self._here)

    def begin(self, piece: str) -> None:
        """Go on with the lines of a piece."""
        lines = io.StringIO(piece, newline="").readlines()
        self._here, self.left = iter(lines), len(lines)

    def skip(self) -> None:
        """Take what is left of the piece at hand."""
        self.taken += self.left
        self.left = 0

    def rest(self) -> str:
        """Return what is left of the piece at hand as a piece of its own."""
        self.left = 0
        return "".join(self._here)

    @property
    def end(self) -> int:
        """Where in a file of UTF-8 the last piece ends, in bytes."""
        return self._file.tell() - self._behind

    def skip_to(self, end: int, lines: int) -> None:
        """Go on with the piece that begins at a byte of the file, so many lines behind those that have been taken."""
        self._file.seek(end)
        self.taken += lines
        self.pieces, self._behind = self._read(self._file, self._source), 0

    def expected(self, m: int) -> int:
        """Return how many lines there are in all, at least m, judged by those taken of what has been read."""
        raw = getattr(self._file, "fileobj", self._file)  # of what gzip unpacks the file itself
        read, size = raw.tell(), os.fstat(raw.fileno()).st_size
        return max(m, self.taken * size // max(read, 1))

    def _read(self, file: IO[bytes], source: Source) -> Iterator[str]:
        """Yield the text in pieces of whole lines."""
        encoding = "utf-8-sig" if is_utf8(source.encoding) and not self.taken else source.encoding
        if not is_encoding(encoding):
            way = f"{source.encoding_key}utf-8, latin-1 and gbk are some"
            raise DataError(f"{source}: there is no encoding {source.encoding!r}; {way}")
        decoder = codecs.getincrementaldecoder(encoding)()
        read: Callable[[int], bytes] = getattr(file, "read1" if source.path is None else "read")
        begun = ""  # a line whose end has not been read
        while True:
            raw = read(SIZE)
            try:
                text = begun + decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as error:
                name, raw = encoding.removesuffix("-sig").upper(), bytes(error.object)
                line = self.taken + 1 + _ends(raw[: error.start].decode(encoding, "ignore"))
                hint = _encoding_hint(raw, source)
                raise DataError(f"{source}: is not {name}, in line {line} or soon behind it.\n{hint}") from None
            except UnicodeError as error:  # of a whole text, such as one without UTF-16's mark
                raise DataError(
                    f"{source}: is not {encoding.upper()}: {error}.\n{_encoding_hint(raw, source)}"
                ) from None
            if "\0" in text:
                line = self.taken + 1 + _ends(text[: text.index("\0")])
                said = "there is a zero sign (NUL) in this line; text has none"
                raise DataError(f"{source}:{line}: {said}.\n{_encoding_hint(raw, source)}")
            end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1 if raw else len(text)  # \r\n may be cut in two
            piece, begun = text[:end], text[end:]
            if is_utf8(source.encoding):
                self._behind = len(begun.encode()) + len(decoder.getstate()[0])
            if piece:
                yield piece
            if not raw:
                return


def is_utf8(encoding: str) -> bool:
    """Tell whether a name is that of UTF-8."""
    return encoding.lower() in ("utf-8", "utf8")


def is_encoding(name: str) -> bool:
    """Tell whether texts can be read in an encoding of this name."""
    try:
        b" ".decode(name, "ignore")
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):  # there is none; it decodes only whole names of hosts, or nothing
        return False
    return True


@contextmanager
def opened(source: Source) -> Iterator[IO[bytes]]:
    """Open a file or the standard input, unpacked; whatever goes wrong as it is read is a DataError."""
    try:
        with nullcontext(sys.stdin.buffer) if source.path is None else source.path.open("rb") as binary:
            file = cast(io.BufferedReader, binary)
            packed = file.peek(2).startswith(b"\x1f\x8b")
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file) if packed else file)
    except FileNotFoundError:
        raise DataError(f"{source}: there is no such file") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{source}: is compressed by gzip and cut off, or damaged.\n{AGAIN}") from None
    except OSError as error:
        raise DataError(f"{source}: cannot be read: {error.strerror or error}") from None


def _ends(text: str) -> int:
    """Return how many lines end in a text."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _encoding_hint(raw: bytes, source: Source) -> str:
    """Return which encoding bytes look like, and how that is said."""
    say = source.encoding_key
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return f'It looks like UTF-16, as Excel\'s "Unicode text": {say}utf-16'
    for begin, ending in ((1, "le"), (0, "be")):
        if raw[begin::2][:64].count(0) > 16:
            return f"It looks like UTF-16 without its mark at the beginning: {say}utf-16-{ending}"
    if b"\0" in raw:
        return "It holds bytes that are no text; is it another kind of file, or damaged?"
    try:
        text = raw[: raw.rfind(b"\n") + 1 or len(raw)].decode("gbk")
        chinese = sum("\u4e00" <= sign <= "\u9fff" for sign in text)
        foreign = sum(not sign.isascii() for sign in text)
        words = re.search(b"[\x80-\xff]{4}", raw)  # in a Western word so many never follow each other
        if words and chinese > 0.8 * foreign:
            return f"It looks like GBK (Chinese): {say}gbk"
    except UnicodeDecodeError:
        pass
    return f"It looks like Latin-1 (Western European, Excel's CSV): {say}latin-1, or cp1252 on Windows"
