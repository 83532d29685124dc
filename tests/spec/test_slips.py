"""What people write instead of YAML is named at its place, wherever it stands, and nothing else is blamed."""

import pytest

from nnctl.errors import NnctlError
from nnctl.spec import document, numerals, signs, slips
from nnctl.spec.reading import parse

SPEC = """\
data:
  source: circles
model:
  layer_dims: [2, 4, 1]
  activations: [relu, sigmoid]
train:
  learning_rate: 0.01
  iterations: 5
"""


def told(tmp_path, text, *overrides):
    """Return the first lines of the messages about a text, without those that show the place."""
    file = tmp_path / "spec.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NnctlError) as caught:
        parse(document.read(file, overrides), (tmp_path,))
    lines = str(caught.value).replace(f"{tmp_path}/", "").splitlines()
    return [line for line in lines if line.startswith(("spec.yaml", "-S"))]


def changed(old, new):
    assert SPEC.count(old) == 1
    return SPEC.replace(old, new)


SPACES = ["\u00a0", "\u202f", "\u2009", "\u3000"]
UNSEEN = ["\u200b", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200d", "\u2028", "\u2029", "\x85"]


@pytest.mark.parametrize("sign", [*SPACES, *UNSEEN], ids=lambda sign: f"U+{ord(sign):04X}")
@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("learning_rate: ", "learning_rate:@", "7:17"),  # the colon has no space: PyYAML blames the next line
        ("iterations: ", "iterations:@", "8:14"),  # ... or the end of the file
        ("  source", "@source", "2:1"),  # what should be inside of data is beside it
        ("learning_rate:", "learning_rate@:", "7:16"),
        ("learning_rate:", "learning@_rate:", "7:11"),
        ("0.01", "0.01@", "7:22"),
        ("circles", "circ@les", "2:15"),
        ("circles", "circles@# drawn", "2:18"),
        ("relu,", "relu@,", "5:21"),
        ("[2, 4", "[@2, 4", "4:16"),
        ("source: circles", "source: {name: circles,@m: 20}", "2:26"),
    ],
)
def test_a_sign_that_looks_like_a_space_or_like_nothing(tmp_path, sign, old, new, place):
    (message,) = told(tmp_path, changed(old, new.replace("@", sign)))
    assert message.startswith(f"spec.yaml:{place}: ")
    assert f"here is U+{ord(sign):04X} " in message
    assert message.endswith(("which cannot be seen; take it out", "in place of a space"))


