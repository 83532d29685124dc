"""`predict` over many inputs: one row for one row, in order, by name, whatever each input is and however it comes."""

import csv
import io
import json
import os
import pty
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
import yaml

from nnctl.explain.answers import writers

RNG = np.random.RandomState(8)
M = 60
AGE = np.round(RNG.uniform(1, 80, M), 1)
CITY = RNG.choice(["Rome", "Oslo", "Bern"], M)
Y = np.where(AGE + 20 * (CITY == "Rome") + 5 * RNG.randn(M) > 45, "yes", "no")
ROWS = [{"age": str(a), "city": c, "y": y} for a, c, y in zip(AGE, CITY, Y, strict=True)]


def csv_of(rows, names=None):
    text = io.StringIO()
    writer = csv.DictWriter(text, names or list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.fixture
def run(nnctl, tmp_path):
    """Train on a table, and return the run."""
    (tmp_path / "t.csv").write_text(csv_of(ROWS))
    tree = {
        "data": {"source": "t.csv", "target": "y", "scale": "standardize"},
        "model": {"layer_dims": ["auto", 4, "auto"], "activations": ["tanh", "auto"]},
        "train": {"learning_rate": 0.5, "iterations": 100},
    }
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(tree))
    outcome = nnctl("train", "s.yaml", "-q", "--no-pictures")
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.stdout.strip()


def answers(outcome):
    assert outcome.exit_code == 0, outcome.stderr
    return list(csv.DictReader(io.StringIO(outcome.stdout)))


def shares(rows):
    return np.array([float(row["p_yes"]) for row in rows])


@pytest.fixture
def expected(nnctl, run):
    """Return the answers to the training file."""
    return answers(nnctl("predict", run, "t.csv", "--proba"))


def test_the_same_rows_have_the_same_answers_however_they_come(nnctl, run, expected, tmp_path, monkeypatch):
    (tmp_path / "order.csv").write_text(csv_of(ROWS, ["y", "city", "age"]))
    (tmp_path / "more.csv").write_text(csv_of([{"id": i, **row, "text": "a,b"} for i, row in enumerate(ROWS)]))
    features = [{"age": row["age"], "city": row["city"]} for row in ROWS]
    (tmp_path / "less.tsv").write_text(csv_of(features).replace(",", "\t"))
    lines = [json.dumps({"age": float(row["age"]), "city": row["city"]}) for row in ROWS]
    (tmp_path / "lines.jsonl").write_text("\n".join(lines))
    for name in ("order.csv", "more.csv", "less.tsv", "lines.jsonl"):
        rows = answers(nnctl("predict", run, name, "--proba"))
        np.testing.assert_allclose(shares(rows), shares(expected), rtol=1e-12)
        assert [row["prediction"] for row in rows] == [row["prediction"] for row in expected]
    for number, row in enumerate(features[:10]):
        (tmp_path / "one.csv").write_text(csv_of([row]))
        (one,) = answers(nnctl("predict", run, "one.csv", "--proba"))
        assert float(one["p_yes"]) == pytest.approx(float(expected[number]["p_yes"]), rel=1e-12)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_stdin_is_an_input(run, expected, kind):
    lines = "\n".join(json.dumps({"age": float(row["age"]), "city": row["city"]}) for row in ROWS)
    given = csv_of(ROWS) if kind == "csv" else lines
    for arguments in ([run, "-"], ["-"]):
        done = piped([*arguments, "--proba"], given)
        assert done.returncode == 0, done.stderr
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        np.testing.assert_allclose(shares(rows), shares(expected), rtol=1e-12)


