"""What a story can expect of an exchange and the sandbox around it: `EXPECTATIONS` names every key.

What is read through the control API is read once for all keys of one `expect`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct

from ..api.records import EXCHANGE, MESSAGE
from ..domain.durations import format_duration, parse_duration
from ..domain.moves import MOVES
from ..domain.vocabulary import Actor, Status
from ..protocol.shapes import read_time
from ..world.document import unknown_name
from .matching import MISSING, Mismatch, compare, is_operator
from .target import ScenarioTarget
from .yaml_text import FileMistake, Node

__all__ = [
    "EXPECTATIONS",
    "REQUESTS",
    "Expectation",
    "ObservedState",
    "find_mismatches",
    "get_expectation",
]


_TOLD = (
    "status",
    "status_text",
    "moved_by",
    "events",
    "requests",
)  # what facts and journal tell of the past


class ObservedState:
    """What can be seen of a sandbox and one of its exchanges; each thing is asked for at most once.

    With `upto`, the number of a fact, the exchange is seen as that fact left it, as far as facts tell.
    """

    def __init__(self, stage: ScenarioTarget, dispute_id: str, upto: int | None = None) -> None:
        self._stage, self._dispute_id, self.upto = stage, dispute_id, upto
        self._kept: dict[str, Any] = {}

    def tells(self, key: str) -> bool:
        """Whether this can still be seen: of what a client has left behind, only what facts tell."""
        return key in _TOLD or self.exchange is self._shown

    def ask(self, path: str, **query: object) -> Any:
        """The control API's answer."""
        key = f"{path} {query}"
        if key not in self._kept:
            self._kept[key] = self._stage.ask("GET", path, **query)
        return self._kept[key]

    @property
    def _shown(self) -> Any:
        return self.ask(f"exchanges/{self._dispute_id}")

    @property
    def exchange(self) -> Any:
        """The exchange as the control API shows it."""
        shown = self._shown
        past = [
            event
            for event in shown["timeline"]
            if self.upto is None or event["number"] <= self.upto
        ]
        if len(past) == len(shown["timeline"]):
            return shown
        status = past[-1]["to"]
        return {
            **shown,
            "timeline": past,
            "status": status,
            "status_text": self.ask("rules")[f"text.{status}"],
        }

    @property
    def last(self) -> Any:
        """The last thing that happened to the exchange, messages aside."""
        moves = [event for event in self.exchange["timeline"] if event["move"] != "leave_message"]
        return moves[-1]

    def messages(self) -> Any:
        """The exchange's messages, oldest first."""
        return self.ask(f"exchanges/{self._dispute_id}/messages")["items"]

    def stock(self, name: str) -> Any:
        """The accounts of goods by name or SKU id."""
        return next(
            (item for item in self.ask("stock")["items"] if name in (item["name"], item["sku_id"])),
            MISSING,
        )

    def requests(self, filters: Mapping[str, object]) -> int:
        """How many calls the journal has by these filters."""
        return int(self.ask("requests", limit=0, **filters)["total"])

    def due_in(self) -> str | None:
        """The duration until the deadline."""
        due, now = (
            read_time(self.exchange["deadline"] or ""),
            read_time(self.ask("clock", limit=0)["now"]),
        )
        return None if due is None or now is None else format_duration(due - now)

    def statuses(self) -> dict[str, int]:
        """How many exchanges there are, in all and by status number."""
        items = self.ask("exchanges", limit=20_000)["items"]
        counted = {str(status.value): 0 for status in Status}
        for item in items:
            counted[str(item["status"])] += 1
        return {"total": len(items), **counted}


class Expectation(Struct, frozen=True):
    """One key of an `expect`: what it reads, and what may stand there (`None` where it may)."""

    zh: str
    en: str
    read: Callable[[ObservedState, Any], Any]
    shape: Callable[[Node], Iterator[FileMistake]]


def _kind(zh: str, en: str, *kinds: type) -> Callable[[Node], Iterator[FileMistake]]:
    def check(node: Node) -> Iterator[FileMistake]:
        if _is_reference(node.value) or is_operator(node.value):
            return
        if not isinstance(node.value, kinds) or (
            isinstance(node.value, bool) and bool not in kinds
        ):
            yield node.mistake(f"应为{zh}", f"{en} is wanted")

    return check


def _is_reference(value: object) -> bool:
    return isinstance(value, str) and "$" in value


def _status_shape(node: Node) -> Iterator[FileMistake]:
    if isinstance(node.value, int) and node.value not in set(Status):
        known = "、".join(f"{each.value} {each.zh}" for each in Status)
        yield node.mistake(
            f"没有状态 {node.value}；可用：{known}", f"no status {node.value}; use: {known}"
        )
    yield from _kind("状态编号或文字", "a status number or text", int, str)(node)


