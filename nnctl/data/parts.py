"""The parts of a spec's data as tables, before anything is split off: of built-in sets, files of arrays, of named
columns, and folders of pictures. Which it is, the spec and the files tell.
"""

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from nnctl.data.block import in_words
from nnctl.data.names import PARTS, Names
from nnctl.data.sets import datasets
from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError
from nnctl.registry import AUTO
from nnctl.spec.checks import FOLDER_KEYS
from nnctl.spec.spec import AS_IT_STANDS, DataSpec, FileSpec, Spec

if TYPE_CHECKING:
    from nnctl.data.picture import Form

TABLE_KEYS = ("ignore", "columns", "separator", "encoding", "missing", "fill", "drop_missing_targets")


def tables_of(spec: Spec, to_train: bool) -> dict[str, Table]:
    """Return the tables that the spec names, before shares are split off, to train on them or to look at them."""
    data = spec.data
    built_in = isinstance(data.source, str) and data.source in datasets
    if data.held_in == "disk" and built_in:
        raise spec.document.mistake(("data", "held_in"), f"is for files and folders; {data.source} is held in memory")
    if not built_in and _is_table(data.place("train")):
        return _named_tables(spec, to_train)
    given = next((key for key in TABLE_KEYS if getattr(data, key) != getattr(DataSpec(), key)), None)
    if given is not None or isinstance(data.target, tuple):
        key = given or "target"
        source = data.source if built_in else data.place("train").array("features").file
        raise spec.document.mistake(("data", key), f"is about named columns, as a CSV file has; {source} has none")
    training = names_of(data, "train")
    tables: dict[str, Table] = {}
    in_files = [part for part in ("validation", "test") if data.has_file(part)]
    if isinstance(data.source, str) and built_in:
        train, test = datasets[data.source](**data.options)
        tables = {"train": train, **({"test": test} if test is not None else {})}
    else:
        in_files.insert(0, "train")
    if not in_files:
        return tables
    from nnctl.data.files import read_apart, read_tables  # and with them the readers of all formats
    from nnctl.data.hold import Hold, Way

    way = Way(Hold(spec, to_train), _form(spec), data.skip_unreadable)
    together: dict[Path, dict[str, Names]] = {}
    places = {part: data.place(part) for part in in_files}
    paths = {part: (Path(at.array("features").file), Path(at.array("target").file)) for part, at in places.items()}
    for part, (first, second) in paths.items():
        names = replace(names_of(data, part), classes=data.classes)
        if first == second:
            together.setdefault(first, {})[part] = names
        else:
            tables[part] = read_apart(part, (first, second), names, paths.get("train", ()), data.layout, way)
    for path, wanted in together.items():
        absent = [part for part in ("validation", "test") if getattr(data, part) is None and part not in data.drawn]
        also = absent if "train" in wanted else []
        if path.is_dir():
            from nnctl.data.folder import check_classes, read_folder  # and with it threads

            found = read_folder(path, wanted, also, way)
            tables |= found
            for table in found.values():
                check_classes(tables["train"], table)
        else:
            tables |= read_tables(path, wanted, training, also, data.layout, way)
    of_pictures = any(table.of_pictures for table in tables.values())
    given = next((key for key in FOLDER_KEYS if getattr(data, key) != getattr(DataSpec(), key)), None)
    if given and not of_pictures and not any(path.is_dir() for path in together):
        raise spec.document.mistake(("data", given), f"is for pictures, and {tables['train'].origin} holds none")
    return {part: tables[part] for part in PARTS if part in tables}


def _is_table(place: FileSpec) -> bool:
    """Tell whether a part is in one file, and that is a table of named columns."""
    from nnctl.data.readers import ending_of  # and with it the readers of all tables

    return place.file is not None and ending_of(Path(place.file)) is not None


