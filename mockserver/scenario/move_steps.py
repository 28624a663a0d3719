"""Reads steps by which a party moves an exchange, e.g. `seller: agree`."""

from difflib import get_close_matches

from ..api.methods import METHODS
from ..domain.moves import MOVES, PICTURES_FIELD, Apply
from ..domain.vocabulary import Actor
from ..world.document import BadDocument, unknown_name
from ..world.move_parser import ACTOR_MOVES, parse_move
from ..world.opening_document import OpenDocument
from ..world.opening_draft import check_opening
from .model import MoveStep, Step
from .read_context import ReadContext
from .references import has_references
from .step_calls import METHOD_OF_MOVE
from .step_members import read_expectations, read_refusal, read_step_base, require_exchange
from .yaml_text import Node

__all__ = ["MOVE_STEP_KEYS", "OPENING_FIELDS", "read_move"]

MOVE_STEP_KEYS = ("as", "on", "sub", "expect", "refused", "note")  # the others are fields
OPENING_FIELDS = tuple(name for name in OpenDocument.__struct_fields__ if name != "count")


def read_move(node: Node, kind: str, context: ReadContext) -> Step | None:
    """Return the step of the actor `kind`; None if the actor has no such move."""
    actor = Actor(kind)
    name = node.value[kind].value
    if name not in ACTOR_MOVES[actor]:
        error = unknown_name(kind, str(name), ACTOR_MOVES[actor], "操作")
        context.report_error(node.value[kind], error)
        similar = get_close_matches(str(name)[:100], ACTOR_MOVES[actor], 1)
        if not similar:
            # It may have meant to open an exchange: one mistake is enough.
            context.exchange_names |= {"it", context.read_text(node, "as", "it")}
            return None
        name = similar[0]  # read on as what was probably meant
    move = MOVES[name]
    members = {
        key: member for key, member in node.value.items() if key not in (kind, *MOVE_STEP_KEYS)
    }
    fields = Node(members, node.line, node.column, node.keys)
    sub = context.read_flag(node, "sub")
    context.check_references(fields)
    fitting = {}
    for key, member in members.items():
        before = len(context.mistakes)
        _check_field(actor, name, (key, member), fields, context)
        if len(context.mistakes) == before:
            fitting[key] = member
    fields = Node(fitting, node.line, node.column, node.keys)
    if sub and actor is not Actor.SELLER:
        context.report(node, "只有卖家有子账号", "only the seller has sub-accounts", "sub")
    elif sub and context.shops is not None and not any(context.shops.values()):
        context.report(node, "店铺没有子账号", "the shop has no sub-account", "sub")
    for key in ("bought_sku", "exchange_sku"):
        context.add_goods(fitting.get(key))
    base = read_step_base(node, context)
    signed = METHOD_OF_MOVE.get(move) if actor is Actor.SELLER else None
    refused = read_refusal(node, context, METHODS[signed] if signed else None)
    new_name = context.read_text(node, "as")
    if move is Apply:
        context.exchange_names |= {"it", new_name} if new_name else {"it"}
    else:
        require_exchange(node, kind, context)
        if new_name:
            context.report(node, "as 只用于 buyer: apply", "as goes with buyer: apply only", "as")
    return MoveStep(
        **base,
        actor=actor,
        move=move,
        fields=fields,
        sub=sub,
        name=new_name,
        refused=refused,
        expectations=read_expectations(node, "expect", context),
    )


def _check_field(
    actor: Actor, name: str, field: tuple[str, Node], fields: Node, context: ReadContext
) -> None:
    """Report a field `(key, value)` that the move does not have, or whose value it refuses."""
    key, node = field
    opens = name == Apply.name()
    field_names = OPENING_FIELDS if opens else MOVES[name].__struct_encode_fields__
    if key not in field_names:
        context.report_unknown_key(fields, key, (*field_names, *MOVE_STEP_KEYS), "字段")
        return
    if has_references(node):
        if not opens and any(isinstance(part.value, dict | tuple) for part in _list_parts(node)):
            context.report(node, f"{key} 里应为文字", f"texts are wanted in {key}")
        return
    shops = context.shops
    if opens and key == "shop" and shops is not None and str(node.value) not in shops:
        context.report_error(node, unknown_name(key, str(node.value), shops, "店铺"))
        return
    try:
        if not opens:
            parse_move(actor, name, {key: node.plain()}, context.rules)
        elif key != "status" or not _is_status_text(node, context):
            check_opening({key: node.plain()})
    except BadDocument as error:
        context.report_error(node, error)
    many = isinstance(node.value, tuple) and len(node.value) > 1
    if actor is Actor.SELLER and key in (PICTURES_FIELD, "pics") and many:
        context.report(node, "一次调用只带一张图片", "one picture a call")


def _list_parts(node: Node) -> tuple[Node, ...]:
    """Return the items of a list, or what is no list as the only one."""
    return node.value if isinstance(node.value, tuple) else (node,)


def _is_status_text(node: Node, context: ReadContext) -> bool:
    return isinstance(node.value, str) and node.value in context.status_texts