@pytest.mark.parametrize(
    ("old", "new", "place", "sign", "looks"),
    [
        ("learning_rate: 0.01", "learning_rate：0.01", "7:16", "U+FF1A FULLWIDTH COLON", ":"),
        ("learning_rate: 0.01", "learning_rate： 0.01", "7:16", "U+FF1A FULLWIDTH COLON", ":"),
        ("iterations: 5", "iterations：5", "8:13", "U+FF1A FULLWIDTH COLON", ":"),
        ("iterations: 5", "iterations∶ 5", "8:13", "U+2236 RATIO", ":"),
        ("data:", "data：", "1:5", "U+FF1A FULLWIDTH COLON", ":"),
        ("source: circles", "source：circles", "2:9", "U+FF1A FULLWIDTH COLON", ":"),
        ("circles", "{name：circles}", "2:16", "U+FF1A FULLWIDTH COLON", ":"),
        ("[2, 4, 1]", "[2, 4, 1］", "4:23", "U+FF3D FULLWIDTH RIGHT SQUARE BRACKET", "]"),
        ("[2, 4, 1]", "［2, 4, 1］", "4:15", "U+FF3B FULLWIDTH LEFT SQUARE BRACKET", "["),
        ("[2, 4, 1]", "【2, 4, 1】", "4:15", "U+3010 LEFT BLACK LENTICULAR BRACKET", "["),
        ("[2, 4, 1]", "[2，4，1]", "4:17", "U+FF0C FULLWIDTH COMMA", ","),
        ("[2, 4, 1]", "[2、4、1]", "4:17", "U+3001 IDEOGRAPHIC COMMA", ","),
        ("[2, 4, 1]", "[2, ４, 1]", "4:19", "U+FF14 FULLWIDTH DIGIT FOUR", "4"),
        ("[2, 4, 1]", "[2, ٤, 1]", "4:19", "U+0664 ARABIC-INDIC DIGIT FOUR", "4"),
        ("[relu, sigmoid]", "[relu， sigmoid]", "5:21", "U+FF0C FULLWIDTH COMMA", ","),
        ("[relu, sigmoid]", "[“relu”, sigmoid]", "5:17", "U+201C LEFT DOUBLE QUOTATION MARK", '"'),
        ("[relu, sigmoid]", "['relu’, sigmoid]", "5:22", "U+2019 RIGHT SINGLE QUOTATION MARK", "'"),
        ("data:", "name: “a: b”\ndata:", "1:7", "U+201C LEFT DOUBLE QUOTATION MARK", '"'),
        ("0.01", "−0.01", "7:18", "U+2212 MINUS SIGN", "-"),
        ("0.01", "1e–3", "7:20", "U+2013 EN DASH", "-"),
        ("0.01", "0.01 ＃ fast", "7:23", "U+FF03 FULLWIDTH NUMBER SIGN", "#"),
        ("source", "sоurce", "2:4", "U+043E CYRILLIC SMALL LETTER O", "o"),
        ("circles", "сircles", "2:11", "U+0441 CYRILLIC SMALL LETTER ES", "c"),
        ("train:", "ｔrain:", "6:1", "U+FF54 FULLWIDTH LATIN SMALL LETTER T", "t"),
    ],
)
def test_a_sign_that_looks_like_another(tmp_path, old, new, place, sign, looks):
    text = changed(old, new)
    (message,) = told(tmp_path, text)
    assert message.startswith(f"spec.yaml:{place}: ")
    line, column = (int(number) - 1 for number in place.split(":"))
    assert message.endswith(f"here is {text.splitlines()[line][column]} ({sign}) in place of {looks}")


@pytest.mark.parametrize(
    ("override", "sign"),
    [
        ("train.learning_rate=−0.01", "U+2212 MINUS SIGN"),
        ("train.learning_rate＝0.01", "U+FF1D FULLWIDTH EQUALS SIGN"),
        ("train.learning\u200b_rate=0.01", "U+200B ZERO WIDTH SPACE"),
        ("train.learning–rate=0.01", "U+2013 EN DASH"),
        ("train.l2=0.1\u200b", "U+200B ZERO WIDTH SPACE"),
        ("model.layer_dims=[2，4，1]", "U+FF0C FULLWIDTH COMMA"),
        ("model.init={name：he}", "U+FF1A FULLWIDTH COLON"),
        ("model.init={name: he｝", "U+FF5D FULLWIDTH RIGHT CURLY BRACKET"),
    ],
)
def test_so_it_is_in_an_override(tmp_path, override, sign):
    (message,) = told(tmp_path, SPEC, override)
    assert message.startswith(f"-S {override}: ")
    assert f"({sign})" in message or f"here is {sign}" in message


@pytest.mark.parametrize(
    "line",
    [
        "name: cat – deep",
        "name: “deep” cat’s",
        "name: 猫：大（一）",
        "name: 'a\u200bb\u00a0'",
        'name: "\u3000：“”"',
        "name: x # a\u00a0b ： – “\u200b",
        "# ：\u200b",
        "name: می\u200cخواهم",
        "name: 👩\u200d💻",
        "name: caf\u00e9 ½ µ",
    ],
)
def test_such_signs_are_welcome_in_texts_quotes_and_comments(tmp_path, line):
    file = tmp_path / "spec.yaml"
    file.write_text(f"{line}\n{SPEC}", encoding="utf-8")
    spec = parse(document.read(file))
    file.write_text(document.dump(spec.resolved()), encoding="utf-8")
    assert parse(document.read(file)) == spec
    # and none of them is blamed for what is wrong below
    (message,) = told(tmp_path, f"{line}\n{changed('[2, 4, 1]', '[2, 4, 1')}")
    assert message == "spec.yaml:5:15: is not YAML: the bracket that opens here is not closed"


