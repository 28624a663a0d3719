"""Let happen what is due: deadlines, actions of robots, and buyers who apply by themselves.

The model.  Nothing in a sandbox runs in the background.  Before anything is read or written,
`run_due` looks at the two sorted lists of the state (deadlines of exchanges, planned actions of
robots), takes the earliest entry that is not after now, lets it happen at its own instant, and
looks again, since each event may set new deadlines and plans, also such as are due already.  So a
sandbox whose clock is moved by ten days shows the same events, at the same instants, as one that
was looked at every second.

Order.  At one instant deadlines come before robots: as for everybody, who moves at the deadline is
too late.  Deadlines of one instant come by dispute id, plans by dispute id and party (see
domain/behaviours).

Buyers who apply come in turn; their goods and reason are drawn from the sandbox's seed and the
number of applications so far, so the same sandbox gets the same applications in every process.
"""

from datetime import datetime

from ..domain.errors import DomainError
from ..domain.exchange import Event
from ..domain.moves import Expire
from ..domain.vocabulary import Role
from .document import BadDocument
from .opening import open_exchanges
from .opening_document import OPEN_AT_MOST
from .robots import carry_out_plan, make_dice, plan_application, replan, replan_after
from .state import State
from .transitions import evaluate, record

__all__ = ["run_due"]

_REASONS = ("尺码不合适", "颜色不喜欢", "商品有瑕疵", "发错货", "7天无理由换货")


def run_due(state: State, now: datetime, earliest: datetime | None = None) -> list[Event]:
    """Let everything happen that is due by `now` (inner); return the events in order.

    No deadline fires before `earliest`, the instant at which a change of rules made it due.
    """
    fired: list[Event] = []
    while True:
        due = state.first_due()
        plan = state.first_plan() if state.plans else None
        if plan is not None and plan.at <= now and (due is None or plan.at < due[0]):
            fired += (
                carry_out_plan(state, plan)
                if plan.dispute_id
                else _open_application(state, plan.at)
            )
        elif due is not None and due[0] <= now:
            at = max(due[0], earliest or due[0])
            exchange = state.exchanges[due[1]]
            fired.append(
                record(state, evaluate(state, exchange, Expire(), role=Role.TIMEOUT, at=at))
            )
            replan_after(state, fired[-1])
        else:
            return fired


def _open_application(state: State, at: datetime) -> tuple[Event, ...]:
    """Open the application of a buyer who comes at this inner instant; return its events.

    Where the sandbox takes no application, return none and plan no further ones.
    """
    state.plan(0, ())
    if len(state.exchanges) >= OPEN_AT_MOST:
        return ()
    chance = make_dice(state, "application", state.number("application"))
    wish = {"reason": chance.choice(_REASONS)}
    if state.goods:
        wish["exchange_sku"] = chance.choice([goods.sku_id for goods in state.goods.values()])
    try:
        [exchange] = open_exchanges(state, wish, at)
    except (BadDocument, DomainError):  # a snapshot in which nobody can apply
        return ()
    replan(state, exchange.dispute_id, at)
    plan_application(state, at)
    return state.events[exchange.dispute_id]
