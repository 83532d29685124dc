"""How HDF5 keeps the numbers of a dataset: in one piece, in chunks, in other files, or nowhere.

Numbers in other files are read only where these are HDF5 files in the folder of the first.

What was never written HDF5 gives as a fill value without a word, so a dataset is read only where all of it is there.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

from nnctl.data import links
from nnctl.data.arrays import Unusable
from nnctl.data.words import AGAIN, in_plain_words, printable

FILTERS = {  # of which the package hdf5plugin has most
    4: "szip",
    307: "bzip2",
    32000: "lzf",
    32001: "blosc",
    32004: "lz4",
    32008: "bitshuffle",
    32013: "zfp",
    32015: "zstd",
    32017: "sz",
    32018: "fcidecomp",
    32024: "sz3",
    32026: "blosc2",
    32028: "sperr",
}
TOGETHER = "is put together from other datasets"
DEEPEST = 32  # virtual datasets over virtual datasets; HDF5 itself gives up on a circle of them
Place = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]  # start, stride, count, block


def missing_filter(dataset: Any, depth: int = 0) -> str | None:
    """Return the name of a filter that a dataset, or one behind it, is compressed by and that is not installed."""
    import h5py

    plan = dataset.id.get_create_plist()
    for index in range(plan.get_nfilters()):
        number, _, _, own = plan.get_filter(index)
        if not h5py.h5z.filter_avail(number):
            return f"{FILTERS.get(number) or printable(own.decode('utf-8', 'replace')) or 'of a number'} ({number})"
    if dataset.is_virtual and depth < DEEPEST:
        for file, name, _, _ in _pieces(dataset, plan):
            with _source(dataset, file, name) as source:
                if missing := missing_filter(source, depth + 1):
                    return missing
    return None


def check_complete(dataset: Any, depth: int = 0) -> None:
    """Raise Unusable unless every number of a dataset was written, and is where the dataset says."""
    import h5py

    plan = dataset.id.get_create_plist()
    layout = plan.get_layout()
    if plan.get_external_count():
        other = printable(os.fsdecode(plan.get_external(0)[0]))
        raise Unusable(f"has its numbers in another file, {other}, and such are not read.\nSave the numbers here.")
    if dataset.size == 0 or layout == h5py.h5d.COMPACT:
        return
    if layout == h5py.h5d.VIRTUAL:
        _check_virtual(dataset, plan, depth)
    elif layout == h5py.h5d.CHUNKED:
        written = dataset.id.get_num_chunks()
        chunks = prod(-(-length // chunk) for length, chunk in zip(dataset.shape, dataset.chunks, strict=True))
        if written < chunks:
            raise Unusable(
                f"was written only in part: of its {chunks:,} blocks of shape {dataset.chunks}, {chunks - written:,}"
                f" were never written, and {dataset.fillvalue} would stand there.\n"
                "Write the rest, or save the rows that are there as an array of their own."
            )
    elif dataset.id.get_space_status() == h5py.h5d.SPACE_STATUS_NOT_ALLOCATED:
        raise Unusable(
            f"was made with the shape {dataset.shape} and never written: every number would be"
            f" {dataset.fillvalue}.\nWrite its numbers, or name another dataset."
        )
    elif (end := dataset.id.get_offset() + dataset.id.get_storage_size()) > (size := _file_size(dataset)):
        raise Unusable(f"is cut off: it ends at byte {end:,}, and the file has {size:,}.\n{AGAIN}")


def _check_virtual(dataset: Any, plan: Any, depth: int) -> None:
    """Check that the datasets behind a virtual one are there, whole, large enough, and cover all of it."""
    import h5py

    if depth >= DEEPEST:
        raise Unusable(f"{TOGETHER}, and these from each other.\nSave it as one array.")
    covered = h5py.h5s.create_simple(dataset.shape)
    covered.select_none()
    for file, name, places, selected in _pieces(dataset, plan):
        where = f"{printable(name)} of {printable(file)}" if file != "." else printable(name)
        with _source(dataset, file, name) as source:
            try:
                check_complete(source, depth + 1)
            except Unusable as reason:
                inner = str(reason).removeprefix(f"{TOGETHER}, and ")
                raise Unusable(f"{TOGETHER}, and {'' if inner != str(reason) else f'{where} '}{inner}") from None
            axis = _open_axis(selected)
            if axis is not None:  # it grows with its source: as far as that goes now
                (start, stride, counts, block) = _clipped(_places(selected)[0], axis, source.shape[axis])
                places = [_of_length(places[0], counts[axis] * block[axis])]
            elif selected.get_select_npoints() and selected.get_select_type() != h5py.h5s.SEL_ALL:
                last = selected.get_select_bounds()[1]
                if len(last) != source.ndim or any(end >= n for end, n in zip(last, source.shape, strict=True)):
                    raise Unusable(
                        f"{TOGETHER}, and {where} is smaller than it expects: shape"
                        f" {source.shape}, and {tuple(n + 1 for n in last)} is taken from it.\nMake both anew."
                    )
            elif selected.get_select_type() == h5py.h5s.SEL_ALL and source.size != _size(places):
                raise Unusable(
                    f"{TOGETHER}, and {where} has {source.size:,} numbers, where"
                    f" {_size(places):,} are expected.\nMake both anew."
                )
        for start, stride, counts, block in places:
            covered.select_hyperslab(start, counts, stride, block, h5py.h5s.SELECT_OR)
    uncovered = dataset.size - covered.get_select_npoints()
    if uncovered:
        raise Unusable(
            f"{TOGETHER}, and {uncovered:,} of its {dataset.size:,} numbers come from none:"
            f" {dataset.fillvalue} would stand there.\nAdd the missing sources, or save the rows that are there."
        )


def _pieces(dataset: Any, plan: Any) -> Iterator[tuple[str, str, list[Place], Any]]:
    """Yield for each source of a virtual dataset its file, its name, where it goes, and what is selected of it."""
    for index in range(plan.get_virtual_count()):
        file, name = plan.get_virtual_filename(index), plan.get_virtual_dsetname(index)
        to, of = plan.get_virtual_vspace(index), plan.get_virtual_srcspace(index)
        places, axis = _places(to), _open_axis(to)
        if axis is None or _open_axis(of) is not None:
            yield file.replace("%%", "%"), name.replace("%%", "%"), places, of
            continue
        start, stride, counts, block = _clipped(places[0], axis, dataset.shape[axis])
        for number in range(counts[axis]):  # a block for each source, whose names are counted: %b
            first, one = list(start), list(counts)
            first[axis] += number * stride[axis]
            one[axis] = 1
            numbered = (text.replace("%b", str(number)).replace("%%", "%") for text in (file, name))
            yield *numbered, [(tuple(first), stride, tuple(one), block)], of


def _places(space: Any) -> list[Place]:
    """Return what is selected of a dataspace as regular patterns of blocks."""
    import h5py

    kind, dims = space.get_select_type(), space.get_simple_extent_dims()
    ones = (1,) * len(dims)
    if kind == h5py.h5s.SEL_ALL:
        return [((0,) * len(dims), ones, ones, dims)]
    if kind == h5py.h5s.SEL_POINTS:
        return [(tuple(point), ones, ones, ones) for point in space.get_select_elem_pointlist().tolist()]
    if kind != h5py.h5s.SEL_HYPERSLABS:
        return []
    if space.is_regular_hyperslab():
        return [space.get_regular_hyperslab()]
    blocks = space.get_select_hyper_blocklist().tolist()
    return [
        (tuple(first), ones, ones, tuple(b - a + 1 for a, b in zip(first, last, strict=True))) for first, last in blocks
    ]


def _size(places: list[Place]) -> int:
    return sum(prod(counts) * prod(block) for _, _, counts, block in places)


def _open_axis(space: Any) -> int | None:
    """Return the axis along which a selection has no end, or None."""
    import h5py

    if space.get_select_type() != h5py.h5s.SEL_HYPERSLABS or not space.is_regular_hyperslab():
        return None
    _, _, counts, block = space.get_regular_hyperslab()
    ends = [axis for axis, pair in enumerate(zip(counts, block, strict=True)) if h5py.h5s.UNLIMITED in pair]
    return ends[0] if ends else None


def _clipped(place: Place, axis: int, length: int) -> Place:
    """Return the part of an endless pattern of blocks that a length along its axis has room for, whole blocks only."""
    start, stride, _, _ = place
    return _of_length(place, max(0, length - start[axis]), gaps=stride[axis])


def _of_length(place: Place, length: int, gaps: int | None = None) -> Place:
    """Return an endless pattern ended after so many elements; with `gaps`, those between its blocks count too."""
    import h5py

    start, stride, counts, block = place[0], place[1], list(place[2]), list(place[3])
    axis = next(axis for axis, pair in enumerate(zip(counts, block, strict=True)) if h5py.h5s.UNLIMITED in pair)
    if block[axis] == h5py.h5s.UNLIMITED:
        counts[axis], block[axis] = 1, length
    elif gaps is None:
        counts[axis] = length // block[axis]
    else:
        counts[axis] = max(0, (length - block[axis]) // gaps + 1)
    return start, stride, tuple(counts), tuple(block)


@contextmanager
def _source(dataset: Any, file: str, name: str) -> Iterator[Any]:
    """Open a dataset behind a virtual one, where HDF5 would look for it."""
    import h5py

    where = f"{printable(name)} of {printable(file)}"
    missing = f"{TOGETHER}, and {where}"
    way = "Bring it back to its place, or save the numbers themselves as one array."
    if file == ".":
        opened, path = dataset.file, Path()
    else:
        prefixes = [Path(p) for p in os.environ.get("HDF5_VDS_PREFIX", "").split(":") if p]
        places = [*(p / Path(file).name for p in prefixes), _folder(dataset) / file, Path(file)]
        path = next((p for p in [*places, _folder(dataset) / Path(file).name] if p.is_file()), Path())
        if _folder(dataset) not in (path if path != Path() else _folder(dataset) / file).resolve().parents:
            raise Unusable(f"{missing} lies outside the folder of this file: from elsewhere nothing is read.\n{way}")
        if path == Path():
            raise Unusable(f"{missing} is not there: no such file beside this one.\n{way}")
        try:
            opened = h5py.File(path, "r")
        except Exception as error:
            raise Unusable(f"{missing} cannot be read: the file {in_plain_words(error)}") from None
    try:
        try:
            source = links.follow(opened, name)
        except Unusable as reason:
            raise Unusable(f"{missing} {reason}") from None
        if not isinstance(source, h5py.Dataset) or source.shape is None:
            raise Unusable(f"{missing} is not there: the file holds no such dataset.\n{way}")
        yield source
    finally:
        if file != ".":
            opened.close()


def _file_size(dataset: Any) -> int:
    return int(dataset.file.id.get_filesize())


def _folder(dataset: Any) -> Path:
    return Path(os.fsdecode(dataset.file.filename)).resolve().parent
