"""Whatever a server is doing, a signal ends it at once; an unread stderr hangs nothing."""

import json
import signal
import socket
import subprocess
import threading
from contextlib import ExitStack, suppress
from time import monotonic, sleep

import pytest

from mockserver.embedded.server import Embedded

STOP_SECONDS = 2.5  # half a second for the server, the rest for a loaded machine
AWAITS = """
scenario: waits
about: a client that never comes
steps:
  - buyer: apply
  - await: {status: 2, within: 20s}
"""
SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


def ask_in_background(server, verb: str, path: str, body: object = None) -> None:
    """Send a control call whose reply nobody reads."""
    raw = b"" if body is None else json.dumps(body).encode()

    def ask() -> None:
        with suppress(Exception):  # the server goes before it answers
            server.ask(verb, path, raw, timeout=60)

    threading.Thread(target=ask, daemon=True).start()


def play_scenarios(server, stack) -> None:
    """Three scenarios that wait for a client."""
    for _ in range(3):
        ask_in_background(server, "POST", "/_sandbox/sandboxes/default/play", {"yaml": AWAITS})


def advance_robots(server, stack) -> None:
    """A hundred years of robots."""
    made = json.loads(
        server.ask("POST", "/_sandbox/sandboxes", b'{"clock": "2026-01-01 00:00:00"}')[1]
    )
    path = f"/_sandbox/sandboxes/{made['id']}"
    server.ask("PUT", f"{path}/robots", b'{"buyer": true, "courier": true}')
    server.ask("POST", f"{path}/exchanges", b'{"count": 5}')
    ask_in_background(server, "POST", f"{path}/clock/advance", {"by": "36500d"})


def poll_long(server, stack) -> None:
    """Eight long polls."""
    for _ in range(8):
        ask_in_background(server, "GET", "/_sandbox/sandboxes/default/requests?after=0&wait=30")


def send_half_bodies(server, stack) -> None:
    """Thirty bodies that are half sent."""
    head = b"POST /_sandbox/sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"
    for _ in range(30):
        stack.enter_context(server.connect(head))


def hold_replies(server, stack) -> None:
    """Replies that a planned fault holds back."""
    fault = {"fault": "latency", "seconds": 30, "times": 50}
    server.ask("POST", "/_sandbox/sandboxes/default/faults", json.dumps(fault).encode())
    for _ in range(20):
        ask_in_background(server, "POST", "/router/rest", None)


def make_thousands(server, stack) -> None:
    """Thousands of exchanges being opened in several sandboxes."""
    for _ in range(4):
        made = json.loads(server.ask("POST", "/_sandbox/sandboxes", b"{}")[1])
        path = f"/_sandbox/sandboxes/{made['id']}/exchanges"
        ask_in_background(server, "POST", path, {"count": 20000})


@pytest.mark.parametrize(
    "work",
    [play_scenarios, advance_robots, poll_long, send_half_bodies, hold_replies, make_thousands],
)
def test_signal_ends_the_server_whatever_it_does(serve, work):
    """SIGTERM ends it at once with exit code 0; the ready file is gone."""
    server = serve()
    with ExitStack() as stack:
        work(server, stack)
        sleep(0.3)  # the work has begun; how far it is does not matter

        code, seconds = server.stop()

    assert (code, server.log.read_text("utf-8").count("Traceback")) == (0, 0)
    assert seconds < STOP_SECONDS
    assert not (server.log.parent / "ready.json").exists()


@pytest.mark.parametrize("number", SIGNALS)
def test_every_stop_signal(serve, number):
    """Each stop signal ends an idle server; Ctrl-C is told by its exit code."""
    server = serve()

    code, seconds = server.stop(number)

    assert code == (130 if number == signal.SIGINT else 0)
    assert seconds < STOP_SECONDS
    assert not (server.log.parent / "ready.json").exists()


@pytest.mark.parametrize("number", SIGNALS)
def test_two_signals(serve, number):
    """A second signal right after the first ends it too, and leaves no ready file."""
    server = serve()
    play_scenarios(server, None)

    server.process.send_signal(number)
    with suppress(ProcessLookupError):
        server.process.send_signal(number)

    assert server.process.wait(10) == (130 if number == signal.SIGINT else 0)
    assert not (server.log.parent / "ready.json").exists()