def piped(arguments, given):
    return subprocess.run(
        [sys.executable, "-m", "nnctl", "predict", *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_first_rows_are_out_before_the_last_are_read(run):
    process = subprocess.Popen(
        [sys.executable, "-m", "nnctl", "predict", run, "-", "-q"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        process.stdin.write("age,city\n")
        for _ in range(500):
            process.stdin.write("30,Rome\n")
        process.stdin.flush()
        assert process.stdout.readline() == "row,prediction,probability\n"
        assert process.stdout.readline().startswith("0,")
        process.stdin.close()
        rest = process.stdout.read().splitlines()
        assert len(rest) == 500 - 1
        assert rest[-1].startswith("499,")


def test_progress_on_a_terminal_leaves_the_answers_in_the_pipe(run):
    terminal, end = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "nnctl", "predict", run, "t.csv"],
        stdout=subprocess.PIPE,
        stderr=end,
        timeout=60,
        check=True,
    )
    os.close(end)
    shown = os.read(terminal, 1 << 16)
    os.close(terminal)
    assert len(done.stdout.splitlines()) == M + 1
    assert b"rows" in shown
    assert b"yes" not in shown


def test_several_inputs_are_answered_in_their_order_with_their_names(nnctl, run, expected, tmp_path):
    (tmp_path / "a.csv").write_text(csv_of(ROWS[30:]))
    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS[:30]))
    rows = answers(nnctl("predict", run, "a.csv", "b.jsonl", "a.csv", "--proba"))
    assert [row["file"] for row in rows] == ["a.csv"] * 30 + ["b.jsonl"] * 30 + ["a.csv"] * 30
    assert [int(row["row"]) for row in rows] == [*range(30)] * 3
    want = [*expected[30:], *expected[:30], *expected[30:]]
    np.testing.assert_allclose(shares(rows), shares(want), rtol=1e-12)
    latest = nnctl("predict", "a.csv", "b.jsonl", "a.csv", "--proba").stdout
    assert latest == nnctl("predict", run, "a.csv", "b.jsonl", "a.csv", "--proba").stdout


def test_columns_are_passed_on(nnctl, run, tmp_path):
    (tmp_path / "more.csv").write_text(csv_of([{"row": f"r{i}", **row} for i, row in enumerate(ROWS)]))
    rows = answers(nnctl("predict", run, "more.csv", "--keep", "row,y"))
    assert [row["y"] for row in rows] == Y.tolist()
    assert [row["input_row"] for row in rows] == [f"r{i}" for i in range(M)]
    assert list(rows[0]) == ["row", "prediction", "probability", "input_row", "y"]
    whole = answers(nnctl("predict", run, "more.csv", "--keep", "all"))
    assert list(whole[0]) == ["row", "prediction", "probability", "input_row", "age", "city", "y"]
    assert [row["age"] for row in whole] == [row["age"] for row in ROWS]
    outcome = nnctl("predict", run, "more.csv", "--keep", "Y")
    assert outcome.exit_code != 0
    assert 'did you mean "y"?' in outcome.stderr
    assert nnctl("predict", run, "--keep", "y").exit_code == 2


BAD = "age,city\n30,Rome\nold,Oslo\n31,Bern,x\n32\ninf,Rome\n33,Oslo\n"


def test_rows_that_cannot_be_predicted_are_told_and_left_empty(nnctl, run, tmp_path):
    (tmp_path / "bad.csv").write_text(BAD)
    outcome = nnctl("predict", run, "bad.csv", "--proba", "--keep", "city")
    rows = answers(outcome)
    assert [bool(row["prediction"]) for row in rows] == [True, False, False, False, False, True]
    assert [int(row["row"]) for row in rows] == list(range(6))
    assert all(row["p_yes"] == row["probability"] == "" for row in rows[1:5])
    assert (rows[1]["city"], rows[4]["city"], rows[5]["city"]) == ("Oslo", "Rome", "Oslo")
    told = [line for line in outcome.stderr.splitlines() if line.startswith("no prediction: ")]
    assert [line.split("bad.csv:")[1].split(":")[0] for line in told] == ["3", "4", "5", "6"]
    assert "column age" in told[0]
    assert '"old"' in told[0]
    alone = answers(nnctl("predict", run, "t.csv", "bad.csv"))
    assert len(alone) == M + 6


def test_json_lines_that_cannot_be_predicted(nnctl, run, tmp_path):
    lines = ['{"age": 30, "city": "Rome"}', "{", '{"age": "x", "city": "Rome"}', '{"age": 31, "city": "Oslo"}']
    (tmp_path / "bad.jsonl").write_text("\n".join(lines))
    outcome = nnctl("predict", run, "bad.jsonl")
    assert [bool(row["prediction"]) for row in answers(outcome)] == [True, False, False, True]
    assert outcome.stderr.count("no prediction: ") == 2


def test_where_no_row_can_be_predicted_that_is_an_error(nnctl, run, tmp_path):
    (tmp_path / "bad.csv").write_text("age,city\nx,Rome\ny,Rome\n")
    outcome = nnctl("predict", run, "bad.csv")
    assert outcome.exit_code == 3
    assert "no row can be predicted" in outcome.stderr
    assert "bad.csv:2" in outcome.stderr
    assert "bad.csv:3" in outcome.stderr


