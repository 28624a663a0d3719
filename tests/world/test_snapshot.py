"""Snapshot documents: the whole state in version 2, and documents of version 1."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from mockserver.domain.moves import Agree
from mockserver.domain.vocabulary import Role, Status
from mockserver.scenario.recorder import record_scenario
from mockserver.world.document import BadDocument, WorldDocument, read_world
from mockserver.world.snapshot import read_snapshot, write_snapshot
from mockserver.world.world import World

VERSION_1 = Path(__file__).parent / "data" / "snapshot_version_1.json"


@pytest.fixture
def used(world):
    """A sandbox in which something was done, and its snapshot document."""
    opened = world.open({"exchange_sku": "wanted"}, 2)
    world.move(opened[0].dispute_id, Agree(), Role.SELLER_MAIN)
    world.put_stock("wanted", 7)
    world.patch_rules({"deadline.1": "5d"})
    world.age(timedelta(days=1))
    world.plan_faults({"fault": "moving_rows", "times": None})
    with world.unit_of_work() as work:
        work.show_moved(opened[1].dispute_id, work.now + timedelta(seconds=9))
    return world


def document_of(world):
    return json.loads(write_snapshot(world.snapshot("kept")))


def sandbox_from(world, document, **more):
    return World(world.directory, WorldDocument(), state=read_snapshot(document), **more)


def test_a_document_of_version_1_is_read(world):
    """A document that the first version wrote gives its exchanges, events, faults and counters."""
    document = json.loads(VERSION_1.read_text())
    assert document["version"] == 1
    sandbox = sandbox_from(world, document)
    assert [exchange.status for exchange in sandbox.view.exchanges()] == [
        Status.WAIT_BUYER_RETURN,
        Status.WAIT_SELLER_AGREE,
    ]
    assert [event.move for event in sandbox.view.events()] == ["apply", "apply", "agree"]
    assert [fault["fault"] for fault in sandbox.planned_faults()] == ["latency"]
    assert sandbox.view.operations == ()
    sandbox.advance(timedelta(days=30))
    assert document_of(sandbox)["version"] == 2


def test_a_document_carries_operations_and_moved_rows(used):
    """A sandbox from a document is recorded as its origin is, and shows the same moved rows."""
    document = document_of(used)
    again = sandbox_from(used, document)
    texts = []
    for sandbox in (used, again):
        with sandbox.unit_of_work() as work:
            texts.append(record_scenario(work.view.copy(), work.now, "x"))
    assert texts[0] == texts[1]
    dates = [
        [view.read_exchange(row.dispute_id, "").modified for row in view.exchanges()]
        for view in (used.view, again.view)
    ]
    assert dates[0] == dates[1]
    assert dates[0][1] > used.view.exchange(document["exchanges"][1]["dispute_id"]).modified


def test_a_document_carries_coverage(used):
    """Counts come along in a document where that is asked for.

    Else a sandbox has counts of its own.
    """
    document = document_of(used)
    again = sandbox_from(used, document, keep_coverage=True)
    assert again.coverage.counts() == used.coverage.counts()
    assert sandbox_from(used, document).coverage.counts() != used.coverage.counts()


def test_a_document_carries_no_secrets():
    """Secrets and sessions of the world document stay out of the operations."""
    from mockserver.server import make_context

    document = read_world(
        {
            "apps": [{"app_key": "77", "app_secret": "the-secret-of-77"}],
            "shops": [{"session": "session-of-main", "subs": [{"session": "session-of-sub"}]}],
        }
    )
    world = World(make_context().directory, document)
    text = write_snapshot(world.snapshot("kept")).decode()
    assert "secret-of" not in text and "session-of" not in text


@pytest.mark.parametrize(
    ("place", "change", "field"),
    [
        (0, {"kind": "odd"}, "operations[0].kind"),
        (2, {"number": 99}, "operations[2].number"),
        (2, {"move": "odd"}, "operations[2].move"),
        (1, {"dispute_ids": [5]}, "operations[1].dispute_ids"),
        (3, {"sku_id": "5"}, "operations[3].sku_id"),
        (4, {"patch": {"odd": 1}}, "operations[4].patch.odd"),
        (5, {"at": "2026-03-01T10:00:00"}, "operations[5].at"),
        (5, {"more": 1}, "operations[5].more"),
    ],
)
def test_operations_that_cannot_be(used, place, change, field):
    """An operation that does not fit the state is refused with its place."""
    document = document_of(used)
    document["operations"][place] |= change
    with pytest.raises(BadDocument) as refused:
        read_snapshot(document)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("part", "value", "field"),
    [
        ("moved_rows", {"5": "2026-03-01T10:00:00+08:00"}, "moved_rows"),
        ("moved_rows", {"x": "2026-03-01T10:00:00+08:00"}, "moved_rows"),
        ("coverage", {"moves": [["classic", "no-row", 1, False, 2]]}, "coverage.moves"),
    ],
)
def test_parts_that_cannot_be(used, part, value, field):
    """Moved rows and counts that name nothing are refused."""
    document = document_of(used)
    document[part] = value
    with pytest.raises(BadDocument) as refused:
        read_snapshot(document)
    assert refused.value.field == field
