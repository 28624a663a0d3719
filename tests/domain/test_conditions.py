"""What makes a possible move fail.

Addresses, reasons, waybills, carriers, stock, and in which order.
"""

import pytest

from mockserver.domain.errors import ConditionFailed, DomainError, IllegalMove, WrongRuleset
from mockserver.domain.vocabulary import Status, Verdict

SHIPPING = [
    ("classic", 2, "ship_back", "buyer"),
    ("classic", 12, "consigngoods", "seller"),
    ("upgraded", 2, "ship_back", "buyer"),
    ("upgraded", 12, "consigngoods", "seller"),
    ("upgraded", 3, "confirm_consign", "seller"),
]
ODD_WAYBILLS = ["SF12", "S" * 33, "SF 12345", "顺丰12345", "SF_12345", "SF12345\n", "１２３４５６"]


def _failure(attempt, *args, **how) -> str:
    with pytest.raises(DomainError) as refused:
        attempt(*args, **how)
    return refused.value.failure


def test_an_unknown_return_address_is_refused(make_exchange, attempt):
    """Agreeing names one of the seller's contact ids."""
    assert (
        _failure(attempt, make_exchange(1), "agree", "seller", address_id=7003) == "unknown_address"
    )


@pytest.mark.parametrize(
    ("ruleset", "status", "move"),
    [
        ("classic", 1, "refuse"),
        ("upgraded", 1, "refuse"),
        ("classic", 3, "returngoods_refuse"),
        ("upgraded", 3, "returngoods_refuse"),
    ],
)
def test_an_unknown_refuse_reason_is_refused(make_exchange, attempt, ruleset, status, move):
    """Refusing names a reason of the present stage, in both flows."""
    exchange = make_exchange(status, ruleset)

    assert (
        _failure(attempt, exchange, move, "seller", seller_refuse_reason_id=43) == "unknown_reason"
    )


@pytest.mark.parametrize(("ruleset", "status", "move", "by"), SHIPPING)
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("waybill", ["", " ", "\t"])
def test_an_empty_waybill_is_refused(
    make_exchange, attempt, ruleset, status, move, by, strict, waybill
):
    """A shipment without a waybill is refused whether logistics are strict or not."""
    failure = _failure(
        attempt,
        make_exchange(status, ruleset),
        move,
        by,
        logistics_no=waybill,
        rules={"strict_logistics": strict},
    )

    assert failure == "bad_waybill"


@pytest.mark.parametrize(("ruleset", "status", "move", "by"), SHIPPING)
@pytest.mark.parametrize("waybill", ODD_WAYBILLS)
def test_an_odd_waybill_is_a_warning(make_exchange, attempt, ruleset, status, move, by, waybill):
    """By default a waybill that is not 5–32 letters, digits, hyphens passes with one warning."""
    outcome = attempt(make_exchange(status, ruleset), move, by, logistics_no=waybill)

    assert len(outcome.warnings) == 1


@pytest.mark.parametrize(("ruleset", "status", "move", "by"), SHIPPING)
@pytest.mark.parametrize("waybill", ODD_WAYBILLS)
def test_an_odd_waybill_is_refused_when_strict(
    make_exchange, attempt, ruleset, status, move, by, waybill
):
    """With `strict_logistics` a malformed waybill is a refusal."""
    failure = _failure(
        attempt,
        make_exchange(status, ruleset),
        move,
        by,
        logistics_no=waybill,
        rules={"strict_logistics": True},
    )

    assert failure == "bad_waybill"


@pytest.mark.parametrize(("ruleset", "status", "move", "by"), SHIPPING)
@pytest.mark.parametrize("waybill", ["SF123", "S" * 32, "sf-12-34", "0000000", "-----"])
def test_a_well_formed_waybill_passes_when_strict(
    make_exchange, attempt, ruleset, status, move, by, waybill
):
    """5–32 letters, digits and hyphens of a known carrier pass without a warning."""
    outcome = attempt(
        make_exchange(status, ruleset),
        move,
        by,
        logistics_no=waybill,
        rules={"strict_logistics": True},
    )

    assert outcome.warnings == ()


@pytest.mark.parametrize(("strict", "failure"), [(False, ""), (True, "unknown_carrier")])
@pytest.mark.parametrize(("ruleset", "status", "move", "by"), SHIPPING)
def test_an_unknown_carrier(make_exchange, attempt, ruleset, status, move, by, strict, failure):
    """A carrier outside the table is a warning, or a refusal when strict."""
    how = {"logistics_company_name": "火星速递", "rules": {"strict_logistics": strict}}

    if failure:
        assert _failure(attempt, make_exchange(status, ruleset), move, by, **how) == failure
    else:
        assert len(attempt(make_exchange(status, ruleset), move, by, **how).warnings) == 1


@pytest.mark.parametrize(
    ("strict", "user", "failure", "warnings"),
    [
        (False, 200000000000000009, "", 1),
        (True, 200000000000000009, "bad_waybill", 0),
        (False, 200000000000000001, "", 0),
        (True, 200000000000000001, "", 0),
    ],
)
@pytest.mark.parametrize(("ruleset", "status", "move", "by"), SHIPPING)
def test_a_waybill_of_another_exchange(
    make_exchange, attempt, ruleset, status, move, by, strict, user, failure, warnings
):
    """A waybill used on another exchange is a warning, or a refusal when strict.

    On the same one it is neither.
    """
    how = {
        "logistics_no": "ZT99999",
        "waybills": {"ZT99999": user},
        "rules": {"strict_logistics": strict},
    }

    if failure:
        assert _failure(attempt, make_exchange(status, ruleset), move, by, **how) == failure
    else:
        assert len(attempt(make_exchange(status, ruleset), move, by, **how).warnings) == warnings


