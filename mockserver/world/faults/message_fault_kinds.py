"""The planned faults of the message channel (TMC): one literal a fault.

They are matched when a message is put out, and decide what becomes of it: `world/outbox.py` knows
how, by the fault's name.  No call of the gateway is disturbed, and the exchange itself is as ever,
so a client that also asks the queries finds what a message has kept from it.

Source: docs/spec/top-protocol.md#top-7.2.
"""

from datetime import timedelta

from ...domain.evidence import assumed, documented
from ...domain.topics import TOPICS
from .fault_types import Calls, Effect, FaultKind, FaultOption

__all__ = ["AGAIN", "MESSAGE_FAULTS"]

AGAIN = ("same_id", "new_id")
_TOPIC = FaultOption(
    "topic", "", "哪个主题；空为任何", "which topic; empty: any", among=("", *TOPICS)
)


def _by(default: timedelta, zh: str, en: str) -> FaultOption:
    return FaultOption("by", default, zh, en, 1, 86_400)


MESSAGE_FAULTS: tuple[FaultKind, ...] = (
    FaultKind(
        name="message_lost",
        effect=Effect.MESSAGE,
        calls=Calls.NONE,
        evidence=assumed("delivery is at least once, but kept for a day only", "top"),
        zh="消息丢失：从不推送；只有查询能补上(对账)，或人工重发",
        en="a message is lost: never sent; only queries find it, or a resend by hand",
        options=(_TOPIC,),
    ),
    FaultKind(
        name="message_late",
        effect=Effect.MESSAGE,
        calls=Calls.NONE,
        evidence=assumed(),
        zh="消息晚到：按独立环境的时钟晚一段时间，后来的消息不等它",
        en="a message is late, on the sandbox's clock; those after it do not wait",
        options=(_TOPIC, _by(timedelta(minutes=10), "晚多久", "how late")),
    ),
    FaultKind(
        name="message_overtaken",
        effect=Effect.MESSAGE,
        calls=Calls.NONE,
        evidence=assumed("nothing promises an order"),
        zh="消息乱序：排到同一队列的下一条消息之后",
        en="out of order: a message comes after the next one of its queue",
        options=(
            _TOPIC,
            _by(
                timedelta(minutes=10),
                "没有下一条时最多等多久",
                "how long it waits at most where no next one comes",
            ),
        ),
    ),
    FaultKind(
        name="message_twice",
        effect=Effect.MESSAGE,
        calls=Calls.NONE,
        evidence=documented("top", note="top-7.2: delivery is at least once"),
        zh="消息重复：同一条推送两次，或换一个 id 再来一条",
        en="a message comes twice: sent again at once, or another one with the same content",
        options=(
            _TOPIC,
            FaultOption("as", AGAIN[0], "第二次的 id", "the id of the second one", among=AGAIN),
        ),
    ),
)
