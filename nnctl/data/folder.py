"""A folder of pictures is a table: each sub-folder is a class, or train/, validation/ and test/ hold such sub-folders.

Pictures stand in the order of their names. What lies among them and is no picture is left out, and counted in a note;
a class without pictures, or pictures without a class, are refused.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from nnctl.data import album
from nnctl.data.block import BlockPreparation
from nnctl.data.blocks import Block, Failed
from nnctl.data.decoding import NOTES, decoded
from nnctl.data.hold import Way
from nnctl.data.names import PARTS
from nnctl.data.picture import SUFFIXES, Cell, Form
from nnctl.data.recognition import files_in
from nnctl.data.table import Table
from nnctl.data.words import printable
from nnctl.errors import DataError
from nnctl.registry import FEW, listed

IN_A_BLOCK = 512  # pictures
UNSEEN = ".", "__MACOSX"  # how names begin of what other programs put there


@dataclass(frozen=True)
class Listing:
    """What lies in a folder, each in the order of the names."""

    folders: list[Path]
    pictures: list[Path]
    others: list[Path]

    @classmethod
    def of(cls, folder: Path) -> "Listing":
        """List a folder; raise a DataError where that is not allowed."""
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            raise DataError(f"{folder}: cannot be read: {error.strerror}") from None
        listing = cls([], [], [])
        for entry in entries:
            seen = not entry.name.startswith(UNSEEN)
            if seen and entry.is_dir():
                listing.folders.append(entry)
            elif seen and _is_picture(entry):
                listing.pictures.append(entry)
            else:
                listing.others.append(entry)
        return listing


def _is_picture(path: Path) -> bool:
    """Tell whether a file, or a link to one that is gone, has the name of a picture."""
    return path.suffix.lower() in SUFFIXES and (path.is_file() or not path.exists())


def read_folder(path: Path, wanted: Collection[str], also: Collection[str], way: Way) -> dict[str, Table]:
    """Read the table of each part that is wanted from a folder, and of those that it has also.

    The notes of a part stand in its table.
    """
    top = Listing.of(path)
    parts = _parts(path, top)
    if not parts:
        part = "train" if "train" in wanted else next(iter(wanted))
        return dict.fromkeys(wanted, _read_classes(path, top, part, way))
    if missing := [part for part in wanted if part not in parts]:
        raise DataError(
            f"{path}: has no sub-folder for {missing[0]}; it holds {_names(top.folders)}.\n"
            f"Expected {missing[0]}/ in it, with a sub-folder for each class."
        )
    _check_not_mixed(path, top)
    taken = [*wanted, *(part for part in also if part in parts)]
    tables = {part: _read_classes(parts[part], Listing.of(parts[part]), part, way) for part in taken}
    unused = [folder for folder in top.folders if folder not in [parts[part] for part in taken]]
    notes = [f"{path} also holds {_names(unused)}: not used"] if unused else []
    notes += _left_out(path, top.others)
    first = next(iter(tables))
    tables[first] = tables[first].with_notes(notes)
    return tables


def check_classes(train: Table, other: Table) -> None:
    """Raise a DataError where the folder of another part has a class that the training part has not."""
    assert other.y is not None
    if train.classes and (unknown := sorted(set(other.y.tolist()) - set(train.classes))):
        raise DataError(
            f"{other.origin}: has the class {unknown[0]}, and {train.origin} has not ({listed(train.classes, FEW)}).\n"
            "Give the sub-folders of one class the same name in each part, or take it away."
        )


def pictures_in(path: Path) -> tuple[list[Path], list[str]]:
    """Return all pictures in a folder and below it, in the order of their names, and notes."""
    listings = _below(path)
    files = sorted(file for listing in listings for file in listing.pictures)
    if not files:
        raise DataError(_no_pictures(path, "pictures"))
    return files, _left_out(path, [other for listing in listings for other in listing.others])


def read_pictures(origin: Path, files: Sequence[Path | Cell], preparation: BlockPreparation) -> Iterator[Block]:
    """Read pictures in blocks, to predict them; one that cannot be read is told, and not raised."""
    form, layout = Form.of(preparation, origin)
    told = 0
    with decoded(files, form, skip=True) as results:
        for start in range(0, len(files), IN_A_BLOCK):
            own = files[start : start + IN_A_BLOCK]
            pixels, rows, failed, said = [], list[int](), list[Failed](), list[str]()
            for row, result in enumerate(islice(results, len(own))):
                if isinstance(result, DataError):
                    reason = str(result).removeprefix(f"{own[row]}: ")
                    failed.append(Failed(row, str(own[row]), reason))
                    continue
                pixels.append(result[0])
                rows.append(row)
                said += result[1]
            told += len(said)
            X = np.array(pixels, np.uint8).reshape(-1, layout.height, layout.width, layout.channels)
            X = layout.as_found(X).reshape(len(X), *preparation.shape)
            notes = said[: max(0, NOTES - told + len(said))]
            if start + len(own) == len(files) and told > NOTES:
                notes.append(f"{origin}: such things are to be said of further pictures ({told - NOTES:,} notes)")
            table = Table(X, None, origin=str(origin), files=(origin,), notes=tuple(notes))
            yield Block([str(file) for file in own], table, np.array(rows, np.int64), failed)


def _below(folder: Path, above: tuple[Path, ...] = ()) -> list[Listing]:
    """List a folder and all below it; one that lies in itself, by a link, is not entered again."""
    place = folder.resolve()
    if place in above:
        return []
    listing = Listing.of(folder)
    return [listing, *(below for inner in listing.folders for below in _below(inner, (*above, place)))]


def _parts(path: Path, top: Listing) -> dict[str, Path]:
    """Return the sub-folders that are parts by their name and hold sub-folders, {} where `path` holds the classes."""
    found = dict[str, Path]()
    for folder in top.folders:
        part = next((part for part, names in PARTS.items() if folder.name.lower() in names), None)
        if part is None or not Listing.of(folder).folders:
            continue
        if part in found:
            raise DataError(f"{path}: {found[part].name}/ and {folder.name}/ are both for {part}; keep one")
        found[part] = folder
    return found


def _read_classes(path: Path, top: Listing, part: str, way: Way) -> Table:
    """Read the pictures of one part, whose sub-folders are its classes."""
    trains = part == "train"
    inside = {folder: Listing.of(folder) for folder in top.folders}
    if not top.pictures and not any(listing.pictures or listing.folders for listing in inside.values()):
        raise DataError(_no_pictures(path, "sub-folders of pictures, one for each class"))
    _check_not_mixed(path, top)
    if not inside:
        raise DataError(
            f"{path}: holds pictures ({_names(top.pictures)}), and nothing tells their classes.\n"
            "Put them into sub-folders, one for each class, that have its name."
        )
    for folder, listing in inside.items():
        _check_class(folder, listing)
    if trains and len(inside) == 1:
        raise DataError(
            f"{path}: has one sub-folder only ({_names(top.folders)}), and so one class; expected two or more.\n"
            "Put the pictures of each class into a sub-folder of its own."
        )
    labelled = [(file, folder.name) for folder, listing in inside.items() for file in listing.pictures]
    X, kept, notes = album.read(path, "", [file for file, _ in labelled], way, part)
    y = np.array([labelled[row][1] for row in kept])
    notes += _left_out(path, [*top.others, *(other for listing in inside.values() for other in listing.others)])
    classes = tuple(folder.name for folder in inside)
    if lost := set(classes) - set(y.tolist()):
        raise DataError(f"{path}: of {min(lost)}/ no picture can be read, so nothing is left of that class")
    listed_classes = classes if trains else None  # of the other parts the names alone count
    return Table(X, y, listed_classes, str(path), files=(path,), notes=tuple(notes))


def _check_class(folder: Path, listing: Listing) -> None:
    """Raise a DataError unless a folder can be a class: pictures, nothing below, a name that is text."""
    _check_not_mixed(folder, listing)
    if listing.folders:
        raise DataError(
            f"{folder}: holds sub-folders ({_names(listing.folders)}); expected the pictures of one class.\n"
            "Put the pictures of each class into one folder, beside those of the others."
        )
    if not listing.pictures:
        raise DataError(
            f"{folder}: holds no pictures; expected those of the class {printable(folder.name)}.\n"
            "Put them there, or take the folder away."
        )
    try:
        folder.name.encode()
    except UnicodeEncodeError:
        raise DataError(f"{printable(str(folder))}: the name of its class is not UTF-8; rename the folder") from None


def _check_not_mixed(path: Path, listing: Listing) -> None:
    if listing.folders and listing.pictures:
        raise DataError(
            f"{path}: holds both pictures ({_names(listing.pictures)}) and sub-folders ({_names(listing.folders)}).\n"
            "Put each picture into the sub-folder of its class, or give a folder that holds nothing else."
        )


def _no_pictures(path: Path, expected: str) -> str:
    return (
        f"{path}: is a folder without pictures; expected {expected}, or a file of arrays (HDF5 or NPZ).{files_in(path)}"
    )


def _left_out(path: Path, others: Sequence[Path]) -> list[str]:
    """Say what lies among the pictures and is none."""
    said = f"{path}: files that are no pictures are left out, {len(others):,} in all: {_names(others)}"
    return [said] if others else []


def _names(paths: Sequence[Path]) -> str:
    return listed((printable(path.name) for path in paths), FEW)