@pytest.mark.parametrize(("available", "passes"), [(0, False), (1, False), (2, True), (3, True)])
def test_agreeing_checks_stock(make_exchange, attempt, available, passes):
    """Two wanted units need two free ones; otherwise the refusal says so."""
    if passes:
        assert (
            attempt(make_exchange(1), "agree", "seller", available=available).exchange.reserved == 2
        )
    else:
        assert (
            _failure(attempt, make_exchange(1), "agree", "seller", available=available)
            == "no_stock"
        )


@pytest.mark.parametrize(
    ("available", "status", "reserved"), [(0, 4, 0), (1, 4, 0), (2, 2, 2), (3, 2, 2)]
)
def test_the_system_decides_a_silent_application_by_stock(
    make_exchange, attempt, available, status, reserved
):
    """Stock, and the system agrees and reserves; no stock, and it refuses."""
    exchange = attempt(make_exchange(1), "expire", "system", available=available).exchange

    assert (exchange.status, exchange.reserved) == (status, reserved)


@pytest.mark.parametrize(
    ("ruleset", "status", "move", "how", "failure"),
    [
        ("classic", 1, "confirm_consign", {"logistics_no": ""}, "wrong_flow"),
        ("classic", 3, "confirm_consign", {"logistics_no": ""}, "wrong_flow"),
        ("classic", 4, "confirm_consign", {}, "wrong_flow"),
        ("upgraded", 1, "confirm_consign", {"logistics_no": ""}, "wrong_state"),
        ("upgraded", 12, "confirm_consign", {"logistics_no": ""}, "wrong_state"),
        ("classic", 2, "agree", {"address_id": 1, "available": 0}, "wrong_state"),
        ("classic", 1, "agree", {"address_id": 1, "available": 0}, "unknown_address"),
        ("classic", 1, "agree", {"available": 0}, "no_stock"),
        ("classic", 3, "refuse", {"seller_refuse_reason_id": 1}, "wrong_state"),
        ("classic", 1, "returngoods_refuse", {"seller_refuse_reason_id": 1}, "wrong_state"),
        ("classic", 3, "consigngoods", {"logistics_no": ""}, "wrong_state"),
        (
            "classic",
            12,
            "consigngoods",
            {
                "logistics_no": "",
                "logistics_company_name": "火星速递",
                "rules": {"strict_logistics": True},
            },
            "bad_waybill",
        ),
    ],
)
def test_checks_come_in_their_order(make_exchange, attempt, ruleset, status, move, how, failure):
    """Flow, then state, then arguments, then stock: the first that fails is the one reported."""
    assert _failure(attempt, make_exchange(status, ruleset), move, "seller", **how) == failure


def test_confirm_and_ship_in_the_classic_flow_says_how_to_switch(make_exchange, attempt):
    """The refusal names the ruleset to open the exchange with, in both languages."""
    with pytest.raises(WrongRuleset) as refused:
        attempt(make_exchange(3), "confirm_consign", "seller")

    assert "upgraded" in refused.value.zh
    assert "upgraded" in refused.value.en


def test_a_refusal_names_the_state_and_what_is_possible(make_exchange, attempt):
    """The Chinese text carries the present status text and the moves that are possible."""
    with pytest.raises(IllegalMove) as refused:
        attempt(make_exchange(3), "consigngoods", "seller")

    assert "买家已退货，待收货" in refused.value.zh
    assert "确认收到退货" in refused.value.zh
    assert "拒绝确认收货" in refused.value.zh


@pytest.mark.parametrize(
    ("status", "by", "failure"),
    [
        *(
            (status, by, "flow_over")
            for status in (4, 5, 14)
            for by in ("buyer", "seller", "sub", "cs")
        ),
        *((status, "system", "wrong_state") for status in (1, 2, 3, 6, 12, 13)),
    ],
)
@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
def test_messages_end_with_the_flow(make_exchange, attempt, ruleset, status, by, failure):
    """In 4, 5 and 14 the flow is over for everybody; the system leaves no messages of its own."""
    assert _failure(attempt, make_exchange(status, ruleset), "leave_message", by) == failure


@pytest.mark.parametrize(
    ("rules", "how", "target"),
    [
        ({}, {}, 1),
        ({"modify_to": 1}, {"exchange_sku": "W"}, 1),
        ({"modify_to": 3}, {}, 3),
        ({"modify_to": 3}, {"exchange_sku": "W", "reason": "再换一次"}, 3),
        ({"modify_to": 3}, {"exchange_sku": "V"}, 1),
    ],
)
def test_modify_to_3_only_with_the_same_wanted_sku(make_exchange, attempt, rules, how, target):
    """The switch sends a modified exchange back to 3 only if the wanted SKU is unchanged."""
    outcome = attempt(make_exchange(6, came_from=3), "modify", "buyer", rules=rules, **how)

    assert outcome.exchange.status == target


@pytest.mark.parametrize(("verdict", "move_status"), [(Verdict.SELLER, 4), (Verdict.REFUND, 14)])
def test_other_judgements_need_no_stock(make_exchange, attempt, verdict, move_status):
    """Only a judgement for the buyer may need stock."""
    outcome = attempt(
        make_exchange(6, "upgraded", cs=3, came_from=1), "judge", "cs", available=0, verdict=verdict
    )

    assert outcome.exchange.status is Status(move_status)


def test_a_failed_condition_says_which_value_is_wrong(make_exchange, attempt):
    """The text of a refused argument repeats the argument."""
    with pytest.raises(ConditionFailed, match="7003"):
        attempt(make_exchange(1), "agree", "seller", address_id=7003)
