"""Fixtures of the gateway's tests: moves by name."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mockserver.domain.moves import MOVES
from mockserver.domain.vocabulary import Role
from mockserver.world.world import World

BUYER = ("ship_back", "modify", "cancel", "ask_cs", "confirm_receipt")
CS = ("step_in", "judge")


@pytest.fixture
def act() -> Callable[..., Any]:
    """Plays a move by its name for the actor it belongs to."""

    def play(
        world: World, dispute_id: int, move: str, role: Role | None = None, **fields: Any
    ) -> Any:
        own = Role.BUYER if move in BUYER else Role.CS if move in CS else Role.SELLER_MAIN
        return world.move(dispute_id, msgspec.convert(fields, MOVES[move]), role or own)

    return play
