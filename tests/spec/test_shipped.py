"""The shipped configs are found by name from any folder, and every one of them is a legal, explained spec."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nnctl
from nnctl.errors import SpecError
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse

FILES = sorted(shipped.CONFIGS.glob("*"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_configs_of_the_readme_are_there():
    assert set(shipped.names()) >= {
        "cat", "cat-photos", "circles", "flower", "logistic-cat", "moons", "regression", "spirals",
    }  # fmt: skip
    assert {f"{name}.yaml" for name in shipped.names()} == {file.name for file in FILES}
    assert shipped.names() == sorted(shipped.names())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_config_is_a_legal_spec(file, tmp_path):
    for name in ("train_catvnoncat.h5", "test_catvnoncat.h5"):  # the files of cat-photos do not come with nnctl
        (tmp_path / name).touch()
    assert parse(document.read(file), (tmp_path,)).name == file.stem


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_config_says_how_to_train_it(file):
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert re.search(rf"nnctl train {file.stem}\s", text)


@pytest.mark.parametrize("name", shipped.names())
def test_a_name_finds_its_file(name):
    assert shipped.find(name) == shipped.CONFIGS / f"{name}.yaml"


def test_a_file_comes_before_a_shipped_config(tmp_path):
    (tmp_path / "mine.yaml").touch()
    assert shipped.find("mine.yaml") == Path("mine.yaml")
    (tmp_path / "moons").touch()
    assert shipped.find("moons") == Path("moons")


def test_a_folder_does_not_hide_a_shipped_config(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "other").mkdir()
    assert shipped.find("cat") == shipped.CONFIGS / "cat.yaml"
    assert shipped.find("other") == Path("other")  # `read` says that it is a folder


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("circle", 'circle: there is no such file or shipped config; did you mean "circles"?'),
        ("cats", 'cats: there is no such file or shipped config; did you mean "cat"?'),
        ("spiral", 'spiral: there is no such file or shipped config; did you mean "spirals"?'),
        ("none/circles.yaml", 'none/circles.yaml: there is no such file; did you mean "circles"?'),
        ("moon.yml", 'moon.yml: there is no such file; did you mean "moons"?'),
        ("xyzzy.yaml", "xyzzy.yaml: there is no such file"),
        ("none/xyzzy", "none/xyzzy: there is no such file"),
        ("xyzzy", f"xyzzy: there is no such file or shipped config (legal: {', '.join(shipped.names())})"),
        ("y" * 300, f"{'y' * 300}: there is no such file or shipped config (legal: {', '.join(shipped.names())})"),
    ],
)
def test_what_is_not_there(argument, message):
    with pytest.raises(SpecError) as caught:
        shipped.find(argument)
    assert str(caught.value) == message


def test_an_installed_package_carries_the_configs_inside(tmp_path):
    package = tmp_path / "site" / "nnctl"
    shutil.copytree(Path(nnctl.__file__).parent / "spec", package / "spec")
    for name in ("__init__", "errors", "registry"):
        shutil.copy(Path(nnctl.__file__).parent / f"{name}.py", package / f"{name}.py")
    (package / "configs").mkdir()
    (package / "configs" / "own.yaml").touch()
    program = "from nnctl.spec import shipped; print(*shipped.names(), shipped.find('own'))"
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site")},
    )
    assert found.stdout.split() == ["own", str(package / "configs" / "own.yaml")]
