"""The form of a new sandbox, made from the shape of the world document.

A field's name is its place in the document: `seed`, `clock.now`, `shops.0.subs.1.nick`.  A list of
objects is a group of members, of which one empty member is offered; where members have names
(`goods`, `rules`), the name is a field `NAME` of the member.  A key that is added to the document
is a field of the form without a change here.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec import inspect as shapes

from ..domain.behaviours import BEHAVIOURS
from ..domain.rules import RULES
from ..scenario.target import ControlRefused
from ..world.document import WorldDocument

__all__ = ["MAX_MEMBERS", "WorldField", "WorldGroup", "WorldMember", "build_world_form"]
__all__ += ["read_world_form"]

MAX_MEMBERS = 100  # of one group: a document with more is written as JSON
_NAME, _VALUE = "NAME", "VALUE"
_SHAPE = shapes.type_info(WorldDocument)
# values that the shape calls text and the sandbox chooses from; `*` stands for a place in a list
_CHOICES: Mapping[str, Sequence[str]] = {
    "clock.mode": ("frozen", "running"),
    "quotas.*.per": ("second", "day"),
    "robots.buyer": tuple(BEHAVIOURS),
    "robots.courier": tuple(BEHAVIOURS),
    "robots.cs": tuple(BEHAVIOURS),
    f"rules.*.{_NAME}": tuple(RULES),
}
Typed = Mapping[str, Sequence[str]]


class WorldField(Struct, frozen=True):
    """A value: `name` is its place in the document, `label` its key, `value` what was typed.

    `kind` is text, number, boolean, list, json, or select with `choices`.
    """

    name: str
    label: str
    kind: str
    value: str
    choices: tuple[str, ...] = ()


class WorldMember(Struct, frozen=True):
    """An object of the document: its values, and the groups inside it."""

    fields: tuple[WorldField, ...]
    groups: tuple["WorldGroup", ...] = ()

    @property
    def is_typed(self) -> bool:
        """Whether somebody typed anything into it."""
        return any(field.value for field in self.fields) or any(
            member.is_typed for group in self.groups for member in group.members
        )


class WorldGroup(Struct, frozen=True):
    """A list of objects at a place of the document; `label` is its key."""

    name: str
    label: str
    members: tuple[WorldMember, ...]


def build_world_form(typed: Typed) -> WorldMember:
    """Return the form of the whole document with what was typed, names as in the document."""
    return _build_member(_SHAPE, "", typed)


def _build_member(shape: shapes.Type, prefix: str, typed: Typed) -> WorldMember:
    fields: list[WorldField] = []
    groups: list[WorldGroup] = []
    assert isinstance(shape, shapes.StructType)
    for part in shape.fields:
        name, kind = f"{prefix}{part.encode_name}", _strip(part.type)
        if isinstance(kind, shapes.StructType):
            fields += _build_member(kind, f"{name}.", typed).fields
        elif _member_shape(kind) is not None:
            groups.append(_build_group(name, kind, typed))
        else:
            fields.append(_build_field(name, kind, typed))
    return WorldMember(tuple(fields), tuple(groups))


def _build_group(name: str, kind: shapes.Type, typed: Typed) -> WorldGroup:
    places = _find_places(name, typed) or [0]
    members = []
    for place in places:
        prefix, shape = f"{name}.{place}.", _member_shape(kind)
        names = (_NAME,) if isinstance(kind, shapes.DictType) else ()
        own = tuple([_build_field(f"{prefix}{key}", shapes.StrType(), typed) for key in names])
        if isinstance(shape, shapes.StructType):
            member = _build_member(shape, prefix, typed)
        else:
            member = WorldMember((_build_field(f"{prefix}{_VALUE}", shapes.StrType(), typed),))
        members.append(WorldMember((*own, *member.fields), member.groups))
    return WorldGroup(name, name.rpartition(".")[2], tuple(members))


def _build_field(name: str, kind: shapes.Type, typed: Typed) -> WorldField:
    label = name.rpartition(".")[2]
    value = typed.get(name, ("",))[0]
    choices = tuple(_CHOICES.get(re.sub(r"\.\d+\.", ".*.", name), ()))
    if isinstance(kind, shapes.EnumType):
        choices = tuple([str(item.value) for item in kind.cls])
    return WorldField(name, label, "select" if choices else _name_kind(kind), value, choices)


def _name_kind(kind: shapes.Type) -> str:
    if isinstance(kind, shapes.BoolType):
        return "boolean"
    if isinstance(kind, shapes.IntType):
        return "number"
    if isinstance(kind, shapes.VarTupleType):
        return "json" if isinstance(kind.item_type, shapes.DictType) else "list"
    return "text"


def _strip(kind: shapes.Type) -> shapes.Type:
    """Return the type without None; of several the object, else text: all are written as text."""
    if not isinstance(kind, shapes.UnionType):
        return kind
    some = [part for part in kind.types if not isinstance(part, shapes.NoneType)]
    if len(some) == 1:
        return some[0]
    return next((part for part in some if isinstance(part, shapes.StructType)), shapes.StrType())


def _member_shape(kind: shapes.Type) -> shapes.Type | None:
    """Return what a member of a group is; None: the type is no group."""
    if isinstance(kind, shapes.VarTupleType) and isinstance(kind.item_type, shapes.StructType):
        return kind.item_type
    return kind.value_type if isinstance(kind, shapes.DictType) else None


def _find_places(name: str, typed: Typed) -> list[int]:
    """Return the numbers of the members of a group that a browser sent, in order."""
    start = f"{name}."
    numbers = {key[len(start) :].partition(".")[0] for key in typed if key.startswith(start)}
    places = sorted({int(text) for text in numbers if re.fullmatch(r"\d{1,4}", text, re.ASCII)})
    return places[:MAX_MEMBERS]


def read_world_form(typed: Typed) -> dict[str, Any]:
    """Return the world document that was typed; fields, objects and members that are empty are
    left out.

    A value that is no number where one is wanted stays text, so that the control API refuses it.

    Raises:
        ControlRefused: a field of JSON is none, or a member of a group has no name or another's.
    """
    return _read_member(_SHAPE, "", typed)


def _read_member(shape: shapes.Type, prefix: str, typed: Typed) -> dict[str, Any]:
    assert isinstance(shape, shapes.StructType)
    document = {}
    for part in shape.fields:
        value = _read(f"{prefix}{part.encode_name}", _strip(part.type), typed)
        if value is not None:
            document[part.encode_name] = value
    return document


def _read(name: str, kind: shapes.Type, typed: Typed) -> Any:
    if isinstance(kind, shapes.StructType):
        return _read_member(kind, f"{name}.", typed) or None
    if isinstance(kind, shapes.DictType):
        return _read_names(name, kind.value_type, typed) or None
    if isinstance(kind, shapes.VarTupleType) and isinstance(kind.item_type, shapes.StructType):
        members = [
            _read_member(kind.item_type, f"{name}.{place}.", typed)
            for place in _find_places(name, typed)
        ]
        return [member for member in members if member] or None
    return _read_text(name, kind, typed.get(name, ("",))[0].strip())


def _read_text(name: str, kind: shapes.Type, text: str) -> Any:
    if not text:
        return None
    match _name_kind(kind):
        case "number":
            return _read_number(text)
        case "boolean":
            return {"true": True, "false": False}.get(text, text)
        case "list":
            return [_read_number(item) for item in re.split(r"[,，、\s]+", text) if item]
        case "json":
            return _read_json(name, text)
        case _:
            return text


def _read_number(text: str) -> int | str:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else text


def _read_names(name: str, shape: shapes.Type, typed: Typed) -> dict[str, Any]:
    """Return a group whose members have names; a value is JSON, or else text."""
    document: dict[str, Any] = {}
    for place in _find_places(name, typed):
        prefix = f"{name}.{place}."
        key = typed.get(f"{prefix}{_NAME}", ("",))[0].strip()
        if isinstance(shape, shapes.StructType):
            value: Any = _read_member(shape, prefix, typed)
        else:
            value = _read_value(typed.get(f"{prefix}{_VALUE}", ("",))[0].strip())
        if not key and value in ("", {}):
            continue
        if not key:
            raise _refuse(f"{name}.{place}.{_NAME}", "缺少名称", "a name is missing")
        if key in document:
            raise _refuse(f"{name}.{key}", "写了两次", "the name stands there twice")
        document[key] = value
    return document


def _read_value(text: str) -> Any:
    """Return true, false or a number as such, and any other text as text."""
    return {"true": True, "false": False}.get(text, _read_number(text))


def _read_json(name: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as wrong:
        raise _refuse(name, "不是 JSON", f"is not JSON: {wrong}") from None


def _refuse(field: str, zh: str, en: str) -> ControlRefused:
    return ControlRefused({"status": 400, "field": field, "title": f"{field}：{zh}", "detail": en})
