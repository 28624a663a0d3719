"""What a move writes and leaves, when the system moves, and what is possible until then."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.domain.errors import DomainError
from mockserver.domain.ledger import Accounts, post_entries
from mockserver.domain.play import deadline, possible
from mockserver.domain.rules import DEFAULTS, BadRule
from mockserver.domain.vocabulary import Verdict
from tests.oracle import CLASSIC_POSSIBLE, DEADLINES, END_STATUSES

DAY = timedelta(days=1)


@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
@pytest.mark.parametrize(("status", "cs", "expected"), CLASSIC_POSSIBLE)
def test_possible_moves(make_exchange, ruleset, status, cs, expected):
    """The moves of buyer, seller and customer service are the documented ones, each listed once."""
    exchange = make_exchange(status, ruleset, cs=cs, came_from=3 if status == 6 else 0)
    extra = {("seller", "confirm_consign")} if (ruleset, status) == ("upgraded", 3) else set()

    moves = [(str(actor), move.name()) for actor, move in possible(exchange, DEFAULTS)]

    assert set(moves) == expected | extra
    assert len(moves) == len(set(moves))
    assert moves == sorted(moves, key=lambda move: move[1] == "leave_message")


@pytest.mark.parametrize("ruleset", ["classic", "upgraded"])
@pytest.mark.parametrize(
    ("status", "length"), [*DEADLINES.items(), *((status, None) for status in END_STATUSES)]
)
def test_each_state_has_its_deadline(make_exchange, ruleset, status, length):
    """The deadline counts from entering the state, not from creation; the ends have none."""
    exchange = make_exchange(status, ruleset)
    exchange = replace(exchange, entered=exchange.created + 20 * DAY)

    assert deadline(exchange, DEFAULTS) == (
        exchange.created + 20 * DAY + length if length else None
    )


@pytest.mark.parametrize("status", [1, 2, 3, 6, 12, 13])
def test_deadlines_follow_the_switches(make_exchange, status):
    """Every length is a choice of the sandbox."""
    exchange = make_exchange(status)

    assert deadline(
        exchange, DEFAULTS.with_changes({f"deadline.{status}": "90s"})
    ) == exchange.entered + timedelta(seconds=90)


@pytest.mark.parametrize(
    "text", ["999999d", "99999999h", "999999999m", "9999999999s", "999999d99999999h"]
)
def test_a_length_is_refused_or_gives_a_deadline(make_exchange, text):
    """However long, an accepted deadline is an instant that can be written."""
    with suppress(BadRule):
        rules = DEFAULTS.with_changes({"deadline.2": text})
        assert deadline(make_exchange(2), rules) > make_exchange(2).entered


@pytest.mark.parametrize(("cs", "has_one"), [(1, True), (2, False), (3, False), (6, True)])
def test_no_deadline_while_customer_service_has_the_case(make_exchange, cs, has_one):
    """While `cs_status` is 2 or 3 the system never moves."""
    assert (deadline(make_exchange(6, cs=cs, came_from=3), DEFAULTS) is not None) is has_one


def test_a_given_deadline_holds_until_the_state_changes(make_exchange, attempt):
    """A deadline given when the exchange was opened counts, and the next state counts anew."""
    exchange = make_exchange(2)
    exchange = replace(exchange, due=exchange.created + 33 * DAY)

    after = attempt(exchange, "ship_back", "buyer").exchange

    assert deadline(exchange, DEFAULTS) == exchange.created + 33 * DAY
    assert deadline(after, DEFAULTS) == after.entered + 10 * DAY


@pytest.mark.parametrize(
    ("status", "move", "by"),
    [
        (1, "agree", "seller"),
        (2, "ship_back", "buyer"),
        (3, "returngoods_refuse", "seller"),
        (6, "modify", "buyer"),
        (12, "consigngoods", "seller"),
        (13, "confirm_receipt", "buyer"),
    ],
)
def test_a_move_stamps_its_instant(make_exchange, attempt, status, move, by):
    """`modified` and the beginning of the new state are the instant of the move.

    `created` stays.
    """
    exchange = make_exchange(status, came_from=3 if status == 6 else 0)
    at = exchange.created + 3 * DAY

    after = attempt(exchange, move, by, at=at).exchange

    assert (after.created, after.modified, after.entered) == (exchange.created, at, at)


@pytest.mark.parametrize("status", [1, 2, 3, 6, 12, 13])
@pytest.mark.parametrize("by", ["buyer", "seller", "cs"])
def test_a_message_does_not_touch_the_exchange(make_exchange, attempt, status, by):
    """A message leaves the whole exchange as it was, `modified` and the deadline included."""
    exchange = make_exchange(status)

    outcome = attempt(exchange, "leave_message", by, content="您好")

    assert outcome.exchange == exchange
    assert (outcome.message_text, outcome.human, outcome.entries) == ("您好", True, ())


def test_a_refused_move_changes_nothing(make_exchange, attempt):
    """The exchange and the accounts are the same values after a refusal."""
    exchange = make_exchange(1)
    original = replace(exchange)

    with pytest.raises(DomainError):
        attempt(exchange, "agree", "seller", available=0)

    assert exchange == original


def test_agreeing_writes_the_chosen_return_address(make_exchange, attempt):
    """The exchange shows the address of the contact id that the seller chose."""
    assert attempt(make_exchange(1), "agree", "seller").exchange.address == "退货地址七千零一"


def test_the_system_agrees_with_the_default_return_address(make_exchange, attempt):
    """A silent seller's exchange shows the default return address."""
    assert attempt(make_exchange(1), "expire", "system").exchange.address == "默认退货地址"


