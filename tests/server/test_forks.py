"""Processes that fork: right answers in parent and child, or a refusal that says what to do."""

import json
import multiprocessing
import os
import subprocess
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


def test_children_of_multiprocessing():
    """A worker of multiprocessing by fork gets its own answers over HTTP, also in a pool, and ends
    in order; handles that it inherited refuse."""
    with Server() as server:
        sandbox = server.sandbox()
        ids = [str(sandbox.open().dispute_id) for _ in range(4)]
        client = RemoteServer(server.url, server.token).sandbox(attach=sandbox.id).client()
        client.call("taobao.time.get")  # opens the kept connection

        context = multiprocessing.get_context("fork")
        results = context.Queue()

        def read(dispute_id: str) -> None:
            reply = client.call("tmall.exchange.get", dispute_id=dispute_id)
            results.put((dispute_id, reply["result"]["exchange"]["dispute_id"]))

        children = [context.Process(target=read, args=(dispute_id,)) for dispute_id in ids]
        for child in children:
            child.start()
        answers = [results.get(timeout=20) for _ in children]
        for child in children:
            child.join(20)

        assert sorted(answers) == [(dispute_id, dispute_id) for dispute_id in sorted(ids)]
        assert [child.exitcode for child in children] == [0] * 4
        assert sandbox.open().status == 1


PROGRAM = """
import os, sys
from mockserver import Server
server = Server().start()
sandbox = server.sandbox()
pid = os.fork()
if pid == 0:
    sys.exit(5)  # with all that an interpreter does at its end
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status), sandbox.open().status)
server.stop()
"""


def test_child_that_ends_as_an_interpreter_does():
    """A forked child that ends in the usual way ends at once, and leaves the parent's server."""
    ended = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (ended.stdout, ended.stderr) == ("5 1\n", "")