def test_a_class_may_be_called_so(tmp_path):
    file = tmp_path / "spec.yaml"
    file.write_text(f"{SPEC}  class_weights: {{猫（大）: 2, 'x\u200b': 1}}\n", encoding="utf-8")
    assert parse(document.read(file)).train.class_weights == {"猫（大）": 2.0, "x\u200b": 1.0}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("learning_rate: 0.01", "learning_rate = 0.01", ":7:17: is not YAML: write key: value, with a colon in place"),
        ("learning_rate: 0.01", "learning_rate=0.01", ":7:16: is not YAML: write key: value, with a colon in place"),
        ("iterations: 5", "iterations = 5", ":8:14: is not YAML: write key: value, with a colon in place of ="),
        ("iterations: 5", "iterations:5", ":8:13: is not YAML: a space is missing behind this colon"),
        ("source: circles", "source:circles\n  m: 3", ":2:9: is not YAML: a space is missing behind this colon"),
        ("source: circles", "source: {name: circles, m:20}", "no key data.source.m:20; a space is missing behind"),
        ("source: circles", "source: {name: circles, m=20}", "no key data.source.m=20; write key: value, with a"),
        ("source: circles", "source = circles", "'source = circles'; write key: value, with a colon in place of ="),
        ("source: circles", r'source: "C:\data.h5"', r':2:15: is not YAML: in double quotes \ begins an escape'),
        ("source: circles", r'source: "C:\Users\me.h5"', r':2:16: is not YAML: in double quotes \ begins an escape'),
        ("source: circles", r'source: "D:\data\"', r'wants single quotes'),
        ("source: circles", 'source: "D:\\"', r':2:14: is not YAML: in double quotes \ begins an escape'),
        ("source: circles", r'source: "C:\new\table.h5"', r'in double quotes \ begins an escape'),
        ("source: circles", "source: *.h5", "a text that begins with * wants quotes"),
        ("source: circles", "source: {{ file }}", ":2:12: a key is a word, and here is a list or a mapping; {{ }} is"),
        ("source: circles", "source: %DATA%/a.h5", "such as %NAME% are not expanded"),
        ("source: circles", "source: - a", "a list with - begins on a line of its own"),
        ("iterations: 5", "iterations: |5x", "a text that begins with | or > wants quotes"),
        ("[2, 4, 1]", "[2,, 1]", "something is missing before this comma"),
        ("source: circles", "source: {{ dir }}/a.h5", ":2:11: is not YAML: nothing is expanded; in place of ${ }"),
        ("[2, 4, 1]", "[2, ${N}, 1]", ":4:19: is not YAML: nothing is expanded; in place of ${ } and {{ }} write out"),
        ("iterations: 5", "dropout: {{ a }}/{{ b }}", ":8:20: is not YAML: nothing is expanded"),
        ("data:", "{ // the data\ndata:", ":1:3: is not YAML: a comment begins with #"),
        ("data:", "// it's\ndata:", ":1:1: is not YAML: a comment begins with #"),
        ("data:", "/* a\n b: c */\ndata:", ":1:1: is not YAML: a comment begins with #"),
        ("train:", "train.l2: 1\ntrain:", "there is no key train.l2; dots are for -S: write train: and the rest below"),
    ],
)  # fmt: skip
def test_what_people_write_instead(tmp_path, old, new, message):
    (found,) = told(tmp_path, changed(old, new))
    assert message in found


JSON = '{\n "data": {"source": "circles"}, @\n "model": {"layer_dims": [2, 1]}\n}\n'


@pytest.mark.parametrize("comment", ["// drawn: {", '// "drawn', "/* drawn */", "/* {\n  drawn\n */", "// it's, [1"])
def test_a_comment_of_json_is_named_at_its_place(tmp_path, comment):
    (message,) = told(tmp_path, JSON.replace("@", comment))
    assert message == "spec.yaml:2:33: is not YAML: a comment begins with #"


@pytest.mark.parametrize("value", ["//server/a.h5", "'//'", "http://x/a.h5", "a//b.h5 # //"])
def test_slashes_elsewhere_are_not_blamed(tmp_path, value):
    (message,) = told(tmp_path, f"{changed('circles', value)}x: [1\n")
    assert message.endswith(":9:4: is not YAML: the bracket that opens here is not closed")


