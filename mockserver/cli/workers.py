"""Plays many stories: one after another, in threads against one server, or in processes with a desk each.

Each way yields a story's place and what came of it, in the order they end.  Left before its end, a crew
plays nothing more and leaves no thread that starts a story and no process behind.
"""

import gc
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_pipes
from typing import Any

from ..scenario.result import ScenarioFailure, ScenarioResult
from .scenario_files import ScenarioSource

__all__ = ["Perform", "Played", "in_processes", "in_threads", "in_turn"]

Perform = Callable[[ScenarioSource], ScenarioResult]
Played = Generator[tuple[int, ScenarioResult], None, None]
_LOOK = 0.5  # seconds after which a waiting main thread looks for Ctrl-C where the system does not wake it


def in_turn(scripts: Sequence[ScenarioSource], perform: Perform) -> Played:
    """One after another, here."""
    for place, script in enumerate(scripts):
        yield place, perform(script)


def in_threads(
    scripts: Sequence[ScenarioSource], perform: Perform, jobs: int, stopping: threading.Event
) -> Played:
    """`jobs` at a time; `stopping` is set when no more shall be played."""
    with ThreadPoolExecutor(jobs) as pool:
        places = {pool.submit(perform, script): place for place, script in enumerate(scripts)}
        left = set(places)
        try:
            while left:
                done, left = wait(left, _LOOK, FIRST_COMPLETED)
                for each in done:
                    yield places[each], each.result()
        finally:
            stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)


def in_processes(
    scripts: Sequence[ScenarioSource], make: Callable[[], Perform], jobs: int, method: str = ""
) -> Played:
    """`jobs` processes, each plays by its own `make()`; one that dies breaks the story it was playing."""
    context: Any = multiprocessing.get_context(
        method or ("fork" if sys.platform == "linux" else "spawn")
    )
    coming = iter(range(len(scripts)))
    playing: dict[Connection, int] = {}
    workers = []
    gc.freeze()  # what was read stays: full collections of the workers need not walk it
    try:
        for place in (place for _, place in zip(range(jobs), coming, strict=False)):
            ours, theirs = context.Pipe()
            worker = context.Process(target=_work, args=(theirs, tuple(scripts), make), daemon=True)
            worker.start()
            theirs.close()  # so that the end of the worker is the end of the pipe
            workers.append(worker)
            playing[ours] = place
            _send(ours, place)
        while playing:
            for pipe in wait_pipes(list(playing), _LOOK):
                assert isinstance(pipe, Connection)
                place = playing.pop(pipe)
                try:
                    result = pipe.recv()
                except (EOFError, OSError):
                    yield place, _lost(scripts[place])
                    continue
                after = next(coming, None)
                if after is not None:
                    playing[pipe] = after
                    _send(pipe, after)
                yield place, result
        for place in coming:  # no worker is left
            yield place, _lost(scripts[place])
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
        gc.unfreeze()


def _send(pipe: Connection, place: int) -> None:
    """The worker is asked to play; one that has died is found out when its answer is read."""
    with suppress(OSError):
        pipe.send(place)


def _work(pipe: Connection, scripts: Sequence[ScenarioSource], make: Callable[[], Perform]) -> None:
    """A worker's life: Ctrl-C is its parent's business, the parent's end is its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    perform = make()
    while True:
        try:
            pipe.send(perform(scripts[pipe.recv()]))
        except (EOFError, OSError):
            return


def _lost(script: ScenarioSource) -> ScenarioResult:
    trouble = ScenarioFailure(
        line=1, column=1, zh="执行进程意外退出", en="the process that played it has died"
    )
    return ScenarioResult(
        title=script.story.title, path=script.story.path, outcome="broken", steps=0, trouble=trouble
    )