def test_signal_while_the_reply_is_made(serve):
    """A reply that is being made when the signal comes arrives whole."""
    server = serve()
    replies = []

    def ask() -> None:
        replies.append(
            server.ask("POST", "/_sandbox/sandboxes/default/exchanges", b'{"count": 200}')
        )

    thread = threading.Thread(target=ask)
    thread.start()
    sleep(0.02)
    code, _ = server.stop()
    thread.join(10)

    assert code == 0
    assert [status for status, _ in replies] == [201]


def test_stop_interrupts_long_work(new_threads):
    """A stop ends the thread of a call that would work for ever."""
    entered = threading.Event()

    def app(environ, start_response):
        entered.set()
        while True:
            pass

    server = Embedded(app, "127.0.0.1", 0)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plug:
        plug.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert entered.wait(5)
        began = monotonic()
        server.stop()

    assert monotonic() - began < STOP_SECONDS
    assert new_threads() == []


def test_stderr_that_nobody_reads(serve):
    """A pipe for stderr that nobody reads hangs nothing: thousands of refused calls are answered, a
    stop is quick."""
    server = serve(stderr=subprocess.PIPE)
    for _ in range(1500):
        assert server.ask("POST", "/router/rest", b"method=x")[0] == 200

    assert server.ask("GET", "/_sandbox/health")[0] == 200
    code, seconds = server.stop()
    assert code == 0
    assert seconds < STOP_SECONDS
    server.process.stderr.close()


def test_stderr_that_is_closed(serve):
    """A reader of stderr that goes away hangs nothing either."""
    server = serve(stderr=subprocess.PIPE)
    server.process.stderr.close()
    for _ in range(50):
        assert server.ask("POST", "/router/rest", b"method=x")[0] == 200
    assert server.stop()[0] == 0


@pytest.mark.parametrize(
    ("options", "lines"), [((), 2), (("--quiet",), 0), (("--log-format", "json"), 2)]
)
def test_lines_on_stderr(serve, options, lines):
    """A refused call is a line with time, sandbox and code; as JSON if so wanted; none when
    quiet."""
    server = serve(*options)
    for _ in range(2):
        server.ask("POST", "/router/rest", b"method=x")
    server.stop()

    written = [
        line
        for line in server.log.read_text("utf-8").splitlines()
        if " none " in line or line[:1] == "{"
    ]

    assert len(written) == lines
    if "json" in options:
        fields = json.loads(written[0])
        assert {"time", "sandbox", "caller", "code", "method", "cause", "request_id"} == set(fields)
        assert (fields["sandbox"], fields["method"]) == ("none", "x")


def test_more_connections_than_files(serve):
    """With fewer files than clients it goes on, says so once, and is as before when the clients
    go."""
    server = serve(files=60)
    with ExitStack() as stack:
        for _ in range(150):
            with suppress(OSError):
                stack.enter_context(server.connect())
        sleep(0.3)
        used = server.cpu()
        for _ in range(5):
            assert server.ask("GET", "/_sandbox/health")[0] == 200
        sleep(1)
        assert server.cpu() - used < 0.7
    assert server.ask("GET", "/_sandbox/health")[0] == 200
    code, _ = server.stop()
    log = server.log.read_text("utf-8")
    assert code == 0
    assert log.count("out of files or connections") == 1
    assert "Traceback" not in log


@pytest.mark.parametrize(
    "content", ['{"pid": 1e30}', '{"pid": Infinity}', "[" * 100_000, '{"pid": "x"}']
)
def test_odd_ready_files_are_overwritten(serve, content):
    """A ready file that no server of ours wrote is overwritten."""
    server = serve(odd=content)

    assert server.ask("GET", "/_sandbox/health")[0] == 200
    assert server.stop()[0] == 0


@pytest.mark.parametrize("path", ["/dev/full", "/dev/null", "/"])
def test_ready_file_that_is_none(serve, path):
    """A device or a folder as ready file is refused with words; it is neither read nor replaced."""
    with pytest.raises(AssertionError, match=r"ready file|就绪文件"):
        serve("--ready-file", path)
