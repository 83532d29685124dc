"""The two streams that nnctl writes text to, in whatever encoding and state they are.

A sign that the encoding lacks becomes a question mark. A name from the file system that is no text, which Python holds
as surrogates, is written as the bytes that it is. Results that stdout does not take are an error; what stderr does not
take, messages and progress, is not worth one.
"""

import codecs
import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

from nnctl.errors import StorageError

ASCII = "nnctl_ascii"  # ASCII by another name: Typer takes it for a mistake, and would write UTF-8 to such a stream


class Results(io.TextIOWrapper):
    """Stdout: what cannot be written is a StorageError, unless the reader of a pipe has just left."""

    def write(self, text: str) -> int:
        """Write text."""
        if text == "":  # with which Typer tries what kind of stream this is
            return 0
        with self._told():
            return super().write(text)

    def flush(self) -> None:
        """Write what has been kept back so far."""
        with self._told():
            super().flush()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            forsake(1)  # or what is kept back would be tried again when Python ends
            raise StorageError(f"stdout: the results cannot be written: {error.strerror}") from None


class Messages(io.TextIOWrapper):
    """Stderr: what cannot be written is let go."""

    def write(self, text: str) -> int:
        """Write text, if that can be."""
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what has been kept back so far, if that can be."""
        with contextlib.suppress(OSError):
            super().flush()


def prepare_streams() -> None:
    """Let stdout and stderr take any text, from here on, and say what they cannot write as each of them should."""
    for descriptor in range(3):
        _occupy(descriptor)
    codecs.register_error("nnctl", _replacement)
    codecs.register(_ascii)
    sys.stdout = _prepared(sys.stdout, sys.__stdout__, Results, 1)
    sys.stderr = _prepared(sys.stderr, sys.__stderr__, Messages, 2)


def forsake(descriptor: int) -> None:
    """Write to nowhere from here on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _occupy(descriptor: int) -> None:
    """Keep a stream that is closed from becoming the next file that is opened; to write to it is an error still."""
    try:
        os.fstat(descriptor)
    except OSError as error:
        if error.errno == errno.EBADF:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest number that is free


def _prepared(stream: Any, own: Any, kind: type[io.TextIOWrapper], descriptor: int) -> Any:
    """Return a stream of ours in place of the process's own; what stands in for that is told only what it lacks."""
    if stream is None:
        return kind(io.FileIO(descriptor, "w", closefd=False), "utf-8", "nnctl", write_through=True)
    if not hasattr(stream, "reconfigure"):  # what stands in for a stream, such as StringIO, has no encoding
        return stream
    encoding = ASCII if codecs.lookup(stream.encoding).name == "ascii" else stream.encoding
    if stream is own:
        return kind(stream.buffer, encoding, "nnctl", None, stream.line_buffering, stream.write_through)
    stream.reconfigure(encoding=encoding, errors="nnctl")
    return stream


def _ascii(name: str) -> codecs.CodecInfo | None:
    """Return the codec of ASCII where it is asked for by our name."""
    its = codecs.lookup("ascii")
    coders = its.streamreader, its.streamwriter, its.incrementalencoder, its.incrementaldecoder
    return codecs.CodecInfo(its.encode, its.decode, *coders, name=ASCII) if name == ASCII else None


def _replacement(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what is written for the first sign that cannot be, and where to go on."""
    assert isinstance(error, UnicodeEncodeError)
    sign, after = error.object[error.start], error.start + 1
    one_byte_signs = len("?".encode(error.encoding)) == 1  # in UTF-16 a single byte would shift all that follows
    if "\udc80" <= sign <= "\udcff" and one_byte_signs:
        return bytes([ord(sign) - 0xDC00]), after
    return "?", after
