"""Operations: what was done to a sandbox, in order, so that it can be done again.

Events say what came of it; an operation holds what somebody sent to make it happen.  Deadlines and
the passing of time are no operations: they follow.  Rights, stubs, quotas and robots change no
exchange and are not recorded.  Neither are calls that give sessions, or of the message channel.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field

from ..domain.moves import Move
from .document import WorldDocument

__all__ = [
    "Aged",
    "Called",
    "Emptied",
    "Founded",
    "Moved",
    "Opened",
    "Operation",
    "Ruled",
    "Stocked",
]


class Operation(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Done at an inner instant; `number` is that of the last event until then, of a move its own
    event."""

    number: int
    at: datetime


class Founded(Operation, frozen=True, gc=False):
    """The sandbox was made from a world document."""

    document: WorldDocument


class Opened(Operation, frozen=True, gc=False):
    """Exchanges were opened from `fields` (wire names), when everything was older by `aged`."""

    fields: Mapping[str, object] = field(name="given")
    aged: timedelta
    dispute_ids: tuple[int, ...]


class Moved(Operation, frozen=True, gc=False):
    """Somebody moved an exchange; `move` has its open fields filled."""

    move: Move


class Called(Operation, frozen=True, gc=False):
    """A seller's call changed something other than an exchange: a refund, or a trade's shipping.

    `params` are the method's own, as texts; of files `pictures` has the names, by parameter.
    """

    method: str
    params: Mapping[str, str]
    shop: str
    sub: bool = False
    pictures: Mapping[str, str] = {}


class Stocked(Operation, frozen=True, gc=False):
    """So many units of a SKU were put on the shelf."""

    sku_id: str
    available: int


class Ruled(Operation, frozen=True, gc=False):
    """Rules changed."""

    patch: Mapping[str, object]


class Aged(Operation, frozen=True, gc=False):
    """Everything recorded became older, now stayed."""

    by: timedelta


class Emptied(Operation, frozen=True, gc=False):
    """Goods, buyers, trades and exchanges were taken away."""
