"""How robots behave: for each party and status, what it may do, how likely, and after how long.

A robot plays a party of an exchange by itself when the sandbox's clock moves: the buyer, customer
service, or the courier, who decides when a parcel arrives.  A `Behaviour` is data: for each
status a set of `Action`s with weights and delays, from which one is drawn with the sandbox's
seed.  All behaviours stand in one literal; this module does not know who draws from it
(`world/robots.py`) or shows it (`explain`, control API).  An action is only an intention: it is
played through the table like any other move when its time comes, and dropped if it is not legal
any more.

Nobody documents how people behave: every behaviour is this product's own.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from .durations import parse_duration
from .evidence import Evidence, assumed
from .moves import (
    AskCs,
    Cancel,
    ConfirmReceipt,
    Judge,
    LeaveMessage,
    Modify,
    Move,
    ShipBack,
    StepIn,
)
from .vocabulary import CsStatus, Status, Verdict

__all__ = [
    "ANOTHER_SKU",
    "BEHAVIOURS",
    "MAX_MODIFICATIONS",
    "WAYBILL_PLACEHOLDER",
    "Action",
    "Behaviour",
    "Delay",
    "Party",
    "PlannedAction",
]

MAX_MODIFICATIONS = 5  # of one exchange by a robot; then it does something else, so all ends
ANOTHER_SKU = "*"  # as wanted SKU: another of the sandbox's goods
WAYBILL_PLACEHOLDER = "{waybill}"  # in a message: the waybill of the returned goods
S1, S2, S3 = Status.WAIT_SELLER_AGREE, Status.WAIT_BUYER_RETURN, Status.WAIT_SELLER_CONFIRM
S6, S12, S13 = Status.WAIT_BUYER_MODIFY, Status.WAIT_SELLER_CONSIGN, Status.WAIT_BUYER_CONFIRM
ASKED, STEPPED_IN = CsStatus.ASKED, CsStatus.STEPPED_IN


class Party(StrEnum):
    """A party that a robot can play.  The courier decides how long parcels travel."""

    BUYER = "buyer"
    COURIER = "courier"
    CS = "cs"

    @property
    def zh(self) -> str:
        """The Chinese word for the party."""
        return {"buyer": "买家", "courier": "快递", "cs": "小二"}[self.value]


class Delay(Struct, frozen=True):
    """A span drawn evenly from `least` to `most`.

    An `ending` one is counted back from the deadline.
    """

    least: timedelta
    most: timedelta
    ending: bool = False


class Action(Struct, frozen=True):
    """Something a party may do, as likely as its weight among its fellows.

    No move: it lets the matter rest.
    """

    weight: int
    move: Move | None
    delay: Delay = Delay(timedelta(), timedelta())


class Behaviour(Struct, frozen=True, kw_only=True):
    """A way to behave, for each party that a robot can play.

    The courier's choices hold for a parcel either way: no move means a parcel that is lost.
    Customer service always moves in the end: while it has a case in hand no deadline runs.
    """

    name: str
    label: str
    zh: str
    en: str
    buyer: Mapping[Status, tuple[Action, ...]]
    courier: tuple[Action, ...]
    cs: Mapping[CsStatus, tuple[Action, ...]]
    evidence: Evidence = assumed("product's own")


class PlannedAction(Struct, frozen=True, order=True, gc=False):
    """At inner instant `at` a party's robot makes a move on an exchange.

    An application has no exchange yet: its `dispute_id` is 0.  Planned actions are executed in
    their sort order.
    """

    at: datetime
    dispute_id: int
    party: Party
    move: str


def _after(least: str, most: str) -> Delay:
    return Delay(parse_duration(least), parse_duration(most))


def _before_end(least: str, most: str) -> Delay:
    return Delay(parse_duration(least), parse_duration(most), ending=True)


def _judge_actions(delay: Delay, *, buyer: int, seller: int, refund: int) -> tuple[Action, ...]:
    """Return a judgement for each verdict, by weight."""
    return tuple(
        Action(weight, Judge(verdict=verdict), delay)
        for weight, verdict in (
            (buyer, Verdict.BUYER),
            (seller, Verdict.SELLER),
            (refund, Verdict.REFUND),
        )
    )


NOTHING = None
LAST_SECOND = _before_end("1s", "1s")
ANY_TIME = _after("1m", "9d")
NOTE_DELIVERY = LeaveMessage(
    content=f"【物流】退回的商品已送达，运单号 {WAYBILL_PLACEHOLDER}，请确认收货。"
)
ASK_WHEN_AGREED = LeaveMessage(content="申请已经提交很久了，什么时候同意？")
ASK_WHEN_RECEIVED = LeaveMessage(content="商品早就寄回了，请尽快确认收货。")
ASK_WHEN_SHIPPED = LeaveMessage(content="怎么还不发货？请尽快发出换货商品。")
MODIFY = Modify(desc="已按要求修改申请，请重新处理。")
MODIFY_GOODS = Modify(exchange_sku=ANOTHER_SKU, desc="改换另一款商品。")

BEHAVIOURS: Mapping[str, Behaviour] = MappingProxyType(
    {
        behaviour.name: behaviour
        for behaviour in (
            Behaviour(
                name="prompt",
                label="及时",
                zh="一天之内回应；包裹一至三天送达。",
                en="answers within a day; parcels travel one to three days.",
                buyer={
                    S2: (Action(1, ShipBack(), _after("30m", "1d")),),
                    S6: (
                        Action(3, MODIFY, _after("10m", "12h")),
                        Action(1, AskCs(), _after("10m", "12h")),
                    ),
                    S13: (Action(1, ConfirmReceipt(), _after("5m", "12h")),),
                },
                courier=(Action(1, NOTE_DELIVERY, _after("1d", "3d")),),
                cs={
                    ASKED: (Action(1, StepIn(), _after("10m", "4h")),),
                    STEPPED_IN: _judge_actions(_after("1h", "1d"), buyer=2, seller=2, refund=1),
                },
            ),
            Behaviour(
                name="slow",
                label="拖延",
                zh="总是等到时限将至才行动，但不逾期；包裹四至九天送达。",
                en="waits until the deadline is near, yet keeps it; "
                "parcels travel four to nine days.",
                buyer={
                    S2: (Action(1, ShipBack(), _before_end("1h", "2d")),),
                    S6: (
                        Action(3, MODIFY, _before_end("1h", "1d")),
                        Action(1, AskCs(), _before_end("1h", "1d")),
                    ),
                    S13: (Action(1, ConfirmReceipt(), _before_end("1h", "3d")),),
                },
                courier=(Action(1, NOTE_DELIVERY, _after("4d", "9d")),),
                cs={
                    ASKED: (Action(1, StepIn(), _after("2d", "5d")),),
                    STEPPED_IN: _judge_actions(_after("3d", "10d"), buyer=2, seller=2, refund=1),
                },
            ),
            Behaviour(
                name="forgetful",
                label="健忘",
                zh="多半忘了行动，由系统按时限处理；小二很久以后才想起来；包裹有时丢失。",
                en="mostly forgets to act, so the system does; "
                "customer service remembers late; a parcel may be lost.",
                buyer={
                    S2: (Action(4, NOTHING), Action(1, ShipBack(), _before_end("1h", "1d"))),
                    S6: (Action(4, NOTHING), Action(1, MODIFY, _before_end("1h", "1d"))),
                    S13: (Action(4, NOTHING), Action(1, ConfirmReceipt(), _before_end("1h", "1d"))),
                },
                courier=(Action(4, NOTE_DELIVERY, _after("3d", "8d")), Action(1, NOTHING)),
                cs={
                    ASKED: (Action(1, StepIn(), _after("7d", "20d")),),
                    STEPPED_IN: _judge_actions(_after("10d", "30d"), buyer=2, seller=2, refund=1),
                },
            ),
            Behaviour(
                name="adversarial",
                label="刁难",
                zh="改来改去，申请小二介入，临到时限才取消，最后一秒才寄回、才确认收货，并不断催促。",
                en="modifies, asks for customer service, cancels late, "
                "ships back and confirms at the last second, and nags.",
                buyer={
                    S1: (
                        Action(3, NOTHING),
                        Action(1, Cancel(), _before_end("1s", "2h")),
                        Action(2, ASK_WHEN_AGREED, _after("1h", "1d")),
                        Action(1, MODIFY_GOODS, _after("1m", "1d")),
                    ),
                    S2: (Action(4, ShipBack(), LAST_SECOND), Action(1, Cancel(), LAST_SECOND)),
                    S3: (Action(1, NOTHING), Action(1, ASK_WHEN_RECEIVED, _after("1h", "2d"))),
                    S6: (
                        Action(3, MODIFY_GOODS, _after("1m", "4d")),
                        Action(2, MODIFY, LAST_SECOND),
                        Action(3, AskCs(), LAST_SECOND),
                        Action(1, Cancel(), LAST_SECOND),
                    ),
                    S12: (Action(1, NOTHING), Action(2, ASK_WHEN_SHIPPED, _after("1h", "2d"))),
                    S13: (Action(1, ConfirmReceipt(), LAST_SECOND),),
                },
                courier=(Action(4, NOTE_DELIVERY, _before_end("1h", "1d")), Action(1, NOTHING)),
                cs={
                    ASKED: (
                        Action(1, StepIn(), _after("1d", "3d")),
                        Action(1, Judge(verdict=Verdict.SELLER), _after("1m", "10m")),
                        Action(1, Judge(verdict=Verdict.REFUND), _after("1m", "10m")),
                    ),
                    STEPPED_IN: _judge_actions(_after("1m", "15d"), buyer=1, seller=2, refund=2),
                },
            ),
            Behaviour(
                name="random",
                label="随机",
                zh="随时做任何一件可以做的事，或什么也不做；由种子决定。",
                en="does anything it may at any time, or nothing; the seed decides.",
                buyer={
                    S1: (
                        Action(3, NOTHING),
                        Action(1, Cancel(), ANY_TIME),
                        Action(1, ASK_WHEN_AGREED, ANY_TIME),
                        Action(1, MODIFY_GOODS, ANY_TIME),
                    ),
                    S2: (
                        Action(3, ShipBack(), ANY_TIME),
                        Action(1, Cancel(), ANY_TIME),
                        Action(1, NOTHING),
                    ),
                    S3: (Action(2, NOTHING), Action(1, ASK_WHEN_RECEIVED, ANY_TIME)),
                    S6: (
                        Action(2, MODIFY, ANY_TIME),
                        Action(1, MODIFY_GOODS, ANY_TIME),
                        Action(2, AskCs(), ANY_TIME),
                        Action(1, Cancel(), ANY_TIME),
                        Action(1, NOTHING),
                    ),
                    S12: (Action(2, NOTHING), Action(1, ASK_WHEN_SHIPPED, ANY_TIME)),
                    S13: (Action(3, ConfirmReceipt(), ANY_TIME), Action(1, NOTHING)),
                },
                courier=(Action(5, NOTE_DELIVERY, _after("6h", "9d")), Action(1, NOTHING)),
                cs={
                    ASKED: (
                        Action(3, StepIn(), ANY_TIME),
                        *_judge_actions(ANY_TIME, buyer=1, seller=1, refund=1),
                    ),
                    STEPPED_IN: _judge_actions(ANY_TIME, buyer=1, seller=1, refund=1),
                },
            ),
        )
    }
)
