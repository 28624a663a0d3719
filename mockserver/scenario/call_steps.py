"""Reads `call` steps.

Method, parameters and paths of the reply are checked against the declared methods.
"""

from collections.abc import Mapping
from typing import Any

from ..api.declaration import Method
from ..api.methods import METHODS
from ..protocol.binding import SYSTEM_PARAMETERS, bind_arguments
from ..protocol.errors import TopError
from ..protocol.messages import is_host
from ..protocol.shapes import Field
from ..world.document import unknown_name
from .matching import find_operator_mistakes, is_operator
from .model import CallStep, ControlStep, Step
from .read_context import ReadContext
from .references import has_references
from .step_members import check_seller, read_refusal, read_step_base
from .yaml_text import Node

__all__ = ["read_call", "read_resend"]

_CODES_OF_UNKNOWN_METHODS = (22, 25)  # no such method; a wrong sign is noticed before it


def read_call(node: Node, kind: str, context: ReadContext) -> Step | None:
    """Return the step, or None where no method or parameters can be read.

    An unknown method is a mistake unless its refusal is expected.
    """
    name = node.value[kind].value
    method = METHODS.get(name) if isinstance(name, str) else None
    refused = read_refusal(node, context, method)
    params = node.value.get("with", Node({}, node.line, node.column))
    if not isinstance(params.value, dict):
        context.report(params, "with 应为参数的映射", "with is a mapping of parameters")
        return None
    context.check_references(params)
    if method is None and (refused is None or refused.value not in _CODES_OF_UNKNOWN_METHODS):
        context.report_error(node.value[kind], unknown_name(kind, str(name), METHODS, "方法"))
        return None
    if method is not None:
        _check_params(method, params, context, strict=refused is None)
        if refused is None:
            _check_missing(method, node, params, context)
    reply = context.read_mapping(node, "expect")
    keep = _read_keep(node, None if refused is not None else method, context)
    if reply is not None:
        for path, expected in reply.value.items():
            if method is not None and refused is None:
                _check_path(method, path, (reply, path, expected), context)
            context.check_references(expected)
            context.add(find_operator_mistakes(expected))
    shop = context.read_text(node, "shop")
    sub = context.read_flag(node, "sub")
    if "session" not in params.value:
        check_seller(node, shop, sub=sub, context=context)
    return CallStep(
        **read_step_base(node, context),
        method=str(name),
        params=params,
        sub=sub,
        shop=shop,
        refused=refused,
        reply=reply,
        keep=keep,
        host=_read_host(node, context),
    )


def read_resend(node: Node, kind: str, context: ReadContext) -> Step | None:
    """Return a step that sends a message of the channel again; the id may be a reference."""
    message = node.value[kind]
    context.check_references(message)
    if not has_references(message) and not str(message.value).isdigit():
        context.report(
            message,
            "应为消息 id，例如 $id(由 tmc.messages.consume 的 keep 得到)",
            "a message's id is wanted, such as $id (kept from tmc.messages.consume)",
        )
        return None
    return ControlStep(**read_step_base(node, context), kind=kind, body=message)


def _read_host(node: Node, context: ReadContext) -> str:
    """Return the Host that the request names; "" if the step names none."""
    host = context.read_text(node, "host")
    if host and not is_host(host):
        context.report(
            node.value["host"],
            "应为主机名，可带端口，例如 gw.api.taobao.com",
            "a host name, with or without a port, such as gw.api.taobao.com, is wanted",
        )
    return host


def _check_params(method: Method, params: Node, context: ReadContext, *, strict: bool) -> None:
    """Report unknown parameters and, if `strict`, values that the method's binding refuses."""
    declared = {param.name: param for param in method.params}
    for name, node in params.value.items():
        if name in SYSTEM_PARAMETERS:
            continue
        if name not in declared:
            context.report_unknown_key(params, name, (*declared, *SYSTEM_PARAMETERS), "参数")
        elif isinstance(node.value, dict):
            context.report(
                node, "参数应为文字、数字或列表", "a parameter is a text, a number or a list"
            )
        elif strict and not has_references(node) and not str(node.value).startswith("data:"):
            texts = {name: _to_wire(node.plain())}
            try:
                bind_arguments((declared[name],), texts, (), context.rules.number, lenient=name)
            except TopError as error:
                context.report(node, error.cause_zh, error.cause_en)


def _check_missing(method: Method, step: Node, params: Node, context: ReadContext) -> None:
    """Report the first parameter without which the platform refuses the call.

    `fields` is filled in where it is left out.
    """
    texts = {name: "1" for name, node in params.value.items() if _to_wire(node.plain())}
    for param in method.params:
        optional = param.name == "fields" and not (
            context.needs_fields and "fields" in params.value
        )
        if param.required and not optional and param.name not in texts:
            context.report(
                params if "with" in step.value else step,
                f"缺少必填参数 {param.name}；要检验被拒绝，写 refused: 40",
                f"required parameter {param.name} is missing; if that is meant, add refused: 40",
            )
            return


def _to_wire(value: Any) -> str:
    """Return a parameter's value as it is sent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _check_path(
    method: Method, path: str, place: tuple[Node, str, Node], context: ReadContext
) -> None:
    """Report a dotted path, or a member expected below it, that no reply of the method can have.

    `place` is where it stands: the mapping, the key in it, the expected value.
    """
    parent, key, expected = place
    unknown = _find_unknown_part(method, path)
    if unknown is not None:
        part, names = unknown
        context.report_unknown_key(parent, key, names, f"应答字段({part})")
        return
    if isinstance(expected.value, dict) and not is_operator(expected.value):
        for name, member in expected.value.items():
            _check_path(method, f"{path}.{name}", (expected, name, member), context)


def _find_unknown_part(method: Method, path: str) -> tuple[str, list[str]] | None:
    """Return the first part of a dotted path that no reply of the method has, and the names there.

    None if there can be such a path.
    """
    fields: tuple[Field, ...] = method.reply
    in_list = False
    for part in path.split("."):
        if in_list and part.isdigit():
            in_list = False
            continue
        field = next((field for field in fields if part in (field.name, field.item)), None)
        if field is not None:
            in_list = bool(field.item) and field.item == part
            fields = (field,) if field.item and field.name == part else field.of
        elif part != "request_id":
            return part, [field.name for field in fields]
    return None


def _read_keep(node: Node, method: Method | None, context: ReadContext) -> Mapping[str, str]:
    """Return `keep` of a step: paths of the reply by the names that their values get.

    The paths are those of `method`, if it is known and the call succeeds.
    """
    keep = context.read_mapping(node, "keep")
    if keep is None:
        return {}
    for name, path in keep.value.items():
        if not isinstance(path.value, str) or not name.isidentifier() or name == "it":
            context.report(
                keep, "keep 应为 名称: 应答路径", "keep is a mapping of names and reply paths", name
            )
        elif method is not None:
            unknown = _find_unknown_part(method, path.value)
            if unknown is not None:
                part, names = unknown
                context.report_error(path, unknown_name(name, part, sorted(names), "应答字段"))
    context.value_names |= set(keep.value)
    return {name: str(path.value) for name, path in keep.value.items()}