def test_what_training_never_saw_is_counted_over_the_whole_input_and_told_once(nnctl, run, tmp_path):
    rows = [{"age": "30", "city": "Rome"}] * 20_000
    rows[5] = {"age": "9999", "city": "Rome"}
    rows[19_000] = {"age": "", "city": "Paris"}
    rows[19_001] = {"age": "8888", "city": "Lyon"}
    (tmp_path / "far.csv").write_text(csv_of(rows))
    outcome = nnctl("predict", run, "far.csv")
    assert len(answers(outcome)) == 20_000
    notes = [line for line in outcome.stderr.splitlines() if line.startswith("note: ")]
    assert len(notes) == 3
    assert any("age lies far outside" in note and "in 2 of 20,000 rows: 9999" in note for note in notes)
    assert any("age is missing in 1 of 20,000 rows" in note for note in notes)
    assert any("city has a value that training never saw in 2 of 20,000 rows" in note for note in notes)


def test_all_columns_of_several_inputs_stand_under_their_names(nnctl, run, tmp_path):
    (tmp_path / "a.csv").write_text("age,city,id\n30,Rome,first\n")
    (tmp_path / "b.csv").write_text("id,city,age\nsecond,Oslo,31\n")
    rows = answers(nnctl("predict", run, "a.csv", "b.csv", "--keep", "all"))
    assert [row["id"] for row in rows] == ["first", "second"]
    assert [row["city"] for row in rows] == ["Rome", "Oslo"]
    (tmp_path / "c.csv").write_text("id,city,age,note\nthird,Oslo,31,x\n")
    outcome = nnctl("predict", run, "a.csv", "c.csv", "--keep", "all", "-o", "said.csv")
    assert outcome.exit_code == 6
    assert "c.csv: has a column note, unlike the input before it" in outcome.stderr
    assert not (tmp_path / "said.csv").exists()


def test_columns_that_have_the_names_of_answers_keep_names_of_their_own(nnctl, run, tmp_path):
    (tmp_path / "a.csv").write_text("age,city,row,input_row,prediction\n30,Rome,r,ir,p\n")
    (row,) = answers(nnctl("predict", run, "a.csv", "--keep", "all"))
    assert (row["input_row"], row["input_input_row"], row["input_prediction"]) == ("ir", "r", "p")


def test_all_keys_of_json_lines_are_passed_on(nnctl, run, tmp_path):
    lines = ['{"age": 3, "city": "Rome"}', '{"age": 4, "city": "Oslo", "note": "hi", "tags": [1]}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    outcome = nnctl("predict", run, "a.jsonl")
    assert all(row["prediction"] for row in answers(outcome))  # whatever the columns hold that nobody needs
    (tmp_path / "a.jsonl").write_text("\n".join(lines).replace(', "tags": [1]', ""))
    assert [row["note"] for row in answers(nnctl("predict", run, "a.jsonl", "--keep", "all"))] == ["", "hi"]


def test_a_row_that_overflows_in_the_network_has_no_prediction(nnctl, tmp_path):
    X = RNG.randn(40, 2)
    rows = [{"a": a, "b": b, "y": a - b} for a, b in X.tolist()]
    (tmp_path / "numbers.csv").write_text(csv_of(rows))
    (tmp_path / "n.yaml").write_text(
        "data: {source: numbers.csv, target: y}\nmodel: {layer_dims: [2, 3, 1], activations: [relu, linear]}\n"
        "train: {learning_rate: 0.05, iterations: 50}\n"
    )
    assert nnctl("train", "n.yaml", "-q", "--no-pictures").exit_code == 0
    (tmp_path / "far.csv").write_text("a,b\n1,2\n1e308,-1e308\n-1e308,1e308\n2,1\n")
    outcome = nnctl("predict", "latest", "far.csv")
    assert "Warning" not in outcome.stderr
    told = [bool(row["prediction"]) for row in answers(outcome)]
    assert (told[0], told[3]) == (True, True)
    assert not all(told)
    assert outcome.stderr.count("is beyond the numbers of a float") == told.count(False)
    assert "nan" not in outcome.stdout
    assert "inf" not in outcome.stdout


def test_rows_are_counted_on_behind_those_that_failed(nnctl, run, tmp_path, monkeypatch):
    from nnctl.data import pieces

    monkeypatch.setattr(pieces, "SIZE", 30)
    (tmp_path / "bad.csv").write_text(BAD * 1 + "34,Oslo\n35,Rome\nolder,Rome\n36,Bern\n")
    rows = answers(nnctl("predict", run, "bad.csv"))
    assert [int(row["row"]) for row in rows] == list(range(10))
    assert [number for number, row in enumerate(rows) if not row["prediction"]] == [1, 2, 3, 4, 8]


def test_where_no_row_can_be_predicted_nothing_is_written(nnctl, run, tmp_path):
    (tmp_path / "bad.csv").write_text("age,city\nx,Rome\n")
    (tmp_path / "said.csv").write_text("precious")
    assert nnctl("predict", run, "bad.csv", "-o", "said.csv").exit_code == 3
    assert (tmp_path / "said.csv").read_text() == "precious"
    outcome = nnctl("predict", run, "t.csv", "-o", f"{run}/parameters.h5")
    assert outcome.exit_code == 2
    assert "is a file of the run" in outcome.stderr
    assert nnctl("predict", run, "t.csv", "-o", "-").exit_code == 2


def test_columns_that_nobody_needs_may_have_any_names(nnctl, run, expected, tmp_path):
    text = csv_of(ROWS).splitlines()
    (tmp_path / "a.csv").write_text("\n".join(["z,z," + text[0] + ",", *("1,2," + line + "," for line in text[1:])]))
    rows = answers(nnctl("predict", run, "a.csv", "--proba"))
    np.testing.assert_allclose(shares(rows), shares(expected), rtol=1e-12)


def test_a_folder_with_any_name_is_a_folder(nnctl, tmp_path):
    assert nnctl("train", "cat", "-q", "--no-pictures", "-S", "train.iterations=2").exit_code == 0
    (tmp_path / "picture").mkdir()
    PIL.Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "picture" / "a.png")
    assert len(answers(nnctl("predict", "latest", "picture"))) == 1


