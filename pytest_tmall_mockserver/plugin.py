"""The options and hooks: scenario files as tests, the egress lock, checks after a test, its report.

The model.  `mockserver` is a server that runs for the whole session (or `--mockserver-url`: one
that runs elsewhere).  `sandbox` is an isolated world on it, made before each test from the keywords
of `@pytest.mark.sandbox` and deleted after it, so tests neither share data nor need an order, also
under xdist.  `top_client` and `scenario` act in that sandbox.  Each fixture has a second name with
`tmall_` in front, for suites in which the short one is taken.

When a test's body has passed, two things can still fail it, in the call phase, so that it counts
as a failure and not as an error: the egress lock stopped a connection to a real host, or the
sandbox's journal shows a violation that the marker does not `allow` (`teardown_checks`).  A failed
test's report carries the state of its sandboxes (`failure_report`), read before they are deleted.
Only tests that use one of our fixtures, or run an `exchange_machine`, are touched: a suite may have
fixtures, markers and files of the same names.

Order of hooks.  The lock is set by `pytest_runtest_setup` with tryfirst, before any fixture, and
released by a wrapper around the whole teardown, whatever that raises; it must never outlive its
test.  Groups for xdist are given before xdist reads them, and judged after it has.  Sandboxes are
kept in stashes, because hooks see items and not fixtures.

Cost.  At import this needs nothing but pytest; each hook imports what it needs when it runs.
"""

import argparse
import re
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .fixtures import (  # noqa: F401  # pytest finds the fixtures of a plugin in its module
    mockserver,
    mockserver_settings,
    module_sandbox,
    sandbox,
    sandbox_factory,
    scenario,
    session_sandbox,
    tmall_mockserver,
    tmall_module_sandbox,
    tmall_sandbox,
    tmall_sandbox_factory,
    tmall_scenario,
    tmall_session_sandbox,
    tmall_top_client,
    top_client,
)
from .items import (
    COVERAGE_PLUGIN,
    FINDINGS,
    LOCK,
    MARKER_INI,
    find_machine,
    find_sandboxes,
    group_named_sandboxes,
    lock_egress,
    mark_split_sandboxes,
    read_markers,
    release_egress,
    require_product,
    uses_fixtures,
)

if TYPE_CHECKING:
    from mockserver.testing.scenario_items import ScenarioFile

__all__: list[str] = []

