"""Every bad client at once against one server, while an honest client counts its answers.

Run: python -m benchmarks.soak [seconds].  Ends with exit code 1 if an honest call was not answered
rightly, if memory grew without bound, or if the server did not stop in time at the end.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlencode

from mockserver.client.control_client import Control
from mockserver.client.sandbox import Sandbox
from mockserver.client.transport import Http

from .children import ROOT

__all__: list[str] = []

MIB = 1024 * 1024
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MAX_MEMORY_MIB = 700
MAX_P99_SECONDS = 1.0
MAX_STOP_SECONDS = 0.5  # and what a bare process takes at that moment
_BARE = (
    "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); print(flush=True);"
    " signal.sigwait([signal.SIGTERM])"
)
SLOW_CLIENTS = 300  # of each kind while all others are at work too
CROWD = 2000  # of one kind, one kind after the other, nobody else at work
WINDOWS, WINDOW_CALLS = 5, 200  # of an honest client beside a crowd
MAX_CROWD_P99_SECONDS = 0.02  # in the middle one of the windows: one hiccup of the machine is none
POST = b"POST /router/rest HTTP/1.1\r\nHost: x\r\n"
SLOW = {
    "silent": b"",
    "half a request line": b"POST /router/re",
    "half a head": POST + b"X-Pad: y",
    "half a body": POST + b"Content-Length: 1000\r\n\r\nmethod=",
    "half a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nff\r\nx",
    "half a control call": b"POST /_sandbox/sandboxes HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
    "does not read": b"GET /_sandbox/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
}
ODD = (
    b"hello\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"CONNECT eco.taobao.com:443 HTTP/1.1\r\n\r\n",
    POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    POST + b"Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\nx",
    POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20_000,
    b"GET /router/rest?" + "method=卡卡".encode("gbk") + b" HTTP/1.1\r\n\r\n",
    b"GET /" + b"x" * 2 * MIB + b" HTTP/1.1\r\n\r\n",
)
SCENARIO = "scenario: s\nabout: a\nsteps:\n  - buyer: apply\n  - await: {status: 2, within: 2s}\n"


class Soak:
    """The server and those who bother it; `done` ends all threads."""

    def __init__(self, process: "subprocess.Popen[bytes]", ready: Mapping[str, Any]) -> None:
        self.process = process
        self.port = int(ready["url"].rpartition(":")[2])
        self.url = str(ready["url"])
        self.token = str(ready["token"])
        self.done = threading.Event()
        self.seconds: list[float] = []
        self.wrong: list[str] = []
        self.counts: dict[str, int] = {}

    def sandbox(self) -> Sandbox:
        """Return a sandbox of its own, over a connection of its own."""
        return Sandbox(control=Control(Http(self.url, 60), self.token))

    def repeat(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Start a thread that does the work again and again.

        What fails there is the server's right.
        """

        def run() -> None:
            while not self.done.is_set():
                with suppress(Exception):
                    work()
                self.counts[name] = self.counts.get(name, 0) + 1

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        return thread

    def connect(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def stay_slow(self, data: bytes) -> None:
        """Hold many connections that say `data` and no more; replace some now and then."""
        plugs = []
        for _ in range(SLOW_CLIENTS):
            plug = self.connect()
            plug.sendall(data)
            plugs.append(plug)
        self.done.wait(random.uniform(1, 15))
        for plug in plugs:
            plug.close()

    def send_too_much(self) -> None:
        """Send a body that does not end."""
        with self.connect() as plug:
            plug.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n2BC00000\r\n")
            for _ in range(100):
                plug.sendall(b"x" * MIB)

    def send_odd(self) -> None:
        """Send what is no clean request and read the answer."""
        with self.connect() as plug:
            plug.sendall(random.choice(ODD))
            while plug.recv(65536):
                pass
        sleep(0.01)

    def be_wrong(self) -> None:
        """Send calls with a wrong sign."""
        sandbox = self.sandbox()
        transport = Http(self.url)
        params = sandbox.client().params("taobao.time.get", {})
        body = urlencode({**params, "sign": "0" * 32}).encode()
        for _ in range(50):
            transport.send("POST", "/router/rest", body, FORM)
            sleep(0.05)
        transport.close()

    def plan_faults(self) -> None:
        """Have replies held back, lost and cut."""
        sandbox = self.sandbox()
        for fault, options in (("latency", {"seconds": 1}), ("reply_lost", {}), ("truncated", {})):
            sandbox.faults.add(fault, times=5, **options)
            for _ in range(5):
                with suppress(Exception):
                    sandbox.client().call("taobao.time.get")

    def work_long(self) -> None:
        """Have robots act for years, scenarios wait, exchanges be opened by the hundred."""
        sandbox = self.sandbox()
        sandbox.open_many(200)
        sandbox.clock.advance("400d")
        sandbox.play(SCENARIO)

    def be_honest(self) -> None:
        """Open, agree, read; every answer is checked, every call is timed."""
        sandbox = self.sandbox()
        client = sandbox.client()
        address = sandbox.shops[0]["addresses"][0]["contact_id"]
        sandbox.stock["wanted"] = 2**30
        while not self.done.is_set():
            exchange = sandbox.open()
            for method, more in (
                ("tmall.exchange.agree", {"address_id": address}),
                ("tmall.exchange.get", {"fields": "dispute_id,status"}),
            ):
                began = monotonic()
                try:
                    answer = client.call(method, dispute_id=exchange.dispute_id, **more)
                    if answer["result"]["exchange"]["dispute_id"] != str(exchange.dispute_id):
                        self.wrong.append(f"{method}: {answer}"[:300])
                except Exception as error:
                    self.wrong.append(f"{method}: {error!r}"[:300])
                self.seconds.append(monotonic() - began)

    def crowd_cuts(self, data: bytes, count: int = CROWD) -> tuple[float, float]:
        """Return an honest client's p50 and p99 in seconds, each of the middle window."""
        client = self.sandbox().client()
        plugs = []
        windows: list[list[float]] = []
        try:
            for _ in range(count):
                plug = self.connect()
                plugs.append(plug)
                plug.sendall(data)
            for _ in range(WINDOWS):
                seconds: list[float] = []
                for _ in range(WINDOW_CALLS):
                    began = monotonic()
                    client.call("taobao.time.get")
                    seconds.append(monotonic() - began)
                windows.append(quantiles(seconds, n=100))
        finally:
            for plug in plugs:
                plug.close()
        return median(cuts[49] for cuts in windows), median(cuts[98] for cuts in windows)

    def crowds(self) -> bool:
        """Print p50 and p99 beside each kind of slow client; judge p99."""
        tails = []
        print("beside nobody: p99 {:.1f} ms".format(self.crowd_cuts(b"", 0)[1] * 1000))
        for name in SLOW:
            middle, tail = self.crowd_cuts(SLOW[name])
            tails.append(tail)
            print(f"beside {CROWD}, {name}: p50 {middle * 1000:.1f}, p99 {tail * 1000:.1f} ms")
        return max(tails) < MAX_CROWD_P99_SECONDS

    def memory(self) -> int:
        """Return the largest resident size so far in MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))

    def run(self, seconds: float) -> bool:
        """Run the crowds, then everybody for so long; return True if all is well."""
        few_wait = self.crowds()
        threads = [
            self.repeat(name, lambda data=data: self.stay_slow(data)) for name, data in SLOW.items()
        ]  # type: ignore[misc]
        for work in (
            self.send_too_much,
            self.send_odd,
            self.be_wrong,
            self.plan_faults,
            self.work_long,
        ):
            threads.append(self.repeat(work.__name__, work))
        honest = threading.Thread(target=self.be_honest, daemon=True)
        honest.start()
        end = monotonic() + seconds
        while monotonic() < end and honest.is_alive():
            sleep(0.5)
        memory = self.memory()
        self.done.set()
        honest.join(30)
        bare = seconds_of_a_bare_stop()
        code, stopped = stop(self.process)
        cuts = quantiles(self.seconds, n=100)
        print(f"honest calls {len(self.seconds)}, wrong {len(self.wrong)} {self.wrong[:3]}")
        print(f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms; memory {memory} MiB")
        print(f"exit {code} after {stopped:.2f} s (a bare process {bare:.2f} s)")
        print(f"bad clients: {json.dumps(self.counts)}")
        calm = not self.wrong and len(self.seconds) > seconds and cuts[98] < MAX_P99_SECONDS
        small = memory < MAX_MEMORY_MIB
        return few_wait and calm and small and code == 0 and stopped < MAX_STOP_SECONDS + bare


def stop(process: "subprocess.Popen[bytes]") -> tuple[int, float]:
    """Return the exit code after SIGTERM, and the seconds that the process took to end."""
    began = monotonic()
    process.send_signal(signal.SIGTERM)
    return process.wait(30), monotonic() - began


def seconds_of_a_bare_stop() -> float:
    """Return how long a process that only waits for SIGTERM takes to end: the machine's part."""
    with subprocess.Popen([sys.executable, "-c", _BARE], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            return stop(process)[1]
        finally:
            process.kill()


def main(seconds: float) -> int:
    """Start the server with a stderr that nobody reads, run, return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mockserver",
                "serve",
                "--port",
                "0",
                "--ready-file",
                ready_file,
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            end = monotonic() + 30
            while not ready_file.exists() and monotonic() < end:
                sleep(0.05)
            return 0 if Soak(process, json.loads(ready_file.read_text("utf-8"))).run(seconds) else 1
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 120))
