"""The control API described as OpenAPI 3.1, derived from the route declarations."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..domain.behaviours import BEHAVIOURS
from ..domain.durations import DURATION
from ..domain.topics import TOPICS
from ..domain.vocabulary import Status
from ..protocol.shapes import TIME
from ..version import __version__
from ..world.document import QuotaDocument
from ..world.journal import CAPACITY
from ..world.notifications import DeliveryState
from ..world.quotas import BAN_SUB_CODES
from ..world.save_and_resume import NAME, RESERVED_NAMES
from ..world.shape_schemas import describe_shapes
from ..world.trades_document import MAX_TRADE_NUM, TRADE_STATUSES
from .body_schemas import PRICE, REACHABLE
from .clock import SpanBody
from .exchanges import MoveBody
from .faults import FaultBody
from .message_routing import MAX_TOPICS, SubscriptionBody, WebhookBody
from .play_scenario import PlayBody
from .revision import MAX_REVISION
from .route import DISPUTE_ID, MAX_ITEMS, Route
from .stock import StockBody
from .stubs import METHOD, METHOD_MAX, StubBody
from .tokens import TokenBody

__all__ = ["describe"]

_PROBLEM = {
    "type": "object",
    "required": ["type", "status", "title", "detail"],
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "title": {"type": "string", "description": "中文说明"},
        "detail": {"type": "string", "description": "English"},
        "field": {"type": "string"},
        "status_now": {"type": "integer"},
        "possible": {"type": "object"},
        "legal_from": {"type": "array", "items": {"type": "integer"}},
        "way": {"type": ["array", "null"], "items": {"type": "object"}},
        "deadline": {"type": ["object", "string", "null"]},
        "advice": {"type": "object"},
    },
}


# A pace of robots: a duration that is at least a minute.
_PACE = rf"^\s*(?=.*[1-9][0-9]*[dhm]|.*[1-9][0-9]{{2,}}s|.*[6-9][0-9]s){DURATION}\s*$"
_REPLY = ".reply"  # after the name of a reply's schema: a body may have the same name
_UNITS = {"minimum": 0, "maximum": 2**31 - 1}
_COUNT = {"type": "integer", "minimum": 0, "maximum": MAX_ITEMS}
_CALLS = {"type": "integer", "minimum": 0, "maximum": CAPACITY}
_NOT_RESERVED = {"not": {"pattern": f"^({RESERVED_NAMES})$"}}
_ID = {
    "anyOf": [
        {"type": "string", "pattern": "^(0*[1-9][0-9]{0,17})?$", "maxLength": 19},
        {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
        {"type": "null"},
    ]
}
# What the checks ask of values beyond their types, by schema and property.
_LIMITS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("StockBody", "available"): _UNITS,
    ("SpanBody", "by"): {"pattern": rf"^\s*{DURATION}\s*$"},
    ("SpanBody", "to"): {"pattern": f"^(next|deadline:{DISPUTE_ID}|{REACHABLE})$"},
    ("ResetBody", "to"): {"minLength": 1, "maxLength": 64},
    ("QuotaDocument", "per"): {"enum": ["second", "day"]},
    ("QuotaDocument", "limit"): {"minimum": 0, "maximum": 10**9},
    ("QuotaDocument", "method"): {"maxLength": 200},
    ("QuotaDocument", "sub_code"): {"enum": ["", *BAN_SUB_CODES]},
    ("RobotsDocument", "buyer"): {"enum": [None, *BEHAVIOURS]},
    ("RobotsDocument", "courier"): {"enum": [None, *BEHAVIOURS]},
    ("RobotsDocument", "cs"): {"enum": [None, *BEHAVIOURS]},
    ("RobotsDocument", "applies"): {
        "anyOf": [{"type": "string", "pattern": _PACE}, {"type": "null"}]
    },
    ("SnapshotDocument", "version"): {"enum": [1, 2]},
    ("ShopDocument", "seller_id"): _ID,
    ("AddressDocument", "contact_id"): _ID,
    ("GoodsDocument", "num_iid"): _ID,
    ("GoodsDocument", "price"): {"anyOf": [*PRICE["anyOf"], {"type": "null"}]},
    ("GoodsDocument", "stock"): {"type": ["integer", "null"], **_UNITS},
    ("ReasonDocument", "stage"): {"enum": ["application", "receipt"]},
    ("TradeDocument", "tid"): _ID,
    ("TradeDocument", "oid"): _ID,
    ("TradeDocument", "num"): {"minimum": 1, "maximum": MAX_TRADE_NUM},
    ("TradeDocument", "payment"): {"anyOf": [*PRICE["anyOf"], {"type": "null"}]},
    ("TradeDocument", "created"): {
        "anyOf": [{"type": "string", "pattern": f"^{REACHABLE}$"}, {"type": "null"}]
    },
    ("TradeDocument", "status"): {"enum": list(TRADE_STATUSES)},
    ("WorldDocument", "name"): {"pattern": f"^({NAME})?$", **_NOT_RESERVED},
    ("WorldDocument", "clock"): {
        "anyOf": [
            {"type": "string", "pattern": f"^({REACHABLE})?$"},
            {"$ref": "#/components/schemas/ClockDocument"},
            {"type": "null"},
        ]
    },
    ("SessionBody", "expires"): {
        "anyOf": [
            {"type": "string", "pattern": rf"^(now|{TIME}|\s*{DURATION}\s*)$"},
            {"type": "null"},
        ]
    },
    ("TokenBody", "name"): {"pattern": "^[A-Za-z0-9._-]{1,64}$"},
    ("WebhookBody", "url"): {
        "pattern": r"^https?://127\.0\.0\.1(:[0-9]{1,4})?/[!-~]{0,400}$",
        "description": "其他本机名称也可以，别的主机见 --webhook-host (other names of this machine"
        " too, other hosts with --webhook-host)",
    },
    ("SubscriptionBody", "topics"): {
        "anyOf": [
            {"type": "array", "items": {"enum": list(TOPICS)}, "maxItems": MAX_TOPICS},
            {"type": "null"},
        ]
    },
    ("ClockDocument", "now"): {"pattern": f"^{REACHABLE}$"},
    ("ClockDocument", "mode"): {"enum": ["frozen", "running"]},
}
# By name, or by the last part of the path and name where that route reads it otherwise.
_QUERY: Mapping[str, Mapping[str, Any]] = {
    "limit": _COUNT,
    "requests.limit": _CALLS,
    "requests.har.limit": _CALLS,
    "after": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    "code": {"type": "integer", "minimum": 0, "maximum": 9999},
    "wait": {"type": "number", "minimum": 0, "maximum": 30},
    "since": {"type": "string", "pattern": f"^{TIME}$"},
    "revision.since": {"type": "integer", "minimum": 0, "maximum": MAX_REVISION},
    "events.since": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    "messages.state": {"enum": [state.value for state in DeliveryState]},
    "outcome": {"enum": ["ok", "failed", "refused"]},
    "exchanges.status": {
        "anyOf": [
            {"enum": [str(status.value) for status in Status]},
            {"type": "string", "pattern": "[^0-9]"},
        ]
    },
}
# What the path may hold, by name or by the segment before and name; any other is any text.
_PATH: Mapping[str, Mapping[str, Any]] = {
    "message_id": {"pattern": "^[0-9]{1,19}$"},
    "dispute_id": {"pattern": f"^{DISPUTE_ID}$"},
    "method": {"pattern": f"^{METHOD}$", "maxLength": METHOD_MAX},
    "snapshots.name": {"pattern": f"^{NAME}$", **_NOT_RESERVED},
}
# Members of which a body has exactly one that is not null.
_EXACTLY_ONE: Mapping[str, tuple[str, ...]] = {
    "SpanBody": ("by", "to"),
    "PlayBody": ("story", "scenario"),
}
_REQUIRED = (
    StockBody,
    SpanBody,
    StubBody,
    MoveBody,
    FaultBody,
    PlayBody,
    TokenBody,
    WebhookBody,
    tuple[SubscriptionBody, ...],
    tuple[QuotaDocument, ...],
)


def describe(routes: Sequence[Route], server: str) -> dict[str, Any]:
    """Return the document; bodies and replies refer to `components.schemas`."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for route in routes:
        body = _make_body_schema(route, schemas)
        operation = _operation(route, body, _make_reply_schema(route, schemas))
        paths.setdefault(route.path, {})[route.verb.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tmall-mockserver control API 控制接口",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**schemas, "Problem": _PROBLEM},
        },
    }


