"""Routes that make, reset and adjust sandboxes: world documents, snapshots, rules, rights."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from ..api.methods import METHODS
from ..domain.durations import parse_duration
from ..protocol.shapes import read_time
from ..service.problem import Problem
from ..service.serializers import serialize_sandbox
from ..world.document import BadDocument, WorldDocument, read_document, read_world
from ..world.snapshot import read_snapshot, write_snapshot
from ..world.state import State
from ..world.world import World
from .route import ControlRequest, Route

__all__ = ["ROUTES"]


class ResetBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`baseline`, `empty`, or the name of a snapshot."""

    to: str = "baseline"


class RightsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`methods`: what may be called, null for all."""

    methods: tuple[str, ...] | UnsetType | None = UNSET


class SessionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`expires`: `now`, a duration from now, an instant, or null for never."""

    methods: tuple[str, ...] | UnsetType | None = UNSET
    expires: str | UnsetType | None = UNSET


def _all(ask: ControlRequest) -> tuple[int, Any]:
    worlds = ask.desk.directory.all()
    return 200, {
        "total": len(worlds),
        "items": [serialize_sandbox(world, ask.base_url) for world in worlds],
    }


def _make(ask: ControlRequest) -> tuple[int, Any]:
    directory, raw = ask.desk.directory, ask.body if ask.body is not None else {}
    if isinstance(raw, dict) and "from" in raw:
        unknown = sorted(set(raw) - {"from", "name"})
        if unknown:
            raise BadDocument(unknown[0], "与 from 一起只能给 name", "only name goes with from")
        document = read_document({"name": raw.get("name", "")}, WorldDocument)
        world = World(
            directory, document, state=_snapshot(ask, raw["from"]), journal=ask.desk.journal
        )
    else:
        served = {"clock": {"mode": "running"}, **raw} if isinstance(raw, dict) else raw
        world = World(directory, read_world(served), journal=ask.desk.journal)
    directory.add(world)
    return 201, serialize_sandbox(world, ask.base_url)


def _snapshot(ask: ControlRequest, source: object) -> State:
    """A snapshot by `NAME` (of the default sandbox), `SANDBOX/NAME`, or as a document."""
    if not isinstance(source, str):
        return read_snapshot(source)
    sandbox, _, name = source.rpartition("/")
    world = ask.desk.directory.get(sandbox or "default")
    state = world.snapshots.get(name) if world else None
    if state is None:
        raise BadDocument("from", f"没有快照 {source}", f"no snapshot {source}")
    return state


def _one(ask: ControlRequest) -> tuple[int, Any]:
    return 200, serialize_sandbox(ask.world, ask.base_url)


def _drop(ask: ControlRequest) -> tuple[int, Any]:
    if ask.world.id == "default":
        raise Problem(
            409,
            "default 独立环境不能删除，可以 reset",
            "the default sandbox stays; reset it instead",
        )
    ask.desk.directory.drop(ask.world)
    return 204, None


def _reset(ask: ControlRequest) -> tuple[int, Any]:
    to = ask.body.to if ask.body else "baseline"
    if to in ("baseline", "empty"):
        ask.world.reset(empty=to == "empty")
    else:
        ask.world.restore(to)
    return 200, serialize_sandbox(ask.world, ask.base_url)


def _list_snapshots(ask: ControlRequest) -> tuple[int, Any]:
    with ask.world.lock:
        names = sorted(ask.world.snapshots)
    return 200, {"total": len(names), "items": names}


def _read_snapshot(ask: ControlRequest) -> tuple[int, Any]:
    state = ask.world.snapshots.get(ask.path["name"])
    if state is None:
        raise Problem(
            404, f"没有快照 {ask.path['name']}", f"no snapshot {ask.path['name']}", field="name"
        )
    return 200, msgspec.Raw(write_snapshot(state))


def _put_snapshot(ask: ControlRequest) -> tuple[int, Any]:
    name = ask.path["name"]
    kept = ask.world.snapshot(name, None if ask.body is None else read_snapshot(ask.body))
    return 200, {"name": name, "exchanges": len(kept.exchanges)}


def _drop_snapshot(ask: ControlRequest) -> tuple[int, Any]:
    if not ask.world.delete_snapshot(ask.path["name"]):
        raise Problem(
            404, f"没有快照 {ask.path['name']}", f"no snapshot {ask.path['name']}", field="name"
        )
    return 204, None