def _duration_shape(node: Node) -> Iterator[FileMistake]:
    try:
        if isinstance(node.value, str) and not _is_reference(node.value):
            parse_duration(node.value)
    except ValueError:
        yield node.mistake("应为时长，例如 3d12h", "a duration such as 3d12h is wanted")
    yield from _kind("时长", "a duration", str, type(None))(node)


def _instant_shape(node: Node) -> Iterator[FileMistake]:
    if (
        isinstance(node.value, str)
        and not _is_reference(node.value)
        and read_time(node.value) is None
    ):
        yield node.mistake("应为 yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss is wanted")
    yield from _kind("时刻", "an instant", str, type(None))(node)


def _actor_shape(node: Node) -> Iterator[FileMistake]:
    if is_operator(node.value) or _is_reference(node.value):
        return
    if not isinstance(node.value, str) or node.value not in set(Actor):
        yield node.mistake(f"应为 {'、'.join(Actor)}", f"one of {', '.join(Actor)} is wanted")


def _members(*known: str) -> Callable[[Node], Iterator[FileMistake]]:
    def check(node: Node) -> Iterator[FileMistake]:
        yield from _unknown_keys(node, known)
        yield from _kind("数量或各项", "a number or members", int, dict)(node)

    return check


def _unknown_keys(node: Node, known: Collection[str], what: str = "项") -> Iterator[FileMistake]:
    """A mistake for each key of a mapping that is none of the known ones."""
    for key in node.value if isinstance(node.value, dict) and not is_operator(node.value) else ():
        if key not in known:
            wrong = unknown_name(key, key, known, what)
            yield node.mistake(wrong.zh, wrong.en, key)


def _unknown_move(node: Node) -> Iterator[FileMistake]:
    """A mistake where a text is no move's name."""
    if isinstance(node.value, str) and node.value not in MOVES and not _is_reference(node.value):
        wrong = unknown_name("move", node.value, MOVES, "操作")
        yield node.mistake(wrong.zh, wrong.en)


def _exchange_shape(node: Node) -> Iterator[FileMistake]:
    yield from _kind("字段", "fields", dict)(node)
    yield from _unknown_keys(node, _FIELDS, "字段")


def _possible_shape(node: Node) -> Iterator[FileMistake]:
    yield from _kind("各方的操作列表", "lists by actor", dict)(node)
    yield from _unknown_keys(node, tuple(Actor), "角色")
    for moves in node.value.values() if isinstance(node.value, dict) else ():
        for each in moves.value if isinstance(moves.value, tuple) else ():
            yield from _unknown_move(each)


def _messages_shape(node: Node) -> Iterator[FileMistake]:
    yield from _LISTED(node)
    for each in _items(node):
        yield from _unknown_keys(each, _MESSAGE, "字段")


def _events_shape(node: Node) -> Iterator[FileMistake]:
    yield from _LISTED(node)
    for each in _items(node):
        yield from _unknown_keys(each, _FACT, "字段")
        yield from _unknown_move(
            each.value["move"] if isinstance(each.value, dict) and "move" in each.value else each
        )


def _items(node: Node) -> tuple[Node, ...]:
    """What is wanted of the items of a list: one by one, or of the first, the last, any."""
    if isinstance(node.value, dict):
        return tuple(each for name, each in node.value.items() if name in ("first", "last", "any"))
    return node.value if isinstance(node.value, tuple) else ()


def _requests_shape(node: Node) -> Iterator[FileMistake]:
    for each in node.value if isinstance(node.value, tuple) else (node,):
        yield from _members(*REQUESTS, "count")(each)


