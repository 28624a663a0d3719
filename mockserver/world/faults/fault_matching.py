"""Planned faults as values: how users write one, which calls it meets, and how its chance falls.

Reads and matches only; world/faults/fault_plan.py keeps what a sandbox plans.  Chance comes from the sandbox's seed, the fault's id
and how many calls it has met, so a plan replays exactly.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from hashlib import blake2b
from math import isfinite
from types import MappingProxyType

from msgspec import Struct, field

from ...api.declaration import Method
from ...api.methods import METHODS
from ...domain.durations import format_duration, parse_duration
from ...protocol.errors import CODES
from ...protocol.shapes import read_time, show_time
from ..document import BadDocument, unknown_name
from ..quotas import match_names
from .fault_kinds import FAULTS
from .fault_sets import SETS
from .fault_types import Effect, FaultKind, FaultOption, Value

__all__ = [
    "MATCHERS",
    "Fault",
    "FaultCandidate",
    "FaultCounters",
    "FaultMatch",
    "chance",
    "read_fault",
    "read_faults",
    "serialize_fault",
]

MATCHERS = ("fault", "method", "dispute_id", "session", "after", "times", "probability", "until")
_COUNT_AT_MOST, _PATTERNS_AT_MOST = 10**9, 50


class FaultCandidate(Struct, frozen=True):
    """What a plan needs to know of a call; `declared` is None for a stubbed method."""

    method: str
    declared: Method | None
    dispute_id: str
    session: str
    arguments: Mapping[str, object]


class Fault(Struct, frozen=True):
    """A planned fault.

    It meets calls of `methods` (names or globs; none: any), of an exchange and of a session's label; skips `after` of them,
    then strikes `times` (None: without end) with this probability, `until` an instant of the sandbox or that long from when
    it was planned.
    """

    kind: str
    id: str = ""
    methods: tuple[str, ...] = ()
    dispute_id: str = ""
    session: str = ""
    after: int = 0
    times: int | None = 1
    probability: float = 1
    until: datetime | timedelta | None = None
    options: Mapping[str, Value] = MappingProxyType({})

    def __getitem__(self, name: str) -> Value:
        """An option, given, fixed or default."""
        return self.options[name]

    def number(self, name: str) -> float:
        """A number among the options."""
        return float(self.options[name])  # type: ignore[arg-type]  # the option's type was checked by reading it

    def text(self, name: str) -> str:
        """A text among the options; empty where the kind has none of this name."""
        return str(self.options.get(name, ""))

    @property
    def declared(self) -> FaultKind:
        """What is declared about its kind."""
        return FAULTS[self.kind]

    def matches(self, asked: FaultCandidate) -> bool:
        """Whether the call is one of those that it could strike."""
        return (
            (
                not self.methods
                or any(fnmatchcase(asked.method, pattern) for pattern in self.methods)
            )
            and self.dispute_id in ("", asked.dispute_id)
            and self.session in ("", asked.session)
            and self.declared.calls.include(asked.declared, asked.arguments)
        )


class FaultCounters(Struct, frozen=True):
    """How many calls a fault has met, and how many of them it struck."""

    calls: int = field(default=0, name="met")
    triggered: int = field(default=0, name="hits")


class FaultMatch(Struct, frozen=True):
    """A fault that strikes a call; `seed` makes its choices, `ban` are the seconds left of one."""

    fault: Fault
    seed: str
    ban: int = 0
    again: bool = False

    def draw(self, what: str = "") -> float:
        """A number from 0 up to 1, the same at every replay."""
        return chance(f"{self.seed}:{what}")


def chance(seed: str) -> float:
    """A number from 0 up to 1 that only `seed` decides."""
    return int.from_bytes(blake2b(seed.encode(), digest_size=7).digest()) / 256**7


def serialize_fault(fault: Fault) -> dict[str, object]:
    """The fault as users write it, what was left out filled in; `read_fault` reads it back."""
    until = fault.until
    given: dict[str, object] = {
        "fault": fault.kind,
        "method": fault.methods[0] if len(fault.methods) == 1 else list(fault.methods),
        "dispute_id": fault.dispute_id,
        "session": fault.session,
    }
    chosen = {option.name: fault[option.name] for option in fault.declared.options}
    return {
        **{name: value for name, value in given.items() if value},
        "after": fault.after,
        "times": fault.times,
        "probability": fault.probability,
        **(
            {}
            if until is None
            else {
                "until": format_duration(until)
                if isinstance(until, timedelta)
                else show_time(until)
            }
        ),
        **{
            name: format_duration(value) if isinstance(value, timedelta) else value
            for name, value in chosen.items()
        },
    }


def read_faults(raw: object, methods: Collection[str] = METHODS.keys()) -> tuple[Fault, ...]:
    """A fault as users write it, or all of a set: `{"set": "bad_day"}`, where other keys hold for each of its faults.

    Raises:
        BadDocument: as `read_fault`, or no such set.
    """
    if not isinstance(raw, Mapping) or "set" not in raw:
        return (read_fault(raw, methods),)
    given = {str(key): value for key, value in raw.items() if key != "set"}
    if not isinstance(raw["set"], str) or raw["set"] not in SETS:
        raise unknown_name("set", str(raw["set"])[:100], SETS, "故障集")
    for key in given:
        if key not in MATCHERS[1:]:
            raise unknown_name(key[:100], key[:100], MATCHERS[1:], "字段")
    return tuple(read_fault({**each, **given}, methods) for each in SETS[raw["set"]].faults)


def read_fault(raw: object, methods: Collection[str] = METHODS.keys()) -> Fault:
    """A fault as users write it; `methods` are the names that there are.

    Raises:
        BadDocument: an unknown name or key (with what was probably meant), a value that cannot be, or calls that this
            fault can never strike.
    """
    if not isinstance(raw, Mapping):
        raise BadDocument("fault", "应为对象", "an object is wanted")
    name = raw.get("fault")
    if not isinstance(name, str) or name not in FAULTS:
        raise unknown_name("fault", "" if name is None else str(name)[:100], FAULTS, "故障")
    kind = FAULTS[name]
    known = (*MATCHERS, *(option.name for option in kind.options))
    for key in raw:
        if key not in known:
            raise unknown_name(str(key)[:100], str(key)[:100], known, "字段")
    options = {
        option.name: _option(option, raw[option.name]) if option.name in raw else option.default
        for option in kind.options
    }
    _check_options(kind, options)
    return Fault(
        kind=name,
        methods=_methods(raw.get("method"), kind, methods),
        dispute_id=_dispute_id(raw.get("dispute_id")),
        session=_text("session", raw.get("session")),
        after=_whole("after", raw.get("after", 0), 0),
        times=None if raw.get("times", 1) is None else _whole("times", raw.get("times", 1), 1),
        probability=_number("probability", raw.get("probability", 1), 0, 1),
        until=_until(raw.get("until")),
        options=MappingProxyType({**kind.fixed, **options}),
    )


def _methods(given: object, kind: FaultKind, methods: Collection[str]) -> tuple[str, ...]:
    patterns = [] if given is None or given == "" else [given] if isinstance(given, str) else given
    if not isinstance(patterns, list | tuple) or not all(
        isinstance(each, str) and each for each in patterns
    ):
        raise BadDocument(
            "method",
            "应为方法名、通配符或它们的列表",
            "a method, a glob, or a list of them is wanted",
        )
    if len(patterns) > _PATTERNS_AT_MOST:
        raise BadDocument("method", f"最多 {_PATTERNS_AT_MOST} 项", f"at most {_PATTERNS_AT_MOST}")
    for pattern in patterns:
        match_names(pattern, methods, "method")
        if not any(
            fnmatchcase(name, pattern) and kind.calls.include(METHODS.get(name)) for name in methods
        ):
            zh, en = kind.calls.label
            raise BadDocument(
                "method",
                f"{kind.name} 不能作用于 {pattern}，只作用于{zh}",
                f"{kind.name} cannot meet {pattern}, only {en}",
            )
    return tuple(patterns)


def _dispute_id(given: object) -> str:
    text = (
        "" if given is None else str(given) if isinstance(given, str) or type(given) is int else "?"
    )
    if text and not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadDocument("dispute_id", "应为换货单号", "a dispute id is a number")
    return text


def _text(field: str, given: object) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise BadDocument(field, "应为文字", "a text is wanted")
    return given


def _whole(field: str, given: object, least: int) -> int:
    if type(given) is not int or not least <= given <= _COUNT_AT_MOST:
        raise BadDocument(
            field,
            f"应为 {least} 到 {_COUNT_AT_MOST} 的整数",
            f"a whole number from {least} to {_COUNT_AT_MOST}",
        )
    return given


def _number(field: str, given: object, least: float, most: float) -> float:
    if (
        isinstance(given, bool)
        or not isinstance(given, int | float)
        or not (isfinite(given) and least <= given <= most)
    ):
        raise BadDocument(
            field, f"应为 {least:g} 到 {most:g} 的数", f"a number from {least:g} to {most:g}"
        )
    return given


def _until(given: object) -> datetime | timedelta | None:
    if given is None or given == "":
        return None
    try:
        text = given if isinstance(given, str) else ""
        return read_time(text) or parse_duration(text)
    except ValueError:
        raise BadDocument(
            "until",
            "应为时刻 yyyy-MM-dd HH:mm:ss 或时长",
            "an instant yyyy-MM-dd HH:mm:ss, or a duration",
        ) from None


def _option(option: FaultOption, given: object) -> Value:
    """A given option as it is kept.

    Raises:
        BadDocument: another type, out of bounds, or not among the values.
    """
    if option.among:
        if type(given) is not type(option.default) or given not in option.among:
            raise unknown_name(option.name, str(given)[:100], [str(each) for each in option.among])
        return given
    if isinstance(option.default, bool):
        if not isinstance(given, bool):
            raise BadDocument(option.name, "应为 true 或 false", "true or false")
        return given
    if isinstance(option.default, timedelta):
        return _duration(option, given)
    if isinstance(option.default, str):
        if (
            not isinstance(given, str)
            or len(given) > option.most
            or any(ord(each) < 32 or ord(each) == 127 for each in given)
        ):
            raise BadDocument(
                option.name,
                f"应为最多 {option.most:g} 字的一行文字",
                f"one line of at most {option.most:g} characters",
            )
        return given
    number = _number(option.name, given, option.least, option.most)
    if isinstance(option.default, int) and not isinstance(given, int):
        raise BadDocument(option.name, "应为整数", "a whole number is wanted")
    return number


def _duration(option: FaultOption, given: object) -> timedelta:
    least, most = timedelta(seconds=option.least), timedelta(seconds=option.most)
    try:
        span = parse_duration(given if isinstance(given, str) else "")
    except ValueError:
        span = most + timedelta(seconds=1)
    if not least <= span <= most:
        raise BadDocument(
            option.name,
            f"应为 {format_duration(least)} 到 {format_duration(most)} 的时长",
            f"a duration from {format_duration(least)} to {format_duration(most)}",
        )
    return span


def _check_options(kind: FaultKind, options: Mapping[str, Value]) -> None:
    """What the options say together can be.

    Raises:
        BadDocument: it cannot; names the option.
    """
    if kind.effect is Effect.REFUSE and options.get("msg") == "" and options["code"] not in CODES:
        raise BadDocument(
            "msg",
            f"错误码 {options['code']} 没有已知文字，请给出 msg",
            f"code {options['code']} has no known text: give msg",
        )
    if options.get("distribution") == "uniform" and options["shortest"] > options["seconds"]:  # type: ignore[operator]  # both are numbers
        raise BadDocument("shortest", "不能大于 seconds", "not above seconds")
    content_type = options.get("content_type", "text/plain")
    if not isinstance(content_type, str) or not content_type or not content_type.isascii():
        raise BadDocument("content_type", "应为 ASCII 文字", "ASCII text is wanted")
