"""What the console costs: pages of a sandbox of 100,000 exchanges, five tabs beside a gateway.

`python -m benchmarks.console [EXCHANGES] [CALLS]`.  A tab asks as a browser does: once in two
seconds with the revision that it shows.  Without a browser: the server's work is measured.
"""

import re
import sys
import threading
import time
from statistics import median
from urllib.request import HTTPCookieProcessor, build_opener

from mockserver import Server

EXCHANGES, CALLS = 100_000, 4_000
BATCH, TABS, POLL_SECONDS, ROUNDS, PAGES = 1_000, 5, 2.0, 7, 100


def timed(action) -> float:
    """Return the milliseconds that the action takes, the best of five."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - began)
    return best * 1000


def sign_in(server):
    """Return a function that reads a page as a signed-in browser."""
    opener = build_opener(HTTPCookieProcessor())
    opener.open(server.make_console_link()).read()
    return lambda path: opener.open(f"{server.url}/console{path}").read().decode()


def poll(read, stop: threading.Event) -> None:
    """Ask for the journal every two seconds, as an open tab does."""
    since = "0"
    while not stop.wait(POLL_SECONDS):
        page = read(f"/s/default/journal?since={since}")
        match = re.search(r"since=(\d+)", page)
        since = match[1] if match else since


def call_seconds(client, dispute_id: str, calls: int) -> float:
    """Return the seconds that so many calls of one client take."""
    began = time.perf_counter()
    for _ in range(calls):
        client.call("tmall.exchange.get", dispute_id=dispute_id, fields="dispute_id,status")
    return time.perf_counter() - began


def measure_pair(server, client, number: str, calls: int) -> float:
    """Return by what the calls take longer beside open tabs than right before and after."""
    before = call_seconds(client, number, calls)
    stop = threading.Event()
    tabs = [threading.Thread(target=poll, args=(sign_in(server), stop)) for _ in range(TABS)]
    for tab in tabs:
        tab.start()
    beside = call_seconds(client, number, calls)
    stop.set()
    for tab in tabs:
        tab.join(timeout=30)
    return beside * 2 / (before + call_seconds(client, number, calls))


def tab_share(read) -> float:
    """Return the share of one core that five tabs take while the journal changes all the time.

    From the CPU time of a page, the browser's reading of it included: so it is the same on a busy
    machine.
    """
    began = time.process_time()
    for _ in range(PAGES):
        read("/s/default/journal?since=0")
    seconds = (time.process_time() - began) / PAGES
    return seconds * TABS / POLL_SECONDS


def main(exchanges: int = EXCHANGES, calls: int = CALLS) -> None:
    """Print the measurements."""
    with Server(document={"clock": "2026-03-01 10:00:00"}) as server:
        sandbox = server.sandbox(attach="default")
        control = server.sandbox(attach="default", direct=True)
        for _ in range(exchanges // BATCH):
            control.open(count=BATCH)
        number = sandbox.open().dispute_id
        read = sign_in(server)
        for name, path in (
            ("first page of the list", "/s/default/exchanges"),
            ("last page of the list", f"/s/default/exchanges?page={exchanges // 25}"),
            ("filtered by status", "/s/default/exchanges?status=1&status=2"),
            ("one exchange", f"/s/default/exchanges/{number}"),
            ("clock", "/s/default/clock"),
            ("messages", "/s/default/messages"),
            ("list of sandboxes", ""),
        ):
            print(f"{name:<28}{timed(lambda path=path: read(path)):8.1f} ms")
        client = sandbox.client()
        call_seconds(client, number, calls // 4)
        share = tab_share(read) * 100
        print(f"{'five tabs take of one core':<28}{share:8.1f} %  (CPU time)")
        ratios = [measure_pair(server, client, number, calls) for _ in range(ROUNDS)]
        slower = (median(ratios) - 1) * 100
        print(f"{'five tabs slow a client by':<28}{slower:8.1f} %  (median of {ROUNDS} pairs)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
