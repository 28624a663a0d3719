"""Fixtures of the gateway's tests: moves by name."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mockserver.domain.moves import MOVES
from mockserver.domain.vocabulary import Role
from mockserver.world.world import World
from tests.oracle import MOVES_BY_ACTOR

OWN_ROLES = {"seller": Role.SELLER_MAIN, "buyer": Role.BUYER, "cs": Role.CS}


@pytest.fixture
def act() -> Callable[..., Any]:
    """Plays a move by its name for the actor it belongs to."""

    def play(
        world: World, dispute_id: int, move: str, role: Role | None = None, **fields: Any
    ) -> Any:
        own = next(OWN_ROLES[actor] for actor in OWN_ROLES if move in MOVES_BY_ACTOR[actor])
        return world.move(dispute_id, msgspec.convert(fields, MOVES[move]), role or own)

    return play
