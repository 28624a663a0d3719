"""Routes of sandboxes: make, reset, drop; snapshots, rules, permissions of apps and sessions."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from ..api.methods import METHODS
from ..domain.durations import parse_duration
from ..protocol.shapes import parse_time
from ..service.problem import Problem
from ..service.reply_documents import JsonObject
from ..service.route_replies import (
    AppRightsDocument,
    ListedSandboxDocument,
    Listing,
    SandboxDocument,
    SessionRightsDocument,
    SnapshotDocument,
)
from ..service.serializers import serialize_sandbox, serialize_use
from ..world.document import BadDocument, WorldDocument, read_document, read_world
from ..world.snapshot import SnapshotDocument as StoredSnapshot
from ..world.snapshot import read_snapshot, write_snapshot
from ..world.state import State
from ..world.world import World
from .body_schemas import describe_world
from .route import ControlRequest, Route
from .rules_schema import describe_rules

__all__ = ["ROUTES"]


class ResetBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What to reset to: `baseline`, `empty`, or the name of a snapshot."""

    to: str = "baseline"


class RightsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`methods`: those that the app may call, null for all."""

    methods: tuple[str, ...] | UnsetType | None = UNSET


class SessionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`expires`: when the session ends.

    It is `now`, a duration from now, an instant, or null for never.
    """

    methods: tuple[str, ...] | UnsetType | None = UNSET
    expires: str | UnsetType | None = UNSET


def _list(request: ControlRequest) -> tuple[int, Any]:
    worlds = request.context.directory.all()
    return 200, {
        "total": len(worlds),
        "items": [
            {
                **serialize_sandbox(world, request.base_url, request.context.tmc_port()),
                **serialize_use(world, request.context.directory.uses),
            }
            for world in worlds
        ],
    }


def _make(request: ControlRequest) -> tuple[int, Any]:
    directory = request.context.directory
    raw = request.body if request.body is not None else {}
    if isinstance(raw, dict) and "from" in raw:
        unknown = sorted(set(raw) - {"from", "name"})
        if unknown:
            raise BadDocument(unknown[0], "与 from 一起只能给 name", "only name goes with from")
        document = read_document({"name": raw.get("name", "")}, WorldDocument)
        world = World(
            directory,
            document,
            state=_find_snapshot(request, raw["from"]),
            keep_coverage=not isinstance(raw["from"], str),
            journal=request.context.journal,
        )
    else:
        running = {"clock": {"mode": "running"}, **raw} if isinstance(raw, dict) else raw
        world = World(directory, read_world(running), journal=request.context.journal)
    directory.add(world)
    return 201, serialize_sandbox(world, request.base_url, request.context.tmc_port())


def _find_snapshot(request: ControlRequest, source: object) -> State:
    """Return the state that `NAME` (of the default sandbox), `SANDBOX/NAME` or a document means.

    Raises:
        BadDocument: no such snapshot, or the document cannot be.
    """
    if not isinstance(source, str):
        return read_snapshot(source)
    sandbox, _, name = source.rpartition("/")
    world = request.context.directory.get(sandbox or "default")
    state = world.find_snapshot(name) if world else None
    if state is None:
        raise BadDocument("from", f"没有快照 {source}", f"no snapshot {source}", missing=True)
    return state


def _get(request: ControlRequest) -> tuple[int, Any]:
    return 200, serialize_sandbox(request.world, request.base_url, request.context.tmc_port())


def _drop(request: ControlRequest) -> tuple[int, Any]:
    if request.world.id == "default":
        raise Problem(
            409,
            "default 独立环境不能删除，可以 reset",
            "the default sandbox stays; reset it instead",
        )
    request.context.directory.drop(request.world)
    return 204, None


def _reset(request: ControlRequest) -> tuple[int, Any]:
    to = request.body.to if request.body else "baseline"
    if to in ("baseline", "empty"):
        request.world.reset(empty=to == "empty")
    else:
        request.world.restore(to)
    return 200, serialize_sandbox(request.world, request.base_url, request.context.tmc_port())


def _list_snapshots(request: ControlRequest) -> tuple[int, Any]:
    names = request.world.snapshot_names()
    return 200, {"total": len(names), "items": names}


def _read_snapshot(request: ControlRequest) -> tuple[int, Any]:
    state = request.world.find_snapshot(request.path["name"])
    if state is None:
        raise Problem(
            404,
            f"没有快照 {request.path['name']}",
            f"no snapshot {request.path['name']}",
            field="name",
        )
    return 200, msgspec.Raw(write_snapshot(state))


def _put_snapshot(request: ControlRequest) -> tuple[int, Any]:
    name = request.path["name"]
    state = request.world.snapshot(
        name, None if request.body is None else read_snapshot(request.body)
    )
    return 200, {"name": name, "exchanges": len(state.exchanges)}


def _drop_snapshot(request: ControlRequest) -> tuple[int, Any]:
    if not request.world.delete_snapshot(request.path["name"]):
        raise Problem(
            404,
            f"没有快照 {request.path['name']}",
            f"no snapshot {request.path['name']}",
            field="name",
        )
    return 204, None


def _rules(request: ControlRequest) -> tuple[int, Any]:
    return 200, request.world.view.rules.to_dict()


