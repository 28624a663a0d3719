"""`--exchange-cov`: what the suite's clients met of the state machine, merged over tests and workers, told at the end."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from .coverage import merge, missing_rows, percent, report_json, report_text
from .coverage_html import coverage_html

__all__ = ["CoveragePlugin"]

_OUTPUT = "tmall_exchange_cov"
_WRITERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "html": coverage_html,
    "json": report_json,
}


class CoveragePlugin:
    """Collects coverage documents; on an xdist worker it hands them to the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._met: dict[str, Any] = merge()

    def add(self, met: Mapping[str, Any]) -> None:
        """What was met in a test counts: a document of `S/coverage`."""
        self._met = merge(self._met, met)

    @property
    def _short(self) -> bool:
        wanted = self._config.getoption("exchange_cov_fail_under")
        return wanted is not None and percent(self._met) < wanted

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker hands its part over; a session below the wanted percentage fails."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = self._met
        elif self._short and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker's part arrives."""
        self._met = merge(self._met, getattr(node, "workeroutput", {}).get(_OUTPUT) or merge())

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The reports asked for: a table, a page, a document."""
        wanted = self._config.getoption("exchange_cov_report") or ["term"]
        terminalreporter.section("天猫换货状态机覆盖 (Tmall exchange coverage)")
        for each in wanted:
            kind, _, path = each.partition(":")
            if kind == "term":
                terminalreporter.write_line(report_text(self._met).rstrip())
                continue
            target = Path(self._config.invocation_params.dir, path or f"exchange-cov.{kind}")
            target.write_text(_WRITERS[kind](self._met), "utf-8")
            terminalreporter.write_line(f"{kind}: {target}")
        if self._short:
            least, missing = (
                self._config.getoption("exchange_cov_fail_under"),
                missing_rows(self._met),
            )
            terminalreporter.write_line(
                f"覆盖 {percent(self._met)} % 低于要求的 {least} %，没有遇到 {len(missing)} 行 (below what is wanted; rows not met):",
                red=True,
            )
            for row in missing:
                terminalreporter.write_line(f"  {row}", red=True)
