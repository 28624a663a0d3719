"""Fixtures of the socket tests: running servers, raw sockets, and a caller that signs by its own
means."""

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode

import pytest
import trustme

from mockserver import Server

ROOT = Path(__file__).parents[2]
NOW = "2026-03-01 10:00:00"
DOCUMENT = {"clock": NOW}
FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}


class Wire:
    """Speaks to one server over sockets: whole replies by http.client, odd bytes by raw sockets."""

    def __init__(self, server: Server) -> None:
        self.server, self.port = server, server.port
        self.caller = self.control("GET", "sandboxes/default")[1]

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own, to be closed by the caller."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, verb: str, path: str, body: bytes = b"", headers: dict | None = None):
        """Status, headers and body of one request on a connection of its own."""
        with closing(self.connect()) as connection:
            connection.request(verb, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()

    def control(self, verb: str, path: str, body: object = None):
        """Status and decoded reply of the control API."""
        headers = {
            "Authorization": f"Bearer {self.server.token}",
            "Content-Type": "application/json",
        }
        raw = b"" if body is None else json.dumps(body).encode()
        status, _, content = self.ask(verb, f"/_sandbox/{path}", raw, headers)
        return status, json.loads(content) if content else None

    def open(self, **fields: object) -> str:
        """The id of a new exchange in `default`."""
        status, exchange = self.control("POST", "sandboxes/default/exchanges", fields)
        assert status == 201, exchange
        return exchange["dispute_id"]

    def params(self, method: str, caller: dict | None = None, **business: object) -> dict[str, str]:
        """Signed parameters; the sandbox is frozen at a known instant, so the timestamp is a
        constant."""
        caller = caller or self.caller
        texts = {
            "method": method,
            "app_key": caller["app_key"],
            "session": caller["session"],
            "v": "2.0",
            "format": "json",
            "sign_method": "md5",
            "timestamp": NOW,
            **{name: str(value) for name, value in business.items()},
        }
        plain = (
            caller["app_secret"]
            + "".join(name + texts[name] for name in sorted(texts))
            + caller["app_secret"]
        )
        return {**texts, "sign": hashlib.md5(plain.encode()).hexdigest().upper()}

    def form(self, method: str, caller: dict | None = None, **business: object) -> bytes:
        """Signed parameters as a urlencoded form."""
        return urlencode(self.params(method, caller, **business)).encode()

    def call(self, method: str, **business: object) -> dict:
        """What stands inside the root of the reply to a POST."""
        status, _, content = self.ask("POST", "/router/rest", self.form(method, **business), FORM)
        assert status == 200
        (inner,) = json.loads(content).values()
        return inner

    def raw(self, *parts: bytes) -> bytes:
        """All bytes that come back until the server closes; the sending side is closed after the
        last part."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plug:
            for part in parts:
                try:
                    plug.sendall(part)
                except OSError:  # the server may answer and close before it has read all
                    break
            with suppress(OSError):
                plug.shutdown(socket.SHUT_WR)
            received = b""
            with suppress(ConnectionError):
                while chunk := plug.recv(65536):
                    received += chunk
            return received

    def alive(self) -> bool:
        """Whether a new client is served."""
        return "time" in self.call("taobao.time.get")


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """A running server whose default sandbox is frozen, and the means to speak to it."""
    with Server(document=DOCUMENT) as server:
        yield Wire(server)


@pytest.fixture
def make_wire() -> Callable[[Server], Wire]:
    """Makes the means to speak to a given server."""
    return Wire


@pytest.fixture
def document() -> dict:
    """The document of a sandbox frozen at the instant that `Wire` stamps."""
    return dict(DOCUMENT)


@pytest.fixture
def new_threads() -> Callable[[], list[str]]:
    """The names of the threads that the test has started and that do not end by themselves.

    What has been stopped gets to its end when the machine lets it: it is waited for.
    """
    before = set(threading.enumerate())

    def names() -> list[str]:
        started = set(threading.enumerate()) - before
        for thread in started:
            thread.join(5)
        return sorted(thread.name for thread in started if thread.is_alive())

    return names


@pytest.fixture
def certificate(tmp_path):
    """A certificate and key for 127.0.0.1."""
    made = trustme.CA().issue_cert("127.0.0.1")
    paths = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    made.cert_chain_pems[0].write_to_path(paths[0])
    made.private_key_pem.write_to_path(paths[1])
    return paths


class ServeProcess:
    """`tmall-mockserver serve` as a process of its own; its output goes to files."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        stderr=None,
        files: int = 0,
        odd: str = "",
        prefix: Sequence[str] = (),
    ) -> None:
        ready_file = folder / "ready.json"
        if odd:
            ready_file.write_text(odd, "utf-8")
        folder.chmod(0o777)  # the command `prefix` may change the user
        command = [*prefix, sys.executable, "-m", "mockserver", "serve", "--port", "0"]
        command += ["--ready-file", str(ready_file), *arguments]
        if files:
            command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
        self.log = folder / "serve.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=stderr or log,
            )
        self.ready = self._wait_ready(ready_file)
        self.port = int(self.ready["url"].rpartition(":")[2])
        self.token = self.ready["token"]

    def _wait_ready(self, path: Path) -> dict:
        end = monotonic() + 30
        while monotonic() < end and self.process.poll() is None:
            with suppress(OSError, ValueError, RecursionError, TypeError):
                ready = json.loads(path.read_text("utf-8"))
                if ready["pid"] == self.process.pid:
                    return ready
            sleep(0.02)
        self.process.kill()
        self.process.wait()
        raise AssertionError(self.log.read_text("utf-8"))

    def ask(self, verb: str, path: str, body: bytes = b"", timeout: float = 5.0):
        """Status and body of one request with the token, on a connection of its own."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)) as link:
            link.request(verb, path, body, {"Authorization": f"Bearer {self.token}"})
            reply = link.getresponse()
            return reply.status, reply.read()

    def connect(self, data: bytes = b"") -> socket.socket:
        """A socket over which `data` has been sent."""
        plug = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        plug.sendall(data)
        return plug

    def memory(self) -> int:
        """The largest resident size so far, in MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))

    def cpu(self) -> float:
        """Seconds of processor time used so far."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Exit code and seconds from the signal to the end."""
        began = monotonic()
        self.process.send_signal(number)
        code = self.process.wait(15)
        return code, monotonic() - began


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., ServeProcess]]:
    """Starts `serve` processes; those that still run are killed at the end."""
    processes = []

    def start(*arguments: str, **options) -> ServeProcess:
        folder = tmp_path / f"server{len(processes)}"
        folder.mkdir()
        processes.append(ServeProcess(folder, *arguments, **options))
        return processes[-1]

    yield start
    for served in processes:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait()
