"""Which reader a file has is told by its ending, unless its content is something else."""

import gzip

import pytest

from nnctl.data.readers import READERS, ending_of


@pytest.mark.parametrize(
    ("name", "content", "ending"),
    [
        ("t.csv", b"a,y\n1,2\n", ".csv"),
        ("t.TSV", b"", ".tsv"),
        ("t.jsonl.gz", gzip.compress(b"{}"), ".jsonl"),
        ("t.parquet", b"PAR1", ".parquet"),
        ("t.parquet", b"a,y\n", ".parquet"),  # which its reader refuses
        ("t.parquet.gz", gzip.compress(b"PAR1"), None),
        ("t.csv", b"PAR1", None),
        ("t.csv", b"\x93NUMPY", None),
        ("t.h5", b"a,y\n", None),
        ("gz", b"a,y\n", None),
    ],
)
def test_endings(tmp_path, name, content, ending):
    (tmp_path / name).write_bytes(content)
    assert ending_of(tmp_path / name) == ending


@pytest.mark.parametrize("ending", READERS)
def test_a_file_that_is_not_there_has_its_ending_all_the_same(tmp_path, ending):
    assert ending_of(tmp_path / f"t{ending}") == ending
