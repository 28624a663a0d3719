"""Makes happen what is due: deadlines and the plans of robots, each at its own instant, in order.

At one instant deadlines come before robots: as for everybody, who moves then is too late.
"""

from datetime import datetime

from ..domain.exchange import Event
from ..domain.moves import Expire
from ..domain.vocabulary import Role
from .applying import apply
from .recording import evaluate, record
from .robots import act, follow
from .state import State

__all__ = ["run_due"]


def run_due(state: State, now: datetime, earliest: datetime | None = None) -> list[Event]:
    """What was due by `now` and happened, in order; `earliest` is when a change of rules made it due."""
    fired: list[Event] = []
    while True:
        due, plan = state.first_due(), state.first_plan() if state.plans else None
        if plan is not None and plan.at <= now and (due is None or plan.at < due[0]):
            fired += act(state, plan) if plan.dispute_id else apply(state, plan.at)
        elif due is not None and due[0] <= now:
            at, exchange = max(due[0], earliest or due[0]), state.exchanges[due[1]]
            fired.append(
                record(state, evaluate(state, exchange, Expire(), role=Role.TIMEOUT, at=at))
            )
            follow(state, fired[-1])
        else:
            return fired
