"""The JSON Schema of scenario files, for editors: made from the literals that the reader reads by.

It says what may stand where; references, dotted paths and the order of steps are checked by the
reader only.  A text with a `$` may stand for every value.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..api.declaration import Method
from ..api.methods import METHODS
from ..domain.moves import MOVES, Apply
from ..domain.rules import RULES
from ..domain.vocabulary import Actor, Ruleset, Status
from ..protocol.binding import SYSTEM_PARAMETERS
from ..world.document import WorldDocument
from ..world.faults.fault_kinds import FAULTS
from ..world.faults.fault_sets import SETS
from ..world.move_parser import ACTOR_MOVES
from ..world.opening_document import OpenDocument
from ..world.shape_schemas import describe_shapes
from .expectations import EXPECTATIONS
from .matching import OPERATORS
from .move_steps import MOVE_STEP_KEYS, OPENING_FIELDS
from .step_kinds import COMMON_KEYS, NO_FAULT, STEP_KINDS
from .step_members import FAILURES

__all__ = ["make_scenario_schema"]

Schema = dict[str, Any]
_REFERENCE: Schema = {"type": "string", "pattern": r"\$"}
_TEXT: Schema = {"type": ["string", "integer"]}
_VALUE: Schema = {"type": ["string", "number", "boolean", "null", "array"]}
_ACTORS = tuple(actor.value for actor in Actor)


def make_scenario_schema() -> Schema:
    """Return the schema, in draft 7, which editors know."""
    shapes = [WorldDocument, OpenDocument, *dict.fromkeys(MOVES.values())]
    _, components = describe_shapes(shapes, "#/definitions/{name}")
    moves = {
        OpenDocument.__name__,
        *(kind.__name__ for kind in MOVES.values()),
    }  # their fields stand in the steps
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "场景文件 (a scenario of tmall-mockserver)",
        "type": "object",
        "required": ["scenario", "steps"],
        "additionalProperties": False,
        "properties": {
            "scenario": _describe("标题", "the title", {"type": "string", "minLength": 1}),
            "about": _describe("一句英文说明", "one sentence in English", {"type": "string"}),
            "evidence": _describe(
                "依据", "sources", {"type": ["string", "array"], "items": {"type": "string"}}
            ),
            "ruleset": _describe(
                "流程", "the flow", _or_reference({"enum": [ruleset.value for ruleset in Ruleset]})
            ),
            "given": _describe(
                "世界文档：开始时有什么",
                "the world document: what there is at the start",
                {"$ref": "#/definitions/WorldDocument"},
            ),
            "set": _describe(
                "可用 --set 替换的值，写作 $名称",
                "values that --set replaces, written $name",
                {
                    "type": "object",
                    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
                },
            ),
            "steps": {"$ref": "#/definitions/steps"},
        },
        "definitions": {
            "steps": _describe(
                "步骤",
                "the steps",
                {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/step"}},
            ),
            "step": _step(components),
            "expectations": _expectations(),
            "operators": _operators(),
            "refused": _refused(),
            **{
                name: _allow_references(member)
                for name, member in components.items()
                if name not in moves
            },
        },
    }


def _describe(zh: str, en: str, schema: Mapping[str, Any]) -> Schema:
    return {"title": zh, "description": f"{zh} ({en})", **schema}


def _or_reference(schema: Mapping[str, Any]) -> Schema:
    """Return the schema with a reference allowed instead."""
    return {"anyOf": [dict(schema), _REFERENCE]}


def _allow_references(schema: Any) -> Any:
    """Return the schema with references allowed for every value that is no object."""
    if isinstance(schema, list):
        return [_allow_references(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {
        key: _allow_references(member)
        if key in ("items", "anyOf", "additionalProperties")
        else member
        for key, member in schema.items()
        if key != "default"
    }
    if "properties" in schema:
        inner["properties"] = {
            name: _allow_references(member) for name, member in schema["properties"].items()
        }
    plain = schema.get("type") not in (None, "object", "string", "null") or "enum" in schema
    return _or_reference(inner) if plain else inner


# steps


def _step(components: Mapping[str, Any]) -> Schema:
    """Return the schema of a step.

    A mapping with one kind's key, which decides what may stand beside it.
    """
    return {
        "type": "object",
        "minProperties": 1,
        "anyOf": [{"required": [kind]} for kind in STEP_KINDS],
        "properties": {
            **_BESIDE,
            **{
                kind: _describe(entry.zh, entry.en, _OWN.get(kind, {}))
                for kind, entry in STEP_KINDS.items()
            },
        },
        "allOf": [*_by_kind(), *_by_move(components), *_by_method()],
    }


def _by_kind() -> Iterator[Schema]:
    """Yield for each kind but the moves the keys beside its own."""
    for kind, entry in STEP_KINDS.items():
        if kind in _ACTORS:
            continue
        others = [
            {"required": [other]}
            for other, other_entry in STEP_KINDS.items()
            if kind in other_entry.keys or (other in _ACTORS and kind in MOVE_STEP_KEYS)
        ]
        when: Schema = {"required": [kind], **({"not": {"anyOf": others}} if others else {})}
        yield {"if": when, "then": _only(kind, (*entry.keys, *COMMON_KEYS), _VALUES.get(kind, {}))}


def _by_move(components: Mapping[str, Any]) -> Iterator[Schema]:
    """Yield for each actor's move its fields."""
    for actor in Actor:
        for name in ACTOR_MOVES[actor]:
            fields = (
                OPENING_FIELDS if name == Apply.name() else MOVES[name].__struct_encode_fields__
            )
            properties = components[
                OpenDocument.__name__ if name == Apply.name() else MOVES[name].__name__
            ]["properties"]
            shapes = {**{field: _field(properties[field]) for field in fields}, "expect": _EXPECT}
            when = {"required": [actor.value], "properties": {actor.value: {"const": name}}}
            yield {"if": when, "then": _only(actor.value, (*fields, *MOVE_STEP_KEYS), shapes)}


