"""Moves with their fields, drawn from the moves' declarations, as `POST …/moves` takes them.

What depends on a world (return addresses, refuse reasons) is left to the move's own default.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...api.methods import METHODS
from ...domain.catalogue import list_accepted_names
from ...domain.moves import MOVES, Apply, Move
from ...domain.rules import DEFAULTS
from ...domain.vocabulary import Actor
from ...world.default_world import CARRIERS, DEFAULT
from ...world.document import unknown_name
from ...world.move_parser import ACTOR_MOVES
from .struct_documents import Document, documents_of
from .values import data_urls, phones, places, waybills, words

__all__ = ["fields_of", "moves"]

_WORDS = words(100, max_bytes=DEFAULTS.number("message_max_bytes"))
_PICTURES = st.lists(data_urls(), max_size=1)  # a signed call carries one
_TYPES = next(
    param.among
    for param in METHODS["tmall.exchange.consigngoods"].params
    if param.name == "logistics_type"
)
_BY_NAME: Mapping[str, SearchStrategy[Any]] = MappingProxyType(
    {
        "reason": _WORDS,
        "desc": _WORDS,
        "leave_message": _WORDS,
        "content": _WORDS,
        "leave_message_pics": _PICTURES,
        "pics": _PICTURES,
        "exchange_sku": st.sampled_from([item.name for item in DEFAULT.goods]),
        "num": st.integers(1, 3),
        "buyer_address": places(),
        "complete_address": words(60),
        "mobile": phones(),
        "post": st.text("0123456789", min_size=6, max_size=6),
        "logistics_type": st.sampled_from([int(text) for text in _TYPES]),
        "logistics_no": waybills(),
        "logistics_company_name": st.sampled_from(list(list_accepted_names(CARRIERS))),
    }
)
_WORLD_FIELDS = ("address_id", "seller_refuse_reason_id")


def fields_of(kind: type[Move], *without: str) -> SearchStrategy[Document]:
    """Draw the fields of a move, without those named; all may be left out."""
    return documents_of(kind, _BY_NAME, without=(*_WORLD_FIELDS, *without))


def _moves_of(by: Actor, kind: type[Move]) -> SearchStrategy[Document]:
    head = {"by": by.value, "move": kind.name()}
    return fields_of(kind).map(lambda fields: {**head, **fields})


_MOVES: Mapping[tuple[Actor, str], SearchStrategy[Document]] = MappingProxyType(
    {
        (by, name): _moves_of(by, MOVES[name])
        for by in Actor
        for name in ACTOR_MOVES[by]
        if name != Apply.name()
    }
)


def moves(
    actor: str | None = None, possible: Mapping[str, Iterable[str]] | None = None
) -> SearchStrategy[Document]:
    """Draw `{"by": …, "move": …, …fields}`, of one actor or of all but the system.

    `possible`, as an exchange has it, limits them to moves that are possible; where it is empty,
    nothing can be drawn.

    Raises:
        BadDocument: no such actor.
    """
    if actor is not None and actor not in set(Actor):
        raise unknown_name("actor", actor, tuple(Actor))
    actors = [Actor(actor)] if actor else [Actor.BUYER, Actor.SELLER, Actor.CS]
    return st.one_of(
        [
            drawn
            for (by, name), drawn in _MOVES.items()
            if by in actors and (possible is None or name in possible.get(by, ()))
        ]
    )
