"""Fixtures of the world's tests: a machine clock under control, a shared directory, moves by name."""

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from mockserver.domain.exchange import Exchange, Message, Outcome
from mockserver.domain.moves import MOVES
from mockserver.domain.vocabulary import Role
from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.shapes import BEIJING
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.world import World

BUYER = ("ship_back", "modify", "cancel", "ask_cs", "confirm_receipt")
CS = ("step_in", "judge")


class Machine:
    """The machine's clock: a callable that shows what the test says."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, 0, tzinfo=BEIJING)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        """Real time passes."""
        self.now += timedelta(**span)


@pytest.fixture
def machine() -> Machine:
    """A machine clock that only the test moves."""
    return Machine()


@pytest.fixture
def directory(machine: Machine) -> Directory:
    """A directory of worlds over the controlled machine clock."""
    return Directory(machine)


@pytest.fixture
def found(directory: Directory) -> Callable[..., World]:
    """Makes a world in the shared directory from keys of a world document."""

    def make(id: str = "", **document: Any) -> World:
        world = World(directory, read_document(document, WorldDocument), id=id)
        directory.add(world)
        return world

    return make


@pytest.fixture
def act() -> Callable[..., tuple[Outcome, Message]]:
    """Plays a move by its name for the actor it belongs to."""

    def play(
        world: World, exchange: Exchange, move: str, role: Role | None = None, **fields: Any
    ) -> tuple[Outcome, Message]:
        own = Role.BUYER if move in BUYER else Role.CS if move in CS else Role.SELLER_MAIN
        return world.move(exchange.dispute_id, msgspec.convert(fields, MOVES[move]), role or own)

    return play


@pytest.fixture
def caller_of(top: Any) -> Callable[[World], Any]:
    """A signed in-process caller for any world."""
    return lambda world: type(top)(Gateway(SandboxLookup(world.directory)), world)


@pytest.fixture
def beijing() -> Callable[[str], datetime]:
    """The instant that a text names in GMT+8."""
    return lambda text: datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Threads take turns far more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