_SCENARIOS_INI = "tmall_scenarios"
_FAILURES_FILE = ".tmall-failures"  # marks a folder of failures that a machine has written
_MACHINE_PROPERTY = "exchange_machine"  # of a test's report: what its machine did
_FINDING_PROPERTY = "client_finding"  # of a test's report: what its calls show of their client
_DIST = "tmall_dist"  # how xdist distributes, handed to its workers
_KEYS = ("scenario", "steps")  # of a file of ours
_KEY = re.compile(r"^[\"']?([A-Za-z_]{1,20})[\"']?[ \t]*:", re.M)
_SIMILAR = 0.8  # of 1: `stpes`, `step` and `Steps` are `steps`
_MAX_BYTES = 1 << 20  # read of a file to see whether it is a scenario


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    parser.addini(
        _SCENARIOS_INI,
        "这些目录里的 *.scenario.yaml 都是场景，其他目录的不收集；空：都不收集 (folders whose "
        "*.scenario.yaml files are scenarios, others are left alone; empty: none. Without it: "
        "every such file that has scenario: and steps:)",
        type="paths",
        default=None,
    )
    parser.addini(
        MARKER_INI,
        "sandbox 标记的名称；若 sandbox 已被占用，写 tmall_sandbox (the marker's name; set "
        "tmall_sandbox if your suite has its own marker sandbox)",
        default="sandbox",
    )
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
    group.addoption(
        "--client-report",
        metavar="FILE",
        help="把对客户端的检查写成网页 (write what calls show of their client, as an HTML page)",
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
        require_product()
        from mockserver.testing.coverage_plugin import CoveragePlugin

        config.pluginmanager.register(CoveragePlugin(config), COVERAGE_PLUGIN)
    for name in sorted({"tmall_sandbox", config.getini(MARKER_INI)}):
        config.addinivalue_line(
            "markers",
            f"{name}(**world, faults=[...], allow=[...], use='default'): "
            "该测试的独立环境：世界文档的键、故障、允许的问题 (the test's sandbox: keys of the "
            "world document, faults, what is allowed)",
        )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass to a worker of xdist how tests are distributed; its own configuration does not say."""
    node.workerinput[_DIST] = node.config.getoption("dist", "load")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Let tests that share a named sandbox run on one worker of xdist.

    Tests for which xdist does not do so are refused, if the workers share a server.
    """
    if config.pluginmanager.hasplugin("xdist"):
        group_named_sandboxes(items)
    yield
    worker = getattr(config, "workerinput", None)
    if worker and int(worker["workercount"]) > 1 and config.getoption("mockserver_url"):
        mark_split_sandboxes(items, worker.get(_DIST, "load"))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ScenarioFile | None":
    """Collect `*.scenario.yaml` files as tests, those that are ours."""
    if not file_path.name.endswith(".scenario.yaml"):
        return None
    folders = parent.config.getini(_SCENARIOS_INI)
    if folders is None:
        ours = _looks_like_scenario(file_path)
    else:
        ours = any(file_path.is_relative_to(folder) for folder in folders)
    if not ours:
        return None
    require_product()
    from mockserver.testing.scenario_items import ScenarioFile

    collected: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    return collected


def _looks_like_scenario(path: Path) -> bool:
    """Return True if a file has the keys `scenario` and `steps`, whatever else is wrong with it.

    One of the two may be misspelt: reading the file then says so, with its line.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES)
    except OSError:
        return False
    from difflib import get_close_matches

    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = content.decode("utf-16" if utf_16 else "utf-8-sig", "replace").replace("\r", "\n")
    keys = {match[1] for match in _KEY.finditer(text)}
    missing = [key for key in _KEYS if key not in keys]
    if len(missing) != 1:
        return not missing
    return bool(get_close_matches(missing[0], {key.lower() for key in keys}, 1, _SIMILAR))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore what a machine has written about its failures, unless its folder is named."""
    if not (collection_path / _FAILURES_FILE).is_file():
        return None
    named = (
        Path(config.invocation_params.dir, argument.partition("::")[0]).resolve()
        for argument in config.args
    )
    return None if any(path.is_relative_to(collection_path) for path in named) else True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set the egress lock for a test that uses our fixtures."""
    if find_machine(item) is not None or uses_fixtures(item):
        require_product()
        lock_egress(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Release the lock, whatever else the teardown raises."""
    try:
        return (yield)
    finally:
        release_egress(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that has passed for a violation that its marker does not allow."""
    earlier: dict[str, frozenset[str]] = {}  # calls of tests before it, by sandbox
    for world, shared in find_sandboxes(item):
        if shared:
            from mockserver.testing.teardown_checks import list_failed_calls

            earlier[world.id] = frozenset(call["request_id"] for call in list_failed_calls(world))
    try:
        yield
    finally:
        _report_machine(item)
        _report_findings(item)
    lock = item.stash.get(LOCK, None)
    if lock is not None and lock.attempts:
        pytest.fail(lock.attempts[0].text, pytrace=False)
    violations: list[str] = []
    for world, shared in find_sandboxes(item):
        from mockserver.testing.teardown_checks import find_violations

        allowed = list(read_markers(item).get("allow", ()))
        if shared:  # a test after this one may meet the fault
            allowed.append("unused_fault")
        violations += find_violations(world, allowed, earlier.get(world.id, ()))
    if violations:
        pytest.fail("\n".join(violations), pytrace=False)


def _report_machine(item: pytest.Item) -> None:
    """Count what a machine's runs have covered, and keep its summary for the end."""
    machine = find_machine(item)
    if machine is None:
        return
    item.user_properties.append((_MACHINE_PROPERTY, machine.summary()))
    coverage = item.config.pluginmanager.get_plugin(COVERAGE_PLUGIN)
    if coverage is not None:
        coverage.add(machine.covered)


def _report_findings(item: pytest.Item) -> None:
    """Keep what the calls of the test's own sandbox show of their client; hints are left out."""
    for world, shared in find_sandboxes(item):
        if shared:  # other tests made some of the calls
            continue
        from mockserver.testing.report_lines import list_report_findings, list_report_lines

        findings = list_report_findings(world)
        item.stash[FINDINGS] = findings
        for line in list_report_lines(findings):
            item.user_properties.append((_FINDING_PROPERTY, line))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what machines did and what calls have shown of their client, one line each."""
    machines = list(_list_properties(terminalreporter, _MACHINE_PROPERTY))
    if machines:
        terminalreporter.section("天猫换货状态机 (Tmall exchange machines)")
    for line in machines:
        terminalreporter.write_line(line)
    findings = Counter(_list_properties(terminalreporter, _FINDING_PROPERTY))
    if findings:
        terminalreporter.section("对客户端的检查 (what calls show of their client)")
    for line, count in findings.items():
        terminalreporter.write_line(f"{line}  × {count}" if count > 1 else line)
    _write_findings_page(terminalreporter)


def _write_findings_page(terminalreporter: Any) -> None:
    """Write the page of --client-report about the findings of all tests that ended."""
    name = terminalreporter.config.getoption("client_report")
    if not name:
        return
    require_product()
    from mockserver.testing.report_lines import write_findings_page

    findings = [
        (report.nodeid, finding)
        for report in _list_ended(terminalreporter)
        for finding in getattr(report, "client_findings", ())
    ]
    path = Path(terminalreporter.config.invocation_params.dir, name)
    try:
        write_findings_page(path, findings)
    except OSError as error:
        text = f"{path} 写不了：{error.strerror} (cannot be written)"
        terminalreporter.write_line(text, red=True)
    else:
        terminalreporter.write_line(f"对客户端的检查 (client report): {path}")


def _list_properties(terminalreporter: Any, name: str) -> Iterator[str]:
    """Yield the values of one property of all tests that ended."""
    for report in _list_ended(terminalreporter):
        properties = getattr(report, "user_properties", ())
        yield from (value for own_name, value in properties if own_name == name)


def _list_ended(terminalreporter: Any) -> Iterator[Any]:
    """Yield the reports of all tests that passed or failed."""
    for kind in ("passed", "failed"):
        for report in terminalreporter.stats.get(kind, ()):
            if getattr(report, "when", "") == "call":
                yield report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the state of its sandboxes to the report of a failed test.

    It is a section of the failure itself where there is room for one, so that it stands in what is
    made of it, too: --junitxml, HTML and JSON reports.
    """
    report = yield
    findings = [str(value) for name, value in item.user_properties if name == _FINDING_PROPERTY]
    if findings and report.when == "call":
        # An attribute of plain values: xdist carries it to the controller.
        vars(report)["client_findings"] = item.stash.get(FINDINGS, [])
        report.sections.append(("对客户端的检查 (client report)", "\n".join(findings)))
    if not report.failed:
        return report
    for world, _ in find_sandboxes(item):
        from mockserver.testing.failure_report import format_failure

        title = "天猫换货独立环境 (Tmall exchange sandbox)"
        text = format_failure(world, item.nodeid)
        add_section = getattr(report.longrepr, "addsection", None)
        if add_section is None:
            report.sections.append((title, text))
        else:
            add_section(title, text)
    return report
