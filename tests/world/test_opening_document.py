"""What a new sandbox begins with, and where a mistake of it stands."""

import pytest

from mockserver.world.document import BadDocument, WorldDocument, read_document
from mockserver.world.opening_document import open_at_first

STATUSES = [1, 2, 3, 4, 5, 6, 12, 13, 14]


def open_all(world, **document):
    """Open what the document begins with; the statuses of all exchanges in order."""
    open_at_first(read_document(document, WorldDocument), world.open)
    return [exchange.status.value for exchange in world.view.exchanges()]


def test_samples_are_one_of_every_status(world):
    """`samples` opens an exchange in each status, before the others."""
    assert sorted(open_all(world, samples=True, exchanges=[{"status": 2}])) == sorted(
        [*STATUSES, 2]
    )


def test_exchanges_may_be_many_alike(world):
    """`count` opens as many; without it one."""
    document = {"exchanges": [{"status": 2, "count": 2}, {"status": 5}]}
    assert open_all(world, **document) == [2, 2, 5]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"count": "2"}, "exchanges[1].count"),
        ({"count": True}, "exchanges[1].count"),
        ({"count": 1.5}, "exchanges[1].count"),
        ({"count": None}, "exchanges[1].count"),
        ({"count": 0}, "exchanges[1].count"),
        ({"status": 99}, "exchanges[1].status"),
        ({"statuss": 2}, "exchanges[1].statuss"),
    ],
)
def test_a_mistake_is_named_with_its_place(world, wrong, field):
    """The field begins with the place of the exchange in the list."""
    with pytest.raises(BadDocument) as refusal:
        open_all(world, exchanges=[{}, wrong])
    assert refusal.value.field == field