def test_what_all_blocks_of_an_array_are_like_is_said_at_the_end(nnctl, tmp_path, monkeypatch):
    from nnctl.data import incoming_arrays

    monkeypatch.setattr(incoming_arrays, "_at_a_time", lambda example: 8)
    pixels = RNG.randint(0, 256, (40, 16)).astype(np.uint8)
    np.savez(tmp_path / "bytes.npz", X=pixels, y=np.arange(40) % 2)
    (tmp_path / "b.yaml").write_text(
        "data: {source: bytes.npz, scale: 255}\nmodel: {layer_dims: [16, 1], activations: [sigmoid]}\n"
        "train: {learning_rate: 0.1, iterations: 2}\n"
    )
    assert nnctl("train", "b.yaml", "-q", "--no-pictures").exit_code == 0
    fractions = np.zeros((20, 16))
    fractions[10:] = pixels[:10] / 255
    np.save(tmp_path / "f.npy", fractions)
    outcome = nnctl("predict", "latest", "f.npy", "-o", "said.csv")
    assert outcome.exit_code == 6
    assert "fractions" in outcome.stderr
    assert not (tmp_path / "said.csv").exists()


def test_an_encoding_can_be_said(nnctl, run, expected, tmp_path):
    (tmp_path / "u.csv").write_bytes(csv_of(ROWS).encode("utf-16"))
    assert nnctl("predict", run, "u.csv").exit_code == 3
    rows = answers(nnctl("predict", run, "u.csv", "--encoding", "utf-16", "--proba"))
    np.testing.assert_allclose(shares(rows), shares(expected), rtol=1e-12)
    assert nnctl("predict", run, "--encoding", "utf-16").exit_code == 2


def test_a_float32_network_has_one_answer_for_a_row(nnctl, tmp_path):
    (tmp_path / "t.csv").write_text(csv_of(ROWS))
    (tmp_path / "s.yaml").write_text(
        "data: {source: t.csv, target: y, scale: standardize}\n"
        "model: {layer_dims: [auto, 16, auto], activations: [tanh, auto]}\n"
        "train: {learning_rate: 0.5, iterations: 20, dtype: float32}\n"
    )
    assert nnctl("train", "s.yaml", "-q", "--no-pictures").exit_code == 0
    together = answers(nnctl("predict", "latest", "t.csv", "--proba"))
    for number in range(0, M, 7):
        (tmp_path / "one.csv").write_text(csv_of([ROWS[number]]))
        (one,) = answers(nnctl("predict", "latest", "one.csv", "--proba"))
        assert float(one["p_yes"]) == pytest.approx(float(together[number]["p_yes"]), rel=1e-12)


