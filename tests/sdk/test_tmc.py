"""Real TMC clients connect to the message port, receive and confirm.

`topSdk` is the official Node client, `ali-topsdk` and `tmcpy` those of others.  What current Node
and Python need of them stands in old_node.js and tmc_py.py; the clients are as published.
Every wait has a limit, and every process is killed at the end.
"""

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mockserver import Sandbox, Server

FOLDER = Path(__file__).parent
PYTHON = FOLDER.parents[1] / ".venv-sdk" / "bin" / "python"
CREATED, AGREED = "taobao_dispute_RefundCreated", "taobao_dispute_ExchangeAgree"
# which fields of a push each client can decode, see rule message_fields
CLIENTS = {"topSdk": "node", "ali-topsdk": "all", "tmcpy": "all"}
LINE_SECONDS = 60.0  # that a client may take for its next line
IDLE_SECONDS = 200.0
MANY = 10_000


class Client:
    """A process that runs one client: the lines that it prints, each within a limit."""

    def __init__(self, command: list[str], settings: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(settings).encode())
        self.process.stdin.close()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(json.loads(line))

    def next_line(self, seconds: float = LINE_SECONDS) -> dict[str, Any]:
        """Return the next line; `queue.Empty` if none comes in time."""
        return self._lines.get(timeout=seconds)

    def stop(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait(timeout=10)
        self._reader.join(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def tmc_server() -> Iterator[Server]:
    """A running server with a message port."""
    with Server(tmc_port=0) as running:
        yield running


@pytest.fixture
def box(tmc_server: Server) -> Iterator[Sandbox]:
    """A fresh sandbox of it."""
    fresh = tmc_server.sandbox()
    yield fresh
    fresh.drop()


@pytest.fixture(params=list(CLIENTS))
def connect(request: pytest.FixtureRequest, box: Sandbox) -> Iterator[Callable[..., Client]]:
    """A function that starts the client of this test and returns it connected."""
    name = request.param
    node = shutil.which("node")
    if name == "tmcpy":
        command = [str(PYTHON), str(FOLDER / "tmc_py.py")]
        ready = PYTHON.exists()
    else:
        command = [str(node), "--no-deprecation", str(FOLDER / "tmc.js")]
        ready = node is not None and (FOLDER / "node_modules" / name).is_dir()
    if not ready:
        pytest.fail(f"{name} is not installed: `make test-sdk` does it")
    box.rules["message_fields"] = CLIENTS[name]
    settings = {"package": name, "url": box.tmc_url, "app_key": box.app_key}
    with ExitStack() as stack:

        def start(group: str = "default") -> Client:
            client = Client(command, {**settings, "app_secret": box.app_secret, "group": group})
            stack.callback(client.stop)
            while "connect success" not in client.next_line().get("log", ""):
                pass
            return client

        yield start


def wait_until(box: Sandbox, count: int, state: str) -> None:
    """Return once so many messages are in that state; fail after a minute."""
    revision = 0
    for _ in range(60):
        if box._ask("GET", "messages", state=state)["total"] >= count:
            return
        answer = box._ask("GET", "revision", since=revision, wait=1)
        revision = answer["revision"] if answer else revision
    pytest.fail(f"{count} messages are not {state}: {[m['state'] for m in box.messages][:20]}")


def test_a_client_receives_and_confirms(connect: Callable[..., Client], box: Sandbox) -> None:
    """Topic, id and content arrive as they are; the confirm of the client ends each message."""
    client = connect()
    exchange = box.open()
    box.seller.agree()

    lines = [client.next_line() for _ in range(2)]

    assert [line["topic"] for line in lines] == [CREATED, AGREED]
    assert [str(line["id"]) for line in lines] == [message["id"] for message in box.messages]
    for line in lines:
        assert exchange.dispute_id in str(line["content"])
    wait_until(box, 2, "confirmed")
    assert [message["deliveries"] for message in box.messages] == [1, 1]


def test_a_client_that_connects_late_gets_what_waits(
    connect: Callable[..., Client], box: Sandbox
) -> None:
    """A message that was put out before the connection comes with it."""
    box.open()

    assert connect().next_line()["topic"] == CREATED


def test_a_client_of_a_group_gets_its_topics(connect: Callable[..., Client], box: Sandbox) -> None:
    """Only what waits in the group."""
    top = box.client()
    top.call("taobao.tmc.topic.group.add", group_name="agreed", topics=AGREED)
    client = connect("agreed")
    box.open()
    box.seller.agree()

    assert client.next_line()["topic"] == AGREED


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_client_stays_connected_while_nothing_happens(
    connect: Callable[..., Client], box: Sandbox
) -> None:
    """After 200 seconds of nothing the same connection gets the next message."""
    client = connect()
    with pytest.raises(queue.Empty):
        client.next_line(IDLE_SECONDS)
    box.open()

    assert client.next_line()["topic"] == CREATED
    assert len([e for e in box.requests() if e["method"] == "tmc.connect"]) == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_client_takes_ten_thousand_messages(connect: Callable[..., Client], box: Sandbox) -> None:
    """Each comes once, whatever the client's pace, and is confirmed."""
    client = connect()
    for _ in range(MANY // 100):
        for _ in range(100):
            box.client().call("taobao.tmc.message.produce", topic="many", content='{"a": 1}')

    ids = {client.next_line()["id"] for _ in range(MANY)}

    assert len(ids) == MANY
    wait_until(box, MANY - 1, "confirmed")
