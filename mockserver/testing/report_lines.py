"""What the calls of a test show of their client, as lines for summary and reports."""

from ..client.control_client import ControlRefused
from ..client.sandbox import Sandbox, SandboxGone
from ..client.terminal import escape_line
from ..client.transport import Unreachable

__all__ = ["list_report_lines"]


def list_report_lines(sandbox: Sandbox) -> list[str]:
    """Return a line for each kind of finding but hints: severity, id, title, page; worst first.

    A sandbox that is gone has none.
    """
    try:
        report = sandbox.report()
    except (ControlRefused, SandboxGone, Unreachable):
        return []
    findings = (*report["audit"]["findings"], *report["findings"])
    lines = {
        escape_line(
            f"{finding['severity']} {finding['id']} {finding['title']} {finding['page']}"
        ): finding["severity"]
        for finding in findings
        if finding["severity"] != "hint"
    }
    return sorted(lines, key=lambda line: (lines[line] != "error", line))
