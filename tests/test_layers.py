"""The house keeps its order: imports point down, and each third-party package has its owners (CONTRIBUTING).

All of it is read from the source by `ast`, imports inside functions included.
"""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import nnctl

ROOT = Path(nnctl.__file__).parent

LEVELS = (  # from the top down; a room may import from its own wing and from those below
    {"cli", "__main__"},
    {"show"},
    {"explain"},
    {"training"},
    {"runs"},
    {"data"},
    {"spec"},
    {"nn"},
    {"team"},
    {"registry", "synonyms", "threads", "denormals", "signals", "process", "plain_json"},
    {"descriptors"},
    {"errors"},
    {""},  # nnctl itself: the version
)
CLIMBS = {"data.sets", "data.kinds", "data.scaling"}  # the registries that a spec looks into, to know what it may say
OWNERS = {
    "typer": {"cli"},
    "rich": {"show", "cli"},
    "yaml": {"spec.document", "spec.yaml12"},
    "pyarrow": {"data.parquet", "explain.answers"},
    "h5py": {"explain.answers", "data.hdf5", "data.hdf5_meaning", "data.links", "data.storage", "training.result"},
    "hdf5plugin": {"data.hdf5"},
    "matplotlib": {"show"},
    "PIL": {"data.picture", "data.picture_survey", "data.decoding", "data.album", "spec.checks"},
    "threadpoolctl": {"team"},
    "numpy": {
        "team",
        "nn",
        "data",
        "runs.model",
        "runs.checked",
        "runs.interfaces",
        "runs.bundle",
        "training",
        "explain",
        "show",
    },
}


def _name(file):
    """Return cli, nn, nn.losses, ... for a file of the package."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix("__init__").rstrip(".")


TREES = {_name(file): ast.parse(file.read_text(encoding="utf-8")) for file in sorted(ROOT.rglob("*.py"))}


def _imports(tree):
    """Yield the full name of each module that is imported; `from nnctl import runs` is nnctl.runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"a relative import on line {node.lineno}"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner.removeprefix("nnctl.") in TREES else node.module


IMPORTS = {module: set(_imports(tree)) for module, tree in TREES.items()}


def _inside(module):
    """Return the modules of nnctl that a module imports."""
    return {name.removeprefix("nnctl").lstrip(".") for name in IMPORTS[module] if name.split(".")[0] == "nnctl"}


def _level(module):
    room = module.split(".")[0]
    levels = [level for level, rooms in enumerate(LEVELS) if room in rooms]
    assert len(levels) == 1, f"{room} wants one place in LEVELS"
    return levels[0]


def _lies_in(module, rooms):
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("module", TREES)
def test_imports_point_down(module):
    upward = {name for name in _inside(module) if _level(name) < _level(module)}
    if _lies_in(module, {"spec"}):
        upward -= CLIMBS
    assert not upward, f"{module} imports {upward} from above"


def test_no_module_imports_itself_by_a_detour():
    order = list(TopologicalSorter({module: _inside(module) - {module} for module in TREES}).static_order())
    assert order.index("errors") < order.index("cli")  # a cycle has raised before


@pytest.mark.parametrize("module", TREES)
def test_third_party_packages_are_imported_by_their_owners(module):
    foreign = {name.split(".")[0] for name in IMPORTS[module]} - sys.stdlib_module_names - {"nnctl"}
    strays = {package for package in foreign if not _lies_in(module, OWNERS.get(package, set()))}
    assert not strays, f"{module} imports {strays}"


@pytest.mark.parametrize("package", OWNERS)
def test_each_dependency_is_used(package):
    assert any(name.split(".")[0] == package for names in IMPORTS.values() for name in names)


@pytest.mark.parametrize("module", [module for module in TREES if _lies_in(module, {"nn"})])
def test_the_numerical_core_neither_prints_nor_opens_files(module):
    names = {node.id for node in ast.walk(TREES[module]) if isinstance(node, ast.Name)}
    assert not names & {"print", "open", "input"}
    assert not {name.split(".")[0] for name in IMPORTS[module]} & {"io", "os", "pathlib", "sys"}


def test_the_command_line_loads_nothing_heavy():
    program = "import sys, nnctl.__main__, nnctl.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "typer" in loaded
    assert not {"numpy", "h5py", "matplotlib", "PIL", "rich.progress", "yaml"} & set(loaded)


def test_a_spec_without_a_mistake_loads_no_words_for_mistakes():
    program = (
        "import sys, nnctl.spec.document, nnctl.spec.reading, nnctl.spec.shipped as shipped\n"
        "nnctl.spec.reading.parse(nnctl.spec.document.read(shipped.find('cat')))\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "nnctl.spec.yaml12" in loaded
    words = ("signs", "slips", "reasons", "numerals", "sections", "placeholders", "elsewhere")
    assert not {"nnctl.synonyms", *(f"nnctl.spec.{name}" for name in words)} & set(loaded)
