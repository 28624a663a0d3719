"""The keys of an `expect`: what each compares, and what may stand there.

`EXPECTATIONS` names every key.

What one `expect` needs of the control API is read once for all its keys (`observed_state.py`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct

from ..api.records import EXCHANGE, MESSAGE
from ..domain.durations import format_duration, parse_duration
from ..domain.moves import MOVES
from ..domain.vocabulary import Actor, Status
from ..protocol.shapes import parse_time
from ..world.document import unknown_name
from .channel_expectations import check_channel, is_about_channel, reduce_notifications
from .matching import MISSING, Mismatch, compare, is_operator
from .observed_state import ObservedState
from .shape_checks import ShapeCheck, check_keys, check_list, check_type, is_reference, list_items
from .yaml_text import FileMistake, Node

__all__ = [
    "EXPECTATIONS",
    "REQUEST_FILTERS",
    "Expectation",
    "concerns_exchange",
    "find_mismatches",
    "get_expectation",
]


class Expectation(Struct, frozen=True):
    """One key of an `expect`.

    A phrase, how its value is read, and a check of the shape of what is expected.

    `read(state, value)` gets the expected value too, as some keys are read according to it.
    """

    zh: str
    en: str
    read: Callable[[ObservedState, Any], Any]
    check_shape: ShapeCheck


def _check_status(node: Node) -> Iterator[FileMistake]:
    if isinstance(node.value, int) and node.value not in set(Status):
        choices = "、".join(f"{status.value} {status.zh}" for status in Status)
        yield node.mistake(
            f"没有状态 {node.value}；可用：{choices}", f"no status {node.value}; use: {choices}"
        )
    yield from check_type("状态编号或文字", "a status number or text", int, str)(node)


def _check_duration(node: Node) -> Iterator[FileMistake]:
    try:
        if isinstance(node.value, str) and not is_reference(node.value):
            parse_duration(node.value)
    except ValueError:
        yield node.mistake("应为时长，例如 3d12h", "a duration such as 3d12h is wanted")
    yield from check_type("时长", "a duration", str, type(None))(node)


def _check_instant(node: Node) -> Iterator[FileMistake]:
    if (
        isinstance(node.value, str)
        and not is_reference(node.value)
        and parse_time(node.value) is None
    ):
        yield node.mistake("应为 yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss is wanted")
    yield from check_type("时刻", "an instant", str, type(None))(node)


def _check_actor(node: Node) -> Iterator[FileMistake]:
    if is_operator(node.value) or is_reference(node.value):
        return
    if not isinstance(node.value, str) or node.value not in set(Actor):
        yield node.mistake(f"应为 {'、'.join(Actor)}", f"one of {', '.join(Actor)} is wanted")


def _check_members(*names: str) -> ShapeCheck:
    def check(node: Node) -> Iterator[FileMistake]:
        yield from check_keys(node, names)
        yield from check_type("数量或各项", "a number or members", int, dict)(node)

    return check


def _check_move(node: Node) -> Iterator[FileMistake]:
    """Yield a mistake if a text is no move's name."""
    if isinstance(node.value, str) and node.value not in MOVES and not is_reference(node.value):
        wrong = unknown_name("move", node.value, MOVES, "操作")
        yield node.mistake(wrong.zh, wrong.en)


def _check_exchange(node: Node) -> Iterator[FileMistake]:
    yield from check_type("字段", "fields", dict)(node)
    yield from check_keys(node, _EXCHANGE_FIELDS, "字段")


def _check_possible(node: Node) -> Iterator[FileMistake]:
    yield from check_type("各方的操作列表", "lists by actor", dict)(node)
    yield from check_keys(node, tuple(Actor), "角色")
    for moves in node.value.values() if isinstance(node.value, dict) else ():
        for move in moves.value if isinstance(moves.value, tuple) else ():
            yield from _check_move(move)


def _check_messages(node: Node) -> Iterator[FileMistake]:
    if is_about_channel(node.value):
        yield from check_channel(node)
        return
    yield from check_list(node)
    for item in list_items(node):
        yield from check_keys(item, _MESSAGE_FIELDS, "字段")


def _check_events(node: Node) -> Iterator[FileMistake]:
    yield from check_list(node)
    for item in list_items(node):
        yield from check_keys(item, _EVENT_FIELDS, "字段")
        names_move = isinstance(item.value, dict) and "move" in item.value
        yield from _check_move(item.value["move"] if names_move else item)


def _check_requests(node: Node) -> Iterator[FileMistake]:
    for query in node.value if isinstance(node.value, tuple) else (node,):
        yield from _check_members(*REQUEST_FILTERS, "count")(query)


