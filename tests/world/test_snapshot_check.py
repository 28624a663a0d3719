"""Snapshot documents that do not fit together are refused by the part.

Those that do come back the same.
"""

import base64
import copy
import json

import pytest

from mockserver.domain.moves import LeaveMessage
from mockserver.domain.vocabulary import Role
from mockserver.world.document import BadDocument
from mockserver.world.snapshot import read_snapshot, write_snapshot

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
INSTANTS = [
    ("clock.at", lambda d: d["clock"], "at"),
    ("clock.anchor", lambda d: d["clock"], "anchor"),
    ("sessions[0].expires", lambda d: d["sessions"][0], "expires"),
    ("trades[0].created", lambda d: d["trades"][0], "created"),
    ("exchanges[0].created", lambda d: d["exchanges"][0], "created"),
    ("exchanges[0].modified", lambda d: d["exchanges"][0], "modified"),
    ("exchanges[0].entered", lambda d: d["exchanges"][0], "entered"),
    ("exchanges[0].due", lambda d: d["exchanges"][0], "due"),
    ("facts[1].at", lambda d: d["facts"][1], "at"),
    ("messages[1].created", lambda d: d["messages"][1], "created"),
]


@pytest.fixture
def document(add_world, act):
    """The document of a world with an agreed exchange, a picture and a stub."""
    world = add_world(clock="2026-03-01 10:00:00")
    [exchange] = world.open({"dispute_id": 7})
    act(world, exchange, "agree")
    world.move(7, LeaveMessage(pics=("a.png",)), Role.BUYER, pictures={"a.png": PNG})
    world.stub("taobao.some.thing", b'{"answer":1}')
    return json.loads(write_snapshot(world.snapshot("kept")))


@pytest.fixture
def refused(document):
    """The field for which a changed document is refused."""

    def ask(change):
        wrong = copy.deepcopy(document)
        change(wrong)
        with pytest.raises(BadDocument) as refusal:
            read_snapshot(wrong)
        assert not refusal.value.conflict
        return refusal.value.field

    return ask


def test_the_document_itself_comes_back_the_same(document):
    """A document that a sandbox wrote is read, and written again to the letter."""
    assert json.loads(write_snapshot(read_snapshot(copy.deepcopy(document)))) == document


@pytest.mark.parametrize(
    "instant",
    [
        "2026-03-01T10:00:00",
        "0001-01-01T00:00:00Z",
        "0001-06-01T00:00:00+08:00",
        "9999-12-31T23:59:59+08:00",
        "1969-12-31T00:00:00+08:00",
        "3000-01-01T00:00:00+08:00",
    ],
)
@pytest.mark.parametrize(("path", "part", "name"), INSTANTS, ids=[path for path, _, _ in INSTANTS])
def test_an_instant_without_zone_or_out_of_reach_is_named(refused, path, part, name, instant):
    """An instant without a zone, or in a year that no sandbox can be in, is refused by its path."""
    assert refused(lambda document: part(document).update({name: instant})) == path


@pytest.mark.parametrize("days", [900_000, -900_000, 3_000_000])
def test_an_age_out_of_reach_is_named(refused, days):
    """A clock that has aged out of the years that a sandbox can show is refused.

    It could not be restored.
    """
    assert refused(
        lambda document: document["clock"].update(aged=f"{'-' if days < 0 else ''}P{abs(days)}D")
    ).startswith("clock")


def test_reserved_units_that_are_missing_are_named(refused):
    """Accounts with less reserved than exchanges hold are refused."""

    def rob(document):
        document["accounts"][document["exchanges"][0]["exchange_sku"]]["reserved"] -= 1

    assert refused(rob) == "accounts"


@pytest.mark.parametrize("part", ["exchanges", "sessions"])
def test_what_stands_twice_is_named(refused, part):
    """An exchange or a session that stands twice is refused."""
    assert refused(lambda document: document[part].append(document[part][0])) == part


@pytest.mark.parametrize(
    "reply", [b"", b"not JSON", b"[1]", b'"text"', b"null", b"3", b'{"a":', b"\xff"]
)
def test_a_stub_that_is_no_object_is_named(refused, reply):
    """A stub whose reply is no JSON object is refused by its method."""

    def spoil(document):
        document["stubs"]["taobao.some.thing"] = base64.b64encode(reply).decode()

    assert refused(spoil) == "stubs.taobao.some.thing"


@pytest.mark.parametrize("content", [b"", b"<html>", b"GIF", b"\x89PN"])
def test_a_picture_that_is_none_is_named(refused, content):
    """A picture whose content is none is refused by its name."""

    def spoil(document):
        document["pictures"]["a.png"] = base64.b64encode(content).decode()

    assert refused(spoil) == "pictures.a.png"


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("exchanges", {"num": -5}),
        ("exchanges", {"num": 10**15}),
        ("exchanges", {"reserved": -1}),
        ("accounts", {"available": -5}),
        ("accounts", {"available": 2**60}),
        ("accounts", {"outside": -(2**60)}),
    ],
)
def test_units_out_of_bounds_are_named(refused, part, change):
    """Units below zero or beyond all counting are refused by the part that holds them."""

    def bend(document):
        rows = document[part]
        (rows[0] if isinstance(rows, list) else next(iter(rows.values()))).update(change)

    assert refused(bend).startswith(part)


@pytest.mark.parametrize(
    ("part", "field"), [("sessions", "sessions"), ("exchanges", "exchanges[0].shop")]
)
def test_a_shop_that_is_not_there_is_named(refused, part, field):
    """Sessions and exchanges belong to shops of the document."""
    assert refused(lambda document: document[part][0].update(shop="别家店")) == field
