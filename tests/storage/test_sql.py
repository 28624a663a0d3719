"""The contract of `--store`: what a server with a store keeps, and what several of them share."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mockserver.client.control_client import ControlRefused
from mockserver.control.in_process import InProcessControl
from mockserver.server import make_context
from mockserver.service.context import ServerContext
from mockserver.world.document import read_world
from mockserver.world.state import State
from mockserver.world.state_records import KEYED, SETTINGS

_DERIVED = {"table", "operations", "_agenda", "_timers", "_lists", "queues"}


@contextmanager
def _serve(url: str) -> Iterator[tuple[ServerContext, InProcessControl]]:
    """A process of a server on a store, as far as a store can see."""
    context = make_context(document=read_world({}), token="t" * 24, store=url)
    try:
        yield context, InProcessControl(context)
    finally:
        context.close()
        context.close_store()


def _snapshot(control: InProcessControl, sandbox: str = "default") -> dict[str, object]:
    control("PUT", f"sandboxes/{sandbox}/snapshots/now")
    document = dict(control("GET", f"sandboxes/{sandbox}/snapshots/now"))
    control("DELETE", f"sandboxes/{sandbox}/snapshots/now")
    return document


_CHANGES: dict[str, tuple[tuple[str, str, object], ...]] = {
    "opening": (("POST", "exchanges", {"reason": "尺码不合适"}),),
    "opening at a late status": (("POST", "exchanges", {"status": 4}),),
    "advance": (("POST", "exchanges", {}), ("POST", "clock/advance", {"by": "30d"})),
    "age": (("POST", "exchanges", {}), ("POST", "clock/age", {"by": "1d"})),
    "clock": (("POST", "clock", {"mode": "frozen", "now": "2026-05-01 08:00:00"}),),
    "stock": (("PUT", "stock/wanted", {"available": 3}),),
    "rules": (("POST", "exchanges", {}), ("PATCH", "rules", {"deadline.1": "1h"})),
    "rights": (("PATCH", "sessions/sub", {"methods": [], "expires": "now"}),),
    "quotas": (("PUT", "quotas", [{"per": "day", "limit": 2}]),),
    "faults": (
        ("POST", "faults", {"fault": "slow_body", "times": 3}),
        ("POST", "faults", {"fault": "stale_read"}),
        ("POST", "exchanges", {}),
    ),
    "stub": (("PUT", "stubs/taobao.user.get", {"reply": {"user": {"nick": "甲"}}}),),
    "robots": (("PUT", "robots", {"buyer": "prompt"}), ("POST", "exchanges", {})),
    "snapshot and restore": (
        ("POST", "exchanges", {}),
        ("PUT", "snapshots/one", None),
        ("POST", "exchanges", {}),
        ("POST", "reset", {"to": "one"}),
    ),
    "reset": (("POST", "exchanges", {}), ("POST", "reset", {"to": "baseline"})),
    "empty": (("POST", "exchanges", {}), ("POST", "reset", {"to": "empty"})),
}


@pytest.mark.parametrize("change", _CHANGES)
def test_what_one_process_changes_another_one_sees(store_url: str, change: str):
    """After every kind of change a second process, and one started later, show the same state."""
    with _serve(store_url) as (_, first), _serve(store_url) as (_, second):
        before = _snapshot(second)
        for verb, path, body in _CHANGES[change]:
            first(verb, f"sandboxes/default/{path}", body)
        expected = _snapshot(first)

        assert _snapshot(second) == expected
        assert before != expected or change == "reset"
    with _serve(store_url) as (_, third):
        assert _snapshot(third) == expected


def test_a_sandbox_made_by_one_process_is_known_to_all(store_url: str):
    """Its id, app key and session are found by another process, until a third deletes it."""
    with _serve(store_url) as (first, make), _serve(store_url) as (second, read):
        made = make("POST", "sandboxes", {"name": "team"})

        assert read("GET", "sandboxes/team")["session"] == made["session"]
        world, app, session = second.directory.find(made["session"], made["app_key"])
        assert world is not None and world.id == "team"
        assert app is not None and session is not None
        read("DELETE", "sandboxes/team")
        assert make("GET", "sandboxes")["total"] == 1
        with pytest.raises(ControlRefused, match="team"):
            make("GET", "sandboxes/team")
        assert first.directory.find(made["session"], made["app_key"])[0] is None


def test_a_name_or_session_is_taken_in_all_processes(store_url: str):
    """A second process refuses a sandbox whose name or session another one has."""
    with _serve(store_url) as (_, first), _serve(store_url) as (_, second):
        first("POST", "sandboxes", {"name": "a", "shops": [{"session": "s" * 40}]})

        for document in ({"name": "a"}, {"name": "b", "shops": [{"session": "s" * 40}]}):
            with pytest.raises(ControlRefused, match=r"name|session"):
                second("POST", "sandboxes", document)


def test_a_deadline_fires_once(store_url: str):
    """When both processes look after a deadline, the exchange has one event of it."""
    with _serve(store_url) as (_, first), _serve(store_url) as (_, second):
        opened = first("POST", "sandboxes/default/exchanges", {})
        first("POST", "sandboxes/default/clock/advance", {"by": "60d"})

        path = f"sandboxes/default/exchanges/{opened['dispute_id']}"
        timelines = [control("GET", path)["timeline"] for control in (second, first)]

        assert timelines[0] == timelines[1]
        rules = [event["rule"] for event in timelines[0] if event["by"] == "system"]
        assert len(set(rules)) == len(rules) > 0


def test_a_scenario_is_played_in_one_process_at_a_time(store_url: str):
    """The lease that one process has is refused to another, until it is given back."""
    with _serve(store_url) as (first, _), _serve(store_url) as (second, _):
        mine, theirs = (context.directory.get("default") for context in (first, second))
        assert mine is not None and theirs is not None

        assert mine.begin_playing()
        assert not theirs.begin_playing()
        mine.end_playing()
        assert theirs.begin_playing()


def test_no_attribute_of_a_state_is_forgotten():
    """Every attribute of a state is a record, an index over records, or the table."""
    with _serve("") as (context, _):
        world = context.directory.get("default")
        assert world is not None
        state = world.parts().state

    assert isinstance(state, State)
    assert set(vars(state)) == {*KEYED, *SETTINGS, *_DERIVED}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://u:secret@h/d", "memory:"),
        ("sqlite://", "sqlite:///"),
        ("sqlite:////nowhere/at/all/mock.db", "unable to open"),
        ("postgresql://u:secret@127.0.0.1:9/d", "127.0.0.1"),
    ],
)
def test_a_store_that_cannot_be_used_says_why(url: str, reason: str):
    """The error names the reason and no password."""
    from mockserver.storage.open_store import open_store
    from mockserver.storage.port import StoreUnavailable

    with pytest.raises(StoreUnavailable) as refused:
        open_store(url)

    assert reason in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_store_of_a_later_version_is_refused(new_store: Callable[[], str]):
    """A schema version that this program does not know is named, with what to do."""
    from sqlalchemy import create_engine, text

    from mockserver.storage.open_store import open_store
    from mockserver.storage.port import StoreUnavailable

    url = new_store()
    store = open_store(url)
    assert store is not None
    store.close()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE mockserver_meta SET value = 99 WHERE name = 'schema'"))
    engine.dispose()

    with pytest.raises(StoreUnavailable, match="99"):
        open_store(url)


def _issue(context: ServerContext) -> dict[str, str]:
    """A token of the main account, from the code on."""
    world = context.directory.get("default")
    assert world is not None
    app = next(iter(world.view.apps()))
    with world.unit_of_work() as work:
        code = work.authorize(app, "main", redirect_uri="http://localhost/", anew=False)
        token: dict[str, str] = json.loads(work.exchange_code(app, code))
    return token


def _label(context: ServerContext, token: str) -> str | None:
    world = context.directory.get("default")
    assert world is not None
    app = next(iter(world.view.apps()))
    session = context.directory.find(token, app.app_key)[2]
    return session.label if session else None


def test_another_process_takes_the_session(new_store: Callable[[], str]) -> None:
    """What one process issued, the other accepts, although nobody announced it."""
    url = new_store()
    with _serve(url) as (one, _), _serve(url) as (two, _):
        token = _issue(one)["access_token"]

        assert _label(two, token) == "main"
        assert token not in two.directory.secrets.mask(f"session={token}")


def test_a_restart_keeps_the_session(new_store: Callable[[], str]) -> None:
    """A server that starts again on the store knows it at once."""
    url = new_store()
    with _serve(url) as (before, _):
        token = _issue(before)["access_token"]

    with _serve(url) as (after, _):
        assert token not in after.directory.secrets.mask(f"session={token}")
        assert _label(after, token) == "main"


@pytest.mark.parametrize("old", [None, 0o640])
def test_file_is_private(tmp_path, old):
    """A new file, and what SQLite puts beside it, can be read by its owner only, as it holds
    secrets; one that is there keeps its mode."""
    path = tmp_path / "mock.db"
    if old is not None:
        path.touch()
        path.chmod(old)
    with _serve(f"sqlite:///{path}") as (_, control):
        control("POST", "sandboxes/default/exchanges", {})
        modes = {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}

    assert modes == {old or 0o600}
