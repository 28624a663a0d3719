"""`logs`: the journal of a running server: lines, new calls, HAR, the report on the client."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import sleep
from typing import Any
from urllib.parse import quote

import click

from ..client.control_client import ControlRefused
from ..client.transport import Unreachable
from ..review.lint_rules import Severity
from ..world.real_clock import monotonic_seconds
from .console import (
    CHECK_FAILED,
    WRONG_USE,
    Link,
    connect,
    fail,
    format_json,
    on_terminal,
    one_line,
    say,
    translate,
    warn,
)
from .localized import command, option
from .output_files import PRIVATE_MODE, save_output
from .table import Cell, format_table

__all__ = ["logs"]


_OUTCOME_COLOURS = {"ok": "green", "failed": "yellow", "refused": "red"}
_SEVERITY_COLOURS = {"error": "red", "warning": "yellow"}

_WAIT_SECONDS = 2  # that a request for new calls stays open
_PAUSE_SECONDS = 0.5  # between two requests when the server lets no more clients wait
_CALLS_PER_REQUEST = 1000


@command(zh="请求记录，新的在后。", en="List the calls, newest last.")
@option("--method", default=None, zh="只看这个方法", en="calls of this method only")
@option("--dispute-id", default=None, zh="只看这张换货单", en="calls about this exchange only")
@option(
    "--outcome",
    type=click.Choice(["ok", "failed", "refused"]),
    default=None,
    zh="只看这种结果",
    en="calls that ended so only",
)
@option("--since", default=None, zh="独立环境时间 yyyy-MM-dd HH:mm:ss", en="sandbox time")
@option(
    "--limit",
    type=click.IntRange(0, 10_000),
    default=None,
    zh="最多几条，默认 50，导出时全部",
    en="at most so many",
)
@option("--request", "request_id", default=None, zh="一次请求的全部", en="all of one call")
@option("--follow", is_flag=True, zh="接着打印新的请求，直到 Ctrl-C", en="go on with new calls")
@option(
    "--har", default="", metavar="FILE", zh="导出为 HAR 1.2，- 为标准输出", en="export as HAR 1.2"
)
@option(
    "--report",
    is_flag=True,
    zh="检查客户端：重复的写操作、用法问题；有错误时退出码为 1",
    en="what the calls show of their client",
)
@option(
    "--orphans", is_flag=True, zh="不属于任何独立环境的请求", en="calls that belong to no sandbox"
)
@option("--json", "as_json", is_flag=True, zh="以 JSON 打印", en="print JSON")
@click.pass_obj
def logs(
    options: Mapping[str, Any],
    /,
    request_id: str | None,
    follow: bool,
    har: str,
    report: bool,
    orphans: bool,
    as_json: bool,
    **filters: Any,
) -> None:
    """List the calls, newest last."""
    if sum((bool(request_id), follow, bool(har), report)) > 1:
        fail(
            WRONG_USE,
            "--request、--follow、--har、--report 只能选一个",
            "one of --request, --follow, --har, --report at a time",
        )
    if report and (orphans or any(value is not None for value in filters.values())):
        fail(
            WRONG_USE,
            "--report 看独立环境的全部请求，不能筛选",
            "--report looks at all calls of the sandbox, it takes no filters",
        )
    journal = _Journal(connect(options), without_sandbox=orphans)
    if report:
        _print_report(journal.ask("report"), as_json)
    elif request_id:
        path = f"requests/{quote(request_id, safe='')}"
        say(format_json(journal.link.control("GET", path)))
    elif har:
        _save_har(journal.ask("requests.har", **filters), har)
    else:
        limit = 50 if filters["limit"] is None else filters["limit"]
        page = journal.ask("requests", **{**filters, "limit": limit})
        _print_entries(page["items"][::-1], as_json)
        if follow:
            _follow(journal, page["next"], as_json, {**filters, "limit": _CALLS_PER_REQUEST})


class _Journal:
    """The journal of the sandbox, or the calls that belong to no sandbox."""

    def __init__(self, link: Link, *, without_sandbox: bool) -> None:
        self.link = link
        self._without_sandbox = without_sandbox

    def ask(self, path: str, **query: Any) -> Any:
        """Return the decoded reply to GET `path`."""
        if self._without_sandbox:
            return self.link.control("GET", path, sandbox="none", **query)
        return self.link.ask("GET", path, **query)


def _follow(journal: _Journal, position: int, as_json: bool, filters: Mapping[str, Any]) -> None:
    """Print new calls as they come, until Ctrl-C.

    When the server stops or the sandbox is deleted, the command ends with exit 1.
    """
    while True:
        started = monotonic_seconds()
        try:
            page = journal.ask("requests", after=position, wait=_WAIT_SECONDS, **filters)
        except Unreachable:
            fail(
                CHECK_FAILED,
                "服务已停止，记录到此为止",
                "the server has stopped, nothing more to follow",
            )
        except ControlRefused as error:
            if error.status != 404:
                raise
            fail(
                CHECK_FAILED,
                "独立环境已删除，记录到此为止",
                "the sandbox is gone, nothing more to follow",
            )
        if missed := page.get("missed"):
            warn(
                translate(
                    f"有 {missed} 条在读到之前已被清空或挤出",
                    f"{missed} calls were gone before they were read",
                )
            )
        _print_entries(page["items"], as_json, with_headings=False)
        position = page["next"]
        if not page["items"] and monotonic_seconds() - started < _WAIT_SECONDS / 2:
            sleep(_PAUSE_SECONDS)


def _print_report(report: Mapping[str, Any], as_json: bool) -> None:
    """Print the report; end with exit 1 when it has an error."""
    if as_json:
        say(format_json(report))
    else:
        for line in _report_lines(report):
            say(line)
    if report["counts"]["error"]:
        raise SystemExit(CHECK_FAILED)


def _report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    audit = report["audit"]
    calls, dropped = report["calls"], report["dropped"]
    writes, repeats, unsafe = audit["writes"], audit["repeats"], audit["unsafe"]
    yield translate(
        f"调用 {calls} 次；写操作 {writes} 次，重复 {repeats} 次，其中不安全 {unsafe} 次",
        f"{calls} calls; {writes} writes, {repeats} repeated, {unsafe} of them unsafely",
    )
    if dropped:
        yield translate(
            f"更早的 {dropped} 次已不在记录里", f"{dropped} earlier calls are no longer kept"
        )
    findings = (*audit["findings"], *report["findings"])
    if findings and on_terminal():
        yield from format_table((), map(_paint_finding, findings))
    elif findings:
        for finding in findings:
            yield "  ".join(_list_finding(finding))
    if findings:
        yield translate(
            "详见 tmall-mockserver explain <名称>，logs --request <request_id>",
            "more: tmall-mockserver explain <name>, logs --request <request_id>",
        )


def _list_finding(finding: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return severity, id, sentence, the first calls of a finding and its page."""
    severity = translate(Severity[finding["severity"].upper()].zh, finding["severity"])
    page = finding["page"]
    page = translate(page.replace(".md#", ".zh-CN.md#"), page)
    calls = f"[{', '.join(finding['request_ids'][:3])}] {page}"
    return severity, finding["id"], one_line(finding[translate("zh", "en")]), calls