def _rules(ask: ControlRequest) -> tuple[int, Any]:
    return 200, ask.world.state.rules.to_dict()


def _patch_rules(ask: ControlRequest) -> tuple[int, Any]:
    if not isinstance(ask.body, dict):
        raise BadDocument("body", "应为 JSON 对象", "a JSON object is wanted")
    ask.world.patch_rules(ask.body)
    return 200, ask.world.state.rules.to_dict()


def _methods(methods: tuple[str, ...] | None, world: World) -> frozenset[str] | None:
    for name in methods or ():
        if name not in METHODS and name not in world.state.stubs:
            raise BadDocument("methods", f"没有方法 {name}", f"no such method {name}")
    return None if methods is None else frozenset(methods)


def _patch_app(ask: ControlRequest) -> tuple[int, Any]:
    key, world = ask.path["app_key"], ask.world
    with world.settled():
        app = world.state.apps.get(key)
        if app is None:
            known = "、".join(world.state.apps)
            raise Problem(
                404,
                f"没有应用 {key}；可用：{known}",
                f"no app {key}; use: {known}",
                field="app_key",
            )
        if ask.body.methods is not UNSET:
            app = replace(app, methods=_methods(ask.body.methods, world))
            world.set_permissions(app)
    return 200, {"app_key": key, "methods": None if app.methods is None else sorted(app.methods)}


def _patch_session(ask: ControlRequest) -> tuple[int, Any]:
    wanted, world = ask.path["label"], ask.world
    with world.settled():
        sessions = world.state.sessions
        session = next(
            (each for each in sessions.values() if wanted in (each.label, each.nick)), None
        )
        if session is None:
            known = "、".join(each.label for each in sessions.values())
            raise Problem(
                404,
                f"没有会话 {wanted}；可用：{known}",
                f"no session {wanted}; use: {known}",
                field="label",
            )
        if ask.body.expires is not UNSET:
            session = replace(session, expires=_expiry(ask.body.expires, world))
        if ask.body.methods is not UNSET:
            session = replace(session, methods=_methods(ask.body.methods, world))
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


def _expiry(text: str | None, world: World) -> Any:
    if text is None or text == "now":
        return None if text is None else world.now
    try:
        return read_time(text) or world.now + parse_duration(text)
    except (ValueError, OverflowError):
        raise BadDocument(
            "expires", "应为 now、时长、时刻或 null", "now, a duration, an instant or null"
        ) from None


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route("GET", "/_sandbox/sandboxes", _all, "列出独立环境", "list sandboxes"),
    Route(
        "POST",
        "/_sandbox/sandboxes",
        _make,
        "按世界文档或快照新建独立环境",
        "make a sandbox from a world document or snapshot",
        body=WorldDocument,
        raw=True,
        status=201,
    ),
    Route("GET", _S, _one, "独立环境的凭证与数据", "a sandbox's credentials and data"),
    Route("DELETE", _S, _drop, "删除独立环境", "drop a sandbox", status=204),
    Route(
        "POST",
        f"{_S}/reset",
        _reset,
        "恢复为初始、空或快照",
        "reset to baseline, empty or a snapshot",
        body=ResetBody,
    ),
    Route("GET", f"{_S}/snapshots", _list_snapshots, "列出快照", "list snapshots"),
    Route(
        "GET", f"{_S}/snapshots/{{name}}", _read_snapshot, "快照文档", "a snapshot as a document"
    ),
    Route(
        "PUT",
        f"{_S}/snapshots/{{name}}",
        _put_snapshot,
        "保存快照(无请求体)或存入文档",
        "take a snapshot, or store a document",
        body=dict[str, Any],
        raw=True,
    ),
    Route(
        "DELETE",
        f"{_S}/snapshots/{{name}}",
        _drop_snapshot,
        "删除快照",
        "drop a snapshot",
        status=204,
    ),
    Route("GET", f"{_S}/rules", _rules, "全部规则", "all rules"),
    Route(
        "PATCH",
        f"{_S}/rules",
        _patch_rules,
        "修改规则",
        "change rules",
        body=dict[str, Any],
        raw=True,
    ),
    Route(
        "PATCH",
        f"{_S}/apps/{{app_key}}",
        _patch_app,
        "应用的 API 权限",
        "an app's permissions",
        body=RightsBody,
    ),
    Route(
        "PATCH",
        f"{_S}/sessions/{{label}}",
        _patch_session,
        "会话的权限与过期",
        "a session's rights and expiry",
        body=SessionBody,
    ),
)
