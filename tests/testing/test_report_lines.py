"""A test's findings as lines: worst first, no hints, none of a sandbox that is gone."""

from mockserver import Sandbox
from mockserver.testing.report_lines import list_report_findings, list_report_lines


def test_findings_are_lines_without_hints() -> None:
    """A list without a window is a warning with its page; all fields are a hint, left out."""
    sandbox = Sandbox()
    assert list_report_findings(sandbox) == []
    exchange = sandbox.open()
    client = sandbox.client()
    for _ in range(3):
        client.call("tmall.exchange.receive.get", fields="dispute_id")
    client.call("tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002)
    reply = client.call("tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002)
    assert reply["result"]["success"] is False
    lines = list_report_lines(list_report_findings(sandbox))
    assert lines[0].startswith("error unsafe_repeat ")
    assert lines[0].endswith("docs/client-findings.md#unsafe_repeat")
    assert any("no_window" in line for line in lines[1:])
    assert not any(line.startswith("hint") for line in lines)


def test_a_sandbox_that_is_gone_has_none() -> None:
    """A test that has deleted its sandbox is not failed by the report."""
    sandbox = Sandbox()
    sandbox.drop()
    assert list_report_findings(sandbox) == []
