"""What kinds of steps have in common: place, note and exchange, the refusal that is wanted, what is expected."""

from typing import Any

from ..domain.rules import RULES
from ..protocol.errors import CODES
from ..world.document import unknown_name
from .expecting import EXPECTATIONS, get_expectation
from .read_context import ReadContext
from .references import has_references
from .rejection import LOST
from .yaml_text import Node

__all__ = ["read_expectations", "read_refusal", "read_step_base", "require_exchange"]


def read_step_base(node: Node, reading: ReadContext) -> dict[str, Any]:
    """Place, note and exchange of a step."""
    on = reading.text(node, "on", "it")
    if "on" in node.value and on not in reading.exchanges:
        read_refusal = unknown_name("on", on, sorted(reading.exchanges), "换货单")
        reading.refused(node.value["on"], read_refusal)
    return {"line": node.line, "column": node.column, "note": reading.text(node, "note"), "on": on}


def require_exchange(node: Node, kind: str, reading: ReadContext) -> None:
    """A step about an exchange stands behind one."""
    if not reading.exchanges:
        reading.wrong(
            node,
            "此前没有换货单；先写 buyer: apply",
            "there is no exchange yet; begin with buyer: apply",
            kind,
        )


def read_refusal(node: Node, reading: ReadContext) -> Node | None:
    """What is wanted instead of success: a failure, a code, a sub_code, or members of the error."""
    wanted: Node | None = node.value.get("refused")
    if wanted is None:
        return None
    failures = [name.removeprefix("msg_code.") for name in RULES if name.startswith("msg_code.")]
    if isinstance(wanted.value, bool):
        if not wanted.value:
            reading.wrong(
                wanted, "refused 不能是 false；不写即为应成功", "refused is not false: leave it out"
            )
    elif isinstance(wanted.value, int):
        if wanted.value not in CODES:
            reading.wrong(wanted, f"没有错误码 {wanted.value}", f"no error code {wanted.value}")
    elif isinstance(wanted.value, str):
        if (
            wanted.value not in (*failures, LOST)
            and not has_references(wanted)
            and "." not in wanted.value
            and "-" not in wanted.value
        ):
            reading.refused(
                wanted, unknown_name("refused", wanted.value, (*failures, LOST), "失败")
            )
    elif not isinstance(wanted.value, dict):
        reading.wrong(
            wanted, "refused 应为失败名、错误码或映射", "refused is a failure, a code or a mapping"
        )
    return wanted


def read_expectations(
    node: Node, key: str, reading: ReadContext, beside: tuple[str, ...] = ()
) -> Node | None:
    """An `expect` about an exchange, its keys and shapes checked."""
    wanted = reading.members(node, key)
    if wanted is None:
        return None
    members = {name: each for name, each in wanted.value.items() if name not in beside}
    reading.check_references(Node(members, wanted.line, wanted.column))
    for name, each in members.items():
        meant = get_expectation(name)
        if meant is None:
            known = [key for key in EXPECTATIONS if key != "stock"]
            reading.unknown(wanted, name, (*known, "stock.wanted", *beside))
        else:
            reading.mistakes += meant.shape(each)
        if (
            name in ("status", "status_text")
            and isinstance(each.value, str)
            and each.value not in reading.texts
            and not has_references(each)
        ):
            reading.refused(each, unknown_name(name, each.value, sorted(reading.texts), "状态"))
    return Node(members, wanted.line, wanted.column, wanted.keys)
