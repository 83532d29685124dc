"""All features of a file to predict as one table, for tests that look at the rows and not at how they come."""

from dataclasses import replace

import numpy as np

from nnctl.data.incoming_arrays import read_blocks
from nnctl.errors import DataError


def read_features(path, preparation):
    """Return the rows of all blocks together; raise what is told of the first row that has no prediction."""
    blocks = list(read_blocks(path, preparation))
    for failed in (failed for block in blocks for failed in block.failed):
        raise DataError(f"{failed.place}: {failed.reason}")
    return replace(blocks[0].table, X=np.concatenate([block.table.X for block in blocks]))
