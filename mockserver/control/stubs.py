"""Routes of stubs: canned replies to methods that the product does not know."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from ..api.methods import METHODS
from ..service.problem import Problem
from ..service.route_replies import SetStubDocument, StubDocument
from ..world.document import BadDocument
from .route import ControlRequest, Route

__all__ = ["METHOD", "METHOD_MAX", "ROUTES"]

METHOD = r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+"  # the spelling of a method's name
METHOD_MAX = 200
_MAX_STUB_BYTES = 1024 * 1024
_MAX_STUB_DEPTH = 50


class StubBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The canned reply, without `code` and `sub_code` at its top; at most 1 MiB."""

    reply: dict[str, Any]


def _get_stub(request: ControlRequest) -> tuple[int, Any]:
    stub = request.world.view.stub(request.path["method"])
    if stub is None:
        raise Problem(
            404,
            f"没有登记 {request.path['method']} 的应答",
            f"no stub for {request.path['method']}",
            field="method",
        )
    return 200, {"reply": msgspec.Raw(stub)}


def _put_stub(request: ControlRequest) -> tuple[int, Any]:
    method = request.path["method"]
    if method in METHODS:
        raise Problem(409, f"{method} 已由本工具实现", f"{method} is implemented", field="method")
    if not re.fullmatch(METHOD, method) or len(method) > METHOD_MAX:
        raise BadDocument("method", "不是 TOP 方法名", "not a TOP method name")
    body = request.body
    for unknown in (set(body) if isinstance(body, dict) else set()) - {"reply"}:
        raise BadDocument(unknown, "没有这个字段；只有 reply", "unknown; only reply is taken")
    if not isinstance(body, dict) or "reply" not in body or not isinstance(body["reply"], dict):
        raise BadDocument("reply", '应为 {"reply": {…}}', '{"reply": {…}} is wanted')
    if {"code", "sub_code"} & set(body["reply"]):
        raise BadDocument(
            "reply",
            "成功应答顶层不能有 code 或 sub_code：SDK 会当作错误",
            "code and sub_code at the top make SDKs see an error",
        )
    if _deeper_than(_MAX_STUB_DEPTH, body["reply"]):
        raise BadDocument(
            "reply", f"嵌套超过 {_MAX_STUB_DEPTH} 层", f"nested deeper than {_MAX_STUB_DEPTH}"
        )
    content = msgspec.json.encode(body["reply"])
    if len(content) > _MAX_STUB_BYTES:
        raise BadDocument("reply", "超过 1 MiB", "above 1 MiB")
    request.world.stub(method, content)
    return 200, {"method": method, "reply": msgspec.Raw(content)}


def _deeper_than(maximum: int, value: object) -> bool:
    level = [value]
    for _ in range(maximum):
        level = [child for item in level for child in _children(item)]
    return bool(level)


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _drop_stub(request: ControlRequest) -> tuple[int, Any]:
    if not request.world.stub(request.path["method"], None):
        raise Problem(
            404,
            f"没有登记 {request.path['method']} 的应答",
            f"no stub for {request.path['method']}",
            field="method",
        )
    return 204, None


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_S}/stubs/{{method}}",
        _get_stub,
        "登记的固定应答",
        "a canned reply",
        reply=StubDocument,
    ),
    Route(
        "PUT",
        f"{_S}/stubs/{{method}}",
        _put_stub,
        "登记固定应答",
        "set a canned reply",
        body=StubBody,
        raw=True,
        verbatim=True,
        reply=SetStubDocument,
    ),
    Route(
        "DELETE",
        f"{_S}/stubs/{{method}}",
        _drop_stub,
        "删除固定应答",
        "drop a canned reply",
        status=204,
    ),
)
