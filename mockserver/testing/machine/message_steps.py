"""Steps of the play messages: what the platform's message channel does to a client that reads it.

Only a client that has taken messages in this run gets them.  Each is something that the platform
does every day: a confirmation is lost before it is carried out, so that the messages come again;
what was taken never arrives, and comes later; a queue carries topics that are nobody's business;
the next message is lost, late, overtaken or doubled.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ...world.faults.fault_types import Effect
from .step_context import Option, OptionKey, Options, StepContext, StepDocument

__all__ = ["list_message_keys", "list_message_steps"]

_TAKE = "taobao.tmc.messages.consume"
_CONFIRM = "taobao.tmc.messages.confirm"
_NOT_CONFIRMED: StepDocument = {"fault": "refused_reply_lost", "method": _CONFIRM}
_TAKEN_BY_NOBODY: StepDocument = {"fault": "duplicate_delivery", "method": _TAKE}
# A topic of trades, which has no refund_id: whoever shares the queue gets it too.
_STRAY: StepDocument = {
    "call": "taobao.tmc.message.produce",
    "with": {"topic": "taobao_trade_TradeChanged", "content": '{"tid":7,"status":"paid"}'},
}
_NEXT_MESSAGE: Mapping[str, StepDocument] = MappingProxyType(
    {
        "lost": {"fault": "message_lost"},
        "late": {"fault": "message_late", "by": "10m"},
        "overtaken": {"fault": "message_overtaken"},
        "twice": {"fault": "message_twice"},
        "again": {"fault": "message_twice", "as": "new_id"},
    }
)
_MORE_TOPICS: StepDocument = {"rules": {"refund_topics": True}}


def list_message_keys() -> Mapping[str, tuple[OptionKey, ...]]:
    """Return every key that these options can have, by kind."""
    names = ("stray", "topics", "confirmation", "messages", *_NEXT_MESSAGE)
    return MappingProxyType({"message": tuple(("message", name) for name in names)})


def list_message_steps(context: StepContext) -> Options:
    """Yield what the channel can do now; nothing before the client has taken a message."""
    view = context.world.view
    notifications = view.notifications()
    if not any(notification.deliveries for notification in notifications):
        return
    if not any(notification.dispute_id == 0 for notification in notifications):
        yield ("message", "stray"), Option(_STRAY)
    if not view.rules["refund_topics"]:
        yield ("message", "topics"), Option(_MORE_TOPICS)
    waiting = [fault for fault in view.faults() if not view.fault_counters(fault.id).triggered]
    planned = {method for fault in waiting for method in fault.methods}
    if not any(fault.declared.effect is Effect.MESSAGE for fault in waiting):
        for name, step in _NEXT_MESSAGE.items():
            yield ("message", name), Option(step)
    if _CONFIRM not in planned:
        yield ("message", "confirmation"), Option(_NOT_CONFIRMED)
    if _TAKE not in planned:
        yield ("message", "messages"), Option(_TAKEN_BY_NOBODY)
