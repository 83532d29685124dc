"""nnctl: train fully connected neural networks on NumPy, driven by one YAML file."""

__version__ = "0.1.0"
