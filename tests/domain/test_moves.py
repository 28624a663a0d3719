"""The names and fields of moves, as users type them."""

import msgspec
import pytest

from mockserver.domain.moves import MOVES

SHIPMENT = {"logistics_no", "logistics_type", "logistics_company_name"}
WISHES = {"reason", "desc", "exchange_sku", "num", "buyer_address"}
REFUSAL = {"seller_refuse_reason_id", "leave_message", "leave_message_pics"}
FIELDS = {
    "apply": WISHES,
    "ship_back": {"logistics_company_name", "logistics_no"},
    "modify": WISHES,
    "cancel": set(),
    "ask_cs": set(),
    "confirm_receipt": set(),
    "agree": {
        "address_id",
        "leave_message",
        "leave_message_pics",
        "complete_address",
        "mobile",
        "post",
    },
    "refuse": REFUSAL,
    "returngoods_agree": set(),
    "returngoods_refuse": REFUSAL,
    "consigngoods": SHIPMENT,
    "confirm_consign": SHIPMENT,
    "turn_to_refund": set(),
    "step_in": set(),
    "judge": {"for", "content"},
    "expire": set(),
    "leave_message": {"content", "pics"},
}


def test_every_move_has_its_name():
    """The moves are those of the interface sheet, under its names."""
    assert set(MOVES) == set(FIELDS)


@pytest.mark.parametrize(("name", "fields"), FIELDS.items())
def test_a_move_takes_its_fields(name, fields):
    """A seller's move takes its method's parameters, the others what the interface sheet lists."""
    assert set(MOVES[name].__struct_encode_fields__) == fields


@pytest.mark.parametrize("name", FIELDS)
def test_a_bare_move_is_playable(name):
    """Every field has a default, so that a name alone makes a move."""
    assert type(msgspec.convert({}, MOVES[name])) is MOVES[name]


@pytest.mark.parametrize("name", FIELDS)
def test_an_unknown_field_is_refused(name):
    """A misspelt field never passes silently."""
    with pytest.raises(msgspec.ValidationError, match="no_such_field"):
        msgspec.convert({"no_such_field": 1}, MOVES[name])


@pytest.mark.parametrize("verdict", ["buyer", "seller", "refund"])
def test_a_judgement_is_for_one_of_three(verdict):
    """`for` takes buyer, seller or refund."""
    assert msgspec.convert({"for": verdict}, MOVES["judge"]).verdict == verdict


def test_a_judgement_for_nobody_is_refused():
    """Another word for `for` is refused."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"for": "nobody"}, MOVES["judge"])


@pytest.mark.parametrize("units", [-1, 1_000_001])
def test_a_number_of_units_has_bounds(units):
    """No move is made of less than no goods or of more than a million."""
    with pytest.raises(msgspec.ValidationError, match="from 0 to 1000000"):
        msgspec.convert({"num": units}, MOVES["apply"])


def test_a_message_carries_its_text_and_pictures():
    """`content` and `pics` of a message; a seller's move has `leave_message` and its pictures."""
    message = MOVES["leave_message"](content="已寄出", pics=("a.png",))
    refusal = MOVES["refuse"](leave_message="请补拍照片", leave_message_pics=("b.png",))
    silent = MOVES["cancel"]()

    assert (message.message_text, message.pictures) == ("已寄出", ("a.png",))
    assert (refusal.message_text, refusal.pictures) == ("请补拍照片", ("b.png",))
    assert (silent.message_text, silent.pictures) == ("", ())