def _named_tables(spec: Spec, to_train: bool) -> dict[str, Table]:
    """Return the tables of a spec whose data are tables of named columns, each part in a file of its own."""
    from nnctl.data import readers
    from nnctl.data.gathered import Asked, Place
    from nnctl.data.hold import Hold
    from nnctl.data.kinds import kinds
    from nnctl.data.tables import read_table

    data = spec.data
    training = data.place("train").file
    _check_no_arrays(spec)
    common = (data.target,) if isinstance(data.target, str) else data.target or ()
    given = {name: kinds[kind].as_text for name, kind in (data.columns or {}).items()}
    asked = Asked(
        ignore=[data.ignore] if isinstance(data.ignore, str) else data.ignore,
        texts=[name for name, as_text in given.items() if as_text],
        numbers=[name for name, as_text in given.items() if not as_text],
        missing=list(map(str, data.missing)),
        encoding=data.encoding or "utf-8",
        separator=data.separator,
    )
    parts = ["train", *(part for part in ("validation", "test") if data.has_file(part))]
    files = {part: Path(data.place(part).file or "") for part in parts}
    endings = {path: readers.ending_of(path) for path in files.values()}
    for path, ending in endings.items():
        if ending is None:
            raise DataError(f"{path}: is no table ({', '.join(readers.READERS)}), as that for training is")
    of_text = any(readers.READERS[ending].of_text for ending in endings.values() if ending)
    for key in ("encoding", "separator"):
        if not of_text and getattr(data, key) is not None:
            raise spec.document.mistake(("data", key), f"is about a table in text; {training} is none")
    order = None if data.order == AS_IT_STANDS else data.order
    own = {part: names_of(data, part) for part in parts}
    for part, names in own.items():
        if names.features is not None:
            raise spec.document.mistake(("data", part), f"{{features: ...}} names an array; {files[part]} is a table")
    targets = {part: (names.target,) for part, names in own.items() if names.target is not None}
    drop = data.drop_missing_targets
    hold = Hold(spec, to_train)
    own_targets = targets.get("train", common)
    train = read_table(files.pop("train"), asked, own_targets, drop, data.group, order, Place(hold, "train"))
    asked = replace(asked, ignore=(), texts=train.X.text_names, numbers=train.X.number_names, only=train.X.names)
    tables = {"train": train}
    for part, path in files.items():
        try:
            own_targets = targets.get(part, train.targets)
            tables[part] = read_table(path, asked, own_targets, drop, place=Place(hold, part))
        except MismatchError as error:
            raise DataError(f"{error}\nThe columns of every part are those for training") from None
    return tables


def _check_no_arrays(spec: Spec) -> None:
    """Raise a SpecError for keys that are about arrays, where the data are a table."""
    data, training = spec.data, spec.data.place("train").file
    for key in ("features", "classes"):
        if getattr(data, key) is not None:
            raise spec.document.mistake(("data", key), f"names an array in a file; {training} is a table")
    if data.layout != "rows":
        raise spec.document.mistake(("data", "layout"), "is for arrays; a row of a table is an example")


def _form(spec: Spec) -> "Form":
    """Return what pictures in folders are brought to, before time is spent on those that will not fit the network."""
    from nnctl.data.picture import Form

    data = spec.data
    shape = None if data.size is None else (*data.size, 3) if data.color == "rgb" else data.size
    if shape is not None and spec.model.layer_dims[0] not in (AUTO, prod(shape)):
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must start with {prod(shape)}: an example has {in_words(shape)}, got {spec.model.layer_dims[0]}",
        )
    size = None if data.size is None else (data.size[0], data.size[1])
    return Form(3 if data.color == "rgb" else 1, size, data.background, data.megapixels)


def names_of(data: DataSpec, part: str) -> Names:
    """Return the names that the spec gives to the datasets of a part; those at the top are the training part's."""
    place = data.place(part)
    own = Names(place.array("features").name, place.array("target").name)
    if part != "train":
        return own
    order = None if data.order == AS_IT_STANDS else data.order
    return replace(own, classes=data.classes, group=data.group, order=order)
