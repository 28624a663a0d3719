"""Run work that may take long in a bounded number of daemon threads.

The pool of the standard library is not used: its threads are joined when the interpreter ends, so a
control call that is still at work would hold the end of the process.

A stop interrupts what is at work by an exception that the interpreter raises in another thread.
From the moment in which it is set until the thread has noticed it, the interpreter asks every
thread at every step whether it is meant.  A thread that waits for a lock does not notice.  Under a
tracer, such as a measurement of coverage, CPython 3.11 repeats the first step of a function as long
as it is asked, so that no function can be called any more: whoever interrupts one thread after the
other never comes to the one that holds the lock.  So all are interrupted in one go, without a call
of a Python function in between, and under one lock of all pools.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from queue import Empty, SimpleQueue

from ..world.real_clock import monotonic_seconds

__all__ = ["Interrupted", "WorkerPool", "interrupt_pools", "join_threads"]

MAX_WORKERS = 32
_IDLE_SECONDS = 10.0  # after which a thread without work ends
_Task = Callable[[], None]


class WorkerPool:
    """At most `limit` threads, started when there is work and none is idle.

    `running` counts the tasks at work or waiting.
    `report` gets one line when a thread cannot be started; the work waits for those that exist.
    `lock` is that of all pools that are interrupted together.
    """

    def __init__(
        self, report: Callable[[str], None], lock: threading.Lock, limit: int = MAX_WORKERS
    ) -> None:
        self._limit = limit
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._lock = lock
        self._threads: set[threading.Thread] = set()
        self._busy: set[threading.Thread] = set()
        self._idle = 0
        self._waiting = 0
        self._stopping = False
        self._interrupting = False
        self._reported = False
        self._report = report
        self.running = 0

    def submit(self, task: _Task) -> bool:
        """Run `task`, which must not raise, in a worker; return False if no thread can be had."""
        with self._lock:
            self._waiting += 1
            needed = self._waiting > self._idle and len(self._threads) < self._limit
            if self._stopping or (needed and not self._start() and not self._threads):
                self._waiting -= 1
                return False
            self.running += 1
        self._tasks.put(task)
        return True

    def close(self) -> tuple[threading.Thread, ...]:
        """Take no more work and return the threads, which end when they are idle."""
        with self._lock:
            self._stopping = True
            threads = tuple(self._threads)
        for _ in threads:
            self._tasks.put(None)
        return threads

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
        with suppress(Interrupted):  # it may be raised a little after the task's end
            while (task := self._next_task()) is not None:
                try:
                    task()
                finally:
                    with self._lock:
                        self._busy.discard(threading.current_thread())
                        self.running -= 1

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
                self._busy.add(threading.current_thread())
                if self._interrupting:
                    _raise_in([threading.get_ident()])
        return task


class Interrupted(BaseException):
    """Raised inside a task that is still at work when the server has stopped."""


def interrupt_pools(pools: Sequence[WorkerPool], lock: threading.Lock) -> None:
    """Have the pools, which share the lock, take no more work, and raise Interrupted in all tasks
    that are at work or waiting.

    An interrupted task ends in the middle: what it worked on is not used any more.
    """
    with suppress(ImportError, OSError):  # before the lock is held
        import_module("ctypes")
    with lock:
        busy: list[int] = []
        for pool in pools:
            pool._stopping = pool._interrupting = True
            busy += (thread.ident or 0 for thread in pool._busy)
            for _ in pool._threads:
                pool._tasks.put(None)  # who ends just now does not wait for more
        _raise_in(busy)


def _raise_in(threads: Sequence[int]) -> None:
    """Raise Interrupted in the threads, as soon as they execute Python code."""
    try:
        import ctypes  # only a stop that finds work needs it
    except (ImportError, OSError):  # no file can be opened any more: they end with the process
        return
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
    as_identifier = ctypes.c_ulong
    exception = ctypes.py_object(Interrupted)
    for thread in threads:  # no call of a Python function here
        interrupt(as_identifier(thread), exception)


def join_threads(threads: Iterable[threading.Thread], seconds: float) -> None:
    """Wait for the threads, `seconds` in all."""
    end = monotonic_seconds() + seconds
    for thread in threads:
        thread.join(max(end - monotonic_seconds(), 0))
