"""Where the time of a signed call goes: in process, without sockets.

Run: python -m benchmarks.profile [get|agree|list] (as a script it would hide the standard
`profile`).
"""

import cProfile
import gc
import pstats
import sys
from collections.abc import Callable
from itertools import cycle
from time import process_time

from mockserver.client.transport import Wsgi
from mockserver.protocol.messages import Inbound
from mockserver.server import create_app, make_context
from mockserver.world.document import ClockDocument, WorldDocument

from .bare import create_bare
from .calls import agrees, gets, lists
from .children import compile_all
from .verdict import at_most, note, ratios

__all__: list[str] = []

KIND = "application/x-www-form-urlencoded;charset=utf-8"
CALLS_A_REPEAT = 250  # calls of one repeat
REPEATS = 31
PROFILED = 1_500  # calls under the profiler
PROFILE_LINES = 25  # lines of the profile
Send = Callable[[bytes], object]


def main(what: str) -> None:
    """Prints microseconds a call, beside the bare app's, and the profile of the gateway alone."""
    compile_all()
    context = make_context(document=WorldDocument(clock=ClockDocument(mode="running")))
    world = context.directory.get("default")
    world.put_stock("wanted", 2**30)
    product, bare = Wsgi(create_app(context, print)), Wsgi(create_bare())
    reads = gets(str(exchange.dispute_id) for exchange in world.open({"status": 5}, 200))

    def bodies(count: int = CALLS_A_REPEAT) -> list[bytes]:
        if what == "agree":
            return agrees(str(exchange.dispute_id) for exchange in world.open({}, count))
        return lists("json", 15) if what == "list" else reads

    def gateway(body: bytes) -> object:
        return context.answer(Inbound("POST", b"", KIND, body, "http://127.0.0.1"))

    alone, whole, theirs = [], [], []
    for _ in range(REPEATS):
        alone.append(micros(gateway, bodies()))
        whole.append(micros(wsgi(product), bodies()))
        theirs.append(micros(wsgi(bare), reads))
    note(f"{what}: gateway.answer alone", alone, "us")
    note(f"{what}: whole WSGI call", whole, "us")
    note("bare: whole WSGI call", theirs, "us")
    at_most(f"{what}: WSGI call over bare", ratios(whole, theirs), 1.0)
    profiled(gateway, bodies(PROFILED))


def wsgi(door: Wsgi) -> Send:
    """Posts a body straight into a WSGI app."""
    return lambda body: door.send("POST", "/router/rest", body, {"Content-Type": KIND})


def micros(send: Send, bodies: list[bytes]) -> float:
    """Microseconds of processor time a call, the collector at rest."""
    chosen = [body for _, body in zip(range(CALLS_A_REPEAT), cycle(bodies), strict=False)]
    gc.collect()
    gc.disable()
    try:
        began = process_time()
        for body in chosen:
            send(body)
        return (process_time() - began) / len(chosen) * 1e6
    finally:
        gc.enable()


def profiled(send: Send, bodies: list[bytes]) -> None:
    """Prints the functions that take most time themselves."""
    profile = cProfile.Profile()
    profile.enable()
    for _, body in zip(range(PROFILED), cycle(bodies), strict=False):
        send(body)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(PROFILE_LINES)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "get")
