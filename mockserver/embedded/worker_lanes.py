"""Sort work for workers into lanes, so that no kind of work waits behind another.

Calls of the gateway are short and many clients time out on them; a control call may advance a
clock by years, play a scenario that waits, or wait for the journal.  In one queue the first would
wait for the last.  Each lane has its own queue and its own bound of threads; few threads may work
long, because all threads share one processor core.
"""

import threading
from collections.abc import Callable
from typing import Final

from ..world.real_clock import monotonic_seconds
from .request_parser import RequestHead
from .worker_pool import WorkerPool, interrupt_pools, join_threads

__all__ = ["WorkerLanes"]

GATEWAY_WORKERS: Final = 8
CONTROL_WORKERS: Final = 8
LONG_WORKERS: Final = 3
PIPELINE_WORKERS: Final = 1
PLAY_WORKERS: Final = 8
WAITING_WORKERS: Final = 32
REPORT_SECONDS: Final = 60.0
_LONG_BODY_BYTES = 256 * 1024
_LONG_ENDS = ("/clock", "/advance", "/age")


class WorkerLanes:
    """Threads for calls of the gateway, for short and long control calls, for scenarios that play,
    and for those that wait for the journal."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._reported = -REPORT_SECONDS
        self._lock = threading.Lock()
        self._interrupted = False
        self.gateway = WorkerPool(self._report_once, self._lock, GATEWAY_WORKERS)
        self.control = WorkerPool(self._report_once, self._lock, CONTROL_WORKERS)
        self.long = WorkerPool(self._report_once, self._lock, LONG_WORKERS)
        self.pipelined = WorkerPool(self._report_once, self._lock, PIPELINE_WORKERS)
        self.plays = WorkerPool(self._report_once, self._lock, PLAY_WORKERS)
        self.waiting = WorkerPool(self._report_once, self._lock, WAITING_WORKERS)

        self._pools = (
            self.gateway,
            self.control,
            self.long,
            self.pipelined,
            self.plays,
            self.waiting,
        )

    @property
    def may_hold_locks(self) -> bool:
        """True while work is done or waits that may hold a sandbox's lock for long."""
        return bool(  # asked before every call of the gateway, so no loop
            self.gateway.running
            or self.control.running
            or self.long.running
            or self.pipelined.running
            or self.plays.running
        )

    def choose(self, head: RequestHead, body: bytes, *, pipelined: bool = False) -> WorkerPool:
        """Return the lane for a request that is not the gateway's.

        One that is `pipelined` was sent before the reply to the one before it had come.
        """
        if b"wait=" in head.query:  # waits for the journal without a sandbox's lock
            return self.waiting
        if pipelined and not head.path.endswith("/play"):
            return self.pipelined
        if head.verb in ("GET", "HEAD"):
            return self.control
        if head.path.endswith("/play"):
            return self.plays
        opens_many = head.path.endswith("/exchanges") and b'"count"' in body
        if opens_many or head.path.endswith(_LONG_ENDS) or len(body) > _LONG_BODY_BYTES:
            return self.long
        return self.control

    def interrupt(self) -> None:
        """Interrupt the work of all lanes and take no more."""
        self._interrupted = True
        interrupt_pools(self._pools, self._lock)

    def _report_once(self, line: str) -> None:
        """Report what a lane is short of; the others, short of the same, need not say it again."""
        now = monotonic_seconds()
        if now >= self._reported + REPORT_SECONDS:
            self._reported = now
            self._report(line)

    def stop(self, seconds: float) -> None:
        """End all threads; those still at work after half of `seconds` are interrupted."""
        threads = [thread for pool in self._pools for thread in pool.close()]
        join_threads(threads, seconds / 2)
        if any(thread.is_alive() for thread in threads) and not self._interrupted:
            self.interrupt()
        join_threads(threads, seconds / 2)
