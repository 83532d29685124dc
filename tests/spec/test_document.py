"""A document: YAML 1.2's values, where each of them stands, overrides, and mistakes in plain words."""

import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nnctl.errors import SpecError
from nnctl.spec import document, mark

plainly = settings(max_examples=60, deadline=None, derandomize=True)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)  # no lone surrogates
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**290), 10**290)
    | st.floats(allow_nan=False)
    | texts
    | st.sampled_from(["no", "on", "1e-3", "0x1F", "1_000", "~", "null", ".inf", "true", "=", "<<", "- a", "a: b", "'"])
)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(texts, inner, max_size=4)
)
QUOTED = ("null", "true", "false")  # as names
names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8).filter(lambda name: name not in QUOTED)


def read(tmp_path, text, *overrides):
    """Write the text as spec.yaml and read it."""
    file = tmp_path / "spec.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return document.read(file, overrides)


def tree(tmp_path, text, *overrides):
    return read(tmp_path, text, *overrides).tree


def complaint(tmp_path, text, *overrides):
    """Return the message of the mistake, from behind the folder's name on."""
    with pytest.raises(SpecError) as caught:
        read(tmp_path, text, *overrides).raise_problems()
    return str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("-2.5e+1", -25.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("+7", 7),
        ("010", 10),
        ("1_000", 1000),
        ("1_000.5", 1000.5),
        ("1_", "1_"),
        ("1__0", "1__0"),
        ("_1", "_1"),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1:30", "1:30"),
        ("2026-11-20", "2026-11-20"),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("null", None),
        ("~", None),
        ("", None),
        ("None", "None"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("=", "="),
        ("e-3", "e-3"),
        ("'1'", "1"),
        ('"true"', "true"),
        ('"\\ud83d\\ude00"', "😀"),  # as JSON writes it
        ('"\\ud83d"', "\N{REPLACEMENT CHARACTER}"),
        ("[1, [a, 2.0]]", (1, ("a", 2.0))),
        ("{a: {b: []}}", {"a": {"b": ()}}),
        ("{1: a, true: b, ~: c}", {"1": "a", "true": "b", "~": "c"}),
    ],
)
def test_values_are_those_of_yaml_1_2(tmp_path, written, value):
    found = tree(tmp_path, f"key: {written}\n")["key"]
    assert found == value
    assert type(found) is type(value)


def test_nan_is_a_number(tmp_path):
    assert all(math.isnan(value) for value in tree(tmp_path, "key: [.nan, .NaN, .NAN]")["key"])


def test_a_whole_number_without_end_is_infinite(tmp_path):
    assert tree(tmp_path, f"key: {'9' * 5000}")["key"] == math.inf
    assert tree(tmp_path, f"key: {'9' * 200}")["key"] == int("9" * 200)


@plainly
@given(st.dictionaries(texts, trees, max_size=4))
def test_what_is_dumped_is_read_again(tmp_path_factory, values):
    found = tree(tmp_path_factory.getbasetemp(), document.dump(values))
    assert found == values
    assert repr(found) == repr(values)  # 1 is not 1.0, 0.0 is not -0.0, the order of keys is kept


def test_nan_is_dumped_and_read_again(tmp_path):
    assert math.isnan(tree(tmp_path, document.dump({"key": math.nan}))["key"])


@plainly
@given(
    st.dictionaries(
        names,
        st.recursive(names | st.integers(), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=6),
        min_size=1,
        max_size=4,
    )
)
def test_the_structure_is_that_of_another_reader(tmp_path_factory, values):
    text = yaml.safe_dump(values, default_flow_style=None)
    found = tree(tmp_path_factory.getbasetemp(), text)
    assert found == _frozen(yaml.safe_load(text))


def _frozen(value):
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


@plainly
@given(
    st.recursive(
        st.dictionaries(names, st.integers(0, 999), min_size=1, max_size=4),
        lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3),
        max_leaves=8,
    )
)
def test_every_mark_is_where_the_text_is(tmp_path_factory, values):
    text = "# a comment\n\n" + document.dump(values)
    found = read(tmp_path_factory.getbasetemp(), text)
    lines = text.splitlines()
    paths = dict(_walk(values))
    assert set(found.keys) == set(paths)
    for path, value in paths.items():
        key = found.mark(path, key=True)
        assert lines[key.line][key.column :].startswith(f"{path[-1]}:")
        if isinstance(value, int):
            mark = found.mark(path)
            assert lines[mark.line][mark.column :] == str(value)
            assert mark.line == key.line


