"""What a file that is not read is, told by its first bytes, and the lines that turn it into one that is read."""

import codecs
import gzip
import io
import re
import struct
import zlib
from collections.abc import Sequence

from nnctl.data.arrays import Unusable
from nnctl.data.words import AGAIN

HDF5 = b"\x89HDF\r\n\x1a\n"
NPY = b"\x93NUMPY"
UNPACK = "Unpack it and give the file that is in it."
TABLE = (
    'import pandas, numpy; t = pandas.{0}("{1}")\nnumpy.savez("data.npz", X=t.drop(columns="TARGET"), y=t["TARGET"])'
)
OFFICE = "Save the sheet as CSV (in UTF-8) there, and turn that into NPZ:\n{csv}"
PICTURE = (
    "As the INPUT of predict a PNG or JPEG picture needs its suffix, .png or .jpg; training data are a folder of"
    " pictures, with a\nsub-folder for each class, or one array: numpy.savez('data.npz', X=numpy.stack(pictures),"
    " y=labels)"
)
LIST = "Arrays are saved for nnctl by: numpy.savez('data.npz', X=X, y=y)"
MARKS = (  # first bytes, what such a file is, what to do; {path} is the file
    (b"version https://git-lfs", "a pointer of git LFS, not the file itself", "Fetch the file: git lfs pull"),
    (b"\x1f\x8b", "compressed by gzip{inside}", "Unpack it: gunzip -k {path}"),
    (b"BZh", "compressed by bzip2", "Unpack it: bunzip2 -k {path}"),
    (b"\xfd7zXZ\0", "compressed by xz", "Unpack it: unxz -k {path}"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "Unpack it: unzstd {path}"),
    (b"\x04\x22\x4d\x18", "compressed by lz4", "Unpack it: unlz4 {path}"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"%PDF", "a PDF document", LIST),
    (b"SQLite format 3\0", "an SQLite database", LIST),
    (b"PAR1", "a Parquet table", "Give it the ending .parquet, by which it is read: mv {path} {path}.parquet"),
    (b"ARROW1", "an Arrow (Feather) table", TABLE.format("read_feather", "{path}")),
    (b"FEA1", "a Feather table", TABLE.format("read_feather", "{path}")),
    (b"ORC", "an ORC table", TABLE.format("read_orc", "{path}")),
    (b"Obj\x01", "an Avro file", LIST),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (Excel's .xls)", OFFICE),
    (
        b"MATLAB 5.0 MAT-file",
        "a MATLAB file older than 7.3",
        'm = scipy.io.loadmat("{path}")\nnumpy.savez("data.npz", **{{k: v for k, v in m.items() if k[0] != "_"}})',
    ),
    (
        b"CDF",
        "a NetCDF file of the old kind (NetCDF-3)",
        'Turn it into NetCDF-4, which is HDF5: nccopy -k nc4 "{path}" data.nc',
    ),
    (b"\x0e\x03\x13\x01", "an HDF4 file, which is not HDF5", 'Turn it into HDF5: h4toh5 "{path}" data.h5'),
    (b"SIMPLE  =", "a FITS file", LIST),
    (b"RDX", "a file of R's (save)", LIST),
    (b"GGUF", "a language model (GGUF), not data", LIST),
    (b"\x89PNG", "a picture (PNG)", PICTURE),
    (b"\xff\xd8\xff", "a picture (JPEG)", PICTURE),
    (b"GIF8", "a picture (GIF)", PICTURE),
    (b"BM", "a picture (BMP)", PICTURE),
    (b"II*\0", "a picture (TIFF)", PICTURE),
    (b"MM\0*", "a picture (TIFF)", PICTURE),
)
IDX = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}  # the kinds of number in MNIST's files
OLD_PICKLE = re.compile(rb"\(*[ldt]p\d+\n|[\]})]q.|\(*c[\w.]+\n\w+\n", re.DOTALL)  # protocols 0 and 1


def unread(head: bytes, last: bytes, size: int, name: str) -> Unusable:
    """Return what is said of a file of this name that is no HDF5, NPY or zip archive."""
    what, way = _otherwise(head, last, size)
    way = way.replace("{csv}", csv_lines("data.csv", b"", "")).format(path=name)
    return Unusable(f"is {what.format(inside=_in_gzip(head))}.\n{way}")


def _otherwise(head: bytes, last: bytes, size: int) -> tuple[str, str]:
    """Return what a file is that is no HDF5, NPY or zip archive, and the way out."""
    for mark, what, way in MARKS:
        if head.startswith(mark):
            return what, way
    if head[257:262] == b"ustar":
        return "a tar archive", UNPACK
    if head[8:12] == b"WEBP":
        return "a picture (WebP)", PICTURE
    if head.startswith((b"\x89HDF", b"\xef\xbf\xbdHDF", b"\xef\xbf\xbdPNG")):
        return "an HDF5 file that a transfer as text has changed", "Copy or download it again, as binary."
    if _is_idx(head):
        return _idx(head)
    if re.match(rb"\x80[\2-\5]", head) or (last == b"." and OLD_PICKLE.match(head)):
        return _pickle(head)
    if head[0] == 0x78 and int.from_bytes(head[:2], "big") % 31 == 0 and not _text(head):
        return "compressed by zlib (as joblib does)", _pickle(head)[1]
    if _is_old_matlab(head):
        return "a MATLAB file older than 7.3", next(way for mark, _, way in MARKS if mark.startswith(b"MATLAB"))
    if re.match(rb"[^\0]{8}\{\"|.{7}\0\{\"", head, re.DOTALL) and head[4:8] == bytes(4):
        return "a file of tensors (safetensors)", LIST
    if not head.strip(b"\0"):
        return "no data: it begins with zero bytes, as a download that never came to its end", AGAIN
    text = _text(head)
    if text is not None:
        return _of_text(*text, head)
    shown = head[:8].hex(" ")
    return f"no file of arrays: it begins with the bytes {shown}; expected HDF5, NPZ or NPY", LIST


