"""What h5py, NumPy, zipfile and zlib say of a file that they cannot read, in plain words and with the way out.

Every reading error passes through `in_plain_words`; a cause that is not known here keeps the library's own words.
"""

import errno
import re

UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)  # but for tabs and line ends
HDF5 = re.compile(r"(?:Unable to|Can't) synchronously .*? \((.*)\)")  # how h5py hands on an error of the library's
LONGEST = 120  # characters of a library's own words
AGAIN = "Copy or download it again."
DAMAGED = f"is damaged ({{0}}).\n{AGAIN}"
BEING_WRITTEN = "is open in another program that writes to it (it holds a lock).\nClose the file there and try again."
NOT_CLOSED = (
    "was not closed by the program that wrote it: that still runs, or it died.\n"
    "If it runs, let it close the file. If it died, write the file again, or clear its mark with the HDF5 tools"
    " (h5clear -s FILE)\nand check what it holds: its last rows may be missing."
)
CAUSES = (  # what the library says, what is said here; {0}, {1} are the groups, or what matched
    (r"truncated file: eof = (\d+),.*stored_eof = (\d+)", f"is cut off: it has {{0}} of {{1}} bytes.\n{AGAIN}"),
    (rf"unable to lock file, errno = (?:{errno.EAGAIN}|{errno.EACCES})\b", BEING_WRITTEN),
    (
        r"unable to lock file, errno = (\d+)",
        "lies on a file system that cannot lock files (error {0}).\n"
        "Set HDF5_USE_FILE_LOCKING=FALSE in the environment and try again.",
    ),
    (r"already open for|consistency flags", NOT_CLOSED),
    (
        r"bad .*version number|unknown .*version",
        "is of a newer HDF5 than this h5py reads, was not closed by its writer, or is damaged ({0}).\n"
        "Copy it again, upgrade h5py, or write it again with h5py.File(..., libver='earliest').",
    ),
    (r"No NumPy equivalent for (\w+)", "is of a type that NumPy does not have ({0}); expected numbers or text"),
    (r"[Bb]ad CRC-32|[Ii]ncorrect (?:metadata )?checksum|checksum", DAMAGED.format("its checksum is not right")),
    (r"password required|is encrypted", "is encrypted.\nUnpack it with its password and save it without: numpy.savez"),
    (
        r"compression (?:type|method)|Unsupported compression",
        "is compressed in a way that Python's zipfile cannot read.\nSave it again with numpy.savez_compressed.",
    ),
    (r"addr overflow|file read failed|EOF: reading|Truncated|cannot read all|[Rr]an out of", f"is cut off.\n{AGAIN}"),
    (r"Error -[35] while decompressing|inflate|invalid (?:block|stored|distance|code|bit)", DAMAGED),
    (r"bad |wrong |incorrect |can't (?:get|read|load|decode)|unable to |corrupt|overlap|magic", DAMAGED),
)


def in_plain_words(error: BaseException) -> str:
    """Return what is wrong with a file, as words that follow its name; the way out is on lines of its own."""
    if isinstance(error, MemoryError):
        return "does not fit into memory"
    if isinstance(error, EOFError):
        return f"is cut off.\n{AGAIN}"
    if isinstance(error, RecursionError):
        return DAMAGED.format("it is nested too deep")
    text = cause(error)
    for pattern, words in CAUSES:
        if found := re.search(pattern, text):
            return words.format(*(found.groups() or (text,)))
    if isinstance(error, OSError) and error.errno and error.strerror:
        return f"cannot be read: {error.strerror}"
    return DAMAGED.format(text) if HDF5.search(str(error)) else f"cannot be read: {text}"


def cause(error: BaseException) -> str:
    """Return the first line of an error, of HDF5's the innermost cause: it stands in brackets at the end."""
    own = error.args[0] if isinstance(error, KeyError) and error.args else error  # a KeyError's own text is in quotes
    text = printable(str(own).strip().partition("\n")[0])
    if inner := HDF5.fullmatch(text):
        text = inner[1]
    return text[:LONGEST] or type(error).__name__


def printable(text: str) -> str:
    """Return text with every character that no terminal shows, or that is no character, written as its code."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def for_terminal(text: str) -> str:
    """Return text with what moves the cursor, colours, or turns the direction written as its code; lines stay lines."""
    return text if text.isprintable() else UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)