@pytest.mark.parametrize(
    ("text", "place", "way"),
    [
        ("[train]\nlearning_rate = 0.1\n", "1:1", "train: and below it, indented, learning_rate: 0.1"),
        ("[train]\r\nlearning_rate = 0.1\r\n", "1:1", "train: and below it, indented, learning_rate: 0.1"),
        ("; mine\n[train]\nlearning_rate=0.1 ; fast\n", "2:1", "train: and below it, indented, learning_rate: 0.1"),
        ("% mine\n[train]\nlearning_rate: 0.1\n", "2:1", "train: and below it, indented, learning_rate: 0.1"),
        ("seed = 1\n\n[data] # drawn\n\n# a set\nsource = 'cat'", "3:1", "data: and below it, indented, source: 'cat'"),
        ("data:\n  source: cat\n[train]\nl2 = 1\n", "3:1", "train: and below it, indented, l2: 1"),
        ("  [[layers]]\n  n = 3\n", "1:3", "layers: and below it, indented, n: 3"),
        ("[train]\noptimizer = { name = 'adam' }\n", "1:1", "train: and below it, indented, optimizer:"),
        (
            "[train.optimizer]\nname = 'adam'\n",
            "1:1",
            "train: and below it, indented, optimizer: and below it, indented, name: 'adam'",
        ),
    ],
)
def test_a_section_of_toml_or_ini_is_named_at_its_place(tmp_path, text, place, way):
    (message,) = told(tmp_path, text)
    assert message == (f"spec.yaml:{place}: is not YAML: a section in brackets is TOML or INI; in YAML write {way}")


def test_a_list_at_the_start_of_a_line_is_no_section(tmp_path):
    (message,) = told(tmp_path, f"{SPEC}x: [[1, 2],\n[3, 4]\ny: 3\n")
    assert message == "spec.yaml:9:4: is not YAML: the bracket that opens here is not closed"


@pytest.mark.parametrize("text", ["seed = 3\n", "# a\nseed=3\n", "seed = 3\nname = x\n"])
def test_lines_with_an_equals_sign_alone(tmp_path, text):
    (message,) = told(tmp_path, text)
    line = text.splitlines().index(next(line for line in text.splitlines() if "=" in line))
    column = text.splitlines()[line].index("=")
    assert message == f"spec.yaml:{line + 1}:{column + 1}: is not YAML: write key: value, with a colon in place of ="


@pytest.mark.parametrize(
    "placeholder", ["${LR}", "$LR", "${oc.env:LR}", "$(LR)", "${{ lr }}", '"{{ lr }}"', "'%(lr)s'"]
)
@pytest.mark.parametrize(
    "key", ["learning_rate", "dropout", "optimizer", "loss", "dtype", "early_stopping", "batch_size"]
)
def test_nothing_is_expanded(tmp_path, placeholder, key):
    text = changed("  learning_rate: 0.01\n", "")
    if key != "learning_rate":
        text += "  learning_rate: 0.01\n"
    (message,) = told(tmp_path, f"{text}  {key}: {placeholder}\n")
    written = placeholder.strip("'\"")
    assert f"; nothing is expanded, such as {written} here; write out what it stands for" in message
    assert ("or give it with -S" in message) == ("$" in placeholder)


def test_a_placeholder_is_told_of_in_a_list_an_override_a_key_and_a_name(tmp_path):
    for text, *overrides in (
        (changed("[2, 4, 1]", "[2, $N, 1]"),),
        (SPEC, "train.iterations=$N"),
        (f"{SPEC}  $N: 3\n",),
        (f"name: ${{N}}\n{SPEC}",),
    ):
        (message,) = told(tmp_path, text, *overrides)
        assert "nothing is expanded, such as $" in message


@pytest.mark.parametrize("name", ["$5", "100%", "a$b", "%a%", "{a}"])
def test_a_name_may_have_such_signs(tmp_path, name):
    file = tmp_path / "spec.yaml"
    file.write_text(f"name: '{name}'\n{SPEC}", encoding="utf-8")
    assert parse(document.read(file)).name == name


