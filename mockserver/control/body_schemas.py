"""JSON schemas of bodies that the shape of a Struct does not describe, from their declarations.

A fault has the options of its kind, a move the fields of its class, and both depend on a name that
stands in the same object.  So each is described as one object for each name; a body fits exactly
one of them.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from ..domain.durations import DURATION
from ..domain.moves import MAX_UNITS, PICTURES_FIELD
from ..domain.table_index import SHIPPED_TABLE
from ..domain.vocabulary import Actor, CsStatus, Status
from ..protocol.errors import CODES
from ..protocol.shapes import TIME
from ..world.faults.fault_kinds import FAULTS
from ..world.faults.fault_matching import MAX_COUNT, MAX_PATTERNS
from ..world.faults.fault_sets import SETS
from ..world.faults.fault_types import Effect, FaultKind, FaultOption
from ..world.move_parser import TEXT_FIELDS
from ..world.opening_document import OPEN_AT_MOST
from ..world.shape_schemas import describe_shapes
from .rules_schema import describe_rules

__all__ = [
    "PRICE",
    "REACHABLE",
    "describe_change_of_fault",
    "describe_fault",
    "describe_move",
    "describe_opening",
    "describe_world",
]

Schema = dict[str, Any]
Schemas = Mapping[str, Schema]
_PLACE = "#/components/schemas/"
REACHABLE = f"(?=19[7-9]|2){TIME}"  # an instant at which a sandbox can be
_NULL: Schema = {"type": "null"}
_DURATION: Schema = {"type": "string", "pattern": rf"^\s*{DURATION}\s*$"}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
_FILTERS: Mapping[str, Schema] = {
    "method": {
        "anyOf": [
            {"type": "string", "maxLength": 200},
            {"type": "array", "items": _NAME, "maxItems": MAX_PATTERNS},
            _NULL,
        ]
    },
    "dispute_id": {
        "anyOf": [
            {"type": "string", "pattern": "^[0-9]{0,19}$"},
            {"type": "integer", "minimum": 0, "maximum": 10**19 - 1},
            _NULL,
        ]
    },
    "session": {"type": ["string", "null"]},
    "after": {"type": "integer", "minimum": 0, "maximum": MAX_COUNT},
    "times": {"type": ["integer", "null"], "minimum": 1, "maximum": MAX_COUNT},
    "probability": {"type": "number", "minimum": 0, "maximum": 1},
    "until": {
        "anyOf": [{"type": "string", "pattern": rf"^({REACHABLE}|\s*{DURATION}\s*)?$"}, _NULL]
    },
}


def _object(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def describe_fault(_: Schemas) -> Schema:
    """Return the schema of a fault to plan: one of a kind with its options, or a set."""
    kinds = [_describe_kind(kind) for kind in FAULTS.values()]
    fault_set = _object({"set": {"enum": list(SETS)}, **_FILTERS}, ["set"])
    return {"oneOf": [*kinds, fault_set]}


def describe_change_of_fault(_: Schemas) -> Schema:
    """Return the schema of a change: any options of one kind; the kind itself may be repeated."""
    changes = [_describe_kind(kind) | {"required": []} for kind in FAULTS.values()]
    return {"anyOf": changes}


def _describe_kind(kind: FaultKind) -> Schema:
    options = {option.name: _describe_option(option) for option in kind.options}
    filters = {
        name: schema
        for name, schema in _FILTERS.items()
        if kind.effect is not Effect.MESSAGE or name not in ("method", "session")
    }
    schema = _object({"fault": {"const": kind.name}, **filters, **options}, ["fault"])
    if kind.effect is Effect.REFUSE and "msg" in options:
        texts = {"code": {"enum": list(CODES)}}
        schema["anyOf"] = [
            {"properties": texts},
            {"required": ["msg"], "properties": {"msg": {"minLength": 1}}},
        ]
    return schema


def _describe_option(option: FaultOption) -> Schema:
    text = {"description": f"{option.zh} ({option.en})"}
    if option.among:
        return {"enum": list(option.among), **text}
    if isinstance(option.default, bool):
        return {"type": "boolean", **text}
    if isinstance(option.default, timedelta):
        return {**_DURATION, **text}
    if isinstance(option.default, str):
        is_header = option.name == "content_type"
        pattern = "^[ -~]+$" if is_header else r"^[^\u0000-\u001f\u007f]*$"
        return {"type": "string", "maxLength": int(option.most), "pattern": pattern, **text}
    kind = "integer" if isinstance(option.default, int) else "number"
    return {"type": kind, "minimum": option.least, "maximum": option.most, **text}


def describe_move(_: Schemas) -> Schema:
    """Return the schema of a move: for each actor and move its fields; only sellers have `sub`."""
    shapes = {move for moves in SHIPPED_TABLE.moves_by_actor.values() for move in moves}
    ordered = sorted(shapes, key=lambda move: move.name())
    parts = describe_shapes(ordered, "{name}")[1]
    bodies = []
    for actor, moves in SHIPPED_TABLE.moves_by_actor.items():
        sub = {"type": "boolean"} if actor is Actor.SELLER else {"const": False}
        for move in moves:
            fields = {
                name: _describe_field(name, schema, parts)
                for name, schema in parts[move.__name__]["properties"].items()
            }
            members = {"by": {"const": actor.value}, "move": {"const": move.name()}, "sub": sub}
            bodies.append(_object({**members, **fields}, ["by", "move"]))
    return {"oneOf": bodies}


def _describe_field(name: str, schema: Schema, parts: Mapping[str, Schema]) -> Schema:
    """Return the schema of a move's field: numbers may be texts, and some texts numbers."""
    if "$ref" in schema:
        return {"enum": parts[schema["$ref"]]["enum"]}
    if name == "num":
        digits = {"type": "string", "pattern": "^[0-9]{1,6}$"}
        return {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_UNITS}, digits]}
    if name in TEXT_FIELDS:
        text = {"type": "string", "pattern": r"\S"} if name == "content" else {"type": "string"}
        kinds = [text, {"type": "integer"}]
        return {"anyOf": [*kinds, _NULL] if "anyOf" in schema else kinds}
    if name in (PICTURES_FIELD, "pics"):
        return {"type": "array", "items": {"type": "string", "pattern": "^(https?://|data:)"}}
    return {key: value for key, value in schema.items() if key != "default"}


