"""An exchange as the documents describe it, written by hand.

What the machines compare the product with.

Nothing here reads the product's table.  Sources: guide, API page 7 and 8, rules of the product.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from mockserver.protocol.messages import Inbound
from mockserver.world.world import World
from tests.oracle import (
    DEADLINES,
    END_STATUSES,
    LEGAL_MOVES,
    MOVES_BY_ACTOR,
    TIMEOUT_TARGETS,
    TIMEOUT_TARGETS_WITHOUT_STOCK,
)


@dataclass
class Case:
    """One exchange of the model."""

    number: int
    ruleset: str
    exchange_sku: str
    num: int
    entered: datetime
    status: int = 1
    reserved: int = 0
    cs: int = 1
    refused_from: int = 0
    operations: int = 1
    waybill: bool = False


@dataclass
class Shelf:
    """Where the units of one SKU are."""

    available: int = 100
    reserved: int = 0
    shipped: int = 0
    returned: int = 0
    outside: int = 0


@dataclass
class Book:
    """All cases and shelves; `now` is inner time: ageing moves it as advancing does."""

    now: datetime
    shelves: dict[str, Shelf]
    bought: str
    modify_to: int = 1
    modify_after_agreement: bool = False
    cases: dict[int, Case] = field(default_factory=dict)

    def due(self, case: Case) -> datetime | None:
        """When the system will move the case; never while customer service has it in hand."""
        if case.status in END_STATUSES or case.cs in (2, 3):
            return None
        return case.entered + DEADLINES[case.status]

    def next_due(self) -> datetime | None:
        """The earliest deadline of all."""
        return min((due for case in self.cases.values() if (due := self.due(case))), default=None)

    def legal(self, case: Case, by: str, move: str, fields: dict[str, Any]) -> int | None:
        """The status that the move leads to, or None if it is refused."""
        if case.status in END_STATUSES:
            return None
        if move == "leave_message":
            return case.status
        stocked = self.shelves[case.exchange_sku].available >= case.num
        held = case.cs in (2, 3)
        if by == "seller":
            return None if move == "agree" and not stocked else self._target(case, by, move)
        if by == "cs":
            if move == "step_in":
                return 6 if case.status == 6 and case.cs == 2 else None
            if move != "judge" or case.status != 6 or not held:
                return None
            if fields.get("for", "buyer") == "buyer":
                return 12 if case.refused_from == 3 else 2 if stocked else None
            return {"seller": 4, "refund": 14}[fields["for"]]
        if move == "modify" and case.status in (1, 2):
            return 1 if case.status == 1 or self.modify_after_agreement else None
        if move == "modify":
            unchanged = (
                fields.get("exchange_sku", case.exchange_sku) == case.exchange_sku
                and fields.get("num", case.num) == case.num
            )
            back = self.modify_to == 3 and case.refused_from == 3 and unchanged
            return None if case.status != 6 or held else 3 if back else 1
        if move == "ask_cs":
            return 6 if case.status == 6 and case.cs == 1 else None
        return self._target(case, by, move)

    def _target(self, case: Case, by: str, move: str) -> int | None:
        """Where a move leads that only ruleset, status and actor decide."""
        return next(
            (
                row.target
                for row in LEGAL_MOVES
                if (row.move, row.by, row.start["status"]) == (move, by, case.status)
                and case.ruleset in row.rulesets
            ),
            None,
        )

    def apply(
        self, case: Case, move: str, fields: dict[str, Any], target: int, at: datetime
    ) -> None:
        """The legal move happens: stock, customer service and times follow."""
        before, shelf = case.status, self.shelves[case.exchange_sku]
        case.operations += 1
        if move == "leave_message":
            return
        if move == "ask_cs":
            case.cs = 2
        if move == "step_in":
            case.cs = 3
        if move == "judge":
            case.cs = 6
        if target == 2:  # agreed to: reserve
            shelf.available, shelf.reserved, case.reserved = (
                shelf.available - case.num,
                shelf.reserved + case.num,
                case.num,
            )
        if (before, target) in (
            (3, 12),
            (3, 13),
            (6, 12),
        ):  # receipt confirmed: the bought goods are back
            self.shelves[self.bought].outside -= case.num
            self.shelves[self.bought].returned += case.num
        if target == 13:
            shelf.reserved, shelf.shipped, case.reserved = (
                shelf.reserved - case.num,
                shelf.shipped + case.num,
                0,
            )
        if target in (4, 14) or (before, target) in ((2, 1), (6, 1)):
            shelf.reserved, shelf.available, case.reserved = (
                shelf.reserved - case.reserved,
                shelf.available + case.reserved,
                0,
            )
        if move == "modify" and target == 1:
            case.exchange_sku = fields.get("exchange_sku", case.exchange_sku)
            case.num = fields.get("num", case.num)
            case.waybill = False
        if target == 6 and before != 6:
            case.refused_from = before
        if move == "ship_back":
            case.waybill = True
        if target != before:
            case.status, case.entered = target, at

    def pass_to(self, now: datetime) -> int:
        """Time passes; the system moves what is due, in order; how often it did."""
        self.now, fired = now, 0
        while True:
            waiting = sorted(
                (due, case.number) for case in self.cases.values() if (due := self.due(case))
            )
            if not waiting or waiting[0][0] > now:
                return fired
            at, number = waiting[0]
            case = self.cases[number]
            stocked = self.shelves[case.exchange_sku].available >= case.num
            targets = TIMEOUT_TARGETS if stocked else TIMEOUT_TARGETS_WITHOUT_STOCK
            target = targets[case.status]
            self.apply(case, "expire", {}, target, at)
            fired += 1


@pytest.fixture
def make_book() -> Callable[[World], Book]:
    """The model of a fresh default world."""

    def make(world: World) -> Book:
        goods = world._state.goods
        shelves = {product.sku_id: Shelf() for product in goods.values()}
        return Book(world._state.clock.at, shelves, goods["bought"].sku_id)

    return make


@pytest.fixture
def case_of() -> type[Case]:
    """The model of one exchange."""
    return Case


@pytest.fixture
def all_moves() -> dict[str, tuple[str, ...]]:
    """Every move an actor may try, legal or not."""
    every = tuple(dict.fromkeys(move for moves in MOVES_BY_ACTOR.values() for move in moves))
    return dict.fromkeys(MOVES_BY_ACTOR, every)


@pytest.fixture
def signed() -> Callable[..., Inbound]:
    """A signed POST of a method by the main session."""

    def make(world: World, method: str, **business: Any) -> Inbound:
        [app] = world._state.apps.values()
        session = next(
            session.token for session in world._state.sessions.values() if session.label == "main"
        )
        texts = {
            "method": method,
            "app_key": app.app_key,
            "session": session,
            "v": "2.0",
            "format": "json",
            "timestamp": world.now.strftime("%Y-%m-%d %H:%M:%S"),
            **{key: str(value) for key, value in business.items()},
        }
        joined = "".join(name + texts[name] for name in sorted(texts))
        digest = (
            hashlib.md5(f"{app.app_secret}{joined}{app.app_secret}".encode()).hexdigest().upper()
        )
        return Inbound(
            "POST",
            b"",
            "application/x-www-form-urlencoded",
            urlencode({**texts, "sign": digest}).encode(),
        )

    return make