REQUESTS = ("method", "outcome", "code", "msg_code", "caller", "dispute_id", "since")
_ACCOUNTS = ("available", "reserved", "shipped", "returned", "name", "sku_id", "title")
_STATUSES = ("total", *(str(status.value) for status in Status))
_FIELDS = tuple(column.field.name for column in EXCHANGE)
_MESSAGE = tuple(column.field.name for column in MESSAGE)
_FACT = (
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
_LISTED = _kind("数量或列表", "a number or a list", int, tuple)
EXPECTATIONS: Mapping[str, Expectation] = {
    "status": Expectation(
        "状态(编号或文字)",
        "status, by number or text",
        lambda seen, wanted: seen.exchange["status" if isinstance(wanted, int) else "status_text"],
        _status_shape,
    ),
    "status_text": Expectation(
        "状态文字",
        "status text",
        lambda seen, _: seen.exchange["status_text"],
        _kind("文字", "a text", str),
    ),
    "moved_by": Expectation(
        "最后一次操作由谁做出",
        "who made the last move",
        lambda seen, _: seen.last["by"],
        _actor_shape,
    ),
    "deadline": Expectation(
        "时限到期时刻",
        "when the deadline is",
        lambda seen, _: seen.exchange["deadline"],
        _instant_shape,
    ),
    "due_in": Expectation(
        "距时限还有多久",
        "how long until the deadline",
        lambda seen, _: seen.due_in(),
        _duration_shape,
    ),
    "cs_status": Expectation(
        "小二托管状态编号",
        "customer-service status number",
        lambda seen, _: seen.exchange["cs_status"],
        _kind("编号", "a number", int),
    ),
    "possible": Expectation(
        "各方此刻能做的操作",
        "what each party may do now",
        lambda seen, _: seen.exchange["possible"],
        _possible_shape,
    ),
    "exchange": Expectation(
        "tmall.exchange.get 的字段",
        "fields of tmall.exchange.get",
        lambda seen, _: seen.exchange["exchange"],
        _exchange_shape,
    ),
    "messages": Expectation("留言", "messages", lambda seen, _: seen.messages(), _messages_shape),
    "events": Expectation(
        "发生过的操作(依次)",
        "moves that happened, in order",
        lambda seen, _: seen.exchange["timeline"],
        _events_shape,
    ),
    "requests": Expectation(
        "请求记录的数量",
        "calls in the journal, counted",
        lambda seen, wanted: wanted,
        _requests_shape,
    ),
    "exchanges": Expectation(
        "换货单数量(按状态)",
        "exchanges, counted by status",
        lambda seen, _: seen.statuses(),
        _members(*_STATUSES),
    ),
    "now": Expectation(
        "独立环境的当前时间",
        "the sandbox's now",
        lambda seen, _: seen.ask("clock", limit=0)["now"],
        _instant_shape,
    ),
    "stock": Expectation(
        "stock.商品名：库存账户",
        "stock.NAME: accounts of the goods",
        lambda seen, _: MISSING,
        _members(*_ACCOUNTS),
    ),
}


def get_expectation(key: str) -> Expectation | None:
    """What a key of an `expect` means; None for an unknown one."""
    if key == "stock":
        return None
    return EXPECTATIONS.get("stock" if key.startswith("stock.") else key)


def find_mismatches(wanted: Node, seen: ObservedState) -> Iterator[Mismatch]:
    """What is not as `wanted`, an `expect` without references, says."""
    for key, node in wanted.value.items():
        if seen.upto is not None and not seen.tells(key):
            continue
        if key == "requests":
            yield from _requests(node, seen)
            continue
        if key.startswith("stock."):
            actual = seen.stock(key.removeprefix("stock."))
            if isinstance(node.value, int) and actual is not MISSING:
                actual = actual["available"]
        else:
            actual = EXPECTATIONS[key].read(seen, node.value)
        if key == "exchanges" and isinstance(node.value, int):
            actual = actual["total"]
        if (
            key == "events"
            and isinstance(node.value, tuple)
            and all(isinstance(each.value, str) for each in node.value)
        ):
            actual = [event["move"] for event in actual]
        if key in ("messages", "events") and isinstance(node.value, int):
            actual = len(actual)
        if key == "due_in" and isinstance(node.value, str):
            with suppress(ValueError):  # a reference has led to no duration: nothing equals it
                node = Node(format_duration(parse_duration(node.value)), node.line, node.column)
        if key == "possible":
            node, actual = (
                _sorted_moves(node),
                {actor: sorted(moves) for actor, moves in actual.items()},
            )
        yield from compare(key, node, actual)


def _sorted_moves(node: Node) -> Node:
    if not isinstance(node.value, dict):
        return node
    return Node(
        {
            actor: Node(
                tuple(sorted(moves.value, key=lambda each: str(each.value))),
                moves.line,
                moves.column,
            )
            if isinstance(moves.value, tuple)
            else moves
            for actor, moves in node.value.items()
        },
        node.line,
        node.column,
    )


def _requests(node: Node, seen: ObservedState) -> Iterator[Mismatch]:
    for each in node.value if isinstance(node.value, tuple) else (node,):
        if isinstance(each.value, int):
            yield from compare("requests", each, seen.requests({}))
            continue
        filters = {key: value.plain() for key, value in each.value.items() if key != "count"}
        total = seen.requests(filters)
        if "count" in each.value:
            yield from compare(f"requests {filters} count", each.value["count"], total)
        elif total == 0:
            yield Mismatch(f"requests {filters}", each.line, each.column, "≥ 1", 0)
