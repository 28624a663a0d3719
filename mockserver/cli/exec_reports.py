"""What `exec` leaves behind of its server, which is gone when somebody wants to look.

`--har` has every call, `--report` what the calls show of their client (a page if the file's name
ends with .html, else JSON), `--junit` both the exit code of the command and each finding as a test
case.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..scenario.report import format_junit
from ..scenario.result import ScenarioFailure, ScenarioResult
from ..service.control_function import ControlCall, sandbox_path
from ..service.findings_page import PlacedFinding, render_findings
from .console import translate
from .output_files import PRIVATE_MODE, check_writable, save_output

__all__ = ["ExecReports"]


class ExecReports(Struct, frozen=True):
    """The files that `exec` writes when its command has ended; an empty path is none."""

    har: str
    report: str
    junit: str

    def check(self) -> None:
        """Check that the files can be written, before the command runs; else exit 2."""
        for path in (self.har, self.report, self.junit):
            check_writable(path)

    def write(self, control: ControlCall, command: str, code: int, seconds: float) -> None:
        """Write the files; one that cannot be written ends with exit 2 after a line on stderr."""
        if self.har:
            har = json.dumps(control("GET", "requests.har"), ensure_ascii=False)
            save_output(self.har, har + "\n", PRIVATE_MODE)
        if not (self.report or self.junit):
            return
        report = control("GET", sandbox_path("default", "report"))
        if self.report.endswith(".html"):
            findings = (*report["audit"]["findings"], *report["findings"])
            places = [PlacedFinding(command, finding) for finding in findings]
            save_output(self.report, render_findings(places, translate("zh", "en")))
        elif self.report:
            save_output(self.report, json.dumps(report, ensure_ascii=False, indent=2) + "\n")
        if self.junit:
            results = [_describe_command(command, code, seconds), *_describe_findings(report)]
            save_output(self.junit, format_junit(results, seconds, translate("zh", "en")) + "\n")


def _describe_command(command: str, code: int, seconds: float) -> ScenarioResult:
    failure = ScenarioFailure(line=1, column=1, zh=f"退出码 {code}", en=f"exit code {code}")
    return ScenarioResult(
        title=command,
        path="exec",
        outcome="failed" if code else "passed",
        steps=1,
        seconds=seconds,
        trouble=failure if code else None,
    )


def _describe_findings(report: Mapping[str, Any]) -> Iterator[ScenarioResult]:
    """Yield a test case for each finding: an error fails, a warning or a hint passes."""
    for finding in (*report["audit"]["findings"], *report["findings"]):
        failed = finding["severity"] == "error"
        page = finding["page"]
        failure = ScenarioFailure(
            line=1,
            column=1,
            zh=f"{finding['zh']} ({page.replace('.md#', '.zh-CN.md#')})",
            en=f"{finding['en']} ({page})",
        )
        yield ScenarioResult(
            title=f"{finding['severity']} {finding['id']}",
            path="exec",
            outcome="failed" if failed else "passed",
            steps=len(finding["request_ids"]),
            trouble=failure if failed else None,
        )