def _walk(values, path=()):
    for key, value in values.items():
        yield (*path, key), value
        if isinstance(value, dict):
            yield from _walk(value, (*path, key))


def test_items_of_lists_have_marks(tmp_path):
    found = read(tmp_path, "a:\n  - x\n  - {b: 7}\n")
    assert (found.mark(("a", "1", "b")).line, found.mark(("a", "1", "b")).column) == (2, 8)
    assert (found.mark(("a", "0")).line, found.mark(("a", "0")).column) == (1, 4)


def test_what_is_not_written_is_marked_where_it_belongs(tmp_path):
    found = read(tmp_path, "name: x\na:\n  b: 1\n")
    assert found.mark(("a", "c", "d")) == found.keys[("a",)]
    assert found.mark(("z",)) == document.Mark(found.source)


def test_a_setting_is_given_as_it_is_written(tmp_path):
    found = read(tmp_path, "train: {threads: -1}\nmodel: 3\n")
    assert found.setting("train", "threads") == -1
    assert [found.setting(*path) for path in (("train", "x"), ("model", "x"), ("data", "x"))] == [None, None, None]


def test_a_mistake_shows_its_line_and_a_caret(tmp_path):
    found = read(tmp_path, "a:\n  rate: -1  # too small\n")
    assert str(found.mistake(("a", "rate"), "must be positive")).replace(f"{tmp_path}/", "") == (
        "spec.yaml:2:9: a.rate must be positive\n    rate: -1  # too small\n          ^"
    )


def test_mistakes_come_in_the_order_of_the_file(tmp_path):
    found = read(tmp_path, "\na: 1\nb: {c: 2, d: 3}\n")
    found.report(("b", "d"), "third")
    found.report(("b", "c"), "second")
    found.report(("a",), "first", key=True)
    found.report(("x",), "none")
    with pytest.raises(SpecError) as caught:
        found.raise_problems()
    said = [line for line in str(caught.value).splitlines() if ": " in line and not line.startswith(" ")]
    assert [line.removeprefix(f"{tmp_path}/spec.yaml") for line in said] == [
        ": none",
        ":2:1: first",
        ":3:8: second",
        ":3:14: third",
    ]


def test_no_mistake_raises_nothing(tmp_path):
    found = read(tmp_path, "a: 1\n")
    found.raise_problems()
    assert found.problems == []


def test_a_long_line_is_cut_around_the_caret(tmp_path):
    found = read(tmp_path, f"a: [{'1, ' * 300}x]\n")
    _, line, caret = str(found.mistake(("a", "300"), "is no number")).splitlines()
    assert len(line) <= 102
    assert line[caret.index("^")] == "x"


