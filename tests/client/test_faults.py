"""Quotas and faults by their handle, in process and over HTTP.

Source: docs/faults.md, the issue, protocol page 6.
"""

import select
import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from mockserver import Sandbox, Server, TopClient
from mockserver.client.top_client import TopRefused
from mockserver.client.transport import Http, Lost, Unreachable


@pytest.fixture(params=["in process", "over HTTP"])
def sandbox(request) -> Iterator[Sandbox]:
    """A sandbox without sockets, and one of a running server."""
    if request.param == "in process":
        yield Sandbox()
        return
    with Server() as server:
        yield server.sandbox()


def code(top: TopClient) -> int:
    """The code of a call's refusal; 0 where it passes."""
    try:
        top.call("taobao.time.get")
    except TopRefused as refused:
        return refused.code
    return 0


def test_quotas_are_added_listed_and_cleared(sandbox: Sandbox) -> None:
    """Each quota added limits beside those before it; cleared, nothing is limited."""
    top = sandbox.client()
    sandbox.quotas.add(per="day", limit=3)
    sandbox.quotas.add(
        per="day",
        limit=2,
        method="taobao.time.get",
        sub_code="accesscontrol.limited-by-dynamic-access-count",
    )
    assert [quota["limit"] for quota in sandbox.quotas] == [3, 2]
    assert [code(top) for _ in range(4)] == [0, 0, 7, 7]
    sandbox.quotas.clear()
    assert list(sandbox.quotas) == []
    assert code(top) == 0


def test_faults_are_added_listed_changed_and_dropped(sandbox: Sandbox) -> None:
    """`add` gives the id; iterating shows counts.

    A fault can be changed, dropped, or all cleared.
    """
    top = sandbox.client()
    first = sandbox.faults.add("platform_error", code=10, times=None)
    other = sandbox.faults.add(
        "reply_lost", method="tmall.exchange.agree", as_="isp.remote-service-timeout"
    )
    assert (first, other) == ("f1", "f2")
    assert code(top) == 10
    assert [(fault["fault"], fault["hits"]) for fault in sandbox.faults] == [
        ("platform_error", 1),
        ("reply_lost", 0),
    ]
    assert [fault["id"] for fault in sandbox.faults.unused] == ["f2"]
    sandbox.faults.change("f1", code=1)
    assert code(top) == 1 and sandbox.faults["f1"]["hits"] == 2
    sandbox.faults.drop("f1")
    assert code(top) == 0
    with pytest.raises(KeyError):
        sandbox.faults["f1"]
    sandbox.faults.clear()
    assert list(sandbox.faults) == []


def test_a_set_by_its_name(sandbox: Sandbox) -> None:
    """`add_set` plans all faults of a set, for the calls that are said."""
    ids = sandbox.faults.add_set("bad_day", method="taobao.time.get")
    assert [fault["id"] for fault in sandbox.faults] == ids and len(ids) > 4


@pytest.mark.parametrize(
    ("fault", "options", "how"),
    [
        ("reset", {}, "reset"),
        ("reset", {"bytes": 20}, "reset"),
        ("empty_reply", {}, "closed"),
        ("truncated", {}, "cut"),
        ("truncated", {"part": 0}, "cut"),
        ("reply_lost", {}, "reset"),
        ("refused_reply_lost", {"as_": "hang", "seconds": 0.01}, "closed"),
    ],
)
def test_a_lost_reply_is_a_connection_error(
    sandbox: Sandbox, fault: str, options: dict, how: str
) -> None:
    """The caller gets a ConnectionError that says how, and the call is sent once only.

    In process as over a socket.
    """
    sandbox.client().call("taobao.time.get")  # over HTTP the connection is a kept one then
    sandbox.faults.add(fault, **options)
    with pytest.raises(ConnectionError) as lost:
        sandbox.client().call("taobao.time.get")
    assert isinstance(lost.value, Lost) and isinstance(lost.value, Unreachable)
    assert lost.value.how == how
    assert len(sandbox.requests()) == 2
    sandbox.client().call("taobao.time.get")


def test_a_write_is_committed_once(sandbox: Sandbox) -> None:
    """A write whose reply is lost is carried out once; repeating it meets the new state."""
    exchange = sandbox.open()
    sandbox.faults.add("reply_lost")
    arguments = {
        "dispute_id": exchange.dispute_id,
        "address_id": 10_000_002,
        "fields": "dispute_id",
    }
    with pytest.raises(Lost):
        sandbox.client().call("tmall.exchange.agree", **arguments)
    assert exchange.status == 2
    assert sandbox.client().call("tmall.exchange.agree", **arguments)["result"]["success"] is False


def test_time_passes_at_once_in_process() -> None:
    """Without sockets a late reply comes at once, and so does a timeout."""
    sandbox = Sandbox()
    began = monotonic()
    sandbox.faults.add("latency", seconds=29)
    sandbox.client().call("taobao.time.get")
    for fault in ("latency", "slow_body"):
        sandbox.faults.add(fault, seconds=31)
        with pytest.raises(Lost) as lost:
            sandbox.client().call("taobao.time.get")
        assert lost.value.how == "timeout"
    sandbox.faults.add("reply_lost", as_="hang")
    with pytest.raises(Lost) as lost:
        sandbox.client().call("taobao.time.get")
    assert lost.value.how == "timeout"
    assert monotonic() - began < 10


def test_a_kept_connection_that_was_closed_is_opened_anew() -> None:
    """A connection that the server has closed is noticed before anything is sent over it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        requests = []

        def serve() -> None:
            for _ in range(3):
                plug, _ = listener.accept()
                with plug:
                    requests.append(plug.recv(65536))
                    plug.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        transport = Http(f"http://127.0.0.1:{listener.getsockname()[1]}")
        for _ in range(3):
            assert transport.send("GET", "/")[2] == b"ok"
            select.select(
                [next(iter(transport._connections)).connection.sock], [], [], 5
            )  # the end has arrived
        serving.join(5)
        assert len(requests) == 3
        transport.close()


def test_a_timeout_over_http() -> None:
    """A client that times out makes its next call over a fresh connection."""
    with Server() as server:
        sandbox = server.sandbox()
        sandbox.faults.add("latency", seconds=60)
        top = TopClient(
            sandbox.gateway_url,
            sandbox.app_key,
            sandbox.app_secret,
            sandbox.session,
            transport=Http(server.url, timeout=0.05),
        )
        with pytest.raises(Lost) as lost:
            top.call("taobao.time.get")
        assert lost.value.how == "timeout"
        assert len(sandbox.requests()) == 1
        top.close()
