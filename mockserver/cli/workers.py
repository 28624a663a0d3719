"""Run many scenarios: one after another, in threads against one server, or in processes.

Each way is a generator of `(index, result)`, in the order in which the scenarios end.  Closing a
generator before its end runs nothing more, and leaves no thread that starts a scenario and no
process behind.
"""

import gc
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_pipes
from typing import Any

from ..scenario.result import ScenarioFailure, ScenarioResult
from .scenario_files import ScenarioSource

__all__ = ["Execute", "Executions", "run_in_processes", "run_in_threads", "run_in_turn"]

Execute = Callable[[ScenarioSource], ScenarioResult]
Executions = Generator[tuple[int, ScenarioResult], None, None]
_END_SECONDS = 5.0
_HELD_SIGNALS = frozenset(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
_POLL_SECONDS = 0.5  # where the system does not wake a waiting main thread for Ctrl-C


def run_in_turn(sources: Sequence[ScenarioSource], execute: Execute) -> Executions:
    """Run one scenario after another in this thread."""
    for index, source in enumerate(sources):
        yield index, execute(source)


def run_in_threads(
    sources: Sequence[ScenarioSource], execute: Execute, jobs: int, stopping: threading.Event
) -> Executions:
    """Run `jobs` scenarios at a time; set `stopping` at the end, so that waiting ones give up."""
    with ThreadPoolExecutor(jobs) as pool:
        indexes = {pool.submit(execute, source): index for index, source in enumerate(sources)}
        pending = set(indexes)
        try:
            while pending:
                done, pending = wait(pending, _POLL_SECONDS, FIRST_COMPLETED)
                for future in done:
                    yield indexes[future], future.result()
        finally:
            stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)


def run_in_processes(
    sources: Sequence[ScenarioSource],
    make_execute: Callable[[], Execute],
    jobs: int,
    method: str = "",
) -> Executions:
    """Run in `jobs` processes, each with an executor of its own from `make_execute()`.

    A process that dies breaks the scenario that it was running; the others go on.  `method` is the
    start method of `multiprocessing`, by default "fork" on Linux and "spawn" elsewhere.
    """
    context: Any = multiprocessing.get_context(
        method or ("fork" if sys.platform == "linux" else "spawn")
    )
    waiting = iter(range(len(sources)))
    running: dict[Connection, int] = {}
    workers = []
    gc.freeze()  # what was read stays: full collections of the workers need not walk it
    try:
        for index in (index for _, index in zip(range(jobs), waiting, strict=False)):
            ours, theirs = context.Pipe()
            worker = context.Process(
                target=_serve_pipe, args=(theirs, tuple(sources), make_execute), daemon=True
            )
            with _signals_held():
                worker.start()
            theirs.close()  # so that the end of the worker is the end of the pipe
            workers.append(worker)
            running[ours] = index
            _send(ours, index)
        while running:
            for pipe in wait_pipes(list(running), _POLL_SECONDS):
                assert isinstance(pipe, Connection)
                index = running.pop(pipe)
                try:
                    result = pipe.recv()
                except (EOFError, OSError):
                    yield index, _worker_died(sources[index])
                    continue
                following = next(waiting, None)
                if following is not None:
                    running[pipe] = following
                    _send(pipe, following)
                yield index, result
        for index in waiting:  # no worker is left
            yield index, _worker_died(sources[index])
    finally:
        _end(workers)
        gc.unfreeze()


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let the signals that end us wait meanwhile, also in a child that is made.

    Until a child has its own handlers, ours would raise KeyboardInterrupt in the middle of its
    start: it would print a traceback, or lose the signal and wait for ever.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows: there a child inherits no handler
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(workers: Sequence[Any]) -> None:
    """End the processes: SIGTERM, then SIGKILL for one that is left after a moment."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(_END_SECONDS)
        if worker.exitcode is None:
            worker.kill()
            worker.join(_END_SECONDS)


def _send(pipe: Connection, index: int) -> None:
    """Send a worker its next scenario; a dead worker is noticed when its answer is read."""
    with suppress(OSError):
        pipe.send(index)


def _serve_pipe(
    pipe: Connection, sources: Sequence[ScenarioSource], make_execute: Callable[[], Execute]
) -> None:
    """Run in a worker: answer each index with a result until the parent closes the pipe.

    Ctrl-C is left to the parent, which terminates its workers.
    """
    for number in _HELD_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            is_ctrl_c = number == signal.SIGINT
            signal.signal(number, signal.SIG_IGN if is_ctrl_c else signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_SIGNALS)
    execute = make_execute()
    while True:
        try:
            pipe.send(execute(sources[pipe.recv()]))
        except (EOFError, OSError):
            return


def _worker_died(source: ScenarioSource) -> ScenarioResult:
    scenario = source.scenario
    failure = ScenarioFailure(
        line=1, column=1, zh="执行进程意外退出", en="the process that played it has died"
    )
    return ScenarioResult(
        title=scenario.title, path=scenario.path, outcome="broken", steps=0, trouble=failure
    )
