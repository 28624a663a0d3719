"""How reads and memory grow with the number of exchanges, in this process.

    python -m benchmarks.growth [SMALL [LARGE]]    # 1,000 and 1,000,000 by default

Opens SMALL and then LARGE exchanges in one sandbox.  Prints the CPU microseconds of `get` and of
the list's first and thousandth page (the last page where there are fewer), the ratio of both
sizes, and the resident bytes of one exchange with its indexes and history.  Goals: at most 1.5
times; at most 1.2 KB.  A million exchanges take minutes and gigabytes.
"""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from resource import getpagesize

from benchmarks.in_process import measure_us
from mockserver import Sandbox

PAGE_SIZE = 40
PAGES = 1000
OPENED_AT_ONCE = 10_000


def resident_bytes() -> int:
    """Return the resident size of this process; Linux only."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()


def open_until(sandbox: Sandbox, total: int, opened: int) -> None:
    """Open exchanges until there are `total`; `opened` of them there are."""
    while opened < total:
        count = min(OPENED_AT_ONCE, total - opened)
        sandbox._ask("POST", "exchanges", {"count": count})
        opened += count


def measure(sandbox: Sandbox, dispute_id: str, total: int) -> dict[str, float]:
    """Return the microseconds of each read."""
    client = sandbox.client()
    last = max(1, min(PAGES, total // PAGE_SIZE))

    def page(number: int) -> Callable[[], object]:
        return lambda: client.call(
            "tmall.exchange.receive.get",
            fields="dispute_id,status",
            page_no=number,
            page_size=PAGE_SIZE,
        )

    def get() -> object:
        return client.call("tmall.exchange.get", dispute_id=dispute_id, fields="dispute_id,status")

    return {
        "get": measure_us(get, 200),
        "list, page 1": measure_us(page(1), 50),
        f"list, page {PAGES} or the last": measure_us(page(last), 50),
    }


def main(small: int, large: int) -> None:
    """Print one line for each read, and the memory of one exchange."""
    sandbox = Sandbox()
    first = sandbox.open()
    open_until(sandbox, small, 1)
    before = measure(sandbox, first.dispute_id, small)
    gc.collect()
    resident = resident_bytes()
    open_until(sandbox, large, small)
    gc.collect()
    exchange_bytes = (resident_bytes() - resident) / (large - small)
    after = measure(sandbox, first.dispute_id, large)
    for name, micros in before.items():
        print(
            f"{name:28}{micros:8.0f} µs at {small:,}{after[name]:8.0f} µs at {large:,}"
            f"  x {after[name] / micros:.2f} (goal 1.5)"
        )
    print(f"{'memory of one exchange':28}{exchange_bytes:8.0f} bytes (goal 1,200)")


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]]
    main(*(sizes + [1_000, 1_000_000][len(sizes) :]))
