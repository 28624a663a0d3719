"""Buyers that come by themselves: an application when its instant has come, and the plan of the next.

Buyers come in turn; goods and reason are drawn from the seed and the number of applications so far.
"""

from datetime import datetime

from ..domain.errors import DomainError
from ..domain.exchange import Event
from .document import BadDocument
from .opening import OPEN_AT_MOST
from .robots import dice, expect, replan
from .state import State
from .storing import open_exchanges

__all__ = ["apply"]

_REASONS = ("尺码不合适", "颜色不喜欢", "商品有瑕疵", "发错货", "7天无理由换货")


def apply(state: State, at: datetime) -> tuple[Event, ...]:
    """The application that came at this inner instant; none where the sandbox takes none, and then no more come."""
    state.plan(0, ())
    if len(state.exchanges) >= OPEN_AT_MOST:
        return ()
    chance = dice(state, "application", state.number("application"))
    wish = {"reason": chance.choice(_REASONS)}
    if state.goods:
        wish["exchange_sku"] = chance.choice([goods.sku_id for goods in state.goods.values()])
    try:
        [exchange] = open_exchanges(state, wish, at)
    except (BadDocument, DomainError):  # an odd snapshot in which nobody could apply
        return ()
    replan(state, exchange.dispute_id, at)
    expect(state, at)
    return state.events[exchange.dispute_id]
