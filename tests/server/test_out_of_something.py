"""A running server that is out of memory, threads or files says so once, and goes on when there is
some again."""

import json
import os
import resource
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep

import pytest

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
AS_A_PLAIN_USER = (  # root may have any number of processes
    *("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"),
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
)
# Memory of threads that have ended is given back, but for the last one's.
NO_STACK_CACHE = ("env", "GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0")
SAID = "no memory for another thread"


@contextmanager
def limited(server, limit: int, count: int) -> Iterator[None]:
    """The running server may have no more than `count` of something meanwhile."""
    before = resource.prlimit(server.process.pid, limit)
    resource.prlimit(server.process.pid, limit, (count, before[1]))
    yield
    resource.prlimit(server.process.pid, limit, before)


def count_of(server, name: str) -> int:
    """The number that /proc gives for the server."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def await_start(server) -> None:
    """Wait until no thread starts or ends by itself: the doctor is imported in one that ends, and
    the first refusal is logged by one that stays."""
    assert server.ask("POST", "/router/rest", b"method=x")[0] == 200
    counts = []
    for _ in range(1000):
        counts.append(count_of(server, "Threads"))
        is_steady = len(counts) > 150 and len(set(counts[-150:])) == 1
        if is_steady and " 28 x" in server.log.read_text("utf-8"):
            break
        sleep(0.01)
    # workers of other kinds of calls take the memory of threads that have ended
    sandbox = "/_sandbox/sandboxes/default"
    assert server.ask("GET", sandbox)[0] == 200
    assert server.ask("GET", f"{sandbox}/requests?after=0&wait=1")[0] == 200
    assert server.ask("POST", f"{sandbox}/play", b"{}")[0] == 400


def advance(server) -> tuple[int, bytes]:
    """Status and body of a call for which the server starts a thread."""
    return server.ask("POST", "/_sandbox/sandboxes/default/clock/advance", b'{"by": "1s"}')


def test_no_memory_for_threads(serve):
    """Without memory for a thread (RLIMIT_AS) calls of the gateway are answered, control calls that
    need one get 503; with memory again all is as before."""
    server = serve(prefix=NO_STACK_CACHE)
    await_start(server)
    with limited(server, resource.RLIMIT_AS, count_of(server, "VmSize") * 1024 + MIB):
        calls = [server.ask("POST", "/router/rest", b"method=x")[0] for _ in range(5)]
        refused = [advance(server) for _ in range(5)]
    again = advance(server)[0]
    code, _ = server.stop()
    log = server.log.read_text("utf-8")

    assert calls == [200] * 5
    assert [status for status, _ in refused] == [503] * 5
    assert all(json.loads(body)["status"] == 503 for _, body in refused)
    assert (again, code) == (200, 0)
    assert log.count(SAID) == 1
    assert "Traceback" not in log


def test_no_process_for_threads(serve):
    """The same where the user may have no more processes (RLIMIT_NPROC)."""
    user = AS_A_PLAIN_USER if os.getuid() == 0 else ()  # root is not bound by this limit
    server = serve(prefix=user)
    await_start(server)
    limit = ["prlimit", f"--pid={server.process.pid}", "--nproc=1:"]
    subprocess.run([*user, *limit], check=True, timeout=10)
    refused = [advance(server)[0] for _ in range(5)]
    call = server.ask("POST", "/router/rest", b"method=x")[0]
    code, _ = server.stop()
    log = server.log.read_text("utf-8")

    assert (refused, call, code) == ([503] * 5, 200, 0)
    assert log.count(SAID) == 1
    assert "Traceback" not in log


@pytest.mark.parametrize("spare", [0, 1])
def test_no_files_for_control_calls(serve, spare):
    """Without files control calls on open connections are answered, newcomers take the place of
    idle ones; it is said once, and with files again all is as before."""
    server = serve()
    ask = (
        "GET /_sandbox/sandboxes HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {server.token}\r\n\r\n"
    )
    with ExitStack() as stack:
        plugs = [stack.enter_context(server.connect(ask.encode())) for _ in range(5)]
        first = [plug.recv(65536)[:15] for plug in plugs]
        files = len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
        with limited(server, resource.RLIMIT_NOFILE, files + spare):
            plugs[-1].sendall(ask.encode())
            second = plugs[-1].recv(65536)[:15]
            newcomers = [server.ask("GET", "/_sandbox/sandboxes")[0] for _ in range(20)]
            long = advance(server)[0]
        again = [server.ask("GET", "/_sandbox/sandboxes")[0] for _ in range(3)]
    code, _ = server.stop()
    log = server.log.read_text("utf-8")

    assert [*first, second] == [b"HTTP/1.1 200 OK"] * 6
    assert (newcomers, long) == ([200] * 20, 200)
    assert (again, code) == ([200] * 3, 0)
    assert log.count("out of files or connections") in ({0, 1} if spare else {1})
    assert "Traceback" not in log


def test_dropped_lines_are_counted(serve):
    """A reader of stderr that comes back reads how many lines were dropped meanwhile: with those
    that it reads they are all."""
    server = serve(stderr=subprocess.PIPE)
    for _ in range(2200):
        assert server.ask("POST", "/router/rest", b"method=x")[0] == 200
    received = bytearray()
    reader = threading.Thread(target=lambda: received.extend(server.process.stderr.read()))
    reader.start()
    sleep(1)  # the queue is written
    assert server.ask("POST", "/router/rest", b"method=last")[0] == 200
    sleep(0.3)
    code, _ = server.stop()
    reader.join(10)
    server.process.stderr.close()
    lines = received.decode().splitlines()
    counts = [int(line.split()[0][1:]) for line in lines if "lines dropped" in line]
    calls = [line for line in lines if "lines dropped" not in line]

    assert code == 0
    assert len(counts) == 1
    assert len(calls) + counts[0] == 2201
    assert " last " in calls[-1]
