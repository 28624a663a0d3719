"""From SIGTERM to the end of a `serve` process, whatever it is doing at that moment.

Called by `benchmarks.lifecycle`; alone: python -m benchmarks.stop_signal [rounds]
"""

import json
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

import trustme

from .children import ROOT
from .verdict import at_most

__all__ = ["stop_signals"]

GOAL_MS = 500
BEGUN_SECONDS = 0.5  # after which the work that is interrupted has begun
MIB = 1024 * 1024
WAITS = "scenario: s\nabout: a\nsteps:\n  - buyer: apply\n  - await: {status: 2, within: 20s}\n"
ROBOTS = {
    "clock": "2026-01-01 00:00:00",
    "robots": {"buyer": "adversarial", "courier": "slow", "cs": "prompt", "applies": "1m"},
}
DEFAULT = "/_sandbox/sandboxes/default"
HALF_BODY = b"POST /_sandbox/sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"
ONE_CHUNK = (
    b"POST /router/rest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2BC00000\r\n"
)
ASK_HEALTH = b"GET /_sandbox/health HTTP/1.1\r\nHost: x\r\n\r\n"


class Served:
    """A `serve` process in a folder of its own; all that clients hold is in `clients`."""

    def __init__(self, clients: ExitStack, *options: str) -> None:
        self.clients = clients
        folder = clients.enter_context(tempfile.TemporaryDirectory())
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--quiet"]
        self.process = subprocess.Popen(
            [*command, "--ready-file", str(ready), *options],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not ready.exists():
            if self.process.poll() is not None:
                raise SystemExit("the server did not start")
            sleep(0.02)
        self.ready = json.loads(ready.read_text("utf-8"))
        self.port = int(self.ready["url"].rpartition(":")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def ask(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the decoded reply to a control call; None where the stop cut it off."""
        link = HTTPConnection("127.0.0.1", self.port, timeout=60)
        with suppress(OSError, ValueError):
            raw = None if body is None else json.dumps(body)
            link.request(verb, path, raw, {"Authorization": f"Bearer {self.ready['token']}"})
            return json.loads(link.getresponse().read())
        return None

    def begin(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Send a control call and wait for nothing."""
        threading.Thread(target=self.ask, args=(verb, path, body), daemon=True).start()

    def connect(self, data: bytes, context: ssl.SSLContext | None = None) -> socket.socket:
        """Return a connection over which `data` has been sent."""
        plug = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        if context is not None:
            plug = context.wrap_socket(plug)
        self.clients.enter_context(plug)
        plug.sendall(data)
        return plug

    def stop(self) -> float:
        """Return the milliseconds from SIGTERM to the end; the exit code must be 0."""
        began = monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        milliseconds = (monotonic() - began) * 1000
        if code:
            raise SystemExit(f"the server ended with {code}")
        return milliseconds


def stay_idle(server: Served) -> None:
    """Nothing."""


def keep_connections(server: Served) -> None:
    """A hundred kept-alive connections."""
    for _ in range(100):
        server.connect(ASK_HEALTH).recv(65536)


def play(server: Served) -> None:
    """Three scenarios that wait for a client."""
    for _ in range(3):
        server.begin("POST", f"{DEFAULT}/play", {"scenario": WAITS})


def advance(server: Served) -> None:
    """Robots that act over a hundred years."""
    sandbox = server.ask("POST", "/_sandbox/sandboxes", ROBOTS)
    server.begin("POST", f"/_sandbox/sandboxes/{sandbox['id']}/clock/advance", {"by": "36500d"})


def keep_exchanges(server: Served) -> None:
    """Twenty thousand exchanges in memory."""
    server.ask("POST", f"{DEFAULT}/exchanges", {"count": 20_000})


def poll(server: Served) -> None:
    """Eight long polls."""
    for _ in range(8):
        server.begin("GET", f"{DEFAULT}/requests?after=0&wait=30")


def hold_bodies(server: Served) -> None:
    """Thirty half bodies."""
    for _ in range(30):
        server.connect(HALF_BODY)


def send_huge(server: Served) -> None:
    """Four clients that send a chunk of 700 MiB and read nothing."""

    def flood(plug: socket.socket) -> None:
        with suppress(OSError):
            for _ in range(700):
                plug.sendall(bytes(MIB))

    for _ in range(4):
        plug = server.connect(ONE_CHUNK)
        threading.Thread(target=flood, args=(plug,), daemon=True).start()


def speak_tls(server: Served) -> None:
    """Over TLS: idle, with half a body, in the middle of the handshake."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _ in range(10):
        server.connect(ASK_HEALTH, context).recv(65536)
        server.connect(HALF_BODY, context)
        server.connect(b"\x16\x03\x01\x02\x00\x01")


SITUATIONS: Mapping[str, Callable[[Served], None]] = {
    "idle": stay_idle,
    "100 kept connections": keep_connections,
    "scenarios that wait": play,
    "robots over 100 years": advance,
    "20,000 exchanges": keep_exchanges,
    "long polls": poll,
    "half bodies": hold_bodies,
    "bodies of 700 MiB": send_huge,
    "TLS": speak_tls,
}


def stop_signals(rounds: int) -> None:
    """Print the milliseconds of each situation, and whether the half second is kept."""
    with tempfile.TemporaryDirectory() as folder:
        issued = trustme.CA().issue_cert("127.0.0.1")
        paths = [str(Path(folder) / name) for name in ("certificate.pem", "key.pem")]
        issued.cert_chain_pems[0].write_to_path(paths[0])
        issued.private_key_pem.write_to_path(paths[1])
        for name, work in SITUATIONS.items():
            options = ("--tls-cert", paths[0], "--tls-key", paths[1]) if work is speak_tls else ()
            values = [_stop_during(work, options) for _ in range(rounds)]
            at_most(f"SIGTERM to exit, {name}", values, GOAL_MS, unit="ms")


def _stop_during(work: Callable[[Served], None], options: tuple[str, ...]) -> float:
    with ExitStack() as clients, Served(clients, *options) as server:
        work(server)
        sleep(BEGUN_SECONDS)
        return server.stop()


if __name__ == "__main__":
    stop_signals(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