def _paint_finding(finding: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return the row of a finding; the severity has a colour."""
    severity, *words = _list_finding(finding)
    return ((severity, _SEVERITY_COLOURS.get(finding["severity"], "cyan")), *words)


def _save_har(document: Mapping[str, Any], path: str) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=1)
    if path == "-":
        say(text)
        return
    save_output(path, text + "\n", PRIVATE_MODE)
    count = len(document["log"]["entries"])
    say(translate(f"已写入 {path}：{count} 次请求", f"{count} calls written to {path}"))


def _print_entries(
    entries: Sequence[Mapping[str, Any]], as_json: bool, *, with_headings: bool = True
) -> None:
    """Print calls: a table on a terminal, else a line for each, JSON or words."""
    if as_json:
        lines: Iterable[str] = (json.dumps(entry, ensure_ascii=False) for entry in entries)
    elif not on_terminal():
        lines = ("  ".join(_list_words(entry)).rstrip() for entry in entries)
    elif entries:
        lines = format_table(_list_headings() if with_headings else (), map(_paint_row, entries))
    else:
        lines = [translate("还没有请求", "no calls yet")] if with_headings else []
    for line in lines:
        say(line)


def _list_headings() -> tuple[str, ...]:
    headings = (
        ("时间", "time"),
        ("请求", "request"),
        ("方法", "method"),
        ("换货单", "exchange"),
        ("结果", "outcome"),
        ("原因", "cause"),
    )
    return tuple(translate(zh, en) for zh, en in headings)


def _list_words(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is said of a call: when, which, what, about which exchange, outcome, cause.

    Warnings stand behind the cause, each behind `!`.  Method, exchange, cause and warnings hold the
    caller's text: each is escaped and cut to one line.
    """
    outcome = {
        "ok": "ok",
        "failed": entry["msg_code"],
        "refused": f"{entry['code']} {entry['sub_code']}".strip(),
    }[entry["outcome"]]
    cause = translate(entry["diagnosis"]["zh"], entry["diagnosis"]["en"])
    method, dispute_id = entry["method"] or "-", entry["dispute_id"] or "-"
    notes = [one_line(cause), *(f"! {one_line(str(warning))}" for warning in entry["warnings"])]
    texts = (entry["at"], entry["request_id"], method, dispute_id, outcome)
    return (*map(one_line, texts), "  ".join(filter(None, notes)))


def _paint_row(entry: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return the row of a call; the outcome has a colour."""
    *words, outcome, cause = _list_words(entry)
    return (*words, (outcome, _OUTCOME_COLOURS[entry["outcome"]]), cause)
