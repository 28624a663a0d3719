"""Routes of the journal: lists, one call, what comes later, HAR, the report on the client."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..domain.catalogue import Trade
from ..domain.exchange import Exchange
from ..protocol.shapes import parse_time
from ..review.audit import audit
from ..review.lint import lint
from ..review.lint_rules import Severity
from ..review.review_findings import ReviewFinding, decode_calls
from ..service.problem import Problem
from ..service.reply_documents import JsonObject, ReportDocument, RequestDocument
from ..service.route_replies import RequestsDocument
from ..world.journal import CAPACITY, Entry, Journal, Page
from .har import build_har
from .route import ControlRequest, Route, parse_count, parse_seconds

__all__ = ["ROUTES"]

_FILTERS = ("method", "dispute_id", "outcome", "code", "msg_code", "caller", "fault", "since")
_MAX_POSITION = 999_999_999
_MAX_EXAMINED = 20  # signs of one list; each takes up to a tenth of a second
_MAX_FINDINGS = 500  # of one kind of report


def _read_filters(request: ControlRequest) -> dict[str, str]:
    outcome = request.query.get("outcome", "ok")
    if outcome not in ("ok", "failed", "refused"):
        raise Problem(
            400,
            "outcome 应为 ok、failed 或 refused",
            "outcome is ok, failed or refused",
            field="outcome",
        )
    if "since" in request.query and parse_time(request.query["since"]) is None:
        raise Problem(
            400, "since 应为 yyyy-MM-dd HH:mm:ss", "since is yyyy-MM-dd HH:mm:ss", field="since"
        )
    parse_count(request.query, "code", 0, 9999)
    return {name: request.query[name] for name in _FILTERS if name in request.query}


def _serialize_entries(entries: Sequence[Entry]) -> list[Any]:
    """Return the entries as documents; the signs of the first few are examined, if need be."""
    documents = []
    searches = 0
    for entry in entries:
        search = entry.late is not None and not entry.late.is_made
        searches += search
        documents.append(entry.serialize(search=searches <= _MAX_EXAMINED))
    return documents


def _serialize_page(page: Page) -> tuple[int, Any]:
    document = {"total": page.total, "items": _serialize_entries(page.entries), "next": page.next}
    if page.missed:
        document["missed"] = page.missed
    return 200, document


def _select(request: ControlRequest, journal: Journal) -> tuple[int, Any]:
    """Return the newest calls; with `after` the first later ones, which `wait` waits for."""
    limit = parse_count(request.query, "limit", 100, CAPACITY)
    filters = _read_filters(request)
    if "after" not in request.query:
        if "wait" in request.query:
            raise Problem(400, "wait 要与 after 一起用", "wait goes with after", field="wait")
        return _serialize_page(journal.page(filters, limit))
    after = parse_count(request.query, "after", 0, _MAX_POSITION)
    seconds = parse_seconds(request.query.get("wait", "0"))
    with request.context.waiting(seconds) as patience:
        return _serialize_page(journal.read_after(after, filters, limit, patience))


def _requests(request: ControlRequest) -> tuple[int, Any]:
    return _select(request, request.world.journal)


def _all_requests(request: ControlRequest) -> tuple[int, Any]:
    journals = _choose_journals(request)
    if len(journals) == 1:
        return _select(request, journals[0])
    for name in ("after", "wait"):
        if name in request.query:
            raise Problem(
                400,
                f"{name} 只能用于一个独立环境：加上 sandbox=",
                f"{name} is for one sandbox: add sandbox=",
                field=name,
            )
    limit = parse_count(request.query, "limit", 100, CAPACITY)
    filters = _read_filters(request)
    selections = [journal.select(filters, limit) for journal in journals]
    newest = sorted(
        (entry for _, entries in selections for entry in entries), key=lambda entry: -entry.number
    )
    return 200, {
        "total": sum(total for total, _ in selections),
        "items": _serialize_entries(newest[:limit]),
    }


def _choose_journals(request: ControlRequest) -> list[Journal]:
    """Return the journals that `sandbox` means.

    One sandbox's; `none` for calls that belong to none; all without it.
    """
    directory = request.context.directory
    chosen = request.query.get("sandbox", "")
    worlds = directory.all()
    if chosen not in ("", "none", *(world.id for world in worlds)):
        raise Problem(
            404,
            f"没有独立环境 {chosen}；none 为无主请求",
            f"no sandbox {chosen}; none is for calls of nobody",
            field="sandbox",
        )
    journals = [request.context.unassigned_calls] if chosen in ("", "none") else []
    return journals + [world.journal for world in worlds if chosen in ("", world.id)]


def _request(request: ControlRequest) -> tuple[int, Any]:
    request_id = request.path["request_id"]
    context = request.context
    for journal in (
        *(world.journal for world in context.directory.all()),
        context.unassigned_calls,
    ):
        entry = journal.find(request_id)
        if entry is not None:
            return 200, entry.serialize()
    raise Problem(
        404,
        f"没有请求 {request_id}(可能已被更新的请求挤出)",
        f"no request {request_id}, or no longer kept",
        field="request_id",
    )


def _clear(request: ControlRequest) -> tuple[int, Any]:
    request.world.clear_journal()
    return 204, None


def _export(request: ControlRequest) -> tuple[int, Any]:
    limit = parse_count(request.query, "limit", CAPACITY, CAPACITY)
    filters = _read_filters(request)
    journals = [request.world.journal] if "id" in request.path else _choose_journals(request)
    entries = [
        entry for journal in journals for entry in reversed(journal.select(filters, limit)[1])
    ]
    entries.sort(key=lambda entry: entry.real)
    return 200, build_har(entries[max(0, len(entries) - limit) :])


def _report(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.unit_of_work():
        disputes = {exchange.dispute_id for exchange in world.view.exchanges()}
        orders: list[Exchange | Trade] = [*world.view.exchanges(), *world.view.trades()]
    ids = {
        "dispute_id": disputes,
        "tid": {order.tid for order in orders},
        "oid": {order.oid for order in orders},
    }
    dropped, entries = world.journal.recent()
    calls = decode_calls(entries)
    audited = audit(calls)
    linted = lint(calls, ids)
    counts = Counter(finding.rule.severity for finding in (*audited.findings, *linted))
    return 200, {
        "calls": len(calls),
        "dropped": dropped,
        "counts": {severity.word: counts[severity] for severity in Severity},
        "audit": {
            "writes": audited.writes,
            "repeats": audited.repeats,
            "safe": audited.repeats - audited.unsafe,
            "unsafe": audited.unsafe,
            "findings": _serialize_findings(audited.findings),
        },
        "findings": _serialize_findings(linted),
    }


def _serialize_findings(findings: Sequence[ReviewFinding]) -> list[dict[str, Any]]:
    return [finding.serialize() for finding in findings[:_MAX_FINDINGS]]


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/_sandbox/requests",
        _all_requests,
        "全部独立环境的请求；sandbox=none 为无主请求",
        "calls of all sandboxes, or of none",
        query=(*_FILTERS, "limit", "after", "wait", "sandbox"),
        reply=RequestsDocument,
    ),
    Route(
        "GET",
        "/_sandbox/requests.har",
        _export,
        "全部请求，HAR 1.2，旧的在前",
        "calls of all sandboxes as HAR 1.2, oldest first",
        query=(*_FILTERS, "limit", "sandbox"),
        reply=JsonObject,
    ),
    Route(
        "GET",
        "/_sandbox/requests/{request_id}",
        _request,
        "一次请求及其诊断",
        "one call with its diagnosis",
        reply=RequestDocument,
    ),
    Route(
        "GET",
        f"{_S}/requests",
        _requests,
        "本独立环境的请求，新的在前；after 之后的旧的在前，可等待",
        "the sandbox's calls, newest first; those after a position oldest first, waited for",
        query=(*_FILTERS, "limit", "after", "wait"),
        reply=RequestsDocument,
    ),
    Route(
        "GET",
        f"{_S}/requests.har",
        _export,
        "本独立环境的请求，HAR 1.2，旧的在前",
        "the sandbox's calls as HAR 1.2, oldest first",
        query=(*_FILTERS, "limit"),
        reply=JsonObject,
    ),
    Route(
        "GET",
        f"{_S}/report",
        _report,
        "对客户端的检查：重复写操作的审计、用法问题",
        "the client report: repeated writes, and what the API's pages advise against",
        reply=ReportDocument,
    ),
    Route("DELETE", f"{_S}/requests", _clear, "清空请求记录", "clear the journal", status=204),
)
