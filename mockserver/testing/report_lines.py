"""What the calls of a test show of their client: findings, and lines for summary and reports."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..client.control_client import ControlRefused
from ..client.sandbox import Sandbox, SandboxGone
from ..client.terminal import escape_line
from ..client.transport import Unreachable

__all__ = ["list_report_findings", "list_report_lines", "write_findings_page"]


def list_report_findings(sandbox: Sandbox) -> list[Mapping[str, Any]]:
    """Return the findings as the control API gives them, but hints, worst first.

    A sandbox that is gone has none.
    """
    try:
        report = sandbox.report()
    except (ControlRefused, SandboxGone, Unreachable):
        return []
    findings = [*report["audit"]["findings"], *report["findings"]]
    return sorted(
        (finding for finding in findings if finding["severity"] != "hint"),
        key=lambda finding: finding["severity"] != "error",
    )


def list_report_lines(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each kind of finding: severity, id, title, page; errors first."""
    lines = {
        escape_line(
            f"{finding['severity']} {finding['id']} {finding['title']} {finding['page']}"
        ): finding["severity"]
        for finding in findings
    }
    return sorted(lines, key=lambda line: (lines[line] != "error", line))


def write_findings_page(path: Path, findings: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Write the page about the findings of a run, each with the id of its test.

    In English if TMALL_MOCKSERVER_LANG is `en`.

    Raises:
        OSError: the file cannot be written.
    """
    from ..service.findings_page import PlacedFinding, render_findings  # Jinja2: for this alone

    lang = "en" if os.environ.get("TMALL_MOCKSERVER_LANG") == "en" else "zh"
    path.parent.mkdir(parents=True, exist_ok=True)
    places = [PlacedFinding(test, finding) for test, finding in findings]
    path.write_text(render_findings(places, lang), "utf-8")
