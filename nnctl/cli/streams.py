"""The two streams that nnctl writes text to, in whatever encoding they have.

A sign that the encoding lacks becomes a question mark. A name from the file system that is no text, which Python holds
as surrogates, is written as the bytes that it is. So no text that is printed can raise an error.
"""

import codecs
import sys

ASCII = "nnctl_ascii"  # ASCII by another name: Typer takes it for a mistake, and would write UTF-8 to such a stream


def tolerate_all_signs() -> None:
    """Let stdout and stderr take any text, from here on."""
    codecs.register_error("nnctl", _replacement)
    codecs.register(_ascii)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what stands in for a stream, such as StringIO, has no encoding
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=ASCII if is_ascii else stream.encoding, errors="nnctl")


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
