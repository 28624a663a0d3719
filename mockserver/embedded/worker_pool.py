"""Run work that may take long in a bounded number of daemon threads.

The pool of the standard library is not used: its threads are joined when the interpreter ends, so a
control call that is still at work would hold the end of the process.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from ..world.real_clock import monotonic_seconds

__all__ = ["Interrupted", "WorkerPool", "end_threads"]

MAX_WORKERS = 32
_IDLE_SECONDS = 10.0  # after which a thread without work ends
_Task = Callable[[], None]


class WorkerPool:
    """At most `limit` threads, started when there is work and none is idle.

    `running` counts the tasks at work or waiting.
    `report` gets one line when a thread cannot be started; the work waits for those that exist.
    """

    def __init__(self, report: Callable[[str], None], limit: int = MAX_WORKERS) -> None:
        self._limit = limit
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._lock = threading.Lock()
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

    def interrupt(self) -> None:
        """Take no more work, and raise Interrupted in all tasks that are at work or waiting.

        An interrupted task ends in the middle: what it worked on is not used any more.
        """
        with self._lock:
            self._stopping = True
            self._interrupting = True
            for thread in self._busy:
                _interrupt(thread)

    def stop(self, seconds: float) -> None:
        """End all threads; those still at work after half of `seconds` are interrupted."""
        end_threads(self.close(), seconds)

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
                    _interrupt(threading.current_thread())
        return task


class Interrupted(BaseException):
    """Raised inside a task that is still at work when the server has stopped."""


def end_threads(threads: Sequence[threading.Thread], seconds: float) -> None:
    """Wait for the threads of closed pools; interrupt those still at work after half of
    `seconds`."""
    _join(threads, seconds / 2)
    busy = [thread for thread in threads if thread.is_alive()]
    for thread in busy:
        _interrupt(thread)
    _join(busy, seconds / 2)


def _interrupt(thread: threading.Thread) -> None:
    """Raise Interrupted in the thread, as soon as it executes Python code."""
    try:
        import ctypes  # only a stop that finds work needs it
    except (ImportError, OSError):  # no file can be opened any more: it ends with the process
        return
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Interrupted)
    )


def _join(threads: Iterable[threading.Thread], seconds: float) -> None:
    """Wait for the threads, `seconds` in all."""
    end = monotonic_seconds() + seconds
    for thread in threads:
        thread.join(max(end - monotonic_seconds(), 0))