@pytest.mark.parametrize("tag", ["!env LR", "!include lr.yaml", "!ENV ${LR}"])
def test_a_tag_of_another_tool(tmp_path, tag):
    (message,) = told(tmp_path, changed("0.01", tag))
    assert message.endswith(f"tags ({tag.split()[0]}) are not taken: nothing is expanded, included or run; write the"
    " value itself")  # fmt: skip


@pytest.mark.parametrize(
    "new",
    [
        "train:\n  << : {l2: 1}",
        "train:\n  <<: [{l2: 1}, {l1: 1}]",
        "train: {<<: {learning_rate: 0.1, iterations: 3}}\nx:",
        "<<: {train: {}}\nx:",
    ],
)
def test_a_merge_key_is_one_sentence_at_its_place(tmp_path, new):
    (message,) = told(tmp_path, changed("train:", new))
    assert message.endswith(": merge keys (<<) are not supported; write the keys out")


def test_two_merge_keys_and_one_in_an_override(tmp_path):
    assert len(told(tmp_path, changed("train:", "train:\n  <<: {l2: 1}\n  <<: {l1: 1}"))) == 2
    (message,) = told(tmp_path, SPEC, "train={<<: {l2: 1}}")
    assert message == "-S train={<<: {l2: 1}}: merge keys (<<) are not supported; write the keys out"


def test_a_class_may_be_called_like_a_merge_key(tmp_path):
    file = tmp_path / "spec.yaml"
    file.write_text(document.dump({"a": {"<<": 1}, "b": "<<"}), encoding="utf-8")
    assert document.read(file).tree == {"a": {"<<": 1}, "b": "<<"}


def test_what_is_blamed_is_what_stops_the_reading():
    def stop(text):
        return text.index("!") if "：" in text else None

    text = "a – b\nc：d\n“e” !"
    assert slips.cause(text, text.index("!"), stop) == (7, signs.words("："))
    assert slips.cause("a – b\n!", 6, lambda text: text.index("!")) is None


def test_so_many_readings_and_no_more():
    texts = []
    text = "a – b\n" * 1000
    assert slips.cause(text, len(text), lambda text: texts.append(text) or len(text)) is None
    assert len(texts) <= 5


@pytest.mark.parametrize(
    ("written", "whole", "advice"),
    [
        ("0,01", False, "; write 0.01, with a point"),
        ("1,5e-3", False, "; write 1.5e-3, with a point"),
        (",5", False, "; write .5, with a point"),
        ("1,000", True, "; write 1000"),
        ("1,000", False, "; write 1000, or 1.000 where the comma is a point"),
        ("1.000.000", True, "; write 1000000"),
        ("10'000", True, "; write 10000"),
        ("10 000", True, "; write 10000"),
        ("1\u202f000", True, "; write 1000"),
        ("20%", False, "; write 0.2"),
        ("0.01", False, "; take the quotes off"),
        ("-1e-3", False, "; take the quotes off"),
        ("0.1,", False, "; take the , at the end off"),
        ("5;", True, "; take the ; at the end off"),
        ("0.1 // fast", False, "; a comment begins with #"),
        ("0.1; fast", False, "; a comment begins with #"),
        ("5 /* few */", True, "; a comment begins with #"),
        ("0.1 # fast", False, ""),
        ("0.1/2", False, ""),
        ("fast", False, ""),
        ("1/2", False, ""),
        ("０.１", False, ""),
    ],
)
def test_numbers_as_people_write_them(written, whole, advice):
    assert numerals.advice(written, whole) == advice


def test_a_wide_space_in_place_of_two_is_named_at_its_place(tmp_path):
    (tmp_path / "spec.yaml").write_text(
        "data: {source: circles}\nmodel:\n\u3000layer_dims: [2, 1]\n  init: he\n", "utf-8"
    )
    with pytest.raises(NnctlError) as caught:
        document.read(tmp_path / "spec.yaml")
    assert "spec.yaml:3:1: " in str(caught.value)
    assert "U+3000 IDEOGRAPHIC SPACE" in str(caught.value)
