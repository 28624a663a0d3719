"""Routes of quotas and planned faults."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from ..domain.durations import format_duration
from ..service import reply_documents as replies
from ..service.problem import Problem
from ..service.reply_documents import FaultDocument
from ..service.route_replies import FaultNamesDocument, Listing
from ..world.document import BadDocument, QuotaDocument
from ..world.faults.fault_kinds import FAULTS
from ..world.faults.fault_plan import serialize_planned
from ..world.faults.fault_sets import SETS
from ..world.faults.fault_types import FaultKind
from .body_schemas import describe_change_of_fault, describe_fault
from .route import ControlRequest, Route

__all__ = ["ROUTES"]


class FaultBody(Struct, frozen=True):
    """A fault by its name, or a `set`; which calls it disturbs, how often, and its own options."""

    fault: str | UnsetType = UNSET
    set: str | UnsetType = UNSET
    method: str | tuple[str, ...] = ""
    dispute_id: str | int = ""
    session: str = ""
    after: int = 0
    times: int | None = 1
    probability: float = 1
    until: str | None = None


class FaultChange(FaultBody, frozen=True):
    """Keys to lay over a planned fault."""


def _quotas(request: ControlRequest) -> tuple[int, Any]:
    return 200, [quota.to_document() for quota in request.world.view.quotas]


def _put_quotas(request: ControlRequest) -> tuple[int, Any]:
    request.world.set_quotas(request.body)
    return _quotas(request)


def _faults(request: ControlRequest) -> tuple[int, Any]:
    items = request.world.planned_faults()
    return 200, {"total": len(items), "items": items}


def _add(request: ControlRequest) -> tuple[int, Any]:
    with request.world.unit_of_work() as work:
        faults = request.world.plan_faults({} if request.body is None else request.body)
        items = [serialize_planned(fault, work.view.fault_counters(fault.id)) for fault in faults]
    return 201, {"total": len(items), "items": items} if "set" in request.body else items[0]


def _change(request: ControlRequest) -> tuple[int, Any]:
    if not isinstance(request.body, Mapping):
        raise BadDocument("body", "应为 JSON 对象", "a JSON object is wanted")
    with request.world.unit_of_work() as work:
        changed = request.world.change_fault(request.path["fault_id"], request.body)
        if changed is None:
            raise _no_such_fault(request)
        return 200, serialize_planned(changed, work.view.fault_counters(changed.id))


def _drop(request: ControlRequest) -> tuple[int, Any]:
    if not request.world.drop_faults([request.path["fault_id"]]):
        raise _no_such_fault(request)
    return 204, None


def _drop_all(request: ControlRequest) -> tuple[int, Any]:
    request.world.drop_faults()
    return 204, None


def _no_such_fault(request: ControlRequest) -> Problem:
    fault_id = request.path["fault_id"]
    ids = [str(fault["id"]) for fault in request.world.planned_faults()[:20]]
    return Problem(
        404,
        f"没有故障 {fault_id}；可用：{'、'.join(ids) or '无'}",
        f"no fault {fault_id}; use: {', '.join(ids) or 'none'}",
        field="fault_id",
    )


def _names(request: ControlRequest) -> tuple[int, Any]:
    sets = [
        {"name": item.name, "zh": item.zh, "en": item.en, "faults": item.faults}
        for item in SETS.values()
    ]
    return 200, {"faults": [_serialize_kind(kind) for kind in FAULTS.values()], "sets": sets}


def _serialize_kind(kind: FaultKind) -> dict[str, Any]:
    """Return a kind of fault with its options: default, limits or values."""
    options = []
    for option in kind.options:
        limits: dict[str, Any] = {}
        if option.among:
            limits = {"among": option.among}
        elif isinstance(option.default, str):
            limits = {"longest": option.most}
        elif option.most > option.least:
            limits = {"least": option.least, "most": option.most}
        default = (
            format_duration(option.default)
            if isinstance(option.default, timedelta)
            else option.default
        )
        options.append(
            {"name": option.name, "default": default, **limits, "zh": option.zh, "en": option.en}
        )
    calls_zh, calls_en = kind.calls.label
    return {
        "name": kind.name,
        "zh": kind.zh,
        "en": kind.en,
        "effect": kind.effect,
        "evidence": str(kind.evidence),
        "calls": {"zh": calls_zh, "en": calls_en},
        "options": options,
    }


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_S}/quotas",
        _quotas,
        "调用配额，没有则不限",
        "quotas; none limits nothing",
        reply=list[replies.QuotaDocument],
    ),
    Route(
        "PUT",
        f"{_S}/quotas",
        _put_quotas,
        "设定全部调用配额，计数从零开始",
        "set all quotas; counts begin anew",
        body=tuple[QuotaDocument, ...],
        reply=list[replies.QuotaDocument],
    ),
    Route(
        "GET",
        "/_sandbox/faults/names",
        _names,
        "可计划的故障与故障集",
        "the faults that can be planned, and sets of them",
        reply=FaultNamesDocument,
    ),
    Route(
        "GET",
        f"{_S}/faults",
        _faults,
        "计划的故障，按询问顺序，附命中次数",
        "planned faults in the order they are asked, with their hits",
        reply=Listing[FaultDocument],
    ),
    Route(
        "POST",
        f"{_S}/faults",
        _add,
        "计划一个故障或一组故障",
        "plan a fault, or a set of them",
        body=FaultBody,
        describe_body=describe_fault,
        raw=True,
        status=201,
        reply=(FaultDocument, Listing[FaultDocument]),
    ),
    Route("DELETE", f"{_S}/faults", _drop_all, "删除全部故障", "drop all faults", status=204),
    Route(
        "PATCH",
        f"{_S}/faults/{{fault_id}}",
        _change,
        "修改一个故障，计数保留",
        "change a fault; its counts stay",
        body=FaultChange,
        describe_body=describe_change_of_fault,
        raw=True,
        reply=FaultDocument,
    ),
    Route("DELETE", f"{_S}/faults/{{fault_id}}", _drop, "删除一个故障", "drop a fault", status=204),
)