def _patch_rules(request: ControlRequest) -> tuple[int, Any]:
    if not isinstance(request.body, dict):
        raise BadDocument("body", "应为 JSON 对象", "a JSON object is wanted")
    request.world.patch_rules(request.body)
    return 200, request.world.view.rules.to_dict()


def _parse_methods(methods: tuple[str, ...] | None, world: World) -> frozenset[str] | None:
    for name in methods or ():
        if name not in METHODS and name not in world.view.stubbed_methods():
            raise BadDocument("methods", f"没有方法 {name}", f"no such method {name}", missing=True)
    return None if methods is None else frozenset(methods)


def _patch_app(request: ControlRequest) -> tuple[int, Any]:
    key = request.path["app_key"]
    world = request.world
    with world.unit_of_work():
        app = world.view.app(key)
        if app is None:
            keys = "、".join(app.app_key for app in world.view.apps())
            raise Problem(
                404, f"没有应用 {key}；可用：{keys}", f"no app {key}; use: {keys}", field="app_key"
            )
        if request.body.methods is not UNSET:
            app = replace(app, methods=_parse_methods(request.body.methods, world))
            world.set_permissions(app)
    return 200, {"app_key": key, "methods": None if app.methods is None else sorted(app.methods)}


def _patch_session(request: ControlRequest) -> tuple[int, Any]:
    name = request.path["label"]
    world = request.world
    with world.unit_of_work():
        sessions = world.view.sessions()
        session = next((item for item in sessions if name in (item.label, item.nick)), None)
        if session is None:
            labels = "、".join(item.label for item in sessions)
            raise Problem(
                404,
                f"没有会话 {name}；可用：{labels}",
                f"no session {name}; use: {labels}",
                field="label",
            )
        if request.body.expires is not UNSET:
            session = replace(session, expires=_parse_expiry(request.body.expires, world))
        if request.body.methods is not UNSET:
            session = replace(session, methods=_parse_methods(request.body.methods, world))
        world.set_permissions(session)
    methods = None if session.methods is None else sorted(session.methods)
    return 200, {
        "label": session.label,
        "nick": session.nick,
        "methods": methods,
        "expires": None
        if session.expires is None
        else session.expires.isoformat(" ", "seconds")[:19],
    }


def _parse_expiry(text: str | None, world: World) -> Any:
    if text is None:
        return None
    if text == "now":
        return world.now
    try:
        return parse_time(text) or world.now + parse_duration(text)
    except (ValueError, OverflowError):
        raise BadDocument(
            "expires", "应为 now、时长、时刻或 null", "now, a duration, an instant or null"
        ) from None


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/_sandbox/sandboxes",
        _list,
        "列出独立环境",
        "list sandboxes",
        reply=Listing[ListedSandboxDocument],
    ),
    Route(
        "POST",
        "/_sandbox/sandboxes",
        _make,
        "按世界文档或快照新建独立环境",
        "make a sandbox from a world document or snapshot",
        body=WorldDocument,
        describe_body=describe_world,
        raw=True,
        status=201,
        reply=SandboxDocument,
    ),
    Route(
        "GET",
        _S,
        _get,
        "独立环境的凭证与数据",
        "a sandbox's credentials and data",
        reply=SandboxDocument,
    ),
    Route("DELETE", _S, _drop, "删除独立环境", "drop a sandbox", status=204),
    Route(
        "POST",
        f"{_S}/reset",
        _reset,
        "恢复为初始、空或快照",
        "reset to baseline, empty or a snapshot",
        body=ResetBody,
        reply=SandboxDocument,
    ),
    Route(
        "GET", f"{_S}/snapshots", _list_snapshots, "列出快照", "list snapshots", reply=Listing[str]
    ),
    Route(
        "GET",
        f"{_S}/snapshots/{{name}}",
        _read_snapshot,
        "快照文档",
        "a snapshot as a document",
        reply=JsonObject,
    ),
    Route(
        "PUT",
        f"{_S}/snapshots/{{name}}",
        _put_snapshot,
        "保存快照(无请求体)或存入文档",
        "take a snapshot, or store a document",
        body=StoredSnapshot,
        raw=True,
        reply=SnapshotDocument,
    ),
    Route(
        "DELETE",
        f"{_S}/snapshots/{{name}}",
        _drop_snapshot,
        "删除快照",
        "drop a snapshot",
        status=204,
    ),
    Route("GET", f"{_S}/rules", _rules, "全部规则", "all rules", reply=JsonObject),
    Route(
        "PATCH",
        f"{_S}/rules",
        _patch_rules,
        "修改规则",
        "change rules",
        body=dict[str, Any],
        raw=True,
        describe_body=describe_rules,
        reply=JsonObject,
    ),
    Route(
        "PATCH",
        f"{_S}/apps/{{app_key}}",
        _patch_app,
        "应用的 API 权限",
        "an app's permissions",
        body=RightsBody,
        reply=AppRightsDocument,
    ),
    Route(
        "PATCH",
        f"{_S}/sessions/{{label}}",
        _patch_session,
        "会话的权限与过期",
        "a session's rights and expiry",
        body=SessionBody,
        reply=SessionRightsDocument,
    ),
)