def _text(head: bytes) -> tuple[str, str] | None:
    """Return the beginning of a text and its encoding, or None where it is no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        try:
            codecs.getincrementaldecoder("utf-8")().decode(head)  # which forgives a letter that is cut at the end
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "latin-1"
    text = head.decode(encoding, "ignore")
    if encoding == "latin-1" and sum(map(str.isascii, text)) < 0.8 * len(text):  # any bytes at all are Latin-1
        return None
    readable = sum(c.isprintable() or c in "\t\r\n\f" for c in text)
    return (text, encoding) if text and readable >= 0.97 * len(text) else None


def _of_text(text: str, encoding: str, head: bytes) -> tuple[str, str]:
    begin = text.lstrip().lower()
    if begin.startswith(("<!doctype html", "<html", "<head", "<?xml", "<!--")):
        return "a web page, not the file itself", (
            "The download gave a page (of an error, or to log in); open it in a browser to see, and download again."
        )
    if begin.startswith(("{", "[")):
        if '"nbformat"' in text or '"cells"' in text:
            return "a Jupyter notebook", "Save the arrays in a cell of it: " + LIST[0].lower() + LIST[1:]
        return "JSON text", LIST
    first, wide = text.partition("\n")[0], " in UTF-16" if encoding == "utf-16" else ""
    if not re.search(r"[,;\t]", first):
        return f"plain text{wide}; text is not read as data", LIST
    what = f"a table in text ({'TSV' if chr(9) in first else 'CSV'}){wide}"
    way = "As a table its name must end with .csv, .tsv or .jsonl; as arrays, with the target in its last column:\n"
    return f"{what}, and arrays are expected", way + csv_lines("{path}", head, text, encoding)


def csv_lines(name: str, head: bytes, text: str, encoding: str = "utf-8-sig") -> str:
    """Return the lines of Python that turn a table in text into NPZ."""
    first = text.partition("\n")[0] or "a,b"
    mark = next((mark for mark in "\t;," if mark in first), None)
    fields = first.split(mark)
    heading = not all(re.fullmatch(r"\s*[-+\d.eE]*\s*", field) for field in fields)
    options = [f", delimiter={mark!r}" if mark else ""]
    options += [", skip_header=1" if heading else ""]
    options += [f", encoding={encoding!r}" if encoding != "utf-8-sig" or head.startswith(b"\xef\xbb\xbf") else ""]
    return (
        f'import numpy; t = numpy.genfromtxt("{name}"{"".join(options)})\n'
        'numpy.savez("data.npz", X=t[:, :-1], y=t[:, -1])'
    )


def _in_gzip(head: bytes) -> str:
    """Return " (inside: ...)" for what the first bytes behind gzip's are, as far as they can be told."""
    if not head.startswith(b"\x1f\x8b"):
        return ""
    with gzip.open(io.BytesIO(head)) as file:
        try:
            inner = file.read1(64)
        except (OSError, EOFError, ValueError, zlib.error):
            return ""
    if inner.startswith(HDF5):
        return "; inside is HDF5"
    return f"; inside is {_idx(inner)[0]}" if _is_idx(inner) else ""


def _is_idx(head: bytes) -> bool:
    return len(head) > 3 and head[:2] == b"\0\0" and head[2] in IDX and 1 <= head[3] <= 8


def _idx(head: bytes) -> tuple[str, str]:
    dtype, dims = IDX[head[2]], head[3]
    offset = 4 + 4 * dims
    shape: Sequence[int] = struct.unpack(f">{dims}I", head[4:offset]) if len(head) >= offset else ()
    name = "X" if dims > 1 else "y"
    return f"a file of MNIST's kind (IDX) of shape {tuple(shape)}", (
        "Read the file of the pictures as X and that of the labels as y; then numpy.savez('data.npz', X=X, y=y)\n"
        f'{name} = numpy.fromfile("{{path}}", {dtype!r}, offset={offset}).reshape({tuple(shape)})'
    )


def _pickle(head: bytes) -> tuple[str, str]:
    what = "a PyTorch file of the old kind (pickle)" if b"\xf9\x20\x6a\xa8\x50\x19" in head[:32] else "a Python pickle"
    return f"{what}; opening one may run any program, so it is not read", (
        "If you trust it, open it in Python (pickle.load, joblib.load or torch.load) and save the arrays in it:\n"
        "numpy.savez('data.npz', X=X, y=y)"
    )


def _is_old_matlab(head: bytes) -> bool:
    """Tell whether a file begins with the header of a matrix of MATLAB 4: type, rows, columns, imaginary, name."""
    if len(head) < 21:
        return False
    for order in "<>":
        kind, rows, columns, imaginary, length = struct.unpack(f"{order}5I", head[:20])
        name = head[20 : 20 + length]
        if kind < 5000 and rows and columns and imaginary < 2 and 2 <= length < 64:
            return name.endswith(b"\0") and name[:-1].isascii() and name[:-1].decode("ascii").isidentifier()
    return False
