"""The fixtures: a server a session, a sandbox a test, a module or a session, a client, a player."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from .items import COVERAGE_PLUGIN, SANDBOX, SPLIT, lock_egress, read_markers, require_product

if TYPE_CHECKING:
    from mockserver.client.remote_server import RemoteServer
    from mockserver.client.sandbox import Sandbox
    from mockserver.client.server import Server
    from mockserver.client.top_client import TopClient
    from mockserver.scenario.result import ScenarioResult

__all__ = [
    "mockserver",
    "mockserver_settings",
    "module_sandbox",
    "sandbox",
    "sandbox_factory",
    "scenario",
    "session_sandbox",
    "tmall_mockserver",
    "tmall_module_sandbox",
    "tmall_sandbox",
    "tmall_sandbox_factory",
    "tmall_scenario",
    "tmall_session_sandbox",
    "tmall_top_client",
    "top_client",
]


@pytest.fixture(scope="session")
def mockserver_settings() -> dict[str, Any]:
    """Return keywords of `mockserver.Server` for the session's server.

    Override it in conftest.py.
    """
    return {}


@pytest.fixture(scope="session")
def tmall_mockserver(
    mockserver_settings: dict[str, Any], pytestconfig: pytest.Config
) -> "Iterator[Server | RemoteServer]":
    """Yield the session's server, or the remote one of --mockserver-url.

    While it is there, NO_PROXY exempts its address from the machine's HTTP proxy, if one is set.
    """
    require_product()
    from mockserver.testing.session_server import serve_session

    url = pytestconfig.getoption("mockserver_url")
    token = pytestconfig.getoption("mockserver_token")
    with serve_session(mockserver_settings, url or "", token or "") as server:
        yield server


@pytest.fixture(scope="session")
def mockserver(tmall_mockserver: "Server | RemoteServer") -> "Server | RemoteServer":
    """Yield the session's server, or the remote one of --mockserver-url."""
    return tmall_mockserver


@pytest.fixture(scope="session")
def tmall_sandbox_factory(
    tmall_mockserver: "Server | RemoteServer", pytestconfig: pytest.Config
) -> "Iterator[Callable[..., Sandbox]]":
    """Yield a function that makes a sandbox from keywords of the world document.

    Its sandboxes are deleted at the end of the session.  Use it for fixtures of any scope.
    """
    from mockserver.testing.session_server import finish_sandbox

    made: list[Sandbox] = []

    def make(**document: Any) -> "Sandbox":
        sandbox = tmall_mockserver.sandbox(direct=True, **document)
        made.append(sandbox)
        return sandbox

    yield make
    coverage = pytestconfig.pluginmanager.get_plugin(COVERAGE_PLUGIN)
    for sandbox in made:
        finish_sandbox(sandbox, coverage, keep=False)


@pytest.fixture(scope="session")
def sandbox_factory(tmall_sandbox_factory: "Callable[..., Sandbox]") -> "Callable[..., Sandbox]":
    """Return a function that makes a sandbox from keywords of the world document."""
    return tmall_sandbox_factory


def _make_marked(
    request: pytest.FixtureRequest, server: "Server | RemoteServer"
) -> "Iterator[Sandbox]":
    """Yield the sandbox that the markers of a test, module or session say, deleted afterwards.

    Raises:
        pytest.UsageError: a marker cannot be, or workers would share its sandbox.
    """
    from mockserver.testing.session_server import finish_sandbox, make_marked_sandbox

    keywords = read_markers(request.node)
    split = request.node.stash.get(SPLIT, "")
    sandbox = make_marked_sandbox(server, keywords, split)
    request.node.stash[SANDBOX] = sandbox
    yield sandbox
    coverage = request.config.pluginmanager.get_plugin(COVERAGE_PLUGIN)
    finish_sandbox(sandbox, coverage, keep=bool(keywords.get("use")))


@pytest.fixture
def tmall_sandbox(
    request: pytest.FixtureRequest, tmall_mockserver: "Server | RemoteServer"
) -> "Iterator[Sandbox]":
    """Yield a fresh sandbox, its clock frozen, as the marker says."""
    lock_egress(request.node)  # also if the test has asked for the fixture while it ran
    yield from _make_marked(request, tmall_mockserver)


@pytest.fixture
def sandbox(tmall_sandbox: "Sandbox") -> "Sandbox":
    """Yield a fresh sandbox, its clock frozen, as the marker says."""
    return tmall_sandbox


@pytest.fixture(scope="module")
def tmall_module_sandbox(
    request: pytest.FixtureRequest, tmall_mockserver: "Server | RemoteServer"
) -> "Iterator[Sandbox]":
    """Yield a sandbox that all tests of a module share, as the module's `pytestmark` says."""
    yield from _make_marked(request, tmall_mockserver)


@pytest.fixture(scope="module")
def module_sandbox(tmall_module_sandbox: "Sandbox") -> "Sandbox":
    """Yield a sandbox that all tests of a module share, as the module's `pytestmark` says."""
    return tmall_module_sandbox


@pytest.fixture(scope="session")
def tmall_session_sandbox(
    request: pytest.FixtureRequest, tmall_mockserver: "Server | RemoteServer"
) -> "Iterator[Sandbox]":
    """Yield a sandbox that all tests of the session share; each worker of xdist has its own."""
    yield from _make_marked(request, tmall_mockserver)


@pytest.fixture(scope="session")
def session_sandbox(tmall_session_sandbox: "Sandbox") -> "Sandbox":
    """Yield a sandbox that all tests of the session share; each worker of xdist has its own."""
    return tmall_session_sandbox


@pytest.fixture
def tmall_top_client(tmall_sandbox: "Sandbox") -> "TopClient":
    """Return a small signed TOP client bound to `sandbox`."""
    return tmall_sandbox.client()


@pytest.fixture
def top_client(tmall_top_client: "TopClient") -> "TopClient":
    """Return a small signed TOP client bound to `sandbox`."""
    return tmall_top_client


@pytest.fixture
def tmall_scenario(
    tmall_sandbox: "Sandbox", request: pytest.FixtureRequest
) -> "Callable[..., ScenarioResult]":
    """Return a function that plays a scenario in `sandbox` and fails the test if it does not hold.

    It takes a file (a path below the test's folder), the text of one, or a mapping.
    """
    from mockserver.testing.scenario_items import scenario_player

    return scenario_player(tmall_sandbox, request.path.parent)


@pytest.fixture
def scenario(tmall_scenario: "Callable[..., ScenarioResult]") -> "Callable[..., ScenarioResult]":
    """Return a function that plays a scenario: a file, its text or a mapping."""
    return tmall_scenario
