"""Hypothesis strategies, made from the product's declarations.

    from mockserver.testing import strategies

They respect every documented limit and shrink towards what is small, early and plain.
"""

from .calls import BadCall, Mistake, ValidCall, bad_calls, calls
from .faults import faults
from .moves import moves
from .open_documents import exchanges
from .scenarios import stories
from .world_documents import addresses, buyers, goods, shops, worlds

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