def _make_schema(shape: Any, schemas: dict[str, Any], suffix: str = "") -> dict[str, Any]:
    """Return the schema of a shape, whose parts are added to `schemas` by name and suffix."""
    template = f"#/components/schemas/{{name}}{suffix}"
    (schema,), parts = describe_shapes([shape], template)
    schemas.update({f"{name}{suffix}": part for name, part in parts.items()})
    return schema


def _make_body_schema(route: Route, schemas: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of a route's body; None if it takes none."""
    if route.body is None:
        return None
    schema = _make_schema(route.body, schemas)
    _tighten(schemas)
    if route.describe_body is None:
        return schema
    described = route.describe_body(schemas)
    if "$ref" not in schema:
        return described
    schemas[route.body.__name__] = described
    return schema


def _make_reply_schema(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a route's reply."""
    if route.kind != "application/json":
        return {"type": "object"}  # a YAML document
    if not isinstance(route.reply, tuple):
        return _make_schema(route.reply, schemas, _REPLY)
    return {"anyOf": [_make_schema(shape, schemas, _REPLY) for shape in route.reply]}


def _tighten(schemas: dict[str, Any]) -> None:
    """Lay what the checks ask beyond types over the properties."""
    for (name, key), limits in _LIMITS.items():
        if "properties" in schemas.get(name, {}):
            schema = schemas[name]["properties"][key]
            if "anyOf" in limits:
                schema.pop("type", None)
            schema.update(limits)
    for name, keys in _EXACTLY_ONE.items():
        if name in schemas:
            schemas[name]["oneOf"] = [
                {"required": [key], "properties": {key: {"not": {"type": "null"}}}} for key in keys
            ]


def _operation(route: Route, body: dict[str, Any] | None, reply: dict[str, Any]) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", route.path)
    words = (
        re.sub(r"[{}]", "", route.path.removeprefix("/_sandbox/"))
        .replace("/", "_")
        .replace(".", "_")
    )
    operation: dict[str, Any] = {
        "operationId": f"{route.verb.lower()}_{words}",
        "summary": route.en,
        "description": route.zh,
        "parameters": [
            *(
                {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", **_describe_argument(route, name)},
                }
                for name in names
            ),
            *(
                {"name": name, "in": "query", "schema": _describe_query(route, name)}
                for name in route.query
            ),
        ],
        "responses": {
            str(route.status): {"description": "好 (fine)"}
            if route.status == 204
            else {
                "description": "好 (fine)",
                "content": {route.kind.partition(";")[0]: {"schema": reply}},
            },
            **{str(status): _describe_problem(text) for status, text in _list_errors(route)},
        },
    }
    if route.open:
        operation["security"] = []
    if body is not None:
        required = route.verb == "PATCH" or route.body in _REQUIRED
        content = {"application/json": {"schema": body}}
        operation["requestBody"] = {"required": required, "content": content}
    return operation


def _describe_query(route: Route, name: str) -> Mapping[str, Any]:
    """Return the schema of a parameter of the query."""
    last = route.path.rpartition("/")[2]
    return _QUERY.get(f"{last}.{name}", _QUERY.get(name, {"type": "string"}))


def _describe_argument(route: Route, name: str) -> Mapping[str, Any]:
    """Return what an argument of the path may be, beyond a text."""
    before = route.path.partition(f"/{{{name}}}")[0].rpartition("/")[2]
    return _PATH.get(f"{before}.{name}", _PATH.get(name, {}))


def _list_errors(route: Route) -> Iterator[tuple[int | str, str]]:
    """Yield status and sentence of each refusal that the route knows, and of all others."""
    yield 400, "参数或请求体不对 (a wrong parameter or body)"
    if not route.open:
        yield 401, "缺少或错误的令牌 (no token, or a wrong one)"
    yield 403, "Host 不在允许之列 (this Host is not allowed)"
    if "{" in route.path or "sandbox" in route.query:
        yield 404, "没有这个对象 (no such thing)"
    if "{id}" in route.path or route.verb == "POST":
        yield 409, "此时不能 (not in the present state)"
    if route.body is not None:
        yield 413, "请求体太大 (the body is too large)"
    yield "default", "其他拒绝 (any other refusal)"


def _describe_problem(text: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {"application/problem+json": {"schema": reference}}}
