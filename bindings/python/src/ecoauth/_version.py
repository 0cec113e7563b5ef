"""The version of this binding, and the oldest library that it works with."""

__version__ = "0.1.0"

OLDEST_LIBRARY = 1000
