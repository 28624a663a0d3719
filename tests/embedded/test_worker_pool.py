"""Workers: bounded, started when needed, honest when there is no memory for another."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mockserver.embedded import worker_pool
from mockserver.embedded.worker_pool import MAX_WORKERS, WorkerPool, join_threads


@pytest.fixture
def lines() -> list[str]:
    """What the pool reports."""
    return []


@pytest.fixture
def pool(lines):
    """A pool that is stopped at the end."""
    made = WorkerPool(lines.append, threading.Lock())
    yield made
    join_threads(made.close(), 2)


def test_threads_are_bounded_and_used_again(pool):
    """Many tasks at once need no more than MAX_WORKERS threads; one after the other needs one."""
    before = threading.active_count()
    for _ in range(20):
        done = threading.Event()
        assert pool.submit(done.set)
        assert done.wait(5)
    assert threading.active_count() <= before + 2
    gate = threading.Event()
    finished = threading.Semaphore(0)

    def work() -> None:
        gate.wait(5)
        finished.release()

    for _ in range(MAX_WORKERS * 3):
        assert pool.submit(work)

    assert threading.active_count() <= before + MAX_WORKERS
    assert pool.running == MAX_WORKERS * 3
    gate.set()
    for _ in range(MAX_WORKERS * 3):
        assert finished.acquire(timeout=5)


def test_idle_threads_end(lines, monkeypatch):
    """A thread without work ends after a while."""
    monkeypatch.setattr(worker_pool, "_IDLE_SECONDS", 0.05)
    before = set(threading.enumerate())
    pool = WorkerPool(lines.append, threading.Lock())
    done = threading.Event()
    pool.submit(done.set)
    assert done.wait(5)
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert set(threading.enumerate()) == before


def test_no_memory_for_a_thread(pool, lines, monkeypatch):
    """Without a thread work is refused, and that is said once; later it goes on."""
    real = threading.Thread.start

    def fail(thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    assert not pool.submit(lambda: None)
    assert not pool.submit(lambda: None)
    assert len(lines) == 1
    monkeypatch.setattr(threading.Thread, "start", real)
    done = threading.Event()
    assert pool.submit(done.set)
    assert done.wait(5)


def test_stopped_pool_takes_no_work(lines):
    """After a stop no work is taken."""
    pool = WorkerPool(lines.append, threading.Lock())
    join_threads(pool.close(), 0.1)
    assert not pool.submit(lambda: None)


def test_pool_of_a_smaller_limit(lines):
    """A pool has at most as many threads as it was made for."""
    before = threading.active_count()
    pool = WorkerPool(lines.append, threading.Lock(), 3)
    gate = threading.Event()
    for _ in range(9):
        assert pool.submit(lambda: gate.wait(5))

    assert threading.active_count() <= before + 3
    assert pool.running == 9
    gate.set()
    join_threads(pool.close(), 2)


INTERRUPT_TRACED = """
import threading
import coverage
from mockserver.embedded.worker_lanes import WorkerLanes

coverage.Coverage(data_file=None, config_file=False, include="*").start()
lock = threading.Lock()
held = threading.Event()
about_to_wait = threading.Semaphore(0)

def hold():
    with lock:
        held.set()
        while True:
            abs(1)

def wait():
    about_to_wait.release()
    with lock:
        pass

lanes = WorkerLanes(print)
lanes.long.submit(hold)
held.wait(20)
for pool in (lanes.gateway, lanes.control):
    for _ in range(3):
        pool.submit(wait)
for _ in range(6):
    about_to_wait.acquire(timeout=20)
lanes.interrupt()
lanes.stop(20)
print(sorted(thread.name for thread in threading.enumerate()))
"""


def test_interrupted_while_traced() -> None:
    """A thread that works and those that wait for its lock are all interrupted, also while a
    debugger or a measurement of coverage traces them."""
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPT_TRACED],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("['MainThread']\n", "")
