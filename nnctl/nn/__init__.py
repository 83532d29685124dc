"""The numerical core: NumPy only. It never prints, never opens a file and knows no YAML.

Inside it examples are columns, as the course writes them: X is (n[0], m), Y is (n[L], m),
W[l] is (n[l], n[l-1]) and b[l] is (n[l], 1).
"""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
