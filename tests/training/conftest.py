"""What the tests of training share: a place to train in."""

import pytest
from held import Place


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)
