"""Bounds: numbers and prices of openings, names, session labels, memory of a journal."""

import pytest

from mockserver.domain.moves import MAX_UNITS
from mockserver.world.document import BadDocument
from mockserver.world.journal import MAX_JOURNAL_BYTES, Entry, Journal


@pytest.fixture
def entry():
    """Makes an entry by its number, with parameters of so many bytes."""

    def make(number, size=0):
        return Entry(
            number=number,
            request_id=f"r{number}",
            sandbox="none",
            at=1772330400.0,
            real=1772330400.0,
            verb="POST",
            method="x.y",
            caller="",
            dispute_id="",
            outcome="ok",
            code=0,
            sub_code="",
            msg_code="",
            rule="",
            micros=1,
            params=b'"' + b"x" * size + b'"',
            reply=b"{}",
        )

    return make


@pytest.mark.parametrize(
    "num", [MAX_UNITS + 1, str(MAX_UNITS + 1), -1, "-1", 0, 2**70, "", "1e3", "１"]
)
def test_units_out_of_bounds_are_named(world, whole_state, num):
    """A number of units below 1 or above a million is refused by name, and nothing is opened."""
    before = whole_state(world)
    with pytest.raises(BadDocument) as refused:
        world.open({"num": num})
    assert refused.value.field == "num"
    assert whole_state(world) == before


@pytest.mark.parametrize("num", [1, "1", MAX_UNITS])
def test_units_within_bounds_are_taken(world, num):
    """From one unit to a million an exchange opens, and agreeing needs as many."""
    assert world.open({"num": num})[0].num == int(num)


@pytest.mark.parametrize("field", ["price", "payment"])
@pytest.mark.parametrize(
    "price",
    [
        "9E999999",
        "1e5",
        "abc",
        "-1",
        "1.234",
        "1.",
        ".5",
        "+1",
        "NaN",
        "Infinity",
        "１９９",
        " 199",
        "1000000000000000",
    ],
)
def test_a_price_that_is_none_is_named(world, whole_state, field, price):
    """What is no price with at most two decimals is refused by name, and nothing is opened."""
    before = whole_state(world)
    with pytest.raises(BadDocument) as refused:
        world.open({field: price, "bought_sku": "31415926535"})
    assert refused.value.field == field
    assert whole_state(world) == before


@pytest.mark.parametrize("price", ["9E999999", "1e5", "abc", "-1", "1.234", "1000000000000000"])
def test_a_price_of_goods_that_is_none_is_named(make_world, price):
    """The same holds for the goods of a world document, which are named too."""
    with pytest.raises(BadDocument) as refused:
        make_world(goods={"hat": {"price": price}})
    assert refused.value.field == "goods.hat.price"


@pytest.mark.parametrize(
    ("price", "fen"),
    [("199", 19900), ("199.5", 19950), ("199.00", 19900), (199.5, 19950), (199, 19900)],
)
def test_a_price_is_taken(make_world, price, fen):
    """Yuan with none, one or two decimals, as text or number, is a price.

    An opening shows it as given.
    """
    world = make_world(goods={"hat": {"price": price}})
    assert world._state.goods["hat"].price == fen
    [exchange] = world.open({"price": price, "bought_sku": "31415926535"})
    assert (exchange.price, exchange.verbatim["price"]) == (fen, str(price))


@pytest.mark.parametrize(
    "shops",
    [
        [{"nick": "甲店"}, {"nick": "main"}],
        [{"nick": "sub"}],
        [{"nick": "甲店"}, {"nick": "sub"}],
        [{"subs": [{"nick": "客服"}, {"nick": "客服"}]}],
        [{"subs": [{"nick": "main"}]}],
        [{"nick": "甲店", "subs": [{"nick": "甲店"}]}],
        [{"nick": "甲店"}, {"nick": "乙店", "subs": [{"nick": "甲店"}]}],
        [
            {"nick": "甲店", "subs": [{"nick": "客服"}]},
            {"nick": "乙店", "subs": [{"nick": "客服"}]},
        ],
        [{"nick": "甲店"}, {"nick": "乙店", "subs": [{"nick": "sub"}]}],
    ],
)
def test_every_session_has_a_name_of_its_own(make_world, shops):
    """Shops and subs by which two sessions would answer to one name are refused."""
    with pytest.raises(BadDocument) as refused:
        make_world(shops=shops)
    assert refused.value.field.startswith("shops")


@pytest.mark.parametrize("name", ["s1", "s5", "s99999", "none", "baseline", "empty"])
def test_a_reserved_name_is_refused(add_world, name):
    """Names that the product uses itself are refused for a sandbox or a snapshot."""
    for ask in (lambda: add_world(name=name), lambda: add_world().snapshot(name)):
        with pytest.raises(BadDocument) as refused:
            ask()
        assert refused.value.field == "name"
        assert not refused.value.conflict


def test_unnamed_sandboxes_never_meet(add_world, directory):
    """Unnamed sandboxes have names of their own, also beside named ones and after some are gone."""
    made = [
        add_world(name="s5x"),
        add_world(name="s"),
        add_world(name="S5"),
        *(add_world() for _ in range(5)),
    ]
    for world in made[3:6]:
        directory.drop(world)
    made += [add_world() for _ in range(5)]
    assert len({world.id for world in made}) == len(made)


def test_a_journal_is_bounded_in_bytes(entry):
    """A journal of large entries has the newest within its bytes, whatever their number."""
    journal, size = Journal(), 4 * 1024 * 1024
    for number in range(40):
        journal.add(entry(number, size))
    total, entries = journal.select({}, 100)
    assert 0 < total < 40
    assert sum(item.size for item in entries) <= MAX_JOURNAL_BYTES
    assert [item.number for item in entries] == list(range(39, 39 - total, -1))
    journal.clear()
    for number in range(3):
        journal.add(entry(number))
    assert journal.select({}, 100)[0] == 3


def test_a_journal_is_bounded_in_number(entry):
    """A journal keeps no more entries than it was made for."""
    journal = Journal(2)
    for number in range(5):
        journal.add(entry(number))
    assert [entry.number for entry in journal.select({}, 100)[1]] == [4, 3]
