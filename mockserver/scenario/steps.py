"""Reads steps.  `STEPS` names every kind of step by its first key, with what else may stand beside it."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from ..api.around_methods import METHODS
from ..api.method import Method
from ..domain.durations import parse_duration
from ..domain.moves import MOVES, PICTURES, Apply
from ..domain.switches import SWITCHES, BadSwitch
from ..domain.vocabulary import Actor
from ..protocol.binding import bind
from ..protocol.errors import CODES, TopError
from ..protocol.shapes import Field, read_time
from ..world.document import BadDocument, read_document, unknown_name
from ..world.opening import OpenDocument
from ..world.playing import PLAYERS, read_move
from .expecting import EXPECTATIONS, expectation
from .matching import is_operator
from .reading import Reading
from .references import has_references
from .story import Await, Call, Each, Expect, Keep, Pass, Play, Repeat, Restore, Send, Step
from .yaml_text import Node

__all__ = ["COMMON", "OPENING", "PLAYED", "STEPS", "SYSTEM", "Kind", "read_steps"]

COMMON = ("note",)
OPENING = tuple(name for name in OpenDocument.__struct_fields__ if name != "count")
SYSTEM = ("method", "app_key", "session", "timestamp", "format", "v", "sign", "sign_method", "simplify", "partner_id")
_WITHIN = "10s"


class Kind(Struct, frozen=True):
    """A kind of step: its sentence, the keys beside its own, how it is read."""

    zh: str
    en: str
    keys: tuple[str, ...]
    read: Callable[[Node, str, Reading], Step | None]


def read_steps(node: Node, reading: Reading) -> tuple[Step, ...]:
    """The steps of a list; what cannot be read is noted and left out."""
    return tuple(step for each in node.value if (step := _step(each, reading)) is not None)


def _step(node: Node, reading: Reading) -> Step | None:
    if not isinstance(node.value, dict) or not node.value:
        reading.wrong(node, "步骤应为映射，例如 - buyer: apply", "a step is a mapping, e.g. - buyer: apply")
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


def _base(node: Node, reading: Reading) -> dict[str, Any]:
    """Place, note and exchange of a step."""
    on = reading.text(node, "on", "it")
    if "on" in node.value and on not in reading.exchanges:
        refusal = unknown_name("on", on, sorted(reading.exchanges), "换货单")
        reading.refused(node.value["on"], refusal)
    return {"line": node.line, "column": node.column, "note": reading.text(node, "note"), "on": on}


def _needs_exchange(node: Node, kind: str, reading: Reading) -> None:
    if not reading.exchanges:
        reading.wrong(node, "此前没有换货单；先写 buyer: apply", "there is no exchange yet; begin with buyer: apply", kind)


# moves

PLAYED = ("as", "on", "sub", "expect", "refused", "note")


def _play(node: Node, kind: str, reading: Reading) -> Step | None:
    actor, name = Actor(kind), node.value[kind].value
    if name not in PLAYERS[actor]:
        refusal = unknown_name(kind, str(name), PLAYERS[actor], "操作")
        reading.refused(node.value[kind], refusal)
        reading.exchanges |= {"it", reading.text(node, "as", "it")}  # it may have meant to open one: one mistake is enough
        return None
    move = MOVES[name]
    fields = Node({key: each for key, each in node.value.items() if key not in (kind, *PLAYED)}, node.line, node.column, node.keys)
    sub = reading.flag(node, "sub")
    reading.check_references(fields)
    for key, each in fields.value.items():
        _check_field(actor, name, (key, each), fields, reading)
    if sub and actor is not Actor.SELLER:
        reading.wrong(node, "只有卖家有子账号", "only the seller has sub-accounts", "sub")
    base = _base(node, reading)
    new = reading.text(node, "as")
    if move is Apply:
        reading.exchanges |= {"it", new} if new else {"it"}
    else:
        _needs_exchange(node, kind, reading)
        if new:
            reading.wrong(node, "as 只用于 buyer: apply", "as goes with buyer: apply only", "as")
    return Play(
        **base, by=actor, move=move, fields=fields, sub=sub, name=new, refused=_refused(node, reading),
        expect=_expect_members(node, "expect", reading),
    )


def _check_field(actor: Actor, name: str, field: tuple[str, Node], fields: Node, reading: Reading) -> None:
    key, node = field
    known = OPENING if name == Apply.name() else MOVES[name].__struct_encode_fields__
    if key not in known:
        reading.unknown(fields, key, (*known, *PLAYED), "字段")
        return
    if has_references(node):
        return
    try:
        if name == Apply.name():
            read_document({key: node.plain()}, OpenDocument)
        else:
            read_move(actor, name, {key: node.plain()}, reading.choices)
    except BadDocument as wrong:
        reading.refused(node, wrong)
    if actor is Actor.SELLER and key in (PICTURES, "pics") and isinstance(node.value, tuple) and len(node.value) > 1:
        reading.wrong(node, "一次调用只带一张图片", "one picture a call")


def _refused(node: Node, reading: Reading) -> Node | None:
    """What is wanted instead of success: a failure, a code, a sub_code, or members of the error."""
    wanted: Node | None = node.value.get("refused")
    if wanted is None:
        return None
    failures = [name.removeprefix("msg_code.") for name in SWITCHES if name.startswith("msg_code.")]
    if isinstance(wanted.value, bool):
        if not wanted.value:
            reading.wrong(wanted, "refused 不能是 false；不写即为应成功", "refused is not false: leave it out")
    elif isinstance(wanted.value, int):
        if wanted.value not in CODES:
            reading.wrong(wanted, f"没有错误码 {wanted.value}", f"no error code {wanted.value}")
    elif isinstance(wanted.value, str):
        if wanted.value not in failures and not has_references(wanted) and "." not in wanted.value and "-" not in wanted.value:
            refusal = unknown_name("refused", wanted.value, failures, "失败")
            reading.refused(wanted, refusal)
    elif not isinstance(wanted.value, dict):
        reading.wrong(wanted, "refused 应为失败名、错误码或映射", "refused is a failure, a code or a mapping")
    return wanted


def _expect_members(node: Node, key: str, reading: Reading, beside: tuple[str, ...] = ()) -> Node | None:
    """An `expect` about an exchange, its keys and shapes checked."""
    wanted = reading.members(node, key)
    if wanted is None:
        return None
    members = {name: each for name, each in wanted.value.items() if name not in beside}
    reading.check_references(Node(members, wanted.line, wanted.column))
    for name, each in members.items():
        meant = expectation(name)
        if meant is None:
            known = [key for key in EXPECTATIONS if key != "stock"]
            reading.unknown(wanted, name, (*known, "stock.wanted", *beside))
        else:
            reading.mistakes += meant.shape(each)
    return Node(members, wanted.line, wanted.column, wanted.keys)


# calls


def _call(node: Node, kind: str, reading: Reading) -> Step | None:
    name = node.value[kind].value
    refused = _refused(node, reading)
    params = node.value.get("with", Node({}, node.line, node.column))
    if not isinstance(params.value, dict):
        reading.wrong(params, "with 应为参数的映射", "with is a mapping of parameters")
        return None
    reading.check_references(params)
    method = METHODS.get(name) if isinstance(name, str) else None
    if method is None and not (refused is not None and refused.value == 22):
        reading.refused(node.value[kind], unknown_name(kind, str(name), METHODS, "方法"))
        return None
    if method is not None:
        _check_params(method, params, reading, strict=refused is None)
    expect, keep = reading.members(node, "expect"), _kept(node, reading)
    for path, each in () if expect is None else expect.value.items():
        if method is not None and refused is None:
            _check_path(method, path, (expect or node, path, each), reading)
        reading.check_references(each)
    return Call(
        **_base(node, reading), method=str(name), params=params, sub=reading.flag(node, "sub"),
        shop=reading.text(node, "shop"), refused=refused, expect=expect, keep=keep,
    )


def _check_params(method: Method, params: Node, reading: Reading, *, strict: bool) -> None:
    known = {param.name: param for param in method.params}
    for name, each in params.value.items():
        if name in SYSTEM:
            continue
        if name not in known:
            reading.unknown(params, name, (*known, *SYSTEM), "参数")
        elif isinstance(each.value, dict):
            reading.wrong(each, "参数应为文字、数字或列表", "a parameter is a text, a number or a list")
        elif strict and not has_references(each) and not str(each.value).startswith("data:"):
            try:
                bind((known[name],), {name: _wire(each.plain())}, (), reading.choices.number, lenient=name)
            except TopError as wrong:
                reading.wrong(each, wrong.cause_zh, wrong.cause_en)


def _wire(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _check_path(method: Method, path: str, place: tuple[Node, str, Node], reading: Reading) -> None:
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


def _kept(node: Node, reading: Reading) -> Mapping[str, str]:
    kept = reading.members(node, "keep")
    if kept is None:
        return {}
    for name, each in kept.value.items():
        if not isinstance(each.value, str) or not name.isidentifier() or name == "it":
            reading.wrong(kept, "keep 应为 名称: 应答路径", "keep is a mapping of names and reply paths", name)
    reading.values |= set(kept.value)
    return {name: str(each.value) for name, each in kept.value.items()}


# time


def _pass(node: Node, kind: str, reading: Reading) -> Step | None:
    by = str(node.value[kind].value)
    if not _is_instant_or_next(by) and "$" not in by:
        try:
            parse_duration(by)
        except ValueError:
            reading.wrong(node.value[kind], "应为时长(3d12h)、时刻、next 或 deadline", "a duration (3d12h), an instant, next or deadline")
            return None
    if by == "deadline":
        _needs_exchange(node, kind, reading)
    return Pass(**_base(node, reading), by=by, age=kind == "age")


def _is_instant_or_next(text: str) -> bool:
    return text in ("next", "deadline") or read_time(text) is not None


def _expect(node: Node, kind: str, reading: Reading) -> Step | None:
    wanted = _expect_members(node, kind, reading)
    return None if wanted is None else Expect(**_base(node, reading), wanted=wanted)


def _await(node: Node, kind: str, reading: Reading) -> Step | None:
    inner = reading.members(node, kind)
    if inner is None:
        return None
    within, method = reading.text(inner, "within", _WITHIN), reading.text(inner, "call")
    if method and method not in METHODS:
        reading.refused(inner.value["call"], unknown_name("call", method, METHODS, "方法"))
    try:
        span = parse_duration(within)
    except ValueError:
        reading.wrong(inner.value["within"], "应为时长，例如 10s", "a duration such as 10s is wanted")
        return None
    rest = {key: each for key, each in inner.value.items() if key not in ("within", "call")}
    if rest:
        _expect_members(node, kind, reading, ("within", "call"))
    elif not method:
        reading.wrong(inner, "await 等什么？写 call 或 expect 的键", "await what? give call, or keys of an expect")
    wanted = Node(rest, inner.line, inner.column, inner.keys)
    return Await(**_base(node, reading), wanted=wanted, within=span, method=method)


# the sandbox


def _rules(node: Node, kind: str, reading: Reading) -> Step | None:
    body = reading.members(node, kind)
    for name, each in () if body is None else body.value.items():
        try:
            reading.choices = reading.choices.changed({name: each.plain()})
        except BadSwitch as wrong:
            reading.wrong(body or node, wrong.zh, wrong.en, name)
    return None if body is None else Send(**_base(node, reading), what=kind, body=body)


def _stock(node: Node, kind: str, reading: Reading) -> Step | None:
    body = reading.members(node, kind)
    for name, each in () if body is None else body.value.items():
        if type(each.value) is not int or not 0 <= each.value < 2**31:
            reading.wrong(body or node, "应为 0 或更大的整数", "0 or more", name)
    return None if body is None else Send(**_base(node, reading), what=kind, body=body)


_RIGHTS = ("session", "app", "methods", "expires")


def _rights(node: Node, kind: str, reading: Reading) -> Step | None:
    body = reading.members(node, kind)
    if body is None:
        return None
    for key in set(body.value) - set(_RIGHTS):
        reading.unknown(body, key, _RIGHTS)
    if ("session" in body.value) == ("app" in body.value):
        reading.wrong(body, "session 与 app 必须且只能给一个", "exactly one of session and app")
    return Send(**_base(node, reading), what=kind, body=body)


def _snapshot(node: Node, kind: str, reading: Reading) -> Step | None:
    name = reading.text(node, kind)
    reading.snapshots.add(name)
    return Keep(**_base(node, reading), name=name)


def _restore(node: Node, kind: str, reading: Reading) -> Step | None:
    name = reading.text(node, kind)
    if name not in reading.snapshots | {"baseline", "empty"}:
        reading.refused(node.value[kind], unknown_name(kind, name, ["baseline", "empty", *sorted(reading.snapshots)], "快照"))
    return Restore(**_base(node, reading), name=name)


def _inner(node: Node, reading: Reading) -> tuple[Step, ...]:
    do = node.value.get("do")
    if do is None or not isinstance(do.value, tuple) or not do.value:
        reading.wrong(do or node, "do 应为非空的步骤列表", "do is a list of steps that is not empty")
        return ()
    return read_steps(do, reading)


def _repeat(node: Node, kind: str, reading: Reading) -> Step | None:
    times = node.value[kind].value
    if type(times) is not int or not 1 <= times <= 10_000:
        reading.wrong(node.value[kind], "应为 1 到 10000 的整数", "a whole number from 1 to 10000")
        return None
    return Repeat(**_base(node, reading), times=times, do=_inner(node, reading))


def _each(node: Node, kind: str, reading: Reading) -> Step | None:
    given = node.value[kind]
    names = tuple(str(each.value) for each in given.value) if isinstance(given.value, tuple) else ()
    if not names and given.value != "all":
        reading.wrong(given, "应为换货单名称的列表，或 all", "a list of exchanges' names, or all")
    for name in names:
        if name not in reading.exchanges:
            reading.refused(given, unknown_name(kind, name, sorted(reading.exchanges), "换货单"))
    _needs_exchange(node, kind, reading)
    return Each(**_base(node, reading), names=names, do=_inner(node, reading))


STEPS: Mapping[str, Kind] = {
    "buyer": Kind("买家操作", "a move of the buyer", ("*",), _play),
    "seller": Kind("卖家操作(签名调用)", "a move of the seller, as a signed call", ("*",), _play),
    "cs": Kind("小二操作", "a move of customer service", ("*",), _play),
    "system": Kind("系统操作", "a move of the system", ("*",), _play),
    "call": Kind("签名调用", "a signed call", ("with", "expect", "refused", "keep", "sub", "shop", "on"), _call),
    "await": Kind("等待(真实时间)", "wait in real time", ("on",), _await),
    "advance": Kind("时间前进", "time advances", ("on",), _pass),
    "age": Kind("数据变旧", "data gets older", ("on",), _pass),
    "expect": Kind("期望", "an expectation", ("on",), _expect),
    "rules": Kind("修改规则", "rules change", (), _rules),
    "stock": Kind("设定可用库存", "available stock is set", (), _stock),
    "rights": Kind("修改权限", "rights change", (), _rights),
    "snapshot": Kind("保存快照", "the state is kept", (), _snapshot),
    "restore": Kind("恢复快照", "the state is restored", (), _restore),
    "repeat": Kind("重复", "steps are repeated", ("do",), _repeat),
    "each": Kind("逐个换货单", "steps for each exchange", ("do",), _each),
}
