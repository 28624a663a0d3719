"""The kinds of steps.

`STEP_KINDS` says of each what its key means, how it is read and which control calls it makes.

How a kind is interpreted, for real and on paper, is said in `interpreter.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..api.methods import METHODS
from ..domain.durations import parse_duration
from ..domain.rules import BadRule
from ..protocol.shapes import parse_time
from ..world.document import BadDocument, unknown_name
from ..world.faults.fault_kinds import FAULTS
from ..world.faults.fault_matching import MATCHERS, read_faults
from ..world.save_and_resume import check_name
from .call_steps import read_call, read_resend
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
from .move_steps import read_move
from .read_context import ReadContext
from .references import has_references
from .step_calls import (
    SandboxCall,
    build_advance_calls,
    build_age_calls,
    build_fault_calls,
    build_resend_calls,
    build_restore_calls,
    build_rights_calls,
    build_rules_calls,
    build_snapshot_calls,
    build_stock_calls,
    names_an_instant,
)
from .step_members import read_expectations, read_step_base, require_exchange
from .yaml_text import Node

__all__ = ["COMMON_KEYS", "NO_FAULT", "STEP_KINDS", "StepKind", "read_first_steps", "read_steps"]

COMMON_KEYS = ("note",)
NO_FAULT = "none"
_FAULT_KEYS = (
    *MATCHERS[1:],
    *dict.fromkeys(option.name for kind in FAULTS.values() for option in kind.options),
)
_RIGHTS_KEYS = ("session", "app", "methods", "expires")
_DEFAULT_WITHIN = "10s"
_PLACEHOLDER = "1"  # for a reference, when a fault is checked before it has a value
_MAX_UNITS = 2**31 - 1
_MAX_TIMES = 10_000
_MAX_SNAPSHOTS = 50  # each is a copy of the sandbox's state


class StepKind(Struct, frozen=True):
    """A kind of step.

    A phrase, the keys that may stand beside its own (`*`: any), the function that reads it.

    `build_calls(value, info)` yields the control calls that the step makes, where it makes nothing
    else; `info` is the sandbox as the control API describes it.
    """

    zh: str
    en: str
    keys: tuple[str, ...]
    read: Callable[[Node, str, ReadContext], Step | None]
    build_calls: Callable[[Any, Mapping[str, Any]], Iterator[SandboxCall]] | None = None


def read_steps(node: Node, context: ReadContext) -> tuple[Step, ...]:
    """Return the steps of a list; those that cannot be read are reported and left out."""
    steps = (_read_step(item, context) for item in node.value)
    return tuple(step for step in steps if step is not None)


def read_first_steps(node: Node, context: ReadContext) -> tuple[Step, ...]:
    """Return the steps of a file up to the first of which too little can be read to go on from it.

    Those behind it are read as well, for their mistakes.
    """
    steps: list[Step] = []
    goes_on = True
    for item in node.value:
        before = len(context.mistakes)
        step = _read_step(item, context)
        is_whole = len(context.mistakes) == before
        goes_on = goes_on and step is not None and (is_whole or _is_repaired(step))
        if goes_on and step is not None:
            steps.append(step)
    return tuple(steps)


def _is_repaired(step: Step) -> bool:
    """Return True for a step with mistakes that means one thing without what is wrong in it."""
    return isinstance(step, MoveStep | ExpectStep) and getattr(step, "refused", None) is None


def _read_step(node: Node, context: ReadContext) -> Step | None:
    if not isinstance(node.value, dict) or not node.value:
        context.report(
            node, "步骤应为映射，例如 - buyer: apply", "a step is a mapping, e.g. - buyer: apply"
        )
        return None
    first = next(iter(node.value))
    name = (
        first if first in STEP_KINDS else next((key for key in node.value if key in STEP_KINDS), "")
    )
    if not name:
        context.report_unknown_key(node, first, STEP_KINDS, "步骤")
        return None
    kind = STEP_KINDS[name]
    keys = (name, *kind.keys, *COMMON_KEYS)
    for key in node.value:
        if key not in keys and "*" not in kind.keys:
            context.report_unknown_key(node, key, keys)
    return kind.read(node, name, context)


# time and expectations


def _read_time_step(node: Node, kind: str, context: ReadContext) -> Step | None:
    by = str(node.value[kind].value)
    if not names_an_instant(by) and "$" not in by:
        try:
            parse_duration(by)
        except ValueError:
            context.report(
                node.value[kind],
                "应为时长(3d12h)、时刻、next 或 deadline",
                "a duration (3d12h), an instant, next or deadline",
            )
            return None
    if by == "deadline":
        require_exchange(node, kind, context)
    return TimeStep(**read_step_base(node, context), by=by, age=kind == "age")


def _read_expect(node: Node, kind: str, context: ReadContext) -> Step | None:
    expectations = read_expectations(node, kind, context)
    if expectations is None:
        return None
    return ExpectStep(**read_step_base(node, context), expectations=expectations)


def _read_await(node: Node, kind: str, context: ReadContext) -> Step | None:
    mapping = context.read_mapping(node, kind)
    if mapping is None:
        return None
    within_text = context.read_text(mapping, "within", _DEFAULT_WITHIN)
    method = context.read_text(mapping, "call")
    if method and method not in METHODS:
        error = unknown_name("call", method, METHODS, "方法")
        context.report_error(mapping.value["call"], error)
    try:
        within = parse_duration(within_text)
    except ValueError:
        context.report(
            mapping.value["within"], "应为时长，例如 10s", "a duration such as 10s is wanted"
        )
        return None
    others = ("within", "call")
    members = {key: member for key, member in mapping.value.items() if key not in others}
    if members:
        read_expectations(node, kind, context, others)
    elif not method:
        context.report(
            mapping,
            "await 等什么？写 call 或 expect 的键",
            "await what? give call, or keys of an expect",
        )
    return AwaitStep(
        **read_step_base(node, context),
        expectations=Node(members, mapping.line, mapping.column, mapping.keys),
        within=within,
        method=method,
    )


# the sandbox


def _read_rules(node: Node, kind: str, context: ReadContext) -> Step | None:
    rules = context.read_mapping(node, kind)
    if rules is None:
        return None
    for name, value in rules.value.items():
        try:
            context.set_rules(context.rules.with_changes({name: value.plain()}))
        except BadRule as error:
            context.report(rules, error.zh, error.en, name)
    return ControlStep(**read_step_base(node, context), kind=kind, body=rules)


def _read_stock(node: Node, kind: str, context: ReadContext) -> Step | None:
    stock = context.read_mapping(node, kind)
    if stock is None:
        return None
    for name, units in stock.value.items():
        if type(units.value) is not int or not 0 <= units.value <= _MAX_UNITS:
            context.report(stock, "应为 0 或更大的整数", "0 or more", name)
        elif context.goods_names is not None and name not in context.goods_names:
            error = unknown_name("stock", name, sorted(context.goods_names), "商品")
            context.report_error(stock, error, name)
    return ControlStep(**read_step_base(node, context), kind=kind, body=stock)


def _read_rights(node: Node, kind: str, context: ReadContext) -> Step | None:
    rights = context.read_mapping(node, kind)
    if rights is None:
        return None
    for key in set(rights.value) - set(_RIGHTS_KEYS):
        context.report_unknown_key(rights, key, _RIGHTS_KEYS)
    if ("session" in rights.value) == ("app" in rights.value):
        context.report(rights, "session 与 app 必须且只能给一个", "exactly one of session and app")
    context.check_references(rights)
    _check_rights(rights, context)
    return ControlStep(**read_step_base(node, context), kind=kind, body=rights)


def _check_rights(rights: Node, context: ReadContext) -> None:
    """Report a session that the sandbox does not have, and values that the rights cannot be."""
    session = rights.value.get("session")
    name = "" if session is None else str(session.value)
    labels = context.session_labels
    if session is not None and labels is not None and "$" not in name and name not in labels:
        context.report_error(session, unknown_name("session", name, sorted(labels), "会话"))
    methods = rights.value.get("methods")
    if methods is not None and methods.value is not None:
        if not isinstance(methods.value, tuple):
            context.report(methods, "methods 应为方法的列表或 null", "a list of methods, or null")
        for method in methods.value if isinstance(methods.value, tuple) else ():
            name = str(method.value)
            if name not in METHODS and "$" not in name:
                error = unknown_name("methods", name[:100], METHODS, "方法")
                context.report_error(method, error)
    expires = rights.value.get("expires")
    if expires is None:
        return
    if "app" in rights.value:
        context.report(rights, "expires 只用于 session", "expires goes with session", "expires")
    elif expires.value is not None and not _is_expiry(expires.value):
        context.report(
            expires, "应为 now、时长、时刻或 null", "now, a duration, an instant or null"
        )


def _is_expiry(value: object) -> bool:
    if not isinstance(value, str):
        return False
    if value == "now" or "$" in value or parse_time(value) is not None:
        return True
    try:
        return parse_duration(value) is not None
    except ValueError:
        return False


def _read_fault(node: Node, kind: str, context: ReadContext) -> Step | None:
    """Return a fault by its name with its options beside it.

    `{set: bad_day}` names a set of faults, `none` ends all that are planned.
    """
    fault = node.value[kind]
    options = {key: member for key, member in node.value.items() if key in _FAULT_KEYS}
    if isinstance(fault.value, dict):
        members = fault.value
    else:
        members = {} if fault.value == NO_FAULT else {kind: fault}
    body = Node({**members, **options}, node.line, node.column, node.keys)
    context.check_references(body)
    if body.value:
        try:
            read_faults(
                {
                    key: _PLACEHOLDER if has_references(member) else member.plain()
                    for key, member in body.value.items()
                }
            )
        except BadDocument as error:
            context.report_error(body.value.get(error.field, fault), error)
    note = context.read_text(node, "note")
    return ControlStep(line=node.line, column=node.column, note=note, kind=kind, body=body)


def _read_snapshot(node: Node, kind: str, context: ReadContext) -> Step | None:
    name = context.read_text(node, kind)
    try:
        check_name(name)
    except BadDocument as error:
        context.report_error(node.value[kind], error)
    context.snapshot_names.add(name)
    if len(context.snapshot_names) > _MAX_SNAPSHOTS:
        context.report(
            node.value[kind],
            f"一个场景最多 {_MAX_SNAPSHOTS} 个快照；用已有的名字会覆盖",
            f"a scenario has at most {_MAX_SNAPSHOTS} snapshots; a name used again is overwritten",
        )
    return SnapshotStep(**read_step_base(node, context), name=name)


def _read_restore(node: Node, kind: str, context: ReadContext) -> Step | None:
    name = context.read_text(node, kind)
    names = ["baseline", "empty", *sorted(context.snapshot_names)]
    if name not in names:
        context.report_error(node.value[kind], unknown_name(kind, name, names, "快照"))
    return RestoreStep(**read_step_base(node, context), name=name)


# steps in steps


def _read_inner_steps(node: Node, context: ReadContext) -> tuple[Step, ...]:
    do = node.value.get("do")
    if do is None or not isinstance(do.value, tuple) or not do.value:
        context.report(
            do or node, "do 应为非空的步骤列表", "do is a list of steps that is not empty"
        )
        return ()
    return read_steps(do, context)


def _read_repeat(node: Node, kind: str, context: ReadContext) -> Step | None:
    times = node.value[kind].value
    if type(times) is not int or not 1 <= times <= _MAX_TIMES:
        context.report(node.value[kind], "应为 1 到 10000 的整数", "a whole number from 1 to 10000")
        return None
    return RepeatStep(
        **read_step_base(node, context), times=times, do=_read_inner_steps(node, context)
    )


def _read_for_each(node: Node, kind: str, context: ReadContext) -> Step | None:
    choice = node.value[kind]
    names = (
        tuple(str(name.value) for name in choice.value) if isinstance(choice.value, tuple) else ()
    )
    if not names and choice.value != "all":
        context.report(choice, "应为换货单名称的列表，或 all", "a list of exchanges' names, or all")
    for name in names:
        if name not in context.exchange_names:
            exchange_names = sorted(context.exchange_names)
            context.report_error(choice, unknown_name(kind, name, exchange_names, "换货单"))
    require_exchange(node, kind, context)
    return ForEachStep(
        **read_step_base(node, context), names=names, do=_read_inner_steps(node, context)
    )


_CALL_KEYS = ("with", "expect", "refused", "keep", "sub", "shop", "on", "host")
STEP_KINDS: Mapping[str, StepKind] = {
    "buyer": StepKind("买家操作", "a move of the buyer", ("*",), read_move),
    "seller": StepKind(
        "卖家操作(签名调用)", "a move of the seller, as a signed call", ("*",), read_move
    ),
    "cs": StepKind("小二操作", "a move of customer service", ("*",), read_move),
    "system": StepKind("系统操作", "a move of the system", ("*",), read_move),
    "call": StepKind("签名调用", "a signed call", _CALL_KEYS, read_call),
    "await": StepKind("等待(真实时间)", "wait in real time", ("on",), _read_await),
    "advance": StepKind("时间前进", "time advances", ("on",), _read_time_step, build_advance_calls),
    "age": StepKind("数据变旧", "data gets older", ("on",), _read_time_step, build_age_calls),
    "expect": StepKind("期望", "an expectation", ("on",), _read_expect),
    "rules": StepKind("修改规则", "rules change", (), _read_rules, build_rules_calls),
    "stock": StepKind("设定可用库存", "available stock is set", (), _read_stock, build_stock_calls),
    "rights": StepKind("修改权限", "rights change", (), _read_rights, build_rights_calls),
    "fault": StepKind(
        "计划故障", "a fault is planned", _FAULT_KEYS, _read_fault, build_fault_calls
    ),
    "resend": StepKind(
        "重发通道里的一条消息",
        "a message of the channel is sent again",
        (),
        read_resend,
        build_resend_calls,
    ),
    "snapshot": StepKind("保存快照", "the state is kept", (), _read_snapshot, build_snapshot_calls),
    "restore": StepKind(
        "恢复快照", "the state is restored", (), _read_restore, build_restore_calls
    ),
    "repeat": StepKind("重复", "steps are repeated", ("do",), _read_repeat),
    "each": StepKind("逐个换货单", "steps for each exchange", ("do",), _read_for_each),
}
