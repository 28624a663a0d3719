"""The pytest plugin: one server a session, a fresh sandbox a test, stories as tests.

At import it needs nothing but pytest; everything else is imported by the fixture that needs it.
"""

import argparse
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..client.remote_server import RemoteServer
    from ..client.sandbox import Sandbox
    from ..client.server import Server
    from ..client.top_client import TopClient
    from ..scenario.result import ScenarioResult
    from .coverage_plugin import CoveragePlugin
    from .scenario_items import ScenarioFile

__all__: list[str] = []

_OURS = frozenset(
    f"{prefix}{name}"
    for name in ("mockserver", "sandbox", "top_client", "scenario")
    for prefix in ("", "tmall_")
)
_SANDBOX = pytest.StashKey["Sandbox"]()
_LOCK = pytest.StashKey[Any]()
_COVERING = "tmall-exchange-cov"
_FAILURES = ".tmall-failures"  # stands in a folder of failures
_RUNS = "exchange_machine"  # the property of a test's report that tells what its machine did
_MARKED = "allow", "faults", "use"  # keys of the marker that are no keys of the world document


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the contract."""
    group = parser.getgroup("tmall-mockserver", "天猫换货 mock (Tmall exchange mock)")
    group.addoption(
        "--mockserver-url",
        metavar="URL",
        help="用已在运行的服务，不自己启动 (attach to a running server)",
    )
    group.addoption(
        "--mockserver-token",
        metavar="TOKEN",
        help="该服务的令牌，默认取 TMALL_MOCKSERVER_TOKEN (its token)",
    )
    group.addoption(
        "--mockserver-egress",
        choices=("top", "all", "off"),
        default="top",
        help="禁止连接真实 TOP 主机(默认)、一切外部主机，或不禁止 (which real hosts a test must not reach)",
    )
    group.addoption(
        "--exchange-cov",
        action="store_true",
        help="统计换货状态机的覆盖 (count what clients met of the state machine)",
    )
    group.addoption(
        "--exchange-cov-fail-under",
        type=float,
        metavar="PERCENT",
        help="规则行覆盖低于此百分比则失败 (least percentage of rows)",
    )
    group.addoption(
        "--exchange-cov-report",
        action="append",
        type=_report,
        metavar="term|html|json[:FILE]",
        help="覆盖报告，可多次给出 (which reports; may be repeated)",
    )


def _report(text: str) -> str:
    """A kind of coverage report, with a file or without."""
    if text.partition(":")[0] not in ("term", "html", "json"):
        raise argparse.ArgumentTypeError(
            f"应为 term、html[:文件] 或 json[:文件]，不是 {text} (term, html[:FILE] or json[:FILE])"
        )
    return text


def pytest_configure(config: pytest.Config) -> None:
    """The marker is known, coverage is collected if asked for."""
    if config.getoption("exchange_cov") or config.getoption("exchange_cov_fail_under") is not None:
        from .coverage_plugin import CoveragePlugin

        config.pluginmanager.register(CoveragePlugin(config), _COVERING)
    config.addinivalue_line(
        "markers",
        "sandbox(**world, faults=[...], allow=[...], use='default'): "
        "该测试的独立环境：世界文档的键、故障、允许的问题 (the test's sandbox: keys of the world document, faults, what is allowed)",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a named sandbox run on one worker."""
    for item in items:
        name = _marked(item).get("use")
        if name:
            item.add_marker(pytest.mark.xdist_group(f"sandbox-{name}"))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ScenarioFile | None":
    """`*.scenario.yaml` files are tests."""
    if not file_path.name.endswith(".scenario.yaml"):
        return None
    from .scenario_items import ScenarioFile

    collected: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    return collected


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What a machine wrote about its failures is no part of the suite; it runs when it is named."""
    if not (collection_path / _FAILURES).is_file():
        return None
    named = (
        Path(config.invocation_params.dir, each.partition("::")[0]).resolve()
        for each in config.args
    )
    return None if any(each.is_relative_to(collection_path) for each in named) else True


def _machine(item: pytest.Item) -> Any:
    """The `exchange_machine` that a test runs; None for other tests."""
    found = getattr(
        getattr(item, "obj", None), "_hypothesis_state_machine_class", None
    )  # where Hypothesis keeps it
    return found if hasattr(found, "summary") else None


def _marked(item: pytest.Item) -> dict[str, Any]:
    """What all `sandbox` markers of a test say, the nearest last; what is allowed adds up.

    Raises:
        pytest.UsageError: a marker with positional arguments.
    """
    merged: dict[str, Any] = {}
    allowed: list[str] = []
    for marker in reversed(list(item.iter_markers("sandbox"))):
        if marker.args:
            raise pytest.UsageError(
                "@pytest.mark.sandbox 只接受关键字参数 (keywords only), e.g. sandbox(goods={...})"
            )
        allowed += marker.kwargs.get("allow", ())
        merged |= marker.kwargs
    return {**merged, "allow": allowed} if allowed else merged


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that uses our fixtures reaches no real TOP host."""
    mode = item.config.getoption("mockserver_egress")
    ours = _machine(item) is not None or _OURS & set(getattr(item, "fixturenames", ()))
    if mode == "off" or not ours or "egress" in _marked(item).get("allow", ()):
        return
    from .egress import EgressLock

    url = item.config.getoption("mockserver_url")
    lock = EgressLock(item.nodeid, mode=mode, mocks=[url] if url else [])
    lock.__enter__()
    item.stash[_LOCK] = lock


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """The lock is open again, whatever else the teardown raises."""
    try:
        return (yield)
    finally:
        lock = item.stash.get(_LOCK, None)
        if lock is not None:
            del item.stash[_LOCK]
            lock.__exit__(None, None, None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that passed fails all the same for what its client must not do and the marker does not allow."""
    try:
        yield
    finally:
        _count(item)
    lock, sandbox = item.stash.get(_LOCK, None), item.stash.get(_SANDBOX, None)
    if lock is not None and lock.attempts:
        pytest.fail(lock.attempts[0].text, pytrace=False)
    if sandbox is not None:
        from .teardown_checks import violations

        found = violations(sandbox, _marked(item).get("allow", ()))
        if found:
            pytest.fail("\n".join(found), pytrace=False)


def _count(item: pytest.Item) -> None:
    """What a machine's runs have met counts, and is told at the end."""
    machine = _machine(item)
    if machine is None:
        return
    item.user_properties.append((_RUNS, machine.summary()))
    covering = item.config.pluginmanager.get_plugin(_COVERING)
    if covering is not None:
        covering.add(machine.met)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What machines did, one line each."""
    reports = (
        each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, ())
    )
    format_failure = [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == _RUNS and report.when == "call"
    ]
    if format_failure:
        terminalreporter.section("天猫换货状态机 (Tmall exchange machines)")
        for line in format_failure:
            terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure carries the sandbox: journal tail, exchanges with timelines, clock, seed, how to run it again."""
    report = yield
    sandbox = item.stash.get(_SANDBOX, None)
    if report.failed and sandbox is not None:
        from .failure_report import format_failure

        report.sections.append(
            ("天猫换货独立环境 (Tmall exchange sandbox)", format_failure(sandbox, item.nodeid))
        )
    return report


@pytest.fixture(scope="session")
def mockserver_settings() -> dict[str, Any]:
    """Keywords of `mockserver.Server` for the session's server; override it in your conftest.py."""
    return {}


@pytest.fixture(scope="session")
def tmall_mockserver(
    mockserver_settings: dict[str, Any], pytestconfig: pytest.Config
) -> "Iterator[Server | RemoteServer]":
    """One running server, or the remote one of --mockserver-url."""
    url = pytestconfig.getoption("mockserver_url")
    if url:
        from ..client.remote_server import RemoteServer

        with RemoteServer(url, pytestconfig.getoption("mockserver_token") or "") as remote:
            yield remote
        return
    from ..client.server import Server

    with Server(**mockserver_settings) as server:
        yield server


@pytest.fixture(scope="session")
def mockserver(tmall_mockserver: "Server | RemoteServer") -> "Server | RemoteServer":
    """One running server, or the remote one of --mockserver-url."""
    return tmall_mockserver


@pytest.fixture
def tmall_sandbox(
    request: pytest.FixtureRequest, tmall_mockserver: "Server | RemoteServer"
) -> "Iterator[Sandbox]":
    """A fresh world, frozen, as the marker says."""
    from .teardown_checks import UNKNOWN, allowed_names

    marked = _marked(request.node)
    wrong = [name for name in marked.get("allow", ()) if name not in allowed_names()]
    if wrong:
        raise pytest.UsageError(UNKNOWN.format(name=wrong[0], known=", ".join(allowed_names())))
    document = {key: value for key, value in marked.items() if key not in _MARKED}
    named = marked.get("use")
    if named and document:
        raise pytest.UsageError(
            f"use 与 {', '.join(document)} 不能同时给：已有的独立环境不再建造 (use attaches, it makes nothing)"
        )
    sandbox = tmall_mockserver.sandbox(direct=True, **({"attach": named} if named else document))
    if named:
        sandbox.reset()
        sandbox.forget_coverage()
    for fault in marked.get("faults", ()):
        _plan(sandbox, {"fault": fault} if isinstance(fault, str) else dict(fault))
    request.node.stash[_SANDBOX] = sandbox
    yield sandbox
    _leave(sandbox, request.config.pluginmanager.get_plugin(_COVERING), keep=bool(named))


def _plan(sandbox: "Sandbox", fault: dict[str, Any]) -> None:
    """The marker's fault, or set of faults, is planned."""
    if "set" in fault:
        sandbox.faults.add_set(fault.pop("set"), **fault)
    else:
        sandbox.faults.add(fault.pop("fault", ""), **fault)


def _leave(sandbox: "Sandbox", covering: "CoveragePlugin | None", *, keep: bool) -> None:
    """What was met is counted and the sandbox is gone; a server that has died has taken it along."""
    from ..client.transport import Unreachable

    try:
        if covering is not None:
            covering.add(sandbox.coverage())
        if not keep:
            sandbox.drop()
    except Unreachable as gone:
        pytest.fail(
            f"服务在测试期间停止了：{gone} (the server died during the session)", pytrace=False
        )


@pytest.fixture
def sandbox(tmall_sandbox: "Sandbox") -> "Sandbox":
    """A fresh world, frozen, as the marker says."""
    return tmall_sandbox


@pytest.fixture
def tmall_top_client(tmall_sandbox: "Sandbox") -> "TopClient":
    """A small signed TOP client bound to `sandbox`."""
    return tmall_sandbox.client()


@pytest.fixture
def top_client(tmall_top_client: "TopClient") -> "TopClient":
    """A small signed TOP client bound to `sandbox`."""
    return tmall_top_client


@pytest.fixture
def tmall_scenario(
    tmall_sandbox: "Sandbox", request: pytest.FixtureRequest
) -> "Callable[..., ScenarioResult]":
    """Runs a scenario file (a path below the test's folder), its text or a dict in `sandbox`; a story that breaks fails the test."""
    from .scenario_items import scenario_player

    return scenario_player(tmall_sandbox, request.path.parent)


@pytest.fixture
def scenario(tmall_scenario: "Callable[..., ScenarioResult]") -> "Callable[..., ScenarioResult]":
    """Runs a scenario file, its text or a dict in `sandbox`; a story that breaks fails the test."""
    return tmall_scenario