def test_a_missing_column_stops_with_the_nearest_name(nnctl, run, tmp_path):
    (tmp_path / "t2.csv").write_text("Age,city\n3,Rome\n")
    outcome = nnctl("predict", run, "t2.csv")
    assert outcome.exit_code == 6
    assert outcome.stdout == ""
    assert 'there is no column age; did you mean "Age"?' in outcome.stderr


@pytest.mark.parametrize("ending", writers)
def test_every_kind_of_file_is_written(nnctl, run, expected, tmp_path, ending):
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    outcome = nnctl("predict", run, "t.csv", "-o", f"said{ending}", "--keep", "all")
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout == ""
    if ending == ".csv":
        text = (tmp_path / "said.csv").read_text()
        assert [row["prediction"] for row in csv.DictReader(io.StringIO(text))] == [
            row["prediction"] for row in expected
        ]
    outcome = nnctl("predict", run, "t.csv", "-o", "t.csv")
    assert outcome.exit_code == 2
    assert "is the input itself" in outcome.stderr
    assert nnctl("predict", run, "t.csv", "-o", "said.xlsx").exit_code == 2


def test_inputs_that_are_not_there_or_stdin_twice(nnctl, run):
    outcome = nnctl("predict", run, "t.csv", "none.csv")
    assert outcome.exit_code == 3
    assert outcome.stdout == ""
    assert "none.csv: there is no such file" in outcome.stderr
    assert "stdin can be read once" in nnctl("predict", run, "-", "-").stderr


def test_json_says_what_has_no_prediction(nnctl, run, tmp_path):
    (tmp_path / "bad.csv").write_text(BAD)
    told = json.loads(nnctl("predict", run, "bad.csv", "--json").stdout)
    assert [row["prediction"] is None for row in told["predictions"]] == [False, True, True, True, True, False]
    assert len(told["failed"]) == 4
    assert told["input"] == "bad.csv"


def test_pictures_and_arrays_are_inputs_side_by_side(nnctl, tmp_path):
    assert nnctl("train", "cat", "-q", "--no-pictures", "-S", "train.iterations=20").exit_code == 0
    pixels = RNG.randint(0, 256, (5, 64, 64, 3)).astype(np.uint8)
    (tmp_path / "more").mkdir()
    for number, picture in enumerate(pixels):
        place = tmp_path / ("more" if number > 2 else "") / f"{number}.png"
        PIL.Image.fromarray(picture).save(place)
    np.savez(tmp_path / "all.npz", X=pixels)
    (tmp_path / "broken.png").write_text("none")
    outcome = nnctl("predict", "0.png", "1.png", "broken.png", "2.png", "more", "all.npz", "--proba")
    rows = answers(outcome)
    names = ["0.png", "1.png", "broken.png", "2.png", os.path.join("more", "3.png"), os.path.join("more", "4.png")]
    assert [row["file"] for row in rows] == [*names, *["all.npz"] * 5]
    assert "no prediction: broken.png: is not a picture" in outcome.stderr
    assert rows[2]["prediction"] == ""
    alone = [row["p_cat"] for row in rows[:6] if row["p_cat"]]
    np.testing.assert_allclose(np.array(alone, float), np.array([row["p_cat"] for row in rows[6:]], float), rtol=1e-12)


def test_a_row_of_an_array_that_is_not_finite_is_told(nnctl, tmp_path):
    assert nnctl("train", "circles", "-q", "--no-pictures", "-S", "train.iterations=5").exit_code == 0
    X = RNG.randn(5, 2)
    X[3, 1] = np.nan
    np.savez(tmp_path / "x.npz", X=X)
    outcome = nnctl("predict", "x.npz")
    assert [bool(row["prediction"]) for row in answers(outcome)] == [True, True, True, False, True]
    assert "no prediction: x.npz, row 3 (counted from 0): X is nan in column 1" in outcome.stderr


def test_keep_and_features_where_they_make_no_sense(nnctl, run, tmp_path):
    assert "no dataset is called 'X'" in nnctl("predict", run, "t.csv", "--features", "X").stderr
    assert nnctl("train", "circles", "-q", "--no-pictures", "-S", "train.iterations=5").exit_code == 0
    np.savez(tmp_path / "x.npz", X=RNG.randn(5, 2))
    assert "has no named columns that --keep could pass on" in nnctl("predict", "x.npz", "--keep", "y").stderr
    assert "the network was trained on arrays" in nnctl("predict", "t.csv").stderr
