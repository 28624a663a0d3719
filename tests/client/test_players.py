"""The methods of the parties are the moves of the table, with the fields of the moves."""

import inspect
from typing import get_type_hints

import pytest

from mockserver import Sandbox
from mockserver.client.players import Buyer, CustomerService, Player, Seller, System
from mockserver.domain.moves import MOVES
from mockserver.world.move_parser import ACTOR_MOVES

PARTIES = (Buyer, Seller, CustomerService, System)


def moves_of(party: type[Player]) -> set[str]:
    """Return the names of the public methods of a party."""
    return {name for name, _ in inspect.getmembers(party, inspect.isfunction) if name[0] != "_"}


def fields_of(party: type[Player], move: str) -> set[str]:
    """Return the names of the keyword arguments of a move, spelt as the control API does."""
    keywords = inspect.signature(getattr(party, move)).parameters.get("fields")
    if keywords is None:
        return set()
    unpacked = get_type_hints(getattr(party, move))["fields"]
    (document,) = unpacked.__args__
    return {name.rstrip("_") for name in document.__annotations__}


@pytest.mark.parametrize("party", PARTIES)
def test_every_move_of_a_party_is_a_method(party: type[Player]) -> None:
    """A party has a method for each of its moves in the table, and no other."""
    assert moves_of(party) == set(ACTOR_MOVES[party.actor])


@pytest.mark.parametrize(
    ("party", "move"), [(party, move) for party in PARTIES for move in sorted(moves_of(party))]
)
def test_keyword_arguments_are_the_fields_of_the_move(party: type[Player], move: str) -> None:
    """A method takes exactly the fields of its move."""
    assert fields_of(party, move) == set(MOVES[move].__struct_encode_fields__)


def test_a_method_plays_its_move() -> None:
    """Each method of a party plays the move of its name."""
    sandbox = Sandbox()
    calls = []

    def ask(verb: str, path: str, body: object = None, **query: object) -> None:
        calls.append(body["move"])

    for party in (sandbox.buyer, sandbox.seller, sandbox.cs, sandbox.system):
        party._ask = ask
        for move in sorted(moves_of(type(party))):
            getattr(party, move)(1)
    assert calls == [
        move
        for party in (Buyer, Seller, CustomerService, System)
        for move in sorted(ACTOR_MOVES[party.actor])
    ]


def test_goods_without_a_name_are_nobodys_wish() -> None:
    """Goods may be called ""; a move that names no goods does not mean them."""
    sandbox = Sandbox(goods={"": {"stock": 3}})
    exchange = sandbox.open()
    sandbox.buyer.cancel()

    assert exchange.status == 4
