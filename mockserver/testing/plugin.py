"""The pytest plugin: one server a session, a fresh sandbox a test, scenario files as tests.

The model.  `mockserver` is a server that runs for the whole session (or `--mockserver-url`: one
that runs elsewhere).  `sandbox` is an isolated world on it, made before each test from the keywords
of `@pytest.mark.sandbox` and deleted after it, so tests neither share data nor need an order, also
under xdist.  `top_client` and `scenario` act in that sandbox.  Each fixture has a second name with
`tmall_` in front, for suites in which the short one is taken.

When a test's body has passed, two things can still fail it, in the call phase, so that it counts
as a failure and not as an error: the egress lock stopped a connection to a real host, or the
sandbox's journal shows a violation that the marker does not `allow` (`teardown_checks`).  A failed
test's report carries the state of its sandbox (`failure_report`), read before the sandbox is
deleted.  Only tests that use one of our fixtures, or run an `exchange_machine`, are touched.

Order of hooks.  The lock is set by `pytest_runtest_setup` with tryfirst, before any fixture, and
released by a wrapper around the whole teardown, whatever that raises; it must never outlive its
test.  Sandboxes are kept in `item.stash`, because hooks see items and not fixtures.

Cost.  The plugin is loaded in every pytest run of a machine that has the product installed.  At
import it needs nothing but pytest; each fixture and hook imports what it needs when it runs.
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
_COVERAGE_PLUGIN = "tmall-exchange-cov"
_FAILURES_FILE = ".tmall-failures"  # marks a folder of failures that a machine has written
_MACHINE_PROPERTY = "exchange_machine"  # of a test's report: what its machine did
_MARKER_KEYS = ("allow", "faults", "use")  # those that the world document does not have


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
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
        help=(
            "禁止连接真实 TOP 主机(默认)、一切外部主机，或不禁止 (which real hosts a test must "
            "not reach)"
        ),
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
    """Return the text of --exchange-cov-report if it names a kind of report.

    Raises:
        argparse.ArgumentTypeError: an unknown kind.
    """
    if text.partition(":")[0] not in ("term", "html", "json"):
        raise argparse.ArgumentTypeError(
            f"应为 term、html[:文件] 或 json[:文件]，不是 {text} (term, html[:FILE] or json[:FILE])"
        )
    return text


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the coverage plugin if an option asks for it."""
    options = ("exchange_cov", "exchange_cov_report")  # a report implies that it is measured
    least = config.getoption("exchange_cov_fail_under")
    if least is not None or any(config.getoption(option) for option in options):
        from .coverage_plugin import CoveragePlugin

        config.pluginmanager.register(CoveragePlugin(config), _COVERAGE_PLUGIN)
    config.addinivalue_line(
        "markers",
        "sandbox(**world, faults=[...], allow=[...], use='default'): "
        "该测试的独立环境：世界文档的键、故障、允许的问题 (the test's sandbox: keys of the "
        "world document, faults, what is allowed)",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that share a named sandbox run on one worker of xdist."""
    for item in items:
        name = _read_markers(item).get("use")
        if name:
            item.add_marker(pytest.mark.xdist_group(f"sandbox-{name}"))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ScenarioFile | None":
    """Collect `*.scenario.yaml` files as tests."""
    if not file_path.name.endswith(".scenario.yaml"):
        return None
    from .scenario_items import ScenarioFile

    collected: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    return collected


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore what a machine has written about its failures, unless its folder is named."""
    if not (collection_path / _FAILURES_FILE).is_file():
        return None
    named = (
        Path(config.invocation_params.dir, argument.partition("::")[0]).resolve()
        for argument in config.args
    )
    return None if any(path.is_relative_to(collection_path) for path in named) else True


def _machine(item: pytest.Item) -> Any:
    """Return the `exchange_machine` that a test runs, None for other tests."""
    # where Hypothesis keeps the class of a test that it has made from a state machine
    machine = getattr(getattr(item, "obj", None), "_hypothesis_state_machine_class", None)
    return machine if hasattr(machine, "summary") else None


def _read_markers(item: pytest.Item) -> dict[str, Any]:
    """Return the keywords of all `sandbox` markers of a test; the nearest wins, `allow` adds up.

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
    """Set the egress lock for a test that uses our fixtures."""
    mode = item.config.getoption("mockserver_egress")
    ours = _machine(item) is not None or _OURS & set(getattr(item, "fixturenames", ()))
    if mode == "off" or not ours or "egress" in _read_markers(item).get("allow", ()):
        return
    from .egress import EgressLock

    url = item.config.getoption("mockserver_url")
    lock = EgressLock(item.nodeid, mode=mode, mocks=[url] if url else [])
    lock.__enter__()
    item.stash[_LOCK] = lock


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Release the lock, whatever else the teardown raises."""
    try:
        return (yield)
    finally:
        lock = item.stash.get(_LOCK, None)
        if lock is not None:
            del item.stash[_LOCK]
            lock.__exit__(None, None, None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that has passed for a violation that its marker does not allow."""
    try:
        yield
    finally:
        _report_machine(item)
    lock = item.stash.get(_LOCK, None)
    sandbox = item.stash.get(_SANDBOX, None)
    if lock is not None and lock.attempts:
        pytest.fail(lock.attempts[0].text, pytrace=False)
    if sandbox is not None:
        from .teardown_checks import find_violations

        violations = find_violations(sandbox, _read_markers(item).get("allow", ()))
        if violations:
            pytest.fail("\n".join(violations), pytrace=False)


def _report_machine(item: pytest.Item) -> None:
    """Count what a machine's runs have covered, and keep its summary for the end."""
    machine = _machine(item)
    if machine is None:
        return
    item.user_properties.append((_MACHINE_PROPERTY, machine.summary()))
    coverage = item.config.pluginmanager.get_plugin(_COVERAGE_PLUGIN)
    if coverage is not None:
        coverage.add(machine.covered)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what machines did, one line each."""
    reports = (
        report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())
    )
    summaries = [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == _MACHINE_PROPERTY and report.when == "call"
    ]
    if summaries:
        terminalreporter.section("天猫换货状态机 (Tmall exchange machines)")
        for line in summaries:
            terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the state of the sandbox to the report of a failed test."""
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
    """Return keywords of `mockserver.Server` for the session's server.

    Override it in conftest.py.
    """
    return {}


@pytest.fixture(scope="session")
def tmall_mockserver(
    mockserver_settings: dict[str, Any], pytestconfig: pytest.Config
) -> "Iterator[Server | RemoteServer]":
    """Yield the session's server, or the remote one of --mockserver-url."""
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
    """Yield the session's server, or the remote one of --mockserver-url."""
    return tmall_mockserver


@pytest.fixture
def tmall_sandbox(
    request: pytest.FixtureRequest, tmall_mockserver: "Server | RemoteServer"
) -> "Iterator[Sandbox]":
    """Yield a fresh sandbox, its clock frozen, as the marker says."""
    from .teardown_checks import UNKNOWN_NAME, allowed_names

    keywords = _read_markers(request.node)
    unknown = [name for name in keywords.get("allow", ()) if name not in allowed_names()]
    if unknown:
        raise pytest.UsageError(
            UNKNOWN_NAME.format(name=unknown[0], known=", ".join(allowed_names()))
        )
    document = {key: value for key, value in keywords.items() if key not in _MARKER_KEYS}
    named = keywords.get("use")
    if named and document:
        raise pytest.UsageError(
            f"use 与 {', '.join(document)} 不能同时给：已有的独立环境不再建造 (use attaches, "
            f"it makes nothing)"
        )
    sandbox = tmall_mockserver.sandbox(direct=True, **({"attach": named} if named else document))
    if named:
        sandbox.reset()
        sandbox.forget_coverage()
    for fault in keywords.get("faults", ()):
        _plan_fault(sandbox, {"fault": fault} if isinstance(fault, str) else dict(fault))
    request.node.stash[_SANDBOX] = sandbox
    yield sandbox
    _finish(sandbox, request.config.pluginmanager.get_plugin(_COVERAGE_PLUGIN), keep=bool(named))


def _plan_fault(sandbox: "Sandbox", fault: dict[str, Any]) -> None:
    """Plan a fault of the marker, or a set of faults."""
    if "set" in fault:
        sandbox.faults.add_set(fault.pop("set"), **fault)
    else:
        sandbox.faults.add(fault.pop("fault", ""), **fault)


def _finish(sandbox: "Sandbox", coverage: "CoveragePlugin | None", *, keep: bool) -> None:
    """Count what was covered and delete the sandbox, unless it is to stay (`keep`).

    Fails the test if the server does not answer any more.
    """
    from ..client.transport import Unreachable

    try:
        if coverage is not None:
            coverage.add(sandbox.coverage())
        if not keep:
            sandbox.drop()
    except Unreachable as gone:
        pytest.fail(
            f"服务在测试期间停止了：{gone} (the server died during the session)", pytrace=False
        )


@pytest.fixture
def sandbox(tmall_sandbox: "Sandbox") -> "Sandbox":
    """Yield a fresh sandbox, its clock frozen, as the marker says."""
    return tmall_sandbox


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
    from .scenario_items import scenario_player

    return scenario_player(tmall_sandbox, request.path.parent)


@pytest.fixture
def scenario(tmall_scenario: "Callable[..., ScenarioResult]") -> "Callable[..., ScenarioResult]":
    """Return a function that plays a scenario: a file, its text or a mapping."""
    return tmall_scenario
