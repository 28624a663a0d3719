"""Fixtures of the domain tests.

One exchange to change, and a way to play a move on it without a world.
"""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from mockserver.domain.conditions import Situation
from mockserver.domain.exchange import Exchange, Outcome
from mockserver.domain.moves import MOVES, Move
from mockserver.domain.play import play
from mockserver.domain.rules import DEFAULTS
from mockserver.domain.vocabulary import CsStatus, Role, Ruleset, Status

APPLIED = datetime(2026, 3, 1, 10, 0, 0, tzinfo=timezone(timedelta(hours=8)))
ROLES = {
    "buyer": Role.BUYER,
    "seller": Role.SELLER_MAIN,
    "sub": Role.SELLER_SUB,
    "cs": Role.CS,
    "system": Role.TIMEOUT,
}
PLAYABLE = {
    "agree": {"address_id": 7001},
    "refuse": {"seller_refuse_reason_id": 41},
    "returngoods_refuse": {"seller_refuse_reason_id": 41},
    "ship_back": {"logistics_no": "YT1234567890", "logistics_company_name": "圆通速递"},
    "consigngoods": {"logistics_no": "SF1234567890", "logistics_company_name": "顺丰快递"},
    "confirm_consign": {"logistics_no": "SF1234567890", "logistics_company_name": "顺丰快递"},
}


@pytest.fixture(scope="session")
def make_exchange() -> Callable[..., Exchange]:
    """Makes an exchange of two units: bought B, wanted W.

    Statuses are given by their wire numbers.
    """

    def make(
        status: int = 1,
        ruleset: str = "classic",
        *,
        cs: int = 1,
        came_from: int = 0,
        **fields: object,
    ) -> Exchange:
        held = 2 if status in (2, 3, 12) or (status == 6 and came_from == 3) else 0
        values: dict = {
            "dispute_id": 200000000000000001,
            "shop": "测试旗舰店",
            "created": APPLIED,
            "modified": APPLIED,
            "entered": APPLIED,
            "tid": 300000000000000001,
            "oid": 300000000000000002,
            "bought_sku": "B",
            "exchange_sku": "W",
            "num": 2,
            "reserved": held,
            "reason": "尺码不合适",
            "status": Status(status),
            "ruleset": Ruleset(ruleset),
            "cs_status": CsStatus(cs),
            "refused_from": Status(came_from) if came_from else None,
        }
        return Exchange(**{**values, **fields})

    return make


@pytest.fixture(scope="session")
def make_move() -> Callable[..., Move]:
    """Makes a move by the name users type, with arguments that pass unless others are given."""
    return lambda name, **fields: MOVES[name](**{**PLAYABLE.get(name, {}), **fields})


@pytest.fixture(scope="session")
def attempt(make_move: Callable[..., Move]) -> Callable[..., Outcome]:
    """Play a move with 9 wanted units free.

    Address 7001, reason 41, and carriers 顺丰快递 and 圆通速递 exist.
    """

    def act(
        exchange: Exchange,
        name: str,
        by: str,
        *,
        available: int = 9,
        rules: dict | None = None,
        waybills: dict | None = None,
        at: datetime = APPLIED + timedelta(hours=1),
        **fields: object,
    ) -> Outcome:
        situation = Situation(
            exchange=exchange,
            move=make_move(name, **fields),
            rules=DEFAULTS.with_changes(rules or {}),
            available=available,
            addresses={7002: "默认退货地址", 7001: "退货地址七千零一"},
            reasons=(41, 42),
            carriers=("顺丰快递", "圆通速递"),
            waybills=waybills or {},
            is_new=name == "apply" and exchange.status == 1,
        )
        return play(situation, ROLES[by], at)

    return act
