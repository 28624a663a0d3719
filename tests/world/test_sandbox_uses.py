"""Last uses, leases and expiry of sandboxes, by a clock that is moved by hand."""

from datetime import datetime, timedelta

import pytest

from mockserver.protocol.shapes import BEIJING
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.world import World


class Clock:
    """A real clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 10, tzinfo=BEIJING)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    """The server's clock."""
    return Clock()


@pytest.fixture
def directory(clock) -> Directory:
    """`default`, `one` and `two`, which expire after a day."""
    directory = Directory(clock)
    directory.uses.expire_after = timedelta(days=1)
    directory.add(World(directory, read_document({}, WorldDocument), id="default"))
    for name in ("one", "two"):
        document = read_document({"name": name}, WorldDocument)
        directory.add(World(directory, document))
    return directory


def ids(directory: Directory) -> list[str]:
    """The sandboxes that there are."""
    return [world.id for world in directory.all()]


def session_of(directory: Directory, name: str) -> tuple[str, str]:
    """A session of the sandbox, and its app key; asking is no use."""
    world = next(world for world in directory.all() if world.id == name)
    return next(iter(world.view.sessions())).token, next(iter(world.view.apps())).app_key


def test_what_nobody_uses_expires(directory, clock):
    """A second before the day all are there, at its end only `default` is."""
    clock.pass_by(hours=23, minutes=59, seconds=59)
    assert ids(directory) == ["default", "one", "two"]
    clock.pass_by(seconds=1)
    assert ids(directory) == ["default"]


def test_a_call_of_the_gateway_is_a_use(directory, clock):
    """A sandbox that a session finds lives a day more, and its neighbour goes."""
    session, app_key = session_of(directory, "one")
    clock.pass_by(hours=20)
    assert directory.find(session, app_key)[0] is not None
    clock.pass_by(hours=20)
    assert ids(directory) == ["default", "one"]
    clock.pass_by(hours=20)
    assert directory.find(session, app_key) == (None, None, None)


def test_a_control_call_is_a_use_and_a_list_is_none(directory, clock):
    """`get` prolongs, `all` does not."""
    clock.pass_by(hours=20)
    ids(directory)
    assert directory.get("two") is not None
    clock.pass_by(hours=20)
    assert ids(directory) == ["default", "two"]


def test_who_is_held_stays(directory, clock):
    """A sandbox in which calls are at work stays; its day begins when the last one ends."""
    with directory.uses.lease("one"):
        with directory.uses.lease("one"):
            clock.pass_by(days=3)
            assert ids(directory) == ["default", "one"]
        clock.pass_by(days=3)
        assert ids(directory) == ["default", "one"]
    clock.pass_by(hours=23)
    assert ids(directory) == ["default", "one"]
    clock.pass_by(hours=2)
    assert ids(directory) == ["default"]


def test_a_sandbox_of_the_settings_file_stays(directory, clock):
    """What was marked to be kept never expires."""
    directory.uses.keep("two")
    clock.pass_by(days=300)
    assert ids(directory) == ["default", "two"]
    assert directory.uses.expires("two") is None


def test_without_a_duration_nothing_expires(directory, clock):
    """Off is the default: after ten years all are there."""
    directory.uses.expire_after = None
    clock.pass_by(days=3650)
    assert ids(directory) == ["default", "one", "two"]


def test_a_clock_set_back_drops_nothing(directory, clock):
    """A machine's clock may jump back."""
    clock.pass_by(days=-300)
    assert ids(directory) == ["default", "one", "two"]
