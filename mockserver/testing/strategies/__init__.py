"""Hypothesis strategies read from the product's declarations: `from mockserver.testing import strategies`.

They respect every documented limit and shrink towards small, early and plain.
"""

from .calls import BadCall, Mistake, ValidCall, bad_calls, calls
from .documents import addresses, buyers, exchanges, goods, shops, worlds
from .faults import faults
from .moves import moves
from .scenarios import stories

__all__ = [
    "BadCall",
    "Mistake",
    "ValidCall",
    "addresses",
    "bad_calls",
    "buyers",
    "calls",
    "exchanges",
    "faults",
    "goods",
    "moves",
    "shops",
    "stories",
    "worlds",
]