REQUEST_FILTERS = ("method", "outcome", "code", "msg_code", "caller", "dispute_id", "since")
_STOCK_MEMBERS = ("available", "reserved", "shipped", "returned", "name", "sku_id", "title")
_COUNTED = ("total", *(str(status.value) for status in Status))
_EXCHANGE_FIELDS = tuple(column.field.name for column in EXCHANGE)
_MESSAGE_FIELDS = tuple(column.field.name for column in MESSAGE)
_EVENT_FIELDS = (
    "number",
    "dispute_id",
    "at",
    "by",
    "sub",
    "role",
    "move",
    "from",
    "to",
    "rule",
    "stock",
    "cs_status",
)
_SANDBOX_KEYS = ("requests", "exchanges", "now", "stock")
EXPECTATIONS: Mapping[str, Expectation] = {
    "status": Expectation(
        "状态(编号或文字)",
        "status, by number or text",
        lambda state, value: state.exchange["status" if isinstance(value, int) else "status_text"],
        _check_status,
    ),
    "status_text": Expectation(
        "状态文字",
        "status text",
        lambda state, _: state.exchange["status_text"],
        check_type("文字", "a text", str),
    ),
    "moved_by": Expectation(
        "最后一次操作由谁做出",
        "who made the last move",
        lambda state, _: state.last_event["by"],
        _check_actor,
    ),
    "deadline": Expectation(
        "时限到期时刻",
        "when the deadline is",
        lambda state, _: state.exchange["deadline"],
        _check_instant,
    ),
    "due_in": Expectation(
        "距时限还有多久",
        "how long until the deadline",
        lambda state, _: state.measure_due_in(),
        _check_duration,
    ),
    "cs_status": Expectation(
        "小二托管状态编号",
        "customer-service status number",
        lambda state, _: state.exchange["cs_status"],
        check_type("编号", "a number", int),
    ),
    "possible": Expectation(
        "各方此刻能做的操作",
        "what each party may do now",
        lambda state, _: state.exchange["possible"],
        _check_possible,
    ),
    "exchange": Expectation(
        "tmall.exchange.get 的字段",
        "fields of tmall.exchange.get",
        lambda state, _: state.exchange["exchange"],
        _check_exchange,
    ),
    "messages": Expectation(
        "留言；或 pushed、queued、confirmed、failed：消息通道",
        "messages of people; or pushed, queued, confirmed, failed: of the message channel",
        lambda state, value: (
            state.sort_notifications() if is_about_channel(value) else state.list_messages()
        ),
        _check_messages,
    ),
    "events": Expectation(
        "发生过的操作(依次)",
        "moves that happened, in order",
        lambda state, _: state.exchange["timeline"],
        _check_events,
    ),
    "requests": Expectation(
        "请求记录的数量",
        "calls in the journal, counted",
        lambda state, value: value,
        _check_requests,
    ),
    "exchanges": Expectation(
        "换货单数量(按状态)",
        "exchanges, counted by status",
        lambda state, _: state.count_statuses(),
        _check_members(*_COUNTED),
    ),
    "now": Expectation(
        "独立环境的当前时间",
        "the sandbox's now",
        lambda state, _: state.ask("clock", limit=0)["now"],
        _check_instant,
    ),
    "stock": Expectation(
        "stock.商品名：库存账户",
        "stock.NAME: accounts of the goods",
        lambda state, _: MISSING,
        _check_members(*_STOCK_MEMBERS),
    ),
}


def get_expectation(key: str) -> Expectation | None:
    """Return the entry for a key of an `expect`; None if there is no such key."""
    if key == "stock":
        return None
    return EXPECTATIONS.get("stock" if key.startswith("stock.") else key)


def concerns_exchange(key: str) -> bool:
    """Return True if a key of an `expect` is about one exchange, not about the whole sandbox."""
    return key in EXPECTATIONS and key not in _SANDBOX_KEYS


def find_mismatches(expected: Node, state: ObservedState) -> Iterator[Mismatch]:
    """Yield what is not as `expected`, an `expect` mapping without references, says."""
    for key, node in expected.value.items():
        if state.upto is not None and not state.can_observe(key):
            continue
        if key == "requests":
            yield from _compare_requests(node, state)
        elif key.startswith("stock."):
            accounts = state.get_stock(key.removeprefix("stock."))
            only_available = isinstance(node.value, int) and accounts is not MISSING
            yield from compare(key, node, accounts["available"] if only_available else accounts)
        else:
            actual = EXPECTATIONS[key].read(state, node.value)
            yield from compare(key, *_bring_together(key, node, actual))


def _bring_together(key: str, node: Node, actual: Any) -> tuple[Node, Any]:
    """Return expected and actual value in one form, where a key allows several forms."""
    value = node.value
    if key == "exchanges" and isinstance(value, int):
        return node, actual["total"]
    if key == "messages" and is_about_channel(value):
        return node, {part: reduce_notifications(value[part], actual[part]) for part in value}
    if key in ("messages", "events") and isinstance(value, int):
        return node, len(actual)
    if key == "events" and isinstance(value, tuple):
        names_moves = all(isinstance(item.value, str) for item in value)
        return node, [event["move"] for event in actual] if names_moves else actual
    if key == "due_in" and isinstance(value, str):
        with suppress(ValueError):  # a reference has led to no duration: nothing equals it
            node = Node(format_duration(parse_duration(value)), node.line, node.column)
    if key == "possible":
        return _sort_moves(node), {actor: sorted(moves) for actor, moves in actual.items()}
    return node, actual


def _sort_moves(node: Node) -> Node:
    if not isinstance(node.value, dict):
        return node
    members = {}
    for actor, moves in node.value.items():
        names = moves.value
        if isinstance(names, tuple):
            names = tuple(sorted(names, key=lambda name: str(name.value)))
        members[actor] = Node(names, moves.line, moves.column)
    return Node(members, node.line, node.column)


def _compare_requests(node: Node, state: ObservedState) -> Iterator[Mismatch]:
    """Yield the queries of the journal whose count is not as expected.

    Without `count` one call is enough.
    """
    for query in node.value if isinstance(node.value, tuple) else (node,):
        if isinstance(query.value, int):
            yield from compare("requests", query, state.count_requests({}))
            continue
        filters = {key: value.plain() for key, value in query.value.items() if key != "count"}
        total = state.count_requests(filters)
        if "count" in query.value:
            yield from compare(f"requests {filters} count", query.value["count"], total)
        elif total == 0:
            yield Mismatch(f"requests {filters}", query.line, query.column, "≥ 1", 0)
