"""Fixtures of the stores: each test of the contract runs on SQLite and on PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.storage.stores import Postgres, find_postgres

# The gate sets the variable, so that a missing PostgreSQL is an error there.
HAS_POSTGRES = find_postgres() is not None or "TEST_POSTGRES" in os.environ
STORES = ("sqlite", "postgresql") if HAS_POSTGRES else ("sqlite",)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    programs = find_postgres()
    assert programs is not None, "apt-get install postgresql"
    folder = Path(tempfile.mkdtemp(prefix="mockserver-pg-", dir="/tmp"))
    server = Postgres(programs, folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


_NUMBERS = count(1)


@pytest.fixture(params=STORES)
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Return a function that gives the URL of a new, empty store."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path}/mock{next(_NUMBERS)}.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    return lambda: postgres.new_database(f"mock{next(_NUMBERS)}")


@pytest.fixture
def store_url(new_store: Callable[[], str]) -> str:
    """The URL of a new, empty store."""
    return new_store()
