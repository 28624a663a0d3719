"""Workers: bounded, started when needed, honest when there is no memory for another."""

import threading

import pytest

from mockserver.embedded import worker_pool
from mockserver.embedded.worker_pool import MAX_WORKERS, WorkerPool


@pytest.fixture
def lines() -> list[str]:
    """What the pool reports."""
    return []


@pytest.fixture
def pool(lines):
    """A pool that is stopped at the end."""
    made = WorkerPool(lines.append)
    yield made
    made.stop(2)


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
    pool = WorkerPool(lines.append)
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
    pool = WorkerPool(lines.append)
    pool.stop(0.1)
    assert not pool.submit(lambda: None)


def test_pool_of_a_smaller_limit(lines):
    """A pool has at most as many threads as it was made for."""
    before = threading.active_count()
    pool = WorkerPool(lines.append, 3)
    gate = threading.Event()
    for _ in range(9):
        assert pool.submit(lambda: gate.wait(5))

    assert threading.active_count() <= before + 3
    assert pool.running == 9
    gate.set()
    pool.stop(2)
