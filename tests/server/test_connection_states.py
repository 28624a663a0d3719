"""Requests that overlap: refused ones answered by a worker, held-back replies, clients that go
away."""

import http.client
import json
import socket
import threading
from contextlib import ExitStack, closing
from time import monotonic, sleep

import pytest

from mockserver.embedded.server import Embedded
from mockserver.protocol.messages import Reply

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MIB = 1024 * 1024


@pytest.fixture
def busy_worker(wire):
    """A control call at work meanwhile, so that gateway calls go through workers."""
    made = wire.control("POST", "sandboxes", {"clock": "2026-01-01 00:00:00"})[1]
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            wire.control("POST", f"sandboxes/{made['id']}/exchanges", {"count": 300})

    threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    done.set()
    for thread in threads:
        thread.join(20)
    wire.control("DELETE", f"sandboxes/{made['id']}")


@pytest.mark.usefixtures("busy_worker")
def test_huge_bodies_answered_by_workers(wire):
    """A body that is too large is read away also when a worker makes the refusal."""
    for _ in range(10):
        status, _, content = wire.ask("POST", "/router/rest?format=json", b"x" * 12 * MIB, FORM)
        assert (status, json.loads(content)["error_response"]["code"]) == (200, 3)


@pytest.mark.usefixtures("busy_worker")
def test_calls_of_other_sandboxes_while_one_is_at_work(wire):
    """While one sandbox's control call works, calls of another sandbox are answered."""
    for _ in range(30):
        began = monotonic()
        assert wire.alive()
        assert monotonic() - began < 3


def test_pipelined_requests_behind_a_late_reply(wire):
    """Requests sent behind one whose reply is held back are answered after it, in their order."""
    made = wire.control("POST", "sandboxes", {"clock": "2026-03-01 10:00:00"})[1]
    wire.control("POST", f"sandboxes/{made['id']}/faults", {"fault": "latency", "seconds": 0.3})
    body = wire.form("taobao.time.get", made)
    head = b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(body)
    head += b"Content-Type: application/x-www-form-urlencoded\r\n"

    reply = wire.raw((head + b"\r\n" + body) * 3 + head + b"Connection: close\r\n\r\n" + body)

    assert reply.count(b"time_get_response") == 4


def _is_pool_idle(wire):
    """Return True once no task of the server's workers is left, looked at far too often."""
    lanes = wire.server._embedded._lanes
    return any(wire.alive() and not lanes.may_hold_locks for _ in range(2000))


@pytest.mark.parametrize("fault", ["latency", "slow_body", "reply_lost"])
def test_clients_that_leave_while_their_reply_is_held_back(wire, fault):
    """Two hundred clients that go away while a fault holds their reply back leave nothing
    behind."""
    made = wire.control("POST", "sandboxes", {"clock": "2026-03-01 10:00:00"})[1]
    options = {"as": "hang"} if fault == "reply_lost" else {}
    plan = {"fault": fault, "seconds": 20, "times": 200, **options}
    assert wire.control("POST", f"sandboxes/{made['id']}/faults", plan)[0] == 201
    body = wire.form("taobao.time.get", made)
    head = b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(body)
    with ExitStack() as stack:
        for _ in range(200):
            plug = socket.create_connection(("127.0.0.1", wire.port), timeout=10)
            stack.enter_context(plug)
            plug.sendall(head + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body)
        assert wire.alive()
        faults = f"sandboxes/{made['id']}/faults"
        assert any(wire.control("GET", faults)[1]["items"][0]["left"] == 0 for _ in range(2000))
        assert _is_pool_idle(wire)  # what is held back is a timer, and no worker waits for it
    assert wire.alive()
    assert _is_pool_idle(wire)


def test_one_connection_for_very_many_calls(wire):
    """A kept connection carries thousands of calls."""
    with closing(http.client.HTTPConnection("127.0.0.1", wire.port, timeout=10)) as connection:
        connection.connect()
        plug = connection.sock
        body = wire.form("taobao.time.get")
        for _ in range(2000):
            connection.request("POST", "/router/rest", body, FORM)
            assert connection.getresponse().read()
        assert connection.sock is plug


def test_pipelining_clients_do_not_starve_others():
    """While clients send hundreds of requests at once, another client is answered soon."""

    def answer(inbound):
        sleep(0.002)
        return Reply(b"{}", (), "200 OK")

    request = b"GET /router/rest HTTP/1.1\r\nHost: x\r\n\r\n"
    server = Embedded(lambda environ, start_response: [], "127.0.0.1", 0, answer=answer)
    server.start()
    try:
        with ExitStack() as stack:
            for _ in range(4):
                plug = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 10))
                plug.sendall(request * 500)
            began = monotonic()
            other = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 10))
            other.sendall(request)
            assert other.recv(4096).startswith(b"HTTP/1.1 200")
            assert monotonic() - began < 0.8
    finally:
        server.stop()


def test_many_pipelined_requests_are_all_answered_in_order(wire):
    """Each of thousands of requests sent at once has its reply, also after the last byte."""
    request = b"GET /router/rest?method=x HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", wire.port), timeout=30) as plug:
        sender = threading.Thread(
            target=lambda: (plug.sendall(request * 6000), plug.shutdown(socket.SHUT_WR))
        )
        sender.start()
        count = 0
        rest = b""
        while chunk := plug.recv(65536):
            rest += chunk
            count += rest.count(b"HTTP/1.1 200")
            rest = rest[-11:]
        sender.join(10)
    assert count == 6000


def test_large_lists_delay_nobody():
    """While the second large list of one client is made, short calls of others are answered, on
    connections that are open already and on new ones."""
    gate = threading.Event()
    lists = []

    def answer(inbound):
        if inbound.query != b"list":
            return Reply(b"{}", (), "200 OK")
        lists.append(1)
        if len(lists) == 2:
            gate.wait(20)
        return Reply(bytes(20_000), (), "200 OK")

    def ask(connection: http.client.HTTPConnection, query: str) -> int:
        connection.request("GET", f"/router/rest?{query}")
        return len(connection.getresponse().read())

    server = Embedded(lambda environ, start_response: [], "127.0.0.1", 0, answer=answer)
    server.start()
    try:
        with ExitStack() as stack:
            reader, other, newcomer = (
                stack.enter_context(
                    closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10))
                )
                for _ in range(3)
            )
            assert (ask(reader, "list"), ask(other, "x")) == (20_000, 2)
            reader.request("GET", "/router/rest?list")
            assert [ask(other, "x") for _ in range(3)] == [2] * 3
            assert ask(newcomer, "x") == 2
            gate.set()
            assert len(reader.getresponse().read()) == 20_000
    finally:
        gate.set()
        server.stop()
