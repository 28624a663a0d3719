"""Reads `call` steps: the method, its parameters and the paths of its reply against the declarations."""

from collections.abc import Mapping
from typing import Any

from ..api.declaration import Method
from ..api.methods import METHODS
from ..protocol.binding import SYSTEM_PARAMETERS, bind
from ..protocol.errors import TopError
from ..protocol.shapes import Field
from ..world.document import unknown_name
from .matching import is_operator
from .model import CallStep, Step
from .read_context import ReadContext
from .references import has_references
from .step_members import read_refusal, read_step_base
from .yaml_text import Node

__all__ = ["read_call"]


def read_call(node: Node, kind: str, reading: ReadContext) -> Step | None:
    name = node.value[kind].value
    refused = read_refusal(node, reading)
    params = node.value.get("with", Node({}, node.line, node.column))
    if not isinstance(params.value, dict):
        reading.wrong(params, "with 应为参数的映射", "with is a mapping of parameters")
        return None
    reading.check_references(params)
    method = METHODS.get(name) if isinstance(name, str) else None
    if method is None and not (refused is not None and refused.value in (22, 25)):
        reading.refused(node.value[kind], unknown_name(kind, str(name), METHODS, "方法"))
        return None
    if method is not None:
        _check_params(method, params, reading, strict=refused is None)
    expect, keep = reading.members(node, "expect"), _kept(node, reading)
    for path, each in () if expect is None else expect.value.items():
        if method is not None and refused is None:
            _check_path(method, path, (expect or node, path, each), reading)
        reading.check_references(each)
    return CallStep(
        **read_step_base(node, reading),
        method=str(name),
        params=params,
        sub=reading.flag(node, "sub"),
        shop=reading.text(node, "shop"),
        refused=refused,
        expect=expect,
        keep=keep,
    )


def _check_params(method: Method, params: Node, reading: ReadContext, *, strict: bool) -> None:
    known = {param.name: param for param in method.params}
    for name, each in params.value.items():
        if name in SYSTEM_PARAMETERS:
            continue
        if name not in known:
            reading.unknown(params, name, (*known, *SYSTEM_PARAMETERS), "参数")
        elif isinstance(each.value, dict):
            reading.wrong(
                each, "参数应为文字、数字或列表", "a parameter is a text, a number or a list"
            )
        elif strict and not has_references(each) and not str(each.value).startswith("data:"):
            try:
                bind(
                    (known[name],),
                    {name: _wire(each.plain())},
                    (),
                    reading.rules.number,
                    lenient=name,
                )
            except TopError as wrong:
                reading.wrong(each, wrong.cause_zh, wrong.cause_en)


def _wire(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        ",".join(map(str, value))
        if isinstance(value, list)
        else ""
        if value is None
        else str(value)
    )


def _check_path(
    method: Method, path: str, place: tuple[Node, str, Node], reading: ReadContext
) -> None:
    """A dotted path, and every member asked for below it, is a field that the method's reply can have."""
    parent, key, wanted = place
    fields: tuple[Field, ...] = method.reply
    listed = False
    for part in path.split("."):
        if listed and part.isdigit():
            listed = False
            continue
        found = next((field for field in fields if field.name == part or field.item == part), None)
        if found is None and part != "request_id":
            reading.unknown(parent, key, [field.name for field in fields], f"应答字段({part})")
            return
        if found is not None:
            listed = bool(found.item) and found.item == part
            fields = (found,) if found.item and found.name == part else found.of
    if isinstance(wanted.value, dict) and not is_operator(wanted.value):
        for name, each in wanted.value.items():
            _check_path(method, f"{path}.{name}", (wanted, name, each), reading)


def _kept(node: Node, reading: ReadContext) -> Mapping[str, str]:
    kept = reading.members(node, "keep")
    if kept is None:
        return {}
    for name, each in kept.value.items():
        if not isinstance(each.value, str) or not name.isidentifier() or name == "it":
            reading.wrong(
                kept, "keep 应为 名称: 应答路径", "keep is a mapping of names and reply paths", name
            )
    reading.values |= set(kept.value)
    return {name: str(each.value) for name, each in kept.value.items()}
