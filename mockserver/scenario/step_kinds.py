"""Reads steps.  `STEPS` names every kind of step by its first key, with what else may stand beside it."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from ..api.methods import METHODS
from ..domain.durations import parse_duration
from ..domain.moves import MOVES, PICTURES_FIELD, Apply
from ..domain.rules import BadRule
from ..domain.vocabulary import Actor
from ..protocol.shapes import read_time
from ..world.document import BadDocument, unknown_name
from ..world.faults.fault_kinds import FAULTS
from ..world.faults.fault_matching import MATCHERS, read_faults
from ..world.move_parser import ACTOR_MOVES, parse_move
from ..world.opening import OpenDocument, check_opening
from .call_steps import read_call
from .model import (
    AwaitStep,
    ControlStep,
    ExpectStep,
    ForEachStep,
    MoveStep,
    RepeatStep,
    RestoreStep,
    SnapshotStep,
    Step,
    TimeStep,
)
from .read_context import ReadContext
from .references import has_references
from .step_members import read_expectations, read_refusal, read_step_base, require_exchange
from .yaml_text import Node

__all__ = ["COMMON", "NO_FAULT", "OPENING", "PLAYED", "STEPS", "StepKind", "read_steps"]

COMMON = ("note",)
OPENING = tuple(name for name in OpenDocument.__struct_fields__ if name != "count")
NO_FAULT = "none"
FAULT_KEYS = (
    *MATCHERS[1:],
    *dict.fromkeys(option.name for kind in FAULTS.values() for option in kind.options),
)
_WITHIN, _FILLED = "10s", "1"  # what stands for a reference that is filled later


class StepKind(Struct, frozen=True):
    """A kind of step: its sentence, the keys beside its own, how it is read."""

    zh: str
    en: str
    keys: tuple[str, ...]
    read: Callable[[Node, str, ReadContext], Step | None]


def read_steps(node: Node, reading: ReadContext) -> tuple[Step, ...]:
    """The steps of a list; what cannot be read is noted and left out."""
    return tuple(step for each in node.value if (step := _step(each, reading)) is not None)


def _step(node: Node, reading: ReadContext) -> Step | None:
    if not isinstance(node.value, dict) or not node.value:
        reading.wrong(
            node, "步骤应为映射，例如 - buyer: apply", "a step is a mapping, e.g. - buyer: apply"
        )
        return None
    kinds = [key for key in node.value if key in STEPS]
    first = next(iter(node.value))
    kind = first if first in STEPS else next(iter(kinds), "")
    if not kind:
        reading.unknown(node, first, STEPS, "步骤")
        return None
    allowed = STEPS[kind].keys
    for key in node.value:
        if key not in (kind, *allowed, *COMMON) and "*" not in allowed:
            reading.unknown(node, key, (kind, *allowed, *COMMON))
    return STEPS[kind].read(node, kind, reading)


# moves

PLAYED = ("as", "on", "sub", "expect", "refused", "note")


def _play(node: Node, kind: str, reading: ReadContext) -> Step | None:
    actor, name = Actor(kind), node.value[kind].value
    if name not in ACTOR_MOVES[actor]:
        reading.refused(node.value[kind], unknown_name(kind, str(name), ACTOR_MOVES[actor], "操作"))
        reading.exchanges |= {
            "it",
            reading.text(node, "as", "it"),
        }  # it may have meant to open one: one mistake is enough
        return None
    move = MOVES[name]
    fields = Node(
        {key: each for key, each in node.value.items() if key not in (kind, *PLAYED)},
        node.line,
        node.column,
        node.keys,
    )
    sub = reading.flag(node, "sub")
    reading.check_references(fields)
    for key, each in fields.value.items():
        _check_field(actor, name, (key, each), fields, reading)
    if sub and actor is not Actor.SELLER:
        reading.wrong(node, "只有卖家有子账号", "only the seller has sub-accounts", "sub")
    base = read_step_base(node, reading)
    new = reading.text(node, "as")
    if move is Apply:
        reading.exchanges |= {"it", new} if new else {"it"}
    else:
        require_exchange(node, kind, reading)
        if new:
            reading.wrong(node, "as 只用于 buyer: apply", "as goes with buyer: apply only", "as")
    return MoveStep(
        **base,
        by=actor,
        move=move,
        fields=fields,
        sub=sub,
        name=new,
        refused=read_refusal(node, reading),
        expect=read_expectations(node, "expect", reading),
    )


def _check_field(
    actor: Actor, name: str, field: tuple[str, Node], fields: Node, reading: ReadContext
) -> None:
    key, node = field
    known = OPENING if name == Apply.name() else MOVES[name].__struct_encode_fields__
    if key not in known:
        reading.unknown(fields, key, (*known, *PLAYED), "字段")
        return
    if has_references(node):
        return
    try:
        if name == Apply.name():
            if (
                key != "status"
                or not isinstance(node.value, str)
                or node.value not in reading.texts
            ):
                check_opening({key: node.plain()})
        else:
            parse_move(actor, name, {key: node.plain()}, reading.rules)
    except BadDocument as wrong:
        reading.refused(node, wrong)
    if (
        actor is Actor.SELLER
        and key in (PICTURES_FIELD, "pics")
        and isinstance(node.value, tuple)
        and len(node.value) > 1
    ):
        reading.wrong(node, "一次调用只带一张图片", "one picture a call")


# time


def _pass(node: Node, kind: str, reading: ReadContext) -> Step | None:
    by = str(node.value[kind].value)
    if not _is_instant_or_next(by) and "$" not in by:
        try:
            parse_duration(by)
        except ValueError:
            reading.wrong(
                node.value[kind],
                "应为时长(3d12h)、时刻、next 或 deadline",
                "a duration (3d12h), an instant, next or deadline",
            )
            return None
    if by == "deadline":
        require_exchange(node, kind, reading)
    return TimeStep(**read_step_base(node, reading), by=by, age=kind == "age")


def _is_instant_or_next(text: str) -> bool:
    return text in ("next", "deadline") or read_time(text) is not None


def _expect(node: Node, kind: str, reading: ReadContext) -> Step | None:
    wanted = read_expectations(node, kind, reading)
    return None if wanted is None else ExpectStep(**read_step_base(node, reading), wanted=wanted)


def _await(node: Node, kind: str, reading: ReadContext) -> Step | None:
    inner = reading.members(node, kind)
    if inner is None:
        return None
    within, method = reading.text(inner, "within", _WITHIN), reading.text(inner, "call")
    if method and method not in METHODS:
        reading.refused(inner.value["call"], unknown_name("call", method, METHODS, "方法"))
    try:
        span = parse_duration(within)
    except ValueError:
        reading.wrong(
            inner.value["within"], "应为时长，例如 10s", "a duration such as 10s is wanted"
        )
        return None
    rest = {key: each for key, each in inner.value.items() if key not in ("within", "call")}
    if rest:
        read_expectations(node, kind, reading, ("within", "call"))
    elif not method:
        reading.wrong(
            inner,
            "await 等什么？写 call 或 expect 的键",
            "await what? give call, or keys of an expect",
        )
    wanted = Node(rest, inner.line, inner.column, inner.keys)
    return AwaitStep(**read_step_base(node, reading), wanted=wanted, within=span, method=method)


# the sandbox


def _rules(node: Node, kind: str, reading: ReadContext) -> Step | None:
    body = reading.members(node, kind)
    for name, each in () if body is None else body.value.items():
        try:
            reading.rule(reading.rules.with_changes({name: each.plain()}))
        except BadRule as wrong:
            reading.wrong(body or node, wrong.zh, wrong.en, name)
    return (
        None if body is None else ControlStep(**read_step_base(node, reading), what=kind, body=body)
    )


def _stock(node: Node, kind: str, reading: ReadContext) -> Step | None:
    body = reading.members(node, kind)
    for name, each in () if body is None else body.value.items():
        if type(each.value) is not int or not 0 <= each.value < 2**31:
            reading.wrong(body or node, "应为 0 或更大的整数", "0 or more", name)
    return (
        None if body is None else ControlStep(**read_step_base(node, reading), what=kind, body=body)
    )


_RIGHTS = ("session", "app", "methods", "expires")


def _rights(node: Node, kind: str, reading: ReadContext) -> Step | None:
    body = reading.members(node, kind)
    if body is None:
        return None
    for key in set(body.value) - set(_RIGHTS):
        reading.unknown(body, key, _RIGHTS)
    if ("session" in body.value) == ("app" in body.value):
        reading.wrong(body, "session 与 app 必须且只能给一个", "exactly one of session and app")
    return ControlStep(**read_step_base(node, reading), what=kind, body=body)


def _fault(node: Node, kind: str, reading: ReadContext) -> Step | None:
    """A fault by its name with its options beside it, a set as `{set: bad_day}`, or `none` for no fault any more."""
    given = node.value[kind]
    options = {key: each for key, each in node.value.items() if key in FAULT_KEYS}
    members = (
        given.value
        if isinstance(given.value, dict)
        else {}
        if given.value == NO_FAULT
        else {kind: given}
    )
    body = Node({**members, **options}, node.line, node.column, node.keys)
    reading.check_references(body)
    if members or options:
        try:
            read_faults(
                {
                    key: _FILLED if has_references(each) else each.plain()
                    for key, each in body.value.items()
                }
            )
        except BadDocument as wrong:
            reading.refused(body.value.get(wrong.field, given), wrong)
    return ControlStep(
        line=node.line, column=node.column, note=reading.text(node, "note"), what=kind, body=body
    )


def _snapshot(node: Node, kind: str, reading: ReadContext) -> Step | None:
    name = reading.text(node, kind)
    reading.snapshots.add(name)
    return SnapshotStep(**read_step_base(node, reading), name=name)


def _restore(node: Node, kind: str, reading: ReadContext) -> Step | None:
    name = reading.text(node, kind)
    if name not in reading.snapshots | {"baseline", "empty"}:
        reading.refused(
            node.value[kind],
            unknown_name(kind, name, ["baseline", "empty", *sorted(reading.snapshots)], "快照"),
        )
    return RestoreStep(**read_step_base(node, reading), name=name)


def _inner(node: Node, reading: ReadContext) -> tuple[Step, ...]:
    do = node.value.get("do")
    if do is None or not isinstance(do.value, tuple) or not do.value:
        reading.wrong(
            do or node, "do 应为非空的步骤列表", "do is a list of steps that is not empty"
        )
        return ()
    return read_steps(do, reading)


def _repeat(node: Node, kind: str, reading: ReadContext) -> Step | None:
    times = node.value[kind].value
    if type(times) is not int or not 1 <= times <= 10_000:
        reading.wrong(node.value[kind], "应为 1 到 10000 的整数", "a whole number from 1 to 10000")
        return None
    return RepeatStep(**read_step_base(node, reading), times=times, do=_inner(node, reading))


def _each(node: Node, kind: str, reading: ReadContext) -> Step | None:
    given = node.value[kind]
    names = tuple(str(each.value) for each in given.value) if isinstance(given.value, tuple) else ()
    if not names and given.value != "all":
        reading.wrong(given, "应为换货单名称的列表，或 all", "a list of exchanges' names, or all")
    for name in names:
        if name not in reading.exchanges:
            reading.refused(given, unknown_name(kind, name, sorted(reading.exchanges), "换货单"))
    require_exchange(node, kind, reading)
    return ForEachStep(**read_step_base(node, reading), names=names, do=_inner(node, reading))


STEPS: Mapping[str, StepKind] = {
    "buyer": StepKind("买家操作", "a move of the buyer", ("*",), _play),
    "seller": StepKind(
        "卖家操作(签名调用)", "a move of the seller, as a signed call", ("*",), _play
    ),
    "cs": StepKind("小二操作", "a move of customer service", ("*",), _play),
    "system": StepKind("系统操作", "a move of the system", ("*",), _play),
    "call": StepKind(
        "签名调用",
        "a signed call",
        ("with", "expect", "refused", "keep", "sub", "shop", "on"),
        read_call,
    ),
    "await": StepKind("等待(真实时间)", "wait in real time", ("on",), _await),
    "advance": StepKind("时间前进", "time advances", ("on",), _pass),
    "age": StepKind("数据变旧", "data gets older", ("on",), _pass),
    "expect": StepKind("期望", "an expectation", ("on",), _expect),
    "rules": StepKind("修改规则", "rules change", (), _rules),
    "stock": StepKind("设定可用库存", "available stock is set", (), _stock),
    "rights": StepKind("修改权限", "rights change", (), _rights),
    "fault": StepKind("计划故障", "a fault is planned", FAULT_KEYS, _fault),
    "snapshot": StepKind("保存快照", "the state is kept", (), _snapshot),
    "restore": StepKind("恢复快照", "the state is restored", (), _restore),
    "repeat": StepKind("重复", "steps are repeated", ("do",), _repeat),
    "each": StepKind("逐个换货单", "steps for each exchange", ("do",), _each),
}