def test_characters_that_cannot_be_seen_are_shown_as_spaces(tmp_path):
    _, line, caret = complaint(tmp_path, "a:\tb\n").splitlines()
    assert line == "  a: b"
    assert caret.index("^") == line.index(":") + 1


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a:\n\tb: 1\n", "2:1: is not YAML: there is a tab here"),
        ("a:\n  b:\t1\n", "2:5: is not YAML: there is a tab here"),
        ("a: 1\n\tb: 1\n", "2:1: is not YAML: there is a tab here"),
        ("a: [1, 2\nb: 3\n", "1:4: is not YAML: the bracket that opens here is not closed"),
        ("a: {b: 1\nc: 3\n", "1:4: is not YAML: the bracket that opens here is not closed"),
        ("a: [1, 2", "1:4: is not YAML: the bracket that opens here is not closed"),
        ("a: {b: [1, 2}\n", "1:13: is not YAML: expected a comma or the closing bracket"),
        ("a: [1]]\n", "1:7: is not YAML: this bracket closes nothing"),
        ("a: {b: 1}}\n", "1:10: is not YAML: this bracket closes nothing"),
        ("a: 'it\nb: 1\n", "1:4: is not YAML: the quote that opens here is not closed"),
        ('"a', "1:1: is not YAML: the quote that opens here is not closed"),
        ('a: "b" c\n', "1:8: is not YAML: expected the end of the line"),
        ("a:\n   b: 1\n  c: 1\n", "3:3: is not YAML: this is not indented like"),
        ("a:\n  b: 1\n   c: 1\n", "3:5: is not YAML: no key is expected here"),
        ("a:\n  b:1\n  c: 1\n", "2:4: is not YAML: a space is missing behind this colon"),
        ("a:\n  b: 1\n  c\nd: 1\n", "3:3: is not YAML: expected key: value, with a space after the colon"),
        ("a: b: c\n", "1:5: is not YAML: no key is expected here"),
        ("a: @b\n", "1:4: is not YAML: a text that begins with this character wants quotes"),
        ("a: %b\n", "1:4: is not YAML: a text that begins with this character wants quotes"),
        ("a: *b\n", "1:4: aliases (*) are not taken: write the value out; a text that begins with * wants quotes"),
        ("a: &b 1\n", "1:4: anchors (&) are not taken: write the value out where it is used"),
        ("a: &b\n  c: 1\n", "1:4: anchors (&) are not taken"),
        ("a: &b [1]\n", "1:4: anchors (&) are not taken"),
        ("&b a: 1\n", "1:1: anchors (&) are not taken"),
        ("a: ! 1\n", "1:4: tags (!) are not taken"),
        ("!!map {a: 1}\n", "1:1: tags (!!map) are not taken"),
        ("a: 1\n---\nb: 2\n", "2:1: is not YAML: a second document begins here"),
        ("a: 1\nb: x\0y\n", "2:5: is not YAML: the character U+0000 cannot stand here"),
        ("\x1b[31m", "1:1: is not YAML: the character U+001B cannot stand here"),
        (
            "a: !!int x\n",
            "1:4: tags (!!int) are not taken: nothing is expanded, included or run",
        ),
        (
            "a: !!int [1]\n",
            "1:4: tags (!!int) are not taken: nothing is expanded, included or run",
        ),
        ("a: !!bool 2\n", "1:4: tags (!!bool) are not taken"),
        ("a: !python/object:os.system x\n", "1:4: tags (!python/object:os.system) are not taken: nothing is"),
        ("a: !!python/object/apply:os.system [x]\n", "1:4: tags (!!python/object/apply:os.system) are not taken"),
        ("a: 1\nb:\n  a: 1\n  c: 2\n  a: 3\n", "5:3: b.a is there twice (first on line 3); keep one"),
        ("a: {b: 1, 'b': 2}\n", "1:11: a.b is there twice (first on line 1); keep one"),
        ("a: &x\n  b: *x\n", "1:4: anchors (&) are not taken"),
    ],
)
def test_what_is_not_a_document_is_explained_at_its_place(tmp_path, text, first):
    assert complaint(tmp_path, text).startswith(f"spec.yaml:{first}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "spec.yaml: is empty; a spec needs at least data, model and train"),
        ("# nothing\n\n", "spec.yaml: is empty; a spec needs at least data, model and train"),
        ("just text\n", "spec.yaml: is not a spec: expected YAML with keys such as data, model and train at the top"),
        ("- a\n- b\n", "spec.yaml: is not a spec: expected YAML with keys such as data, model and train at the top"),
        (b"a: \xff\n", "spec.yaml: is not text in UTF-8 (byte 0xFF on line 1); a spec is a YAML file, saved as UTF-8"),
        (
            "[" * 1000,
            f"spec.yaml:1:17: is nested too deeply; a spec has few levels\n  {'[' * 100}\n  {' ' * 16}^",
        ),
    ],
)
def test_what_is_no_spec_at_all(tmp_path, text, message):
    assert complaint(tmp_path, text) == message


def test_a_missing_file_and_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name, message in (
        ("none.yaml", "none.yaml: there is no such file"),
        ("folder", "folder: is a folder; a spec is a YAML file"),
        ("folder/none/x", "folder/none/x: there is no such file"),
    ):
        with pytest.raises(SpecError) as caught:
            document.read(tmp_path / name)
        assert str(caught.value) == message  # as short as it can be written from here


