"""Throughput, processor time and tail latency of signed calls, beside the bare app.

Rounds interleave the two servers and change who goes first; what is judged is the median of the
rounds' ratios.  Run: python -m benchmarks.gateway [rounds]
"""

import sys
from collections.abc import Callable
from functools import partial

from mockserver.client.control_client import Control
from mockserver.client.sandbox import Sandbox
from mockserver.client.transport import Http

from .calls import agrees, gets, lists
from .children import Child, compile_all, loaded
from .load import Measured
from .verdict import TAIL_NOISE, at_least, at_most, note, ratios

__all__: list[str] = []

SECONDS = 0.8  # of load, each time
AGREES = 1_200  # exchanges agreed to in one round
SHELF = 2**30  # units of the wanted goods: stock must not run out
CALLS = 200  # signed bodies that a load rotates
SHIPPED = 5  # status: both sides have shipped, so every documented field has a value
SHOWN_ROUNDS = 3  # where no goal hangs on the figure
LISTS = (("json", 15), ("json", 40), ("xml", 15), ("xml", 40))
Figures = tuple[Measured, float]
Rounds = list[tuple[Figures, Figures]]  # ours, then the bare app's, of one round


class Bench:
    """Both servers under load; each method is one measurement."""

    def __init__(self, bare: Child, product: Child) -> None:
        self._bare, self._product = bare, product
        self._sandbox = Sandbox(control=Control(Http(product.url), product.token), attach="default")
        self._sandbox.stock["wanted"] = SHELF
        self._ids = [
            exchange.dispute_id for exchange in self._sandbox.open_many(CALLS, status=SHIPPED)
        ]
        self._gets = gets(self._ids)

    def bare(self) -> Figures:
        """The bare app's own get."""
        return loaded(self._bare, self._gets, b'"success":true', SECONDS)

    def get(self) -> Figures:
        """Signed gets in JSON."""
        return loaded(self._product, self._gets, b'"success":true', SECONDS)

    def get_crowded(self) -> Figures:
        """Signed gets over 64 connections."""
        return loaded(self._product, self._gets, b'"success":true', SECONDS, 64)

    def get_xml(self) -> Figures:
        """Signed gets in XML, the gateway's default form."""
        return loaded(self._product, gets(self._ids, "xml"), b"<success>true</success>", SECONDS)

    def agree(self) -> Figures:
        """Signed agrees, each on an exchange of its own."""
        opened = self._sandbox.open_many(AGREES)
        return loaded(
            self._product, agrees(exchange.dispute_id for exchange in opened), b'"success":true'
        )

    def page(self, format: str, rows: int) -> Figures:
        """The first page of the list."""
        expected = b'"has_next":true' if format == "json" else b"<has_next>true</has_next>"
        return loaded(self._product, lists(format, rows), expected, SECONDS)


def main(rounds: int) -> None:
    """Prints every figure."""
    compile_all()
    with Child("benchmarks.bare") as bare, Child("benchmarks.product") as product:
        bench = Bench(bare, product)
        bench.bare(), bench.get()
        judged("get", paired(bench.get, bench.bare, rounds), 2.0)
        crowd = [bench.get_crowded()[0] for _ in range(rounds)]
        at_most(
            "get, 64 connections: p99 over p50",
            [measured.p99 / measured.p50 for measured in crowd],
            3.0,
            TAIL_NOISE,
        )
        judged("agree", paired(bench.agree, bench.bare, rounds), 0.7)
        note_rates("get, XML", paired(bench.get_xml, bench.bare, SHOWN_ROUNDS))
        for form, rows in LISTS:
            page = partial(bench.page, form, rows)
            note_rates(f"list of {rows}, {form.upper()}", paired(page, bench.bare, SHOWN_ROUNDS))
        note("memory after the load over bare", [product.memory / bare.memory])


def paired(ours: Callable[[], Figures], bare: Callable[[], Figures], rounds: int) -> Rounds:
    """Both measured once a round, the first place changing."""
    pairs = []
    for number in range(rounds):
        if number % 2:
            other = bare()
            pairs.append((ours(), other))
        else:
            mine = ours()
            pairs.append((mine, bare()))
    return pairs


def rates(rounds: Rounds) -> list[float]:
    """Requests a second, ours over the bare app's."""
    return ratios(
        [mine.replies / mine.seconds for (mine, _), _ in rounds],
        [other.replies / other.seconds for _, (other, _) in rounds],
    )


def judged(what: str, rounds: Rounds, goal: float) -> None:
    """Prints the figures that have goals, and the plain ones they come from."""
    tails = ratios([mine.p99 for (mine, _), _ in rounds], [other.p99 for _, (other, _) in rounds])
    costs = ratios([cpu for (_, cpu), _ in rounds], [cpu for _, (_, cpu) in rounds])
    at_least(f"{what}: requests/s over bare", rates(rounds), goal)
    if what == "get":
        at_most(f"{what}: server CPU over bare", costs, 0.5)
        at_most(f"{what}: p99 over bare", tails, 1.5, TAIL_NOISE)
    else:
        note(f"{what}: server CPU over bare", costs)
        note(f"{what}: p99 over bare", tails)
    note(f"{what}: server CPU, product", [cpu for (_, cpu), _ in rounds], "us")
    note(f"{what}: server CPU, bare", [cpu for _, (_, cpu) in rounds], "us")


def note_rates(what: str, rounds: Rounds) -> None:
    """Prints the throughput, without a goal."""
    note(f"{what}: requests/s over bare get", rates(rounds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