def test_shipping_back_writes_the_buyers_waybill(make_exchange, attempt):
    """Carrier and number of the return are the buyer's; the goods count as returned."""
    after = attempt(make_exchange(2), "ship_back", "buyer").exchange

    assert (after.buyer_logistic_name, after.buyer_logistic_no) == ("圆通速递", "YT1234567890")
    assert (after.seller_logistic_name, after.seller_logistic_no) == ("", "")
    assert after.good_status == "BUYER_RETURNED_GOODS"


@pytest.mark.parametrize(
    ("ruleset", "status", "move"),
    [("classic", 12, "consigngoods"), ("upgraded", 3, "confirm_consign")],
)
def test_shipping_writes_the_sellers_waybill(make_exchange, attempt, ruleset, status, move):
    """Carrier and number of the replacement are the seller's, beside the buyer's."""
    exchange = make_exchange(
        status, ruleset, buyer_logistic_no="YT1", buyer_logistic_name="圆通速递"
    )

    after = attempt(exchange, move, "seller").exchange

    assert (after.seller_logistic_name, after.seller_logistic_no) == ("顺丰快递", "SF1234567890")
    assert (after.buyer_logistic_name, after.buyer_logistic_no) == ("圆通速递", "YT1")


@pytest.mark.parametrize(
    ("modify_to", "waybill", "reserved"), [(1, ("", ""), 0), (3, ("圆通速递", "YT1"), 2)]
)
def test_modifying_to_1_forgets_the_return(make_exchange, attempt, modify_to, waybill, reserved):
    """Back to 1 the buyer's waybill is cleared and the reservation released.

    Back to 3 both are kept.
    """
    exchange = make_exchange(
        6, came_from=3, buyer_logistic_no="YT1", buyer_logistic_name="圆通速递"
    )

    after = attempt(exchange, "modify", "buyer", rules={"modify_to": modify_to}).exchange

    assert (after.buyer_logistic_name, after.buyer_logistic_no) == waybill
    assert after.reserved == reserved


def test_modifying_changes_the_wishes_given(make_exchange, attempt):
    """Fields of the buyer are written, others stay.

    What was reserved is released under the old SKU and number.
    """
    outcome = attempt(
        make_exchange(6, came_from=3), "modify", "buyer", exchange_sku="V", num=1, desc="换大一码"
    )

    after = outcome.exchange
    assert (after.exchange_sku, after.num, after.desc, after.reason) == (
        "V",
        1,
        "换大一码",
        "尺码不合适",
    )
    assert [(e.sku, e.num, e.source, e.target) for e in outcome.entries] == [
        ("W", 2, "reserved", "available")
    ]


def test_refusing_the_receipt_keeps_the_reservation(make_exchange, attempt):
    """In 6 that came from 3 the wanted units are still reserved."""
    assert attempt(make_exchange(3), "returngoods_refuse", "seller").exchange.reserved == 2


