"""Processes that fork: right answers in parent and child, or a refusal that says what to do."""

import json
import os
import sys
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

import pytest

from mockserver import Sandbox, Server
from mockserver.client.remote_server import RemoteServer

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there is no fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


def in_child(work: Callable[[], object]) -> object:
    """What the work returns in a forked child, or the text of what it raises."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            try:
                said = work()
            except BaseException as error:
                said = f"{type(error).__name__}: {error}"
            os.write(writer, json.dumps(said).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(said)


def test_parent_and_child_on_one_handle():
    """A client used before a fork and then by both gives each its own answers, over HTTP."""
    with Server() as server:
        sandbox = server.sandbox()
        ids = [str(sandbox.open().dispute_id) for _ in range(2)]
        client = RemoteServer(server.url, server.token).sandbox(attach=sandbox.id).client()

        def read(dispute_id: str) -> list[str]:
            return [
                client.call("tmall.exchange.get", dispute_id=dispute_id)["result"]["exchange"][
                    "dispute_id"
                ]
                for _ in range(20)
            ]

        for _ in range(5):
            client.call("tmall.exchange.get", dispute_id=ids[0])  # opens the kept connection
            assert in_child(lambda: read(ids[1])) == [ids[1]] * 20
            assert read(ids[0]) == [ids[0]] * 20


@pytest.mark.parametrize("kind", ["Sandbox()", "direct"])
def test_handle_without_sockets(kind):
    """A handle without sockets refuses in a child: what it did there, the parent would never
    see."""
    with Server() as server:
        sandbox = Sandbox() if kind == "Sandbox()" else server.sandbox(direct=True)
        client = sandbox.client()
        exchange = sandbox.open()

        refused = in_child(
            lambda: client.call("tmall.exchange.get", dispute_id=exchange.dispute_id)
        )
        unread = in_child(lambda: exchange.status)

        assert "ForkedProcess" in refused
        assert "use HTTP there" in refused
        assert "ForkedProcess" in unread
        assert exchange.status == 1


def test_child_over_http():
    """A child that sends its own HTTP request to the parent's server is answered."""
    with Server() as server:
        sandbox = server.sandbox()
        exchange = sandbox.open()
        address = sandbox.shops[0]["addresses"][0]["contact_id"]
        params = {"dispute_id": exchange.dispute_id, "address_id": address}
        body = urlencode(sandbox.client().params("tmall.exchange.agree", params)).encode()

        def send() -> int:
            with urllib.request.urlopen(sandbox.gateway_url, body, timeout=10) as reply:
                return reply.status

        assert in_child(send) == 200
        assert exchange.status == 2


def test_server_outlives_its_child():
    """A child that ends, or stops the server object that it inherited, does not stop the parent's
    server."""
    with Server() as server:
        assert in_child(lambda: "ended") == "ended"
        assert in_child(server.stop) is None
        assert server.sandbox().open().status == 1


def test_own_server_in_a_child():
    """A child can make a server of its own."""

    def serve() -> int:
        with Server() as own:
            return own.sandbox().open().status

    with Server() as server:
        assert in_child(serve) == 1
        assert server.sandbox().open().status == 1
