"""Run work that may take long in a bounded number of daemon threads.

The pool of the standard library is not used: its threads are joined when the interpreter ends, so a
control call that is still at work would hold the end of the process.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue

from ..world.real_clock import monotonic_seconds

__all__ = ["WorkerPool"]

MAX_WORKERS = 32
_IDLE_SECONDS = 10.0  # after which a thread without work ends
_Task = tuple[Callable[[], None], bool]


class WorkerPool:
    """At most MAX_WORKERS threads, started when there is work and none is idle.

    `running` counts the tasks at work or waiting that may hold a sandbox's lock.
    `report` gets one line when a thread cannot be started; the work waits for those that exist.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._waiting = 0
        self._stopping = False
        self._reported = False
        self._report = report
        self.running = 0

    def submit(self, task: Callable[[], None], *, holds_locks: bool = True) -> bool:
        """Run `task`, which must not raise, in a worker; return False if no thread can be had.

        A task that does not hold locks of a sandbox for long does not count as `running`.
        """
        with self._lock:
            self._waiting += 1
            needed = self._waiting > self._idle and len(self._threads) < MAX_WORKERS
            if self._stopping or (needed and not self._start() and not self._threads):
                self._waiting -= 1
                return False
            self.running += holds_locks
        self._tasks.put((task, holds_locks))
        return True

    def stop(self, seconds: float) -> None:
        """End all threads; those still at work after half of `seconds` are interrupted.

        An interrupted task ends in the middle: what it worked on is not used any more.
        """
        with self._lock:
            self._stopping = True
            threads = tuple(self._threads)
        for _ in threads:
            self._tasks.put(None)
        _join(threads, seconds / 2)
        busy = [thread for thread in threads if thread.is_alive()]
        for thread in busy:
            _interrupt(thread)
        _join(busy, seconds / 2)

    def _start(self) -> bool:
        thread = threading.Thread(target=self._work, name="mockserver-worker", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            if not self._reported:
                self._reported = True
                self._report(
                    "没有内存可开新线程，稍后继续 (no memory for another thread; going on)"
                )
            return False
        self._reported = False
        self._threads.add(thread)
        return True

    def _work(self) -> None:
        while (queued := self._next_task()) is not None:
            task, holds_locks = queued
            try:
                task()
            except Interrupted:
                return
            finally:
                with self._lock:
                    self.running -= holds_locks

    def _next_task(self) -> _Task | None:
        """Return the next task, or None when this thread is to end."""
        with self._lock:
            self._idle += 1
        task: _Task | None = None
        with suppress(Empty):
            task = self._tasks.get(timeout=_IDLE_SECONDS)
        with self._lock:
            self._idle -= 1
            if task is None:
                self._threads.discard(threading.current_thread())
            else:
                self._waiting -= 1
        return task


class Interrupted(BaseException):
    """Raised inside a task that is still at work when the server has stopped."""


def _interrupt(thread: threading.Thread) -> None:
    """Raise Interrupted in the thread, as soon as it executes Python code."""
    import ctypes  # only a stop that finds work needs it

    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Interrupted)
    )


def _join(threads: Iterable[threading.Thread], seconds: float) -> None:
    """Wait for the threads, `seconds` in all."""
    end = monotonic_seconds() + seconds
    for thread in threads:
        thread.join(max(end - monotonic_seconds(), 0))
