"""Reads what several kinds of steps have.

Place, note and exchange, an expected refusal, expectations.
"""

import re
from typing import Any

from ..api.declaration import Method
from ..domain.rules import RULES
from ..protocol.errors import CODES
from ..world.document import unknown_name
from .expectations import EXPECTATIONS, concerns_exchange, get_expectation
from .matching import find_operator_mistakes, is_literal
from .read_context import ReadContext
from .references import has_references
from .rejection import REPLY_LOST, list_members
from .yaml_text import Node

__all__ = [
    "FAILURES",
    "check_seller",
    "read_expectations",
    "read_refusal",
    "read_step_base",
    "require_exchange",
]

_HTTP_REFUSAL = re.compile("[45][0-9][0-9]")
FAILURES = tuple(name.removeprefix("msg_code.") for name in RULES if name.startswith("msg_code."))


def read_step_base(node: Node, context: ReadContext) -> dict[str, Any]:
    """Return the arguments that every step takes: `line`, `column`, `note`, `on`."""
    on = context.read_text(node, "on", "it")
    if "on" in node.value and on not in context.exchange_names:
        error = unknown_name("on", on, sorted(context.exchange_names), "换货单")
        context.report_error(node.value["on"], error)
    note = context.read_text(node, "note")
    return {"line": node.line, "column": node.column, "note": note, "on": on}


def require_exchange(node: Node, kind: str, context: ReadContext) -> None:
    """Report a step about an exchange that comes before any was opened."""
    if not context.exchange_names:
        context.report(
            node,
            "此前没有换货单；先写 buyer: apply",
            "there is no exchange yet; begin with buyer: apply",
            kind,
        )


def check_seller(node: Node, shop: str, *, sub: bool, context: ReadContext) -> None:
    """Report a shop that the sandbox does not have, or a sub-account that no such shop has.

    An empty `shop` is the first one.
    """
    shops = context.shops
    if shops is None:
        return
    if shop and shop not in shops:
        context.report_error(node.value["shop"], unknown_name("shop", shop, shops, "店铺"))
    elif sub and not shops[shop or next(iter(shops))]:
        context.report(node, "店铺没有子账号", "the shop has no sub-account", "sub")


def read_refusal(node: Node, context: ReadContext, method: Method | None = None) -> Node | None:
    """Return `refused` of a step; `method` is what a signed call of it names.

    True, a failure's name, a code, a sub_code, or members of the error.
    """
    refused: Node | None = node.value.get("refused")
    if refused is None:
        return None
    value = refused.value
    if isinstance(value, bool):
        if not value:
            context.report(
                refused,
                "refused 不能是 false；不写即为应成功",
                "refused is not false: leave it out",
            )
    elif isinstance(value, int):
        if value not in CODES:
            context.report(refused, f"没有错误码 {value}", f"no error code {value}")
    elif isinstance(value, str):
        names = (*FAILURES, REPLY_LOST)
        may_be_sub_code = "." in value or "-" in value
        if value not in names and not may_be_sub_code and not has_references(refused):
            context.report_error(refused, unknown_name("refused", value, names, "失败"))
    elif not isinstance(value, dict):
        context.report(
            refused, "refused 应为失败名、错误码或映射", "refused is a failure, a code or a mapping"
        )
    else:
        context.check_references(refused)
        context.add(find_operator_mistakes(refused))
        _check_refusal_members(refused, method, context)
    return refused


def _check_refusal_members(refused: Node, method: Method | None, context: ReadContext) -> None:
    """Report members that no error has, and codes that nothing answers with."""
    names = list_members(method)
    for path, node in refused.value.items():
        if path.partition(".")[0] not in names:
            context.report_unknown_key(refused, path, names)
        elif path == "code" and is_literal(node) and str(node.value) not in map(str, CODES):
            context.report(node, f"没有错误码 {node.value}", f"no error code {node.value}")
        elif path == "status" and is_literal(node) and not _HTTP_REFUSAL.fullmatch(str(node.value)):
            context.report(
                node,
                "status 是 HTTP 状态码，400 到 599",
                "status is the HTTP status, from 400 to 599",
            )


def read_expectations(
    node: Node, key: str, context: ReadContext, others: tuple[str, ...] = ()
) -> Node | None:
    """Return the checked expectations under `key`, without the keys in `others`."""
    mapping = context.read_mapping(node, key)
    if mapping is None:
        return None
    members = {name: member for name, member in mapping.value.items() if name not in others}
    context.check_references(Node(members, mapping.line, mapping.column))
    fitting = {}
    for name, member in members.items():
        before = len(context.mistakes)
        expectation = get_expectation(name)
        if expectation is None:
            names = [name for name in EXPECTATIONS if name != "stock"]
            context.report_unknown_key(mapping, name, (*names, "stock.wanted", *others))
        else:
            context.add(expectation.check_shape(member))
            context.add(find_operator_mistakes(member))
        if concerns_exchange(name) and not context.exchange_names:
            require_exchange(mapping, name, context)
        if name in ("status", "status_text"):
            _check_status_text(name, member, context)
        _check_goods_name(mapping, name, member, context)
        if len(context.mistakes) == before:
            fitting[name] = member
    return Node(fitting, mapping.line, mapping.column, mapping.keys)


def _check_goods_name(mapping: Node, key: str, node: Node, context: ReadContext) -> None:
    """Report `stock.NAME` of goods that the sandbox does not have, unless that is expected."""
    prefix, _, name = key.partition(".")
    names = context.goods_names
    if prefix != "stock" or not name or names is None or name in names:
        return
    if node.value is not None and not (isinstance(node.value, dict) and "absent" in node.value):
        error = unknown_name(key, name, sorted(names), "商品")
        context.report_error(mapping, error, key)


def _check_status_text(name: str, node: Node, context: ReadContext) -> None:
    text = node.value
    if isinstance(text, str) and text not in context.status_texts and not has_references(node):
        context.report_error(node, unknown_name(name, text, sorted(context.status_texts), "状态"))