@pytest.mark.parametrize(
    ("status", "move", "by", "human"),
    [(1, "agree", "seller", True), (1, "apply", "buyer", True), (2, "expire", "system", False)],
)
def test_every_move_leaves_words(make_exchange, attempt, status, move, by, human):
    """A move without words of its actor leaves a notice; only the system's count as not human."""
    outcome = attempt(make_exchange(status), move, by)

    assert outcome.message_text
    assert outcome.human is human


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                ("agree", "seller", {}),
                ("refuse", "seller", {}),
                ("expire", "system", {}),
                ("cancel", "buyer", {}),
                ("ship_back", "buyer", {}),
                ("returngoods_agree", "seller", {}),
                ("returngoods_refuse", "seller", {}),
                ("confirm_consign", "seller", {}),
                ("consigngoods", "seller", {}),
                ("turn_to_refund", "seller", {}),
                ("modify", "buyer", {}),
                ("modify", "buyer", {"exchange_sku": "B", "num": 1}),
                ("modify", "buyer", {"exchange_sku": "W", "num": 3}),
                ("ask_cs", "buyer", {}),
                ("step_in", "cs", {}),
                ("judge", "cs", {"verdict": Verdict.BUYER}),
                ("judge", "cs", {"verdict": Verdict.SELLER}),
                ("judge", "cs", {"verdict": Verdict.REFUND}),
                ("confirm_receipt", "buyer", {}),
                ("leave_message", "cs", {}),
            ]
        ),
        st.sampled_from([1, 3]),
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def walk(make_exchange, attempt):
    """Plays what can be played of a list of moves.

    Gives the exchange and the accounts after each.
    """

    def walked(ruleset, stock, steps):
        exchange = make_exchange(1, ruleset)
        accounts = {"W": Accounts(available=stock), "B": Accounts(available=stock)}
        for (name, by, fields), modify_to in steps:
            available = accounts[exchange.exchange_sku].available
            with suppress(DomainError):
                outcome = attempt(
                    exchange,
                    name,
                    by,
                    available=available,
                    rules={"modify_to": modify_to},
                    **fields,
                )
                accounts |= post_entries(accounts, outcome.entries)
                exchange = outcome.exchange
            yield exchange, accounts

    return walked


@settings(deadline=None)
@given(ruleset=st.sampled_from(["classic", "upgraded"]), stock=st.integers(0, 6), steps=STEPS)
def test_units_are_neither_made_nor_lost(walk, ruleset, stock, steps):
    """On every way a SKU's sum is constant, and only `outside` falls below zero."""
    for _, accounts in walk(ruleset, stock, steps):
        for account in accounts.values():
            assert (
                account.available
                + account.reserved
                + account.shipped
                + account.returned
                + account.outside
                == stock
            )
            assert min(account.available, account.reserved, account.shipped, account.returned) >= 0


@settings(deadline=None)
@given(ruleset=st.sampled_from(["classic", "upgraded"]), stock=st.integers(0, 6), steps=STEPS)
def test_reserved_units_belong_to_an_open_exchange(walk, ruleset, stock, steps):
    """In 2, 3 and 12 an exchange holds its units, in 1, 13 and the ends none.

    The account agrees.
    """
    for exchange, accounts in walk(ruleset, stock, steps):
        assert accounts[exchange.exchange_sku].reserved == exchange.reserved
        if exchange.status in (2, 3, 12):
            assert exchange.reserved == exchange.num
        if exchange.status in (1, 4, 5, 13, 14):
            assert sum(account.reserved for account in accounts.values()) == 0


def test_verbatim_fields_end_when_they_are_no_longer_true(make_exchange, attempt):
    """What the move writes, the version and the time left are dropped; other values stay shown."""
    verbatim = {
        "refund_version": 1,
        "time_out": "2026-03-04 10:00:00",
        "buyer_logistic_no": "YT0",
        "alipay_no": "2026",
    }
    exchange = make_exchange(2, verbatim=verbatim)

    after = attempt(exchange, "ship_back", "buyer").exchange

    assert after.verbatim == {"alipay_no": "2026"}
    assert exchange.verbatim == verbatim


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"address_id": 7001}, "退货地址七千零一"),
        ({"address_id": 7001, "complete_address": "杭州市转塘街道 1 号"}, "杭州市转塘街道 1 号"),
    ],
)
def test_the_return_address_is_written_or_chosen(make_exchange, attempt, fields, address):
    """An address that the seller wrote counts before the one that he chose."""
    assert attempt(make_exchange(1), "agree", "seller", **fields).exchange.address == address