BOMB = "\n".join(
    [
        "a: &a [x, x, x, x]",
        *(f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    ]
)
MERGED = "a0: &a0 {k: 1}\n" + "".join(f"a{i + 1}: &a{i + 1} {{<<: [*a{i}, *a{i}]}}\n" for i in range(60))


@pytest.mark.parametrize("text", [BOMB, MERGED])
def test_bombs_of_aliases_and_merge_keys_end_at_the_first_anchor(tmp_path, text, monkeypatch):
    made = []
    monkeypatch.setattr(yaml.SafeLoader, "compose_scalar_node", lambda self, anchor: made.append(self.get_event()))
    assert "anchors (&) are not taken" in complaint(tmp_path, text)
    assert len(made) == 1  # the key


@pytest.mark.parametrize(
    ("most", "more"),
    [
        (f"a: [{'x, ' * 4997}]", f"a: [{'x, ' * 4998}]"),
        (f"a: {'[' * 15}x{']' * 15}", f"a: {'[' * 16}x{']' * 16}"),
        ("\n".join(f"{'  ' * i}a:" for i in range(16)), "\n".join(f"{'  ' * i}a:" for i in range(17))),
    ],
    ids=["values", "brackets", "keys"],
)
def test_the_most_that_a_spec_may_hold(tmp_path, most, more):
    assert tree(tmp_path, most)
    message = complaint(tmp_path, more)
    assert "has more than 5,000 keys and values" in message or "is nested too deeply" in message


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a: {b: 1}\nc: 0\na: {d: 2}\n", {"a": {"b": 1, "d": 2}, "c": 0}),
        ("a: {b: {c: 1}}\na: {b: {d: 2}}\n", {"a": {"b": {"c": 1, "d": 2}}}),
        ("a: {b: 1}\na:\n", {"a": {"b": 1}}),
        ("a: 3\na: {b: 1}\n", {"a": {"b": 1}}),
        ("a: 1\na: 2\n", {"a": 2}),
    ],
)
def test_what_either_of_two_equal_keys_holds_is_not_missing(tmp_path, text, tree):
    found = read(tmp_path, text)
    assert found.tree == tree
    assert [message for _, message in found.problems if message.startswith("a is there twice")]


def test_a_spec_is_gone_through_once(tmp_path, monkeypatch):
    found = []
    for sizes in (1000, 2000):
        calls = []
        monkeypatch.setattr(
            document, "lines_of", lambda *a, lines_of=mark.lines_of, calls=calls: _counted(lines_of(*a), calls)
        )
        read(tmp_path, f"a: [{'1, ' * sizes}x]\n")
        found.append(len(calls))
    assert found[1] - found[0] == 1000  # one mark for each number, which is no copy of the line
    marks = {id(mark.text) for mark in calls}
    assert len(marks) == 1


def _counted(locate, calls):
    def counted(index):
        calls.append(locate(index))
        return calls[-1]

    return counted


def test_no_more_mistakes_than_a_screen_holds(tmp_path):
    found = read(tmp_path, "\n".join(f"k{i}: 1" for i in range(100)))
    for number in range(12):
        found.report((f"k{number}",), "is wrong")
    with pytest.raises(SpecError) as caught:
        found.raise_problems()
    lines = str(caught.value).splitlines()
    assert len(lines) == 31
    assert lines[-1] == "and 2 more mistakes"
    found.problems.pop()
    with pytest.raises(SpecError, match=r"and 1 more mistake$"):
        found.raise_problems()


def test_the_caret_stands_below_wide_letters(tmp_path):
    _, line, caret = str(read(tmp_path, "中文: [猫, x]\n").mistake(("中文", "1"), "is wrong")).splitlines()
    assert line == "  中文: [猫, x]"
    assert caret == " " * 13 + "^"  # three letters before it fill two columns


def test_what_is_overridden_is_told_of_no_more(tmp_path):
    found = read(tmp_path, "a: {b: 1, c: {d: –}}\n", "a={x: 1}")
    assert found.mark(("a", "c", "d"), key=True) == found.mark(("a",)) == document.Mark("-S a={x: 1}")
    assert found.remarks == {}


@pytest.mark.parametrize(
    "text", ["a: 1\n".encode("utf-16"), "a: 1\n".encode("utf-16-le"), "a: 1\n".encode("utf-16-be")]
)
def test_utf_16_is_what_notepad_calls_unicode(tmp_path, text):
    assert complaint(tmp_path, text) == (
        "spec.yaml: is not text in UTF-8 but, it seems, in UTF-16, which Notepad calls Unicode; save it as UTF-8"
    )


def test_a_file_that_is_far_too_long(tmp_path):
    assert complaint(tmp_path, b"#" * (2**18 + 1)) == "spec.yaml: is longer than 256 KiB; a spec is a short YAML file"


def test_letters_of_all_kinds(tmp_path):
    text = "größe: 中文\n😀: [é, ß]\n"
    found = read(tmp_path, text)
    assert found.tree == {"größe": "中文", "😀": ("é", "ß")}
    assert found.mark(("😀", "1")).column == text.splitlines()[1].index("ß")
    assert "中文" in document.dump(found.tree)


