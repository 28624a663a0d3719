"""The release: the same seed gives the same world within one release."""

__all__ = ["__version__"]

__version__ = "0.1.0"
