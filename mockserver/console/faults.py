"""The page of what disturbs calls and acts by itself: faults and their sets, quotas, robots."""

from typing import Any

import msgspec

from ..domain.behaviours import BEHAVIOURS, Party
from ..scenario.target import ControlRefused
from ..world.faults.fault_kinds import FAULTS
from ..world.faults.fault_sets import SETS, FaultSet
from .page import Page
from .visit import Answer, View, Visit

__all__ = ["PAGES"]


def _show(visit: Visit) -> Answer:
    robots = visit.ask("GET", "robots")
    faults = visit.ask("GET", "faults")["items"]
    return View(
        "faults",
        {
            "faults": faults,
            "kinds": list(FAULTS.values()),
            "sets": [(item, _find_members(item, faults)) for item in SETS.values()],
            "quotas": visit.ask("GET", "quotas"),
            "robots": robots,
            "parties": list(Party),
            "behaviours": list(BEHAVIOURS.values()),
            "typed": visit.form or {},
        },
    )


def _plan(visit: Visit) -> Answer:
    body: dict[str, Any] = {}
    for name in ("fault", "method", "dispute_id", "session", "until", "topic"):
        if visit.field(name):
            body[name] = visit.field(name)
    for name in ("after", "times"):
        if visit.field(name):
            body[name] = _read_number(visit.field(name))
    if visit.field("options"):
        body |= _read_json(visit.field("options"), "options", dict)
    visit.ask("POST", "faults", body)
    return visit.succeed("故障已计划", "the fault is planned", visit.link("faults"))


def _find_members(fault_set: FaultSet, faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the planned faults that are as the set has them, whoever planned them."""
    return [
        fault
        for fault in faults
        if any(document.items() <= fault.items() for document in fault_set.faults)
    ]


def _plan_set(visit: Visit) -> Answer:
    visit.ask("POST", "faults", {"set": visit.field("set")})
    return visit.succeed("故障集已打开", "the set is on", visit.link("faults"))


def _drop_set(visit: Visit) -> Answer:
    fault_set = SETS.get(visit.field("set"))
    if fault_set is not None:
        for fault in _find_members(fault_set, visit.ask("GET", "faults")["items"]):
            visit.ask("DELETE", f"faults/{fault['id']}")
    return visit.succeed("故障集已关闭", "the set is off", visit.link("faults"))


def _drop(visit: Visit) -> Answer:
    fault_id = visit.field("fault_id")
    visit.ask("DELETE", f"faults/{fault_id}" if fault_id.isalnum() else "faults/-")
    return visit.succeed("故障已删除", "the fault is dropped", visit.link("faults"))


def _drop_all(visit: Visit) -> Answer:
    visit.ask("DELETE", "faults")
    return visit.succeed("全部故障已删除", "all faults are dropped", visit.link("faults"))


def _set_quotas(visit: Visit) -> Answer:
    visit.ask("PUT", "quotas", _read_json(visit.field("quotas") or "[]", "quotas", list))
    return visit.succeed("配额已设定", "the quotas are set", visit.link("faults"))


def _set_robots(visit: Visit) -> Answer:
    body = {name: visit.field(name) or None for name in (*Party, "applies")}
    visit.ask("PUT", "robots", body)
    return visit.succeed("机器人已设定", "the robots are set", visit.link("faults"))


def _read_number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _read_json(text: str, field: str, kind: type) -> Any:
    """Return the JSON of a form's field.  Raises ControlRefused: it is no JSON of this kind."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        value = None
    if not isinstance(value, kind):
        word = "list" if kind is list else "object"
        title = f"{field}：应为 JSON {'数组' if kind is list else '对象'}"
        raise ControlRefused(
            {"status": 400, "field": field, "title": title, "detail": f"{field}: a JSON {word}"}
        )
    return value


_F = "s/<id>/faults"
PAGES: tuple[Page, ...] = (
    Page("GET", _F, _show),
    Page("POST", f"{_F}/plan", _plan, _show),
    Page("POST", f"{_F}/set", _plan_set, _show),
    Page("POST", f"{_F}/drop-set", _drop_set, _show),
    Page("POST", f"{_F}/drop", _drop, _show),
    Page("POST", f"{_F}/drop-all", _drop_all, _show),
    Page("POST", f"{_F}/quotas", _set_quotas, _show),
    Page("POST", f"{_F}/robots", _set_robots, _show),
)
