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

pytestmark = pytest.mark.slow

STOP_SECONDS = 1.5  # half a second for the server, the rest for a loaded machine
AWAITS = """
scenario: waits
about: a client that never comes
steps:
  - buyer: apply
  - await: {status: 2, within: 20s}
"""
PLAY = "/_sandbox/sandboxes/default/play"
SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


class Asking(threading.Thread):
    """A request sent in the background; `answer` waits for status and body of its reply."""

    def __init__(self, server, verb: str, path: str, raw: bytes) -> None:
        super().__init__(daemon=True)
        self._request = (server, verb, path, raw)
        self._answer: object = None
        self.start()

    def run(self) -> None:
        """Ask."""
        server, verb, path, raw = self._request
        try:
            self._answer = server.ask(verb, path, raw, timeout=60)
        except OSError as error:
            self._answer = error

    def answer(self):
        """Status and body, or the exception."""
        self.join(10)
        return self._answer


def ask_in_background(server, verb: str, path: str, body: object = None) -> Asking:
    """Send a control call, or a form to the gateway."""
    if isinstance(body, bytes):
        return Asking(server, verb, path, body)
    return Asking(server, verb, path, b"" if body is None else json.dumps(body).encode())


def play_scenarios(server, stack) -> None:
    """Three scenarios that wait for a client."""
    for _ in range(3):
        ask_in_background(server, "POST", PLAY, {"scenario": AWAITS})


def add_busy_robots(server) -> str:
    """The path of a sandbox whose robots have minutes of work in a hundred years."""
    document = {
        "clock": "2026-01-01 00:00:00",
        "robots": {"buyer": "adversarial", "courier": "slow", "cs": "prompt", "applies": "1m"},
    }
    status, body = server.ask("POST", "/_sandbox/sandboxes", json.dumps(document).encode())
    assert status == 201
    return f"/_sandbox/sandboxes/{json.loads(body)['id']}"


def advance_robots(server, stack) -> None:
    """A hundred years of robots."""
    path = add_busy_robots(server)
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
    """Each stop signal ends an idle server, with exit code 0."""
    server = serve()

    code, seconds = server.stop(number)

    assert code == 0
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

    assert server.process.wait(10) == 0
    assert not (server.log.parent / "ready.json").exists()


def test_plays_in_flight_are_answered(serve):
    """Plays that wait for a client, and one that waits for its turn, are answered when a stop ends
    them: with what they have done so far, or with 503."""
    server = serve()
    made = json.loads(server.ask("POST", "/_sandbox/sandboxes", b"{}")[1])
    other = f"/_sandbox/sandboxes/{made['id']}/play"
    playing = [
        ask_in_background(server, "POST", path, {"scenario": AWAITS}) for path in (PLAY, other)
    ]
    sleep(1)
    waiting = ask_in_background(server, "POST", PLAY, {"scenario": AWAITS})
    sleep(0.3)

    code, seconds = server.stop()

    assert code == 0
    assert seconds < STOP_SECONDS
    for asking in playing:
        status, body = asking.answer()
        report = json.loads(body)
        assert (status, report["outcome"], report["steps"]) == (200, "broken", 1)
        assert report["trouble"]["en"] == "the server is stopping"
    assert waiting.answer()[0] in (503, 200)  # it waits, or has its turn in the last moment


@pytest.mark.parametrize("as_json", [True, False])
def test_long_work_in_flight_is_answered(serve, as_json):
    """A hundred years of robots, the control calls and calls of the gateway that wait for their
    sandbox, and half a body are all answered when a stop ends them: each in its door's own form."""
    server = serve()
    path = add_busy_robots(server)
    made = json.loads(server.ask("GET", path)[1])
    years = ask_in_background(server, "POST", f"{path}/clock/advance", {"by": "36500d"})
    sleep(0.5)
    reads = [ask_in_background(server, "GET", f"{path}/exchanges") for _ in range(3)]
    form = f"method=taobao.time.get&app_key={made['app_key']}" + "&format=json" * as_json
    calls = [ask_in_background(server, "POST", "/router/rest", form.encode()) for _ in range(3)]
    half = b"POST /_sandbox/sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"
    with server.connect(half) as plug:
        sleep(0.5)
        code, seconds = server.stop()
        received = plug.recv(65536)

    assert code == 0
    assert seconds < STOP_SECONDS
    for asking in (years, *reads):
        status, body = asking.answer()
        assert (status, json.loads(body)["status"]) == (503, 503)
    for asking in calls:
        status, body = asking.answer()
        assert status == 200
        if as_json:
            assert json.loads(body)["error_response"]["code"] == 10
        else:
            assert b"<code>10</code>" in body
    assert received.startswith(b"HTTP/1.1 503 ")


def test_requests_that_have_come_are_answered(serve):
    """What has arrived when the signal comes is answered, also on connections that the server has
    not accepted yet."""
    server = serve()
    head = b"GET /_sandbox/health HTTP/1.1\r\nHost: x\r\n\r\n"
    server.process.send_signal(signal.SIGSTOP)
    with ExitStack() as stack:
        plugs = [stack.enter_context(server.connect(head)) for _ in range(20)]
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        replies = [plug.recv(65536) for plug in plugs]

    assert server.process.wait(10) == 0
    assert [reply[:15] for reply in replies] == [b"HTTP/1.1 200 OK"] * 20


def test_signals_until_the_very_end(serve):
    """Signals that go on coming while the process ends do not make it die of one."""
    server = serve()
    while server.process.poll() is None:
        for number in SIGNALS:
            with suppress(ProcessLookupError):
                server.process.send_signal(number)

    assert server.process.returncode == 0


def test_signal_while_the_reply_is_made(serve):
    """A request that becomes complete in the instant of the signal is answered in full."""
    server = serve()
    body = b'{"count": 40}'
    head = (
        "POST /_sandbox/sandboxes/default/exchanges HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {server.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with server.connect(head.encode() + body[:-1]) as plug:
        assert server.ask("GET", "/_sandbox/health")[0] == 200  # the server has read what came
        server.process.send_signal(signal.SIGSTOP)
        plug.sendall(body[-1:])
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        received = b""
        while chunk := plug.recv(65536):
            received += chunk

    assert server.process.wait(10) == 0
    assert received.startswith(b"HTTP/1.1 201 ")
    assert json.loads(received.partition(b"\r\n\r\n")[2])["total"] == 40


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
