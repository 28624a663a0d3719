"""Start, reset and stop: what a test run pays besides its calls.

Run: python -m benchmarks.lifecycle [rounds]
"""

import socket
import sys
import time

from mockserver.client.sandbox import Sandbox
from mockserver.client.server import Server
from mockserver.world.world import World

from .calls import gets
from .children import Child, compile_all, free_port, spawn, wait_reply
from .stop_signal import stop_signals
from .verdict import at_most, note, ratios

__all__: list[str] = []

PRODUCT = ("-m", "mockserver", "serve", "--port", "{port}")  # as `tmall-mockserver serve` starts
BARE = ("-m", "benchmarks.bare", "{port}")
HELD = 1_000  # exchanges of the sandbox that is reset
CALL = gets(["1"])[0]


def main(rounds: int) -> None:
    """Prints every figure."""
    compile_all()
    starts(rounds)
    resets()
    stops(rounds)
    stop_signals(rounds)
    memory()


def starts(rounds: int) -> None:
    """From the start of the process to the first reply, beside the bare app."""
    started(PRODUCT), started(BARE)
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(started(PRODUCT))
        bare.append(started(BARE))
    at_most("start to first reply over bare", ratios(ours, bare), 1.25)
    note("start to first reply, product", ours, "ms")
    note("start to first reply, bare", bare, "ms")


def started(command: tuple[str, ...]) -> float:
    """Milliseconds until a fresh process has answered."""
    port = free_port()
    began = time.perf_counter()
    process = spawn([part.format(port=port) for part in command])
    try:
        wait_reply(port, CALL)
        return (time.perf_counter() - began) * 1000
    finally:
        process.terminate()
        process.wait(5)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def resets() -> None:
    """A sandbox with HELD exchanges put back.

    To its beginning, and to a snapshot that holds them all.
    """
    with Server() as server:
        world = server.context.directory.get("default")
        at_most(
            f"reset of {HELD} exchanges, in process",
            [reset(world) for _ in range(15)],
            1,
            unit="ms",
        )
        world.open({}, HELD)
        world.snapshot("full")
        note(f"restore of {HELD} exchanges, in process", [restore(world) for _ in range(15)], "ms")
    sandbox = Sandbox()
    sandbox.open_many(HELD)
    sandbox.snapshot("full")
    note(
        f"restore of {HELD} exchanges, control API", [controlled(sandbox) for _ in range(15)], "ms"
    )


def reset(world: World) -> float:
    """Milliseconds of one reset of a sandbox that holds HELD exchanges more than it began with."""
    world.open({}, HELD)
    began = time.perf_counter()
    world.reset()
    return (time.perf_counter() - began) * 1000


def restore(world: World) -> float:
    """Milliseconds of one restore of the snapshot."""
    began = time.perf_counter()
    world.restore("full")
    return (time.perf_counter() - began) * 1000


def controlled(sandbox: Sandbox) -> float:
    """Milliseconds of one restore asked for through the WSGI app."""
    began = time.perf_counter()
    sandbox.restore("full")
    return (time.perf_counter() - began) * 1000


def stops(rounds: int) -> None:
    """An embedded server stopped: idle, and while a client keeps its connection."""
    at_most(
        "stop of an embedded server, idle",
        [stopped(keep_alive=False) for _ in range(rounds)],
        25,
        unit="ms",
    )
    at_most(
        "stop with a kept-alive connection",
        [stopped(keep_alive=True) for _ in range(rounds)],
        25,
        unit="ms",
    )
    at_most("embedded: start to first reply", [embedded() for _ in range(rounds)], 15, unit="ms")


def stopped(*, keep_alive: bool) -> float:
    """Milliseconds of one stop, after one call."""
    server = Server().start()
    wait_reply(server.port, CALL)
    with socket.socket() as client:
        if keep_alive:
            client.connect(("127.0.0.1", server.port))
            client.sendall(b"GET /router/rest HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.recv(65_536)
        began = time.perf_counter()
        server.stop()
        return (time.perf_counter() - began) * 1000


def embedded() -> float:
    """Milliseconds from making an embedded server to its first reply, without imports."""
    began = time.perf_counter()
    with Server() as server:
        wait_reply(server.port, CALL)
        return (time.perf_counter() - began) * 1000


def memory() -> None:
    """Memory of both processes after one reply."""
    with Child("benchmarks.product") as product, Child("benchmarks.bare", "plain") as bare:
        for child in (product, bare):
            wait_reply(child.port, CALL)
        at_most("memory idle over bare", [product.memory / bare.memory], 1.3)
        note("memory idle, product", [product.memory], "MB")
        note("memory idle, bare", [bare.memory], "MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
