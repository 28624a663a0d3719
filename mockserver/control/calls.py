"""Routes about calls and the server itself: journal, stubs, health, version."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from ..api.around_methods import METHODS
from ..protocol.shapes import read_time
from ..version import __version__
from ..world.document import BadDocument
from ..world.journal import CAPACITY, Entry
from .problem import Problem
from .route import Ask, Route, bounded

__all__ = ["ROUTES"]

_FILTERS = ("method", "dispute_id", "outcome", "code", "msg_code", "caller", "since")
_METHOD = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_STUB_AT_MOST, _STUB_DEPTH = 1024 * 1024, 50


def _wanted(ask: Ask) -> dict[str, str]:
    outcome = ask.query.get("outcome", "ok")
    if outcome not in ("ok", "failed", "refused"):
        raise Problem(400, "outcome 应为 ok、failed 或 refused", "outcome is ok, failed or refused", field="outcome")
    if "since" in ask.query and read_time(ask.query["since"]) is None:
        raise Problem(400, "since 应为 yyyy-MM-dd HH:mm:ss", "since is yyyy-MM-dd HH:mm:ss", field="since")
    return {name: ask.query[name] for name in _FILTERS if name in ask.query}


def _page(total: int, entries: list[Entry]) -> tuple[int, Any]:
    return 200, {"total": total, "items": [entry.shown() for entry in entries]}


def _requests(ask: Ask) -> tuple[int, Any]:
    limit = bounded(ask.query, "limit", 100, CAPACITY)
    return _page(*ask.world.journal.select(_wanted(ask), limit))


def _all_requests(ask: Ask) -> tuple[int, Any]:
    limit, wanted = bounded(ask.query, "limit", 100, CAPACITY), _wanted(ask)
    directory, gateway = ask.desk.directory, ask.desk.gateway
    chosen = ask.query.get("sandbox", "")
    worlds = directory.all()
    if chosen not in ("", "none", *(world.id for world in worlds)):
        raise Problem(404, f"没有独立环境 {chosen}；none 为无主请求", f"no sandbox {chosen}; none is for calls of nobody", field="sandbox")
    journals = [gateway.journal] if chosen in ("", "none") else []
    journals += [world.journal for world in worlds if chosen in ("", world.id)]
    found = [journal.select(wanted, limit) for journal in journals]
    newest = sorted((entry for _, entries in found for entry in entries), key=lambda entry: -entry.number)
    return _page(sum(total for total, _ in found), newest[:limit])


def _request(ask: Ask) -> tuple[int, Any]:
    wanted, desk = ask.path["request_id"], ask.desk
    for journal in (*(world.journal for world in desk.directory.all()), desk.gateway.journal):
        entry = journal.find(wanted)
        if entry is not None:
            return 200, entry.shown()
    raise Problem(404, f"没有请求 {wanted}(可能已被更新的请求挤出)", f"no request {wanted}, or no longer kept", field="request_id")


def _clear(ask: Ask) -> tuple[int, Any]:
    ask.world.journal.clear()
    return 204, None


def _stub(ask: Ask) -> tuple[int, Any]:
    stub = ask.world.state.stubs.get(ask.path["method"])
    if stub is None:
        raise Problem(404, f"没有登记 {ask.path['method']} 的应答", f"no stub for {ask.path['method']}", field="method")
    return 200, {"reply": msgspec.json.decode(stub)}


def _put_stub(ask: Ask) -> tuple[int, Any]:
    method = ask.path["method"]
    if method in METHODS:
        raise Problem(409, f"{method} 已由本工具实现", f"{method} is implemented", field="method")
    if not _METHOD.fullmatch(method) or len(method) > 200:
        raise BadDocument("method", "不是 TOP 方法名", "not a TOP method name")
    body = ask.body
    for unknown in (set(body) if isinstance(body, dict) else set()) - {"reply"}:
        raise BadDocument(unknown, "没有这个字段；只有 reply", "unknown; only reply is taken")
    if not isinstance(body, dict) or "reply" not in body or not isinstance(body["reply"], dict):
        raise BadDocument("reply", '应为 {"reply": {…}}', '{"reply": {…}} is wanted')
    if {"code", "sub_code"} & set(body["reply"]):
        raise BadDocument("reply", "成功应答顶层不能有 code 或 sub_code：SDK 会当作错误",
                          "code and sub_code at the top make SDKs see an error")
    if _deeper_than(_STUB_DEPTH, body["reply"]):
        raise BadDocument("reply", f"嵌套超过 {_STUB_DEPTH} 层", f"nested deeper than {_STUB_DEPTH}")
    coded = msgspec.json.encode(body["reply"])
    if len(coded) > _STUB_AT_MOST:
        raise BadDocument("reply", "超过 1 MiB", "above 1 MiB")
    ask.world.stub(method, coded)
    return 200, {"method": method, "reply": body["reply"]}


def _deeper_than(most: int, value: object) -> bool:
    level = [value]
    for _ in range(most):
        level = [below for each in level for below in _below(each)]
    return bool(level)


def _below(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _drop_stub(ask: Ask) -> tuple[int, Any]:
    if not ask.world.stub(ask.path["method"], None):
        raise Problem(404, f"没有登记 {ask.path['method']} 的应答", f"no stub for {ask.path['method']}", field="method")
    return 204, None


def _health(ask: Ask) -> tuple[int, Any]:
    return 200, {"status": "ok"}


def _ready(ask: Ask) -> tuple[int, Any]:
    return 200, {"ready": True}


def _version(ask: Ask) -> tuple[int, Any]:
    return 200, {"name": "tmall-mockserver", "version": __version__, "auth": "lax" if ask.desk.lax else "strict"}


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route("GET", "/_sandbox/health", _health, "存活", "alive", open=True),
    Route("GET", "/_sandbox/ready", _ready, "就绪", "ready", open=True),
    Route("GET", "/_sandbox/version", _version, "版本", "version", open=True),
    Route("GET", "/_sandbox/requests", _all_requests, "全部独立环境的请求；sandbox=none 为无主请求", "calls of all sandboxes, or of none",
          query=(*_FILTERS, "limit", "sandbox")),
    Route("GET", "/_sandbox/requests/{request_id}", _request, "一次请求及其诊断", "one call with its diagnosis"),
    Route("GET", f"{_S}/requests", _requests, "本独立环境的请求，新的在前", "the sandbox's calls, newest first",
          query=(*_FILTERS, "limit")),
    Route("DELETE", f"{_S}/requests", _clear, "清空请求记录", "clear the journal", status=204),
    Route("GET", f"{_S}/stubs/{{method}}", _stub, "登记的固定应答", "a canned reply"),
    Route("PUT", f"{_S}/stubs/{{method}}", _put_stub, "登记固定应答", "set a canned reply", body=dict[str, Any],
          raw=True),
    Route("DELETE", f"{_S}/stubs/{{method}}", _drop_stub, "删除固定应答", "drop a canned reply", status=204),
)
