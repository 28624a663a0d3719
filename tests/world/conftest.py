"""Fixtures of the world's tests: moves by name, threads that take turns."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from mockserver.domain.exchange import Exchange, Message, Outcome
from mockserver.domain.moves import MOVES
from mockserver.domain.vocabulary import Role
from mockserver.world.world import World
from tests.oracle import MOVES_BY_ACTOR

OWN_ROLES = {"seller": Role.SELLER_MAIN, "buyer": Role.BUYER, "cs": Role.CS}


@pytest.fixture
def act() -> Callable[..., tuple[Outcome, Message]]:
    """Plays a move by its name for the actor it belongs to."""

    def play(
        world: World, exchange: Exchange, move: str, role: Role | None = None, **fields: Any
    ) -> tuple[Outcome, Message]:
        own = next(OWN_ROLES[actor] for actor in OWN_ROLES if move in MOVES_BY_ACTOR[actor])
        return world.move(exchange.dispute_id, msgspec.convert(fields, MOVES[move]), role or own)

    return play


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Threads take turns far more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
