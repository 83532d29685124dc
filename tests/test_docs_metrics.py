"""What docs/metrics.md says is so: every score stands there, and its numbers are those of the code."""

import re
from pathlib import Path

import pytest

from nnctl.explain.evaluation import MOST_GROUPS
from nnctl.nn import estimates, intervals
from nnctl.nn.scores import scores
from nnctl.show import confusions, thresholds

TEXT = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text(encoding="utf-8")
PLAIN = " ".join(TEXT.split())


@pytest.mark.parametrize("name", scores)
def test_every_score_is_there(name):
    assert f"`{name}`" in TEXT


def test_every_key_of_a_table_is_a_score():
    keys = re.findall(r"^\| `(\w+)` \| .* \| .* \| .* \|$", TEXT, re.MULTILINE)
    assert {*keys, "exact"} - {"wilson", "bootstrap", "linear"} == set(scores)


@pytest.mark.parametrize("way", ["wilson", "bootstrap", "studentized bootstrap", "linear"])
def test_every_way_to_an_interval_is_there(way):
    assert f"| `{way}` |" in TEXT


def test_the_numbers_are_those_of_the_code():
    assert f"{intervals.RESAMPLES:,} times as many rows" in PLAIN
    assert f"4 for each output, + {estimates.DRAWING}) is more than {estimates.WORK:,}" in PLAIN
    assert f"fewer than {intervals.FEWEST} rows" in PLAIN
    assert f"of more than {confusions.DRAWN} classes the commonest" in PLAIN
    assert f"of more than {thresholds.ALONE} their middle" in PLAIN
    assert "in ten parts with as many rows" in PLAIN
    assert (thresholds.BINS, thresholds.LOWEST) == (10, 5)
    assert MOST_GROUPS == 50
