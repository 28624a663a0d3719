"""What quotas and planned faults cost a call that they leave alone: in process, without sockets.

Four gateways take turns over the same calls: a plain one that never asks for either, the product
with nothing set, with faults and quotas of other methods, and with a fault that meets every call
and strikes none.

Run: python -m benchmarks.fault_cost [rounds]
"""

import gc
import sys
from itertools import cycle
from time import process_time
from typing import Any

from mockserver.gateway import pipeline
from mockserver.gateway.checks import CHECKS
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.messages import Inbound
from mockserver.server import make_context
from mockserver.world.document import ClockDocument, QuotaDocument, WorldDocument

from .calls import gets
from .verdict import at_most, note, ratios

__all__: list[str] = []

KIND = "application/x-www-form-urlencoded;charset=utf-8"
CALLS_A_TURN = 100  # calls of one turn
OTHER = "tmall.exchange.refuse"
ALONE = tuple(check for check in CHECKS if check.codes != (7,))  # without flow control


class Plain(Gateway):
    """The gateway as if there were neither quotas nor faults."""

    def _answer(self, call: Any) -> Any:
        for check in ALONE:
            check.run(call, self.rules)
        return call.method.wrapper, self._ask(call)

    def answer(self, inbound: Inbound) -> Any:
        """The reply, with nothing disturbed."""
        call, text = self._delivered(inbound, None)
        return pipeline._reply(call, text)


def make(
    kind: type[Gateway],
    *,
    quotas: tuple[QuotaDocument, ...] = (),
    faults: tuple[dict[str, object], ...] = (),
) -> tuple[Gateway, list[bytes]]:
    """A gateway over a sandbox of its own, and signed calls for it."""
    context = make_context(
        document=WorldDocument(clock=ClockDocument(mode="running"), quotas=quotas, faults=faults)
    )
    world = context.directory.get("default")
    assert world is not None
    return kind(context.gateway.rules), gets(
        str(exchange.dispute_id) for exchange in world.open({"status": 5}, 100)
    )


def micros(gateway: Gateway, bodies: list[bytes]) -> float:
    """Microseconds of processor time a call, the collector at rest."""
    gc.collect()
    gc.disable()
    try:
        began = process_time()
        for body, _ in zip(cycle(bodies), range(CALLS_A_TURN), strict=False):
            gateway.answer(Inbound("POST", b"", KIND, body, "http://127.0.0.1"))
        return (process_time() - began) / CALLS_A_TURN * 1e6
    finally:
        gc.enable()


def main(rounds: int) -> None:
    """Prints the ratios to the plain gateway."""
    turns = {
        "plain": make(Plain),
        "nothing set": make(Gateway),
        "set for other methods": make(
            Gateway,
            quotas=(QuotaDocument(per="second", limit=1, method=OTHER),),
            faults=({"fault": "reset", "method": OTHER},),
        ),
        "met by every call, striking none": make(
            Gateway, faults=({"fault": "reset", "after": 10**9},)
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds + 1):
        order = list(turns) if number % 2 else list(reversed(turns))
        for name in order:
            taken = micros(*turns[name])
            if number:  # the first round warms up
                times[name].append(taken)
    at_most("nothing set over plain", ratios(times["nothing set"], times["plain"]), 1.03, 0.05)
    note("set for other methods over plain", ratios(times["set for other methods"], times["plain"]))
    note(
        "met by every call over plain",
        ratios(times["met by every call, striking none"], times["plain"]),
    )
    note("plain", times["plain"], "us")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 201)
