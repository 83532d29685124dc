"""A commented spec reads back as the values that it was made of, whatever they and the comments are."""

from hypothesis import given
from hypothesis import strategies as st

from nnctl.spec import document
from nnctl.spec.commented import Key, Section, text_of, tree_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["a: b", "yes", "null", "#x", "a #b", "ü", "1", "1e3", "'", '"', "a\nb", "-", "- a", "[a]", "{a}", "", " ", "“x”"]
)  # fmt: skip
VALUES = TEXTS | st.integers() | st.booleans() | st.lists(TEXTS, max_size=3).map(tuple)


def test_the_text_is_as_in_the_shipped_specs():
    sections = [
        Section("", [Key("seed", 1, "of the start")]),
        Section("data", [Key("ignore", ("a", "b: c"), "left out", ("empty", "one"))], ["the columns:", "  x: number"]),
        Section("train", [Key("early_stopping", {"patience": 3}, ""), Key("dims", ("auto", 4), "units")]),
    ]  # fmt: skip
    assert text_of(["A head.", "Two."], sections) == (
        "# A head.\n# Two.\n\n"
        "seed: 1                                # of the start\n\n"
        "data:\n"
        "  ignore:                              # left out\n"
        "    - a                                # empty\n"
        "    - 'b: c'                           # one\n"
        "  # the columns:\n"
        "  #   x: number\n\n"
        "train:\n"
        "  early_stopping: {patience: 3}\n"
        "  dims: [auto, 4]                      # units\n"
    )


@given(TEXTS, st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4), VALUES, st.lists(TEXTS, max_size=3))
def test_every_value_reads_back(tmp_path_factory, why, items, value, comments):
    names, reasons = zip(*items, strict=True)
    sections = [
        Section("", [Key("seed", value, why)]),
        Section("data", [Key("target", value, why), Key("ignore", names, why, reasons)], comments),
    ]
    file = tmp_path_factory.mktemp("spec") / "spec.yaml"
    file.write_text(text_of([why, *comments], sections), encoding="utf-8")
    assert document.read(file).tree == tree_of(sections)
