"""`--exchange-cov`: coverage of the state machine, merged over tests and workers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from .coverage import format_json, format_text, list_missing_rows, merge_coverage, row_percent
from .coverage_html import format_html

__all__ = ["CoveragePlugin"]

_OUTPUT = "tmall_exchange_cov"
_WRITERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "html": format_html,
    "json": format_json,
}


class CoveragePlugin:
    """Collects coverage documents; on an xdist worker it hands them to the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._covered: dict[str, Any] = merge_coverage()

    def add(self, document: Mapping[str, Any]) -> None:
        """Add what was covered in a test: a document of `S/coverage`."""
        self._covered = merge_coverage(self._covered, document)

    @property
    def _is_insufficient(self) -> bool:
        minimum = self._config.getoption("exchange_cov_fail_under")
        return minimum is not None and row_percent(self._covered) < minimum

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand a worker's part over; fail a session below the required percentage."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = self._covered
        elif self._is_insufficient and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take a worker's part."""
        self._covered = merge_coverage(
            self._covered, getattr(node, "workeroutput", {}).get(_OUTPUT) or merge_coverage()
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Write the reports of --exchange-cov-report: a table, a page, a document."""
        reports = self._config.getoption("exchange_cov_report") or ["term"]
        terminalreporter.section("天猫换货状态机覆盖 (Tmall exchange coverage)")
        for report in reports:
            kind, _, path = report.partition(":")
            if kind == "term":
                terminalreporter.write_line(format_text(self._covered).rstrip())
                continue
            target = Path(self._config.invocation_params.dir, path or f"exchange-cov.{kind}")
            target.write_text(_WRITERS[kind](self._covered), "utf-8")
            terminalreporter.write_line(f"{kind}: {target}")
        if self._is_insufficient:
            minimum = self._config.getoption("exchange_cov_fail_under")
            missing = list_missing_rows(self._covered)
            terminalreporter.write_line(
                f"覆盖 {row_percent(self._covered)} % 低于要求的 {minimum} %，"
                f"没有遇到 {len(missing)} 行 (below what is wanted; rows not met):",
                red=True,
            )
            for row in missing:
                terminalreporter.write_line(f"  {row}", red=True)