@pytest.mark.parametrize("text", [b"\xef\xbb\xbfa:\n  b: 1\n", b"a:\r\n  b: 1\r\n", b"a:\r  b: 1\r", b"a:\n  b: 1"])
def test_marks_and_line_ends_of_other_systems(tmp_path, text):
    found = read(tmp_path, text)
    assert found.tree == {"a": {"b": 1}}
    assert found.mark(("a",), key=True) == document.Mark(found.source, 0, 0, "a:")
    assert found.mark(("a", "b")) == document.Mark(found.source, 1, 5, "  b: 1")


BASE = "a: 1\nb: {c: 2, d: [x, y]}\ne: he\nn:\n"


@pytest.mark.parametrize(
    ("overrides", "changed"),
    [
        (["a=2"], {"a": 2}),
        (["a=1e-3"], {"a": 0.001}),
        (["a=no"], {"a": "no"}),
        (["a=true"], {"a": True}),
        (["a="], {"a": None}),
        (["a= x = y "], {"a": "x = y"}),
        (["a='1'"], {"a": "1"}),
        (["a=[2, 10, 1]"], {"a": (2, 10, 1)}),
        (["a={name: random, scale: 10}"], {"a": {"name": "random", "scale": 10}}),
        (["b.c=5"], {"b": {"c": 5, "d": ("x", "y")}}),
        (["b.new=5"], {"b": {"c": 2, "d": ("x", "y"), "new": 5}}),
        (["b.d.1=z"], {"b": {"c": 2, "d": ("x", "z")}}),
        (["b.d.0.slope=1"], {"b": {"c": 2, "d": ({"name": "x", "slope": 1}, "y")}}),
        (["b=3"], {"b": 3}),
        (["new=5"], {"new": 5}),
        (["new.deep.er=5"], {"new": {"deep": {"er": 5}}}),
        (["n.x=5"], {"n": {"x": 5}}),
        (["e.scale=5"], {"e": {"name": "he", "scale": 5}}),
        (["a=2", "a=3", "b.c=4", "b.c=5"], {"a": 3, "b": {"c": 5, "d": ("x", "y")}}),
        ([" a =2"], {"a": 2}),
    ],
)
def test_overrides(tmp_path, overrides, changed):
    found = read(tmp_path, BASE, *overrides)
    assert found.tree == {**tree(tmp_path, BASE), **changed}
    assert found.problems == []


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("a", "-S a: expected key.path=value, such as train.learning_rate=0.01"),
        ("=1", "-S =1: expected key.path=value, such as train.learning_rate=0.01"),
        ("", "-S : expected key.path=value, such as train.learning_rate=0.01"),
        ("a..b=1", "-S a..b=1: expected key.path=value, such as train.learning_rate=0.01"),
        (".a=1", "-S .a=1: expected key.path=value, such as train.learning_rate=0.01"),
        ("a.b=1", "-S a.b=1: a.b: 1 has no keys to set"),
        ("b.d.2=1", "-S b.d.2=1: b.d.2: expected a place from 0 to 1, got '2'"),
        ("b.d.-1=1", "-S b.d.-1=1: b.d.-1: expected a place from 0 to 1, got '-1'"),
        ("b.d.99999999999=1", "-S b.d.99999999999=1: b.d.99999999999: expected a place from 0 to 1, got '99999999999'"),
        ("b.d.²=1", "-S b.d.²=1: b.d.²: expected a place from 0 to 1, got '²'"),
        ("a=[1", "-S a=[1: is not YAML: the bracket that opens here is not closed"),
        ("a=b: c: d", '-S a=b: c: d: is not YAML: no key is expected here; is the line above as it should be, or does'
         ' a text with ": " want quotes?'),
        ("a={x: 1, x: 2}", "-S a={x: 1, x: 2}: a.x is there twice; keep one"),
    ],
)  # fmt: skip
def test_overrides_that_cannot_be(tmp_path, override, message):
    assert complaint(tmp_path, BASE, override) == message


def test_an_override_is_the_mark_of_what_it_sets(tmp_path):
    found = read(tmp_path, BASE, "b.c=5", "new.deep.er={x: 1}")
    override = document.Mark("-S new.deep.er={x: 1}")
    assert found.mark(("b", "c")) == document.Mark("-S b.c=5")
    assert found.mark(("b",), key=True).line == 1
    for path in (("new", "deep", "er", "x"), ("new", "deep", "er"), ("new", "deep"), ("new", "deep", "missing")):
        assert found.mark(path) == override
    assert found.mistake(("new", "deep"), "is wrong").args == ("-S new.deep.er={x: 1}: new.deep is wrong",)
