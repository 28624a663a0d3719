"""Pages of the journal: the calls as they come in, one call with the doctor's findings."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ..review.lint_rules import Severity
from ..scenario.target import format_curl
from ..world.journal import Entry, format_seconds
from .page import Page
from .sign_difference import find_difference, split_string
from .visit import Answer, NoSuchPage, View, Visit

__all__ = ["PAGES"]

_LIMIT = 50
_FILTERS = ("method", "dispute_id", "outcome", "code", "msg_code", "caller", "fault", "since_time")


def _list(visit: Visit) -> Answer:
    filters = {
        "since" if name == "since_time" else name: visit.text(name)
        for name in _FILTERS
        if visit.text(name)
    }
    page = visit.world.journal.page(filters, _LIMIT)
    return View(
        "journal",
        {
            "total": page.total,
            "rows": [_describe(entry) for entry in page.entries],
            "filters": _FILTERS,
        },
    )


def _describe(entry: Entry) -> dict[str, Any]:
    """Return a call as a line; a diagnosis that takes a search is not made for it."""
    return {
        "request_id": entry.request_id,
        "at": format_seconds(entry.at),
        "method": entry.method,
        "caller": entry.caller,
        "dispute_id": entry.dispute_id,
        "outcome": entry.outcome,
        "code": entry.code or "",
        "reason": entry.sub_code or entry.msg_code,
        "cause": {"zh": entry.cause_zh, "en": entry.cause_en},
        "micros": entry.micros,
        "fault": entry.fault,
    }


def _call(visit: Visit) -> Answer:
    request_id = visit.path["request_id"]
    entry = visit.world.journal.find(request_id)
    if entry is None:
        raise NoSuchPage(
            "没有这次请求(可能已被更新的请求挤出)", "there is no such call, or it is no longer kept"
        )
    document = entry.serialize()
    params = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in document["params"].items()
    }
    address = f"{entry.base_url or visit.base_url}/router/rest"
    files = [file.get("name", "") for file in document["files"] if isinstance(file, dict)]
    places = [finding.get("at", {}) for finding in document["diagnosis"]["findings"]]
    return View(
        "call",
        {
            "call": document,
            "params": params,
            "curl": format_curl(address, params, files),
            "differences": [_locate(place, params) for place in places],
        },
    )


def _locate(place: Mapping[str, Any], params: Mapping[str, str]) -> dict[str, Any] | None:
    """Return where the sign of a finding differs, None for a finding that is about none."""
    if "signed" not in place or "wanted" not in place:
        return None
    return {
        "difference": find_difference(str(place["signed"]), str(place["wanted"])),
        "pieces": split_string(params, place),
    }


def _clear(visit: Visit) -> Answer:
    visit.ask("DELETE", "requests")
    return visit.succeed("请求记录已清空", "the journal is empty", visit.link("journal"))


def _report(visit: Visit) -> Answer:
    return View("report", {"report": visit.ask("GET", "report"), "severities": list(Severity)})


PAGES: tuple[Page, ...] = (
    Page("GET", "s/<id>/journal", _list),
    Page("POST", "s/<id>/journal/clear", _clear, _list),
    Page("GET", "s/<id>/journal/<request_id>", _call),
    Page("GET", "s/<id>/report", _report),
)