def _field(schema: Mapping[str, Any]) -> Schema:
    """Return the schema of a move's field: numbers may be written as texts and texts as numbers."""
    if schema.get("type") == "array":
        return _or_reference({"type": "array"})
    return _or_reference({"$ref": schema["$ref"]}) if "$ref" in schema else {}


def _by_method() -> Iterator[Schema]:
    """Yield for each method its parameters.

    An unknown method may be called where a refusal is expected.
    """
    yield {
        "if": {"required": ["call"], "not": {"required": ["refused"]}},
        "then": {"properties": {"call": {"enum": list(METHODS)}}},
    }
    for method in METHODS.values():
        when = {"required": ["call"], "properties": {"call": {"const": method.name}}}
        yield {"if": when, "then": {"properties": {"with": _params(method)}}}


def _params(method: Method) -> Schema:
    named = {param.name: {"description": param.zh} if param.zh else {} for param in method.params}
    limits = {
        "propertyNames": {"enum": [*named, *SYSTEM_PARAMETERS]},
        "additionalProperties": _VALUE,
    }
    return _describe(method.title, method.en, {"type": "object", "properties": named, **limits})


def _only(kind: str, keys: Iterable[str], shapes: Mapping[str, Schema]) -> Schema:
    return {
        "propertyNames": {"enum": list(dict.fromkeys((kind, *keys)))},
        "properties": dict(shapes),
    }


# expectations


def _expectations(beside: Mapping[str, Schema] = {}) -> Schema:
    named = {
        key: _describe(entry.zh, entry.en, _COMPLETED.get(key, {}))
        for key, entry in EXPECTATIONS.items()
        if key != "stock"
    }
    stock = EXPECTATIONS["stock"]
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {**named, **beside},
        "additionalProperties": False,
        "patternProperties": {r"^stock\.": _describe(stock.zh, stock.en, {})},
    }


def _operators() -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {name: {} for name in OPERATORS},
    }


def _refused() -> Schema:
    return _describe(
        "应被拒绝：失败名、错误码或 true",
        "a refusal is wanted: a failure, a code, or true",
        {
            "anyOf": [
                {"enum": list(FAILURES)},
                {"type": "string"},
                {"type": "integer"},
                {"const": True},
                {"type": "object"},
            ]
        },
    )


_STATUSES = [*(status.value for status in Status), *(status.zh for status in Status)]
_COMPLETED: Mapping[str, Schema] = {
    "status": {
        "anyOf": [{"enum": _STATUSES}, {"type": "string"}, {"$ref": "#/definitions/operators"}]
    },
    "moved_by": {
        "anyOf": [{"enum": list(_ACTORS)}, _REFERENCE, {"$ref": "#/definitions/operators"}]
    },
}
_EXPECT: Schema = {"$ref": "#/definitions/expectations"}
_DURATION: Schema = {
    "type": ["string", "integer"],
    "examples": ["3d12h", "next", "deadline", "2026-03-08 10:00:00"],
}
_BESIDE: Mapping[str, Schema] = {
    "note": {"type": ["string", "integer"], "title": "备注"},
    "on": {**_TEXT, "title": "哪张换货单"},
    "as": {**_TEXT, "title": "换货单的名称"},
    "sub": {**_or_reference({"type": "boolean"}), "title": "由子账号"},
    "refused": {"$ref": "#/definitions/refused"},
    "shop": _TEXT,
    "host": {**_TEXT, "title": "请求所写的主机 (Host)"},
    "do": {"$ref": "#/definitions/steps"},
    "with": {"type": "object"},
    "keep": {"type": "object", "additionalProperties": {"type": "string"}},
}
_VALUES: Mapping[str, Mapping[str, Schema]] = {
    "expect": {"expect": _EXPECT},
    "call": {"expect": {"type": "object", "minProperties": 1}},
    "await": {
        "await": _expectations(
            {"within": {"type": "string", "examples": ["10s"]}, "call": {"enum": list(METHODS)}}
        )
    },
}
_OWN: Mapping[str, Schema] = {
    **{
        actor.value: {
            "enum": list(ACTOR_MOVES[actor]),
            "enumDescriptions": [MOVES[name].zh for name in ACTOR_MOVES[actor]],
        }
        for actor in Actor
    },
    "call": {
        "anyOf": [
            {
                "enum": list(METHODS),
                "enumDescriptions": [method.title for method in METHODS.values()],
            },
            {"type": "string"},
        ]
    },
    "advance": _DURATION,
    "age": _DURATION,
    "rules": {"type": "object", "minProperties": 1, "propertyNames": {"enum": list(RULES)}},
    "stock": {"type": "object", "minProperties": 1},
    "rights": {"type": "object", "minProperties": 1},
    "fault": {
        "anyOf": [
            {"enum": [NO_FAULT, *FAULTS]},
            {"type": "object", "properties": {"set": {"enum": list(SETS)}}},
            _REFERENCE,
        ]
    },
    "resend": _TEXT,
    "snapshot": _TEXT,
    "restore": _TEXT,
    "repeat": _or_reference({"type": "integer", "minimum": 1}),
    "each": {"type": ["string", "array"], "items": _TEXT},
}
