"""What a file is, told by its first bytes and never by its suffix: HDF5, NPZ, NPY, or something that is not read.

What is not read is named, with what turns it into a file that is; of a zip archive, what is in it.
"""

import io
import re
import stat
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from nnctl.data.arrays import Unusable
from nnctl.data.foreign import HDF5, LIST, NPY, OFFICE, PICTURE, csv_lines, unread
from nnctl.data.words import AGAIN, in_plain_words, printable

HEAD = 4096  # bytes that are looked at
EMPTY = "is empty (0 bytes)"
KERAS = "a trained network of Keras, not data"
NO_ARRAYS = "is a zip archive without arrays (.npy)"
IN_ZIP = (  # the name of a member, what such an archive is, what to do
    (
        r"(^|/)data\.pkl$",
        "a PyTorch file",
        'd = torch.load("{path}", weights_only=True)\nnumpy.savez("data.npz", X=d["X"].numpy(), y=d["y"].numpy())'
        "    # with your own names for X and y",
    ),
    (r"^xl/", "an Excel workbook", OFFICE),
    (r"^(word|ppt)/|^content\.xml$", "an Office document", LIST),
    (r"(^|/)(model\.weights\.h5|saved_model\.pb)$", KERAS, LIST),
    (r"\.(?i:png|jpe?g|gif|bmp|tiff?|webp)$", "a zip archive of pictures", PICTURE),
    (r"(^|/)(\.zarray|\.zgroup|zarr\.json)$", "a Zarr archive", LIST),
)
PICTURES = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n", "PNG"), (b"GIF8", "GIF"))


def recognized(path: Path) -> str:
    """Return "HDF5", "NPZ" or "NPY"; raise Unusable for what is none of them, with its name and the way out."""
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise Unusable(f"is a folder; expected a file of arrays (HDF5, NPZ or NPY).{files_in(path)}")
        if not stat.S_ISREG(kind):
            raise Unusable("is a pipe or a device; HDF5, NPZ and NPY are read from files on disk. Save it to one first")
        with path.open("rb") as file:
            head, size = file.read(HEAD), path.stat().st_size
            if not head:
                raise Unusable(EMPTY)
            blocks = [b""]  # what stands where HDF5 may begin: behind 512, 1024, 2048, ... bytes of something else
            offset = 512
            while offset < size and offset <= 1 << 20:
                file.seek(offset)
                blocks.append(file.read(len(HDF5)))
                offset *= 2
            file.seek(-1, io.SEEK_END)
            last = file.read(1)
    except FileNotFoundError:
        raise Unusable("there is no such file") from None
    except OSError as error:
        raise Unusable(f"cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL in its name
        raise Unusable("there is no such file") from None
    if head.startswith(NPY):
        return "NPY"
    if head.startswith(HDF5) or HDF5 in blocks:
        return "HDF5"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _in_zip(path, str(path))
    raise unread(head, last, size, str(path))


def picture_format(raw: bytes) -> str | None:
    """Return which picture's file bytes are by their beginning, or None."""
    return next((name for mark, name in PICTURES if raw.startswith(mark)), None)


def check_no_picture(raw: bytes) -> None:
    """Raise Unusable where the bytes of an example are a picture's file, not its pixels."""
    if name := picture_format(raw):
        raise Unusable(
            f"holds {name} files as they are, not the pixels in them.\n"
            "Decode them once, to one size (raw being the bytes of each):\n"
            "X = numpy.stack([numpy.asarray(PIL.Image.open(io.BytesIO(raw)).convert('RGB').resize((64, 64)))"
            " for raw in files])"
        )


def _in_zip(file: Path | IO[bytes], path: str) -> str:
    """Return "NPZ" for a zip archive with arrays in it, or with nothing; raise Unusable for any other."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if not names or any(name.endswith(".npy") for name in names):
                return "NPZ"
            for pattern, what, way in IN_ZIP:
                if any(re.search(pattern, name) for name in names):
                    way = way.replace("{csv}", csv_lines("data.csv", b"", ""))
                    raise Unusable(f"is {what}.\n{way.format(path=path)}")
            raise _packed(archive, names)
    except Unusable:
        raise
    except (zipfile.BadZipFile, OSError, EOFError, struct.error):
        raise Unusable(
            f"is an NPZ file, or another zip archive, that is cut off: its end is missing.\n{AGAIN}"
        ) from None
    except Exception as error:  # zipfile on a damaged directory raises more than it says
        raise Unusable(f"is a zip archive that is damaged ({printable(str(error))}).\n{AGAIN}") from None


def _packed(archive: zipfile.ZipFile, names: Sequence[str]) -> Unusable:
    """Return what is said of an archive without arrays: which of its first files is read, or what one of them is."""
    files = [name for name in names if not re.search(r"/$|(^|/)(\.|__MACOSX/)", name)]
    said = dict[str, str]()
    for name in files[:8]:
        try:
            kind = _member(archive, name)
            return Unusable(f"{NO_ARRAYS}; {printable(name)} in it is an {kind} file.\nUnpack it and give that file.")
        except Unusable as reason:
            said[name] = str(reason)
    if not said:
        return Unusable(f"{NO_ARRAYS}, and without any other file.\n{LIST}")
    name = next((name for name in said if "plain text" not in said[name]), files[0])  # rather than a README
    what, _, way = said[name].partition("\n")
    first = "" if way in (LIST, AGAIN) else "Unpack the archive.\n"
    return Unusable(f"{NO_ARRAYS}; {printable(name)} in it {what}\n{first}{way}")


def _member(archive: zipfile.ZipFile, name: str) -> str:
    """Return "HDF5", "NPZ" or "NPY" for a file in an archive; raise Unusable for what is none of them."""
    try:
        with archive.open(name) as file:
            head = file.read(HEAD)
            if head.startswith(b"PK\x03\x04"):
                file.seek(0)
                return _in_zip(file, name)
    except Unusable:
        raise
    except Exception as error:  # what zipfile and the codecs behind it raise
        raise Unusable(in_plain_words(error)) from None
    if not head:
        raise Unusable(f"{EMPTY}.\n{AGAIN}")
    if name.endswith(".weights.h5"):
        raise Unusable(f"is {KERAS}.\n{LIST}")
    if head.startswith(HDF5):
        return "HDF5"
    if head.startswith(NPY):
        return "NPY"
    raise unread(head, b"", archive.getinfo(name).file_size, printable(name))


def files_in(folder: Path) -> str:
    """Return a line with the files of arrays that lie in a folder."""
    found = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in (".h5", ".hdf5", ".npz", ".npy"))
    return f"\nIt holds {', '.join(map(printable, found[:8]))}: give one of them." if found else ""
