"""A server with a message port, sandboxes of it, and clients that are closed at the end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mockserver import Server
from tests.push.tmc_client import TmcClient


@pytest.fixture(scope="module")
def tmc_server() -> Iterator[Server]:
    """A running server whose message port is open."""
    with Server(tmc_port=0) as server:
        yield server


@pytest.fixture
def box(tmc_server):
    """A frozen sandbox of that server."""
    return tmc_server.sandbox()


@pytest.fixture
def dial(box) -> Iterator[Callable[[], TmcClient]]:
    """Return a function that opens a connection, not yet connected."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(TmcClient(box.tmc_url))


@pytest.fixture
def tmc(box, dial) -> TmcClient:
    """A client that is connected to the default group of `box`."""
    client = dial()
    client.connect(box.app_key, box.app_secret)
    return client