def describe_opening(schemas: Schemas) -> Schema:
    """Return the schema of an exchange to open: ids, instants and numbers as they are written."""
    opening = schemas["OpenDocument"]
    properties = {
        name: {**_OPENING[name], **{key: field[key] for key in field.keys() & {"default"}}}
        if name in _OPENING
        else field
        for name, field in opening["properties"].items()
    }
    return {**opening, "properties": properties}


def _whole(least: int, most: int, digits: str) -> Schema:
    """Return the schema of a number that may be written as a text of digits."""
    number = {"type": "integer", "minimum": least, "maximum": most}
    return {"anyOf": [number, {"type": "string", "pattern": digits}]}


_ID = _whole(1, 2**63 - 1, r"^\s*0*[1-9][0-9]{0,17}\s*$")
_COUNT_OF_ROUNDS = _whole(0, 2**63 - 1, r"^(\s*[0-9]{1,18}\s*)?$")
_INSTANT: Schema = {"type": "string", "pattern": f"^({REACHABLE})?$"}
PRICE: Schema = {
    "anyOf": [
        {"type": "string", "pattern": r"^([0-9]{1,12}(\.[0-9]{1,2}0*)?)?$"},
        {"type": "integer", "minimum": 0, "maximum": 10**12 - 1},
        {"type": "number", "minimum": 0, "maximum": 10**12 - 1, "multipleOf": 0.01},
    ]
}
_OPENING: Mapping[str, Schema] = {
    **dict.fromkeys(("dispute_id", "biz_order_id", "bizorder_id", "alipay_no", "tid", "oid"), _ID),
    "status": {
        "anyOf": [
            {"enum": [code for status in Status for code in (status.value, str(status.value))]},
            {"type": "string", "pattern": "[^0-9]"},
        ]
    },
    "num": _whole(1, MAX_UNITS, r"^\s*0{0,9}[1-9][0-9]{0,5}\s*$"),
    **dict.fromkeys(("created", "modified", "time_out"), _INSTANT),
    **dict.fromkeys(("price", "payment"), PRICE),
    **dict.fromkeys(("refund_version", "advance_status"), _COUNT_OF_ROUNDS),
    "cs_status": {
        "enum": [code for status in CsStatus for code in (status.value, str(status.value))]
    },
    "count": {"type": "integer", "minimum": 1, "maximum": OPEN_AT_MOST},
}


def describe_world(schemas: Schemas) -> Schema:
    """Return the schema of a new sandbox: a world document, or a snapshot to make it from.

    Rules, faults and exchanges are described as their own routes describe them.
    """
    world = schemas["WorldDocument"]
    own: dict[str, Schema] = {
        "rules": describe_rules(),
        "faults": {"type": "array", "items": {"$ref": f"{_PLACE}FaultBody"}},
        "exchanges": {"type": "array", "items": {"$ref": f"{_PLACE}OpenDocument"}},
    }
    document = {**world, "properties": {**world["properties"], **own}}
    snapshot = {"from": {"anyOf": [{"type": "string"}, {"$ref": f"{_PLACE}SnapshotDocument"}]}}
    return {"oneOf": [document, _object({**snapshot, "name": {"type": "string"}}, ["from"])]}
