"""Tests that freeze Python's clock, in the past or the future: no wait hangs, no connection is
dropped."""

import http.client
import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress
from time import clock_gettime, sleep

import pytest
import time_machine
from freezegun import freeze_time

from mockserver import Sandbox, Server
from mockserver.embedded import connection as limits

pytestmark = pytest.mark.slow

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WITHIN = 10.0  # seconds: far above what anything here takes


def real_seconds() -> float:
    """Seconds of a clock that neither library replaces."""
    return clock_gettime(1)


@contextmanager
def frozen_by_freezegun(instant: str):
    """Python's clock stands still at the instant."""
    with freeze_time(instant):
        yield


@contextmanager
def frozen_by_time_machine(instant: str):
    """Python's clock stands still at the instant."""
    with time_machine.travel(instant, tick=False):
        yield


@pytest.fixture(params=["2020-02-29 23:59:58", "2030-01-01 00:00:00"])
def instant(request) -> str:
    """An instant in the past, and one in the future."""
    return request.param


@pytest.fixture(params=[frozen_by_freezegun, frozen_by_time_machine])
def frozen(request, instant):
    """A context in which Python's clock is frozen."""
    return lambda: request.param(instant)


def bounded(work):
    """The result of work that must end in time, or the exception that it raised; it runs in this
    thread's clock."""
    results = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    end = real_seconds() + WITHIN
    while thread.is_alive() and real_seconds() < end:
        sleep(0.01)
    assert results, "it hangs"
    return results[0]


def test_waits_in_process_end(frozen):
    """Assertions that wait, long polls and a scenario that waits end while the clock is frozen."""
    sandbox = Sandbox()
    scenario = (
        "scenario: x\nabout: y\nsteps:\n  - buyer: apply\n  - await: {status: 2, within: 1s}\n"
    )
    with frozen():
        called = bounded(lambda: sandbox.requests.assert_called("tmall.exchange.agree", within=0.3))
        not_called = bounded(
            lambda: sandbox.requests.assert_not_called("tmall.exchange.agree", within=0.3)
        )
        played = bounded(lambda: sandbox.play(scenario)["outcome"])

    assert isinstance(called, AssertionError)
    assert not_called is None
    assert played == "failed"


def test_waits_over_http_end(frozen):
    """The same over HTTP; a planned latency takes as long as it says."""
    with Server() as server:
        sandbox = server.sandbox()
        sandbox.faults.add("latency", seconds=0.3)
        with frozen():
            not_called = bounded(
                lambda: sandbox.requests.assert_not_called("tmall.exchange.agree", within=0.3)
            )
            began = real_seconds()
            answer = bounded(lambda: sandbox.client().call("taobao.time.get"))
            seconds = real_seconds() - began

    assert not_called is None
    assert "time" in answer
    assert 0.3 <= seconds < 5


def test_every_assertion_that_waits_ends(frozen):
    """Assertions of order and of one call for each exchange, and a long poll, end too."""
    sandbox = Sandbox()
    with frozen():
        ordered = bounded(lambda: sandbox.requests.assert_order(["taobao.time.get"], within=0.3))
        once = bounded(
            lambda: sandbox.requests.assert_once_per_exchange("tmall.exchange.agree", within=0.3)
        )
        polled = bounded(lambda: sandbox._ask("GET", "requests", after=0, wait=0.3))

    assert isinstance(ordered, AssertionError)
    assert isinstance(once, AssertionError)
    assert polled["items"] == []


def test_assertion_ends_when_the_call_comes(frozen):
    """A call that comes while an assertion waits ends the wait."""
    sandbox = Sandbox()
    client = sandbox.client()
    with frozen():
        caller = threading.Thread(target=lambda: (sleep(0.2), client.send("taobao.time.get")))
        caller.start()
        result = bounded(lambda: sandbox.requests.assert_called("taobao.time.get", within=5))
        caller.join(5)

    assert not isinstance(result, BaseException)


def test_quota_of_a_second(frozen):
    """A quota counts by the sandbox's own clock: the second call is refused, one after an advance
    is not."""
    sandbox = Sandbox(clock="2026-03-01 10:00:00", quotas=[{"per": "second", "limit": 1}])
    client = sandbox.client()
    with frozen():
        texts = [bounded(lambda: client.send("taobao.time.get"))[0] for _ in range(2)]
        sandbox.clock.advance("2s")
        texts.append(bounded(lambda: client.send("taobao.time.get"))[0])

    assert ["error_response" in text for text in texts] == [False, True, False]


@pytest.mark.parametrize("pause", [0, 0.2])
def test_tls_connections_are_kept(certificate, frozen, pause):
    """The same over TLS."""
    context = ssl._create_unverified_context()
    with Server(tls=certificate) as server, frozen():
        connection = http.client.HTTPSConnection(
            "127.0.0.1", server.port, context=context, timeout=WITHIN
        )
        with closing(connection):
            connection.connect()
            plug = connection.sock
            for _ in range(3):
                sleep(pause)
                connection.request("GET", "/_sandbox/health")
                assert connection.getresponse().read()
                assert connection.sock is plug


@pytest.mark.parametrize("pause", [0, 0.05, 0.2])
def test_connections_are_kept(wire, frozen, pause):
    """A client that connects, waits and speaks is answered, again and again on one connection."""
    with frozen(), closing(wire.connect()) as connection:
        connection.connect()
        plug = connection.sock
        for _ in range(3):
            sleep(pause)
            connection.request("POST", "/router/rest", b"method=taobao.time.get", FORM)
            assert connection.getresponse().read()
            assert connection.sock is plug


def test_server_starts_and_stops(frozen):
    """A server starts and stops while the clock is frozen, and goes on when it no longer is."""
    with frozen():
        server = bounded(lambda: Server().start())
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
            connection.request("GET", "/_sandbox/health")
            assert connection.getresponse().status == 200
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
        connection.request("GET", "/_sandbox/health")
        assert connection.getresponse().status == 200
    with frozen():
        assert bounded(server.stop) is None


def test_deadlines_hold(frozen, monkeypatch):
    """A client that stops halfway is closed in time, while the clock is frozen too."""
    monkeypatch.setattr(limits, "HEAD_SECONDS", 0.3)
    with (
        Server() as server,
        frozen(),
        socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN) as plug,
    ):
        plug.sendall(b"GET /_sandbox/hea")
        with suppress(ConnectionError):
            assert plug.recv(65536).startswith(b"HTTP/1.1 4")
