"""Handles that have outlived their server, their process or their sandbox say so."""

import multiprocessing
from collections.abc import Callable
from typing import Any

import pytest

from mockserver import ControlRefused, Sandbox, Server
from mockserver.client.sandbox import SandboxGone
from mockserver.client.top_client import TopRefused
from mockserver.client.transport import ServerStopped
from mockserver.client.unknown_name import UnknownName
from mockserver.domain.vocabulary import Actor
from mockserver.embedded.server import CannotStart


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize(
    "use",
    [
        lambda sandbox, exchange: sandbox.open(),
        lambda sandbox, exchange: exchange.status,
        lambda sandbox, exchange: sandbox.clock.now,
        lambda sandbox, exchange: sandbox.client().call("taobao.time.get"),
        lambda sandbox, exchange: sandbox.drop(),
    ],
)
def test_handles_of_a_stopped_server(direct: bool, use: Callable[[Any, Any], object]) -> None:
    """Each handle of a server that was stopped says that it does not run, and what to do."""
    with Server() as server:
        sandbox = server.sandbox(direct=direct)
        exchange = sandbox.open()

    with pytest.raises(ServerStopped, match=r"没有在运行.*is not running"):
        use(sandbox, exchange)


@pytest.mark.parametrize("direct", [True, False])
def test_a_server_that_has_not_started(direct: bool) -> None:
    """A sandbox of a server whose port is not open yet is refused with words."""
    with pytest.raises(ServerStopped, match="not started"):
        Server().sandbox(direct=direct)


@pytest.mark.parametrize("direct", [True, False])
def test_handles_of_a_dropped_sandbox(direct: bool) -> None:
    """A sandbox that was dropped is named by each of its handles, also when dropped twice."""
    with Server() as server:
        sandbox = server.sandbox(direct=direct)
        exchange = sandbox.open()
        client = sandbox.client()
        sandbox.drop()
        for use in (
            sandbox.open,
            sandbox.drop,
            lambda: exchange.status,
            lambda: sandbox.clock.now,
            lambda: client.call("taobao.time.get"),
            lambda: client.call("tmall.exchange.get", dispute_id="1", fields="status"),
        ):
            with pytest.raises(SandboxGone, match=rf"{sandbox.id}.*is gone") as gone:
                use()
            assert gone.value.status == 404


@pytest.mark.parametrize("direct", [True, False])
def test_an_unknown_session_of_a_sandbox_that_is_there(direct: bool) -> None:
    """Where only the session is wrong, the platform's refusal stands."""
    with Server() as server:
        client = server.sandbox(direct=direct).client()
        client.session = "6100000000000000000000000000000000000000000000000000"
        with pytest.raises(TopRefused) as refused:
            client.call("tmall.exchange.get", dispute_id="1", fields="status")
    assert refused.value.code == 27


@pytest.mark.parametrize("started", [True, False])
def test_a_stopped_server_does_not_start_again(started: bool) -> None:
    """`start` after `stop` says that a new server is needed; no port is opened."""
    server = Server()
    if started:
        server.start()
    server.stop()

    with pytest.raises(CannotStart, match=r"不能再启动.*make a new Server\(\)"):
        server.start()


def test_an_unknown_exchange_is_no_gone_sandbox() -> None:
    """A 404 of something else keeps its own words."""
    with pytest.raises(ControlRefused, match="no exchange 1") as refused:
        _ = Sandbox().exchange("1").status
    assert not isinstance(refused.value, SandboxGone)


def _open_in_child(sandbox: Sandbox, answers: Any) -> None:
    try:
        answers.put(sandbox.open().dispute_id)
    except ConnectionError as refused:
        answers.put(str(refused))


def test_a_forked_child_says_what_to_do() -> None:
    """In a forked child the parent's sandbox in process is refused with what to use instead."""
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    child = fork.Process(target=_open_in_child, args=(Sandbox(), answers))
    child.start()
    answer = answers.get(timeout=30)
    child.join(30)

    assert "fork" in answer and "RemoteServer(url, token)" in answer


def test_possible_has_every_actor() -> None:
    """`possible` of an open and of a finished exchange names all four actors."""
    sandbox = Sandbox()
    exchange = sandbox.open()
    actors = {"buyer", "seller", "cs", "system"}
    assert set(exchange.possible) == actors == {actor.value for actor in Actor}
    assert "agree" in exchange.possible["seller"]

    finished = sandbox.open(status="换货成功")

    assert set(finished.possible) == actors
    assert finished.possible["system"] == []


def test_an_actor_that_does_not_exist_is_named_with_what_was_meant() -> None:
    """A misspelt actor of `possible` is a KeyError that suggests."""
    exchange = Sandbox().open()
    with pytest.raises(UnknownName, match=r"did you mean seller\?"):
        _ = exchange.possible["seler"]


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda sandbox: sandbox.stock["wnated"], "did you mean wanted"),
        (lambda sandbox: sandbox.stock["nothing like it"], "bought, wanted"),
        (lambda sandbox: sandbox.stock[7], "bought, wanted"),
        (lambda sandbox: sandbox.rules["deadlin.2"], "did you mean deadline.2"),
        (lambda sandbox: sandbox.faults["f1"], "no fault f1"),
    ],
)
def test_unknown_names_suggest(use: Callable[[Sandbox], object], words: str) -> None:
    """A name that is not there is a KeyError with what was probably meant, and what there is."""
    with pytest.raises(KeyError) as unknown:
        use(Sandbox())

    assert words in str(unknown.value)
    assert "\\" not in str(unknown.value)


def test_unknown_moves_suggest() -> None:
    """A move that a party does not have is an AttributeError with the one that was meant."""
    with pytest.raises(AttributeError, match="did you mean ship_back"):
        Sandbox().buyer.ship_bakc()  # type: ignore[attr-defined]
