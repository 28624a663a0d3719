"""`logs`: the journal of a running server, as lines, as it grows, as HAR, as a report on the client."""

import json
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

import click

from ..client.control_client import ControlRefused
from ..client.transport import Unreachable
from ..review.lint_rules import Severity
from .console import CHECK_FAILED, WRONG_USE, Link, connect, fail, one_line, say, warn, words

__all__ = ["logs"]

_WAIT, _PAUSE = (
    2,
    0.5,
)  # seconds a question stays open; seconds between two when the server lets nobody wait
_AT_ONCE = 1000


@click.command()
@click.option("--method", default=None)
@click.option("--dispute-id", default=None)
@click.option("--outcome", type=click.Choice(["ok", "failed", "refused"]), default=None)
@click.option("--since", default=None, help="独立环境时间 yyyy-MM-dd HH:mm:ss (sandbox time)")
@click.option(
    "--limit",
    type=click.IntRange(0, 10_000),
    default=None,
    help="最多几条，默认 50，导出时全部 (at most so many)",
)
@click.option("--request", "request_id", default=None, help="一次请求的全部 (all of one call)")
@click.option("--follow", is_flag=True, help="接着打印新的请求，直到 Ctrl-C (go on with new calls)")
@click.option(
    "--har", default="", metavar="FILE", help="导出为 HAR 1.2，- 为标准输出 (export as HAR 1.2)"
)
@click.option(
    "--report",
    is_flag=True,
    help="检查客户端：重复的写操作、用法问题；有错误时退出码为 1 (what the calls show of their client)",
)
@click.option(
    "--orphans", is_flag=True, help="不属于任何独立环境的请求 (calls that belong to no sandbox)"
)
@click.option("--json", "as_json", is_flag=True)
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
    """请求记录，新的在后 (the journal, newest last)."""
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
    book = _Book(connect(options), orphans)
    if report:
        _judge(book.ask("report"), as_json)
        return
    if request_id:
        say(
            json.dumps(
                book.link.root("GET", f"requests/{quote(request_id, safe='')}"),
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    if har:
        _save(book.ask("requests.har", **filters), har)
        return
    found = book.ask(
        "requests", **{**filters, "limit": 50 if filters["limit"] is None else filters["limit"]}
    )
    for entry in reversed(found["items"]):
        _tell(entry, as_json)
    if follow:
        _follow(book, found["next"], as_json, {**filters, "limit": _AT_ONCE})


class _Book:
    """The journal asked for: the sandbox's, or that of calls that belong to none."""

    def __init__(self, link: Link, orphans: bool) -> None:
        self.link, self._orphans = link, orphans

    def ask(self, path: str, **query: Any) -> Any:
        return (
            self.link.root("GET", path, sandbox="none", **query)
            if self._orphans
            else self.link.ask("GET", path, **query)
        )


def _follow(book: _Book, position: int, as_json: bool, filters: Mapping[str, Any]) -> None:
    """New calls are printed as they come; ends only by Ctrl-C, or with exit 1 when there is nothing to follow any more."""
    while True:
        asked = monotonic()
        try:
            found = book.ask("requests", after=position, wait=_WAIT, **filters)
        except Unreachable:
            fail(
                CHECK_FAILED,
                "服务已停止，记录到此为止",
                "the server has stopped, nothing more to follow",
            )
        except ControlRefused as refused:
            if refused.status != 404:
                raise
            fail(
                CHECK_FAILED,
                "独立环境已删除，记录到此为止",
                "the sandbox is gone, nothing more to follow",
            )
        if found.get("missed"):
            warn(
                words(
                    f"有 {found['missed']} 条在读到之前已被清空或挤出",
                    f"{found['missed']} calls were gone before they were read",
                )
            )
        for entry in found["items"]:
            _tell(entry, as_json)
        position = found["next"]
        if not found["items"] and monotonic() - asked < _WAIT / 2:
            sleep(_PAUSE)


def _judge(report: Mapping[str, Any], as_json: bool) -> None:
    """The report; an error in it is a failed check."""
    if as_json:
        say(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        audit, lang = report["audit"], words("zh", "en")
        say(
            words(
                f"调用 {report['calls']} 次；写操作 {audit['writes']} 次，重复 {audit['repeats']} 次，其中不安全 {audit['unsafe']} 次",
                f"{report['calls']} calls; {audit['writes']} writes, {audit['repeats']} repeated, {audit['unsafe']} of them unsafely",
            )
        )
        if report["dropped"]:
            say(
                words(
                    f"更早的 {report['dropped']} 次已不在记录里",
                    f"{report['dropped']} earlier calls are no longer kept",
                )
            )
        for each in (*audit["findings"], *report["findings"]):
            severity = words(Severity[each["severity"].upper()].zh, each["severity"])
            say(
                f"{severity}  {each['id']}  {one_line(each[lang])}  [{', '.join(each['request_ids'][:3])}]"
            )
        if audit["findings"] or report["findings"]:
            say(
                words(
                    "详见 tmall-mockserver explain <名称>，logs --request <request_id>",
                    "more: tmall-mockserver explain <name>, logs --request <request_id>",
                )
            )
    if report["counts"]["error"]:
        raise SystemExit(CHECK_FAILED)


def _save(document: Mapping[str, Any], path: str) -> None:
    text, count = (
        json.dumps(document, ensure_ascii=False, indent=1),
        len(document["log"]["entries"]),
    )
    if path == "-":
        say(text)
        return
    try:
        Path(path).write_text(text + "\n", "utf-8")
    except OSError as wrong:
        fail(WRONG_USE, f"写不了 {path}：{wrong}", f"cannot write {path}: {wrong}")
    say(words(f"已写入 {path}：{count} 次请求", f"{count} calls written to {path}"))


def _tell(entry: Mapping[str, Any], as_json: bool) -> None:
    say(json.dumps(entry, ensure_ascii=False) if as_json else _line(entry))


def _line(entry: Mapping[str, Any]) -> str:
    """The call on one line; its method, exchange and cause are the caller's."""
    what = {
        "ok": "ok",
        "failed": entry["msg_code"],
        "refused": f"{entry['code']} {entry['sub_code']}".strip(),
    }
    cause = words(entry["diagnosis"]["zh"], entry["diagnosis"]["en"])
    method, dispute_id, why = (
        one_line(text) for text in (entry["method"] or "-", entry["dispute_id"] or "-", cause)
    )
    return f"{entry['at']}  {entry['request_id']}  {method}  {dispute_id}  {what[entry['outcome']]}  {why}".rstrip()
