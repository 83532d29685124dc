"""The limits of what is taken from a file that may be a stranger's: far beyond what people have, and short of what
would fill the memory or never end. Those of specs stand in spec/yaml12.py and spec/text.py, those of parameters.h5 in
runs/bundle.py.
"""

MEGAPIXELS = 25.0  # of a picture that is decoded, where data.megapixels says nothing
MOST_MEMBERS = 10_000  # of an NPZ archive
RATIO, AS_IT_COMES = 250, 1 << 26  # how far a member may be compressed once it is more than these bytes
MOST_ITEMS = 100_000  # groups, datasets and links of an HDF5 file
DEEPEST_GROUP = 64  # groups inside each other
OPENING = 20.0  # seconds in which a strange HDF5 file is looked through, in a process of its own
OPENING_MEMORY = 1 << 31  # bytes that this may take
