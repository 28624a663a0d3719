"""What the plugin knows about a test: is it ours, what its markers say, which sandboxes it has."""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.client.sandbox import Sandbox

__all__ = [
    "COVERAGE_PLUGIN",
    "FINDINGS",
    "LOCK",
    "MARKER_INI",
    "SANDBOX",
    "SPLIT",
    "find_machine",
    "find_sandboxes",
    "group_named_sandboxes",
    "lock_egress",
    "mark_split_sandboxes",
    "read_markers",
    "release_egress",
    "require_product",
    "uses_fixtures",
]

SANDBOX = pytest.StashKey["Sandbox"]()  # of a test, a module or the session
SPLIT = pytest.StashKey[str]()  # the way of xdist that gives a named sandbox to many workers
LOCK = pytest.StashKey[Any]()
FINDINGS = pytest.StashKey[list[Mapping[str, Any]]]()  # what a test's calls show of their client
COVERAGE_PLUGIN = "tmall-exchange-cov"
MARKER_INI = "tmall_marker"
_LONG_MARKER = "tmall_sandbox"
_SERVER_FIXTURE = "tmall_mockserver"  # each of our fixtures leads to it
_OFF = "-p no:tmall_mockserver"


def require_product() -> None:
    """Import `mockserver` and make sure that it is the product.

    Raises:
        pytest.UsageError: a folder or package of the same name hides it, or has overwritten it.
    """
    home = Path(__file__).parents[1] / "mockserver"
    module = sys.modules.get("mockserver") or import_module("mockserver")
    origin = getattr(module, "__file__", None) or "?"
    if Path(origin).parent == home and hasattr(module, "Sandbox"):
        return
    raise pytest.UsageError(
        f"pytest 插件 tmall-mockserver：这里的 mockserver 是 {origin}，不是本工具；请改名或卸载它，"
        f"或用 {_OFF} 关闭插件 (plugin tmall-mockserver: `mockserver` is {origin} here, not the "
        f"product; rename or remove it, or switch the plugin off: {_OFF})"
    )


def uses_fixtures(item: pytest.Item) -> bool:
    """Return True if a test uses a fixture of the plugin, not one of its suite that is called so.

    Whichever short name a suite gives to something of its own, ours lead to the long one.
    """
    return _SERVER_FIXTURE in getattr(item, "fixturenames", ())


def find_machine(item: pytest.Item) -> Any:
    """Return the `exchange_machine` that a test runs, None for other tests."""
    # where Hypothesis keeps the class of a test that it has made from a state machine
    machine = getattr(getattr(item, "obj", None), "_hypothesis_state_machine_class", None)
    return machine if hasattr(machine, "summary") else None


def read_markers(node: pytest.Item | pytest.Collector) -> dict[str, Any]:
    """Return the keywords of all our markers of a node; the nearest wins, `allow` adds up.

    Ours are `tmall_sandbox` and the name that the ini option `tmall_marker` gives.

    Raises:
        pytest.UsageError: a marker with positional arguments.
    """
    names = (_LONG_MARKER, node.config.getini(MARKER_INI))
    merged: dict[str, Any] = {}
    allowed: list[str] = []
    for marker in reversed([marker for marker in node.iter_markers() if marker.name in names]):
        if marker.args:
            raise pytest.UsageError(
                f"pytest 插件 tmall-mockserver：@pytest.mark.{marker.name} 只接受关键字参数；若它"
                f"是您自己的标记，请在配置中写 {MARKER_INI} = {_LONG_MARKER} (keywords only, e.g. "
                f"sandbox(goods={{...}}); if the marker is your own, set {MARKER_INI} = "
                f"{_LONG_MARKER} in pytest's configuration)"
            )
        allowed += marker.kwargs.get("allow", ())
        merged |= marker.kwargs
    return {**merged, "allow": allowed} if allowed else merged


def find_sandboxes(item: pytest.Item) -> Iterator[tuple["Sandbox", bool]]:
    """Yield the sandboxes of a test, each with whether other tests have it, too."""
    own = item.stash.get(SANDBOX, None)
    if own is not None:
        yield own, False
    names = getattr(item, "fixturenames", ())
    wider: tuple[tuple[str, pytest.Collector | None], ...] = (
        ("tmall_module_sandbox", item.getparent(pytest.Module)),
        ("tmall_session_sandbox", item.session),
    )
    for name, node in wider:
        sandbox = node.stash.get(SANDBOX, None) if node is not None and name in names else None
        if sandbox is not None:
            yield sandbox, True


def lock_egress(item: pytest.Item) -> None:
    """Hold the egress lock for a test until its teardown, unless an option or marker opens it."""
    mode = item.config.getoption("mockserver_egress")
    if mode == "off" or LOCK in item.stash or "egress" in read_markers(item).get("allow", ()):
        return
    from mockserver.testing.egress import EgressLock

    url = item.config.getoption("mockserver_url")
    lock = EgressLock(item.nodeid, mode=mode, mocks=[url] if url else [])
    lock.__enter__()
    item.stash[LOCK] = lock


def release_egress(item: pytest.Item) -> None:
    """Release the lock of a test, if it holds one."""
    lock = item.stash.get(LOCK, None)
    if lock is not None:
        del item.stash[LOCK]
        lock.__exit__(None, None, None)


def _named_sandbox(item: pytest.Item) -> str:
    """Return the name of the sandbox that a test of ours shares; empty for others.

    A wrong marker is reported by the fixture, in its own test.
    """
    if not uses_fixtures(item):
        return ""
    try:
        return str(read_markers(item).get("use") or "")
    except pytest.UsageError:
        return ""


def group_named_sandboxes(items: list[pytest.Item]) -> None:
    """Give tests that share a named sandbox one group of xdist."""
    for item in items:
        name = _named_sandbox(item)
        if name:
            item.add_marker(pytest.mark.xdist_group(f"sandbox-{name}"))


def _unit(nodeid: str, dist: str) -> str:
    """Return what xdist keeps together on one worker, for its way `dist` of distributing."""
    if dist == "loadgroup" and nodeid.rfind("@") > nodeid.rfind("]"):
        return nodeid.rpartition("@")[2]
    if dist == "loadfile":
        return nodeid.partition("::")[0]
    return nodeid.rpartition("::")[0] if dist == "loadscope" else nodeid


def mark_split_sandboxes(items: list[pytest.Item], dist: str) -> None:
    """Mark the tests whose named sandbox several workers would use at once."""
    units: dict[str, dict[str, list[pytest.Item]]] = {}
    for item in items:
        name = _named_sandbox(item)
        if name:
            units.setdefault(name, {}).setdefault(_unit(item.nodeid, dist), []).append(item)
    for parts in units.values():
        if len(parts) > 1 or dist == "each":
            for item in (item for part in parts.values() for item in part):
                item.stash[SPLIT] = dist
