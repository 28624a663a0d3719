"""Hypothesis strategies read from the product's declarations: `from mockserver.testing import strategies`.

They respect every documented limit and shrink towards small, early and plain.
"""

from .drawn.calls import BadCall, Mistake, ValidCall, bad_calls, calls
from .drawn.documents import addresses, buyers, exchanges, goods, shops, worlds
from .drawn.faults import faults
from .drawn.moves import moves
from .drawn.stories import stories

__all__ = [
    "BadCall", "Mistake", "ValidCall", "addresses", "bad_calls", "buyers", "calls", "exchanges", "faults", "goods", "moves", "shops", "stories",
    "worlds",
]
