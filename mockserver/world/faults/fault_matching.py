"""Planned faults as values: read one as users write it, match it with a call, draw its chance.

fault_plan.py keeps what a sandbox plans.  Chance comes from the sandbox's seed, the fault's id and
the number of calls that it was tried on, so a plan replays exactly.
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
from ...protocol.shapes import format_time, parse_time
from ..document import BadDocument, unknown_name
from ..quotas import match_names
from .fault_kinds import FAULTS
from .fault_sets import SETS
from .fault_types import Effect, FaultKind, FaultOption, Value

__all__ = [
    "MATCHERS",
    "MAX_COUNT",
    "MAX_PATTERNS",
    "Fault",
    "FaultCandidate",
    "FaultCounters",
    "FaultMatch",
    "MessageCandidate",
    "chance",
    "read_fault",
    "read_faults",
    "serialize_fault",
]

MATCHERS = ("fault", "method", "dispute_id", "session", "after", "times", "probability", "until")
MAX_COUNT = 10**9  # calls
MAX_PATTERNS = 50


class FaultCandidate(Struct, frozen=True):
    """What a plan needs to know of a call; `declared` is None for a stubbed method."""

    method: str
    declared: Method | None
    dispute_id: str
    session: str
    arguments: Mapping[str, object]


class MessageCandidate(Struct, frozen=True):
    """What a plan needs to know of a message of the channel that is put out."""

    topic: str
    dispute_id: str


class Fault(Struct, frozen=True):
    """A planned fault.

    It matches calls of `methods` (names or globs; none: any), of an exchange and of a session's
    label.  It skips the first `after` of them, then triggers at most `times` (None: without end)
    with this probability, `until` an instant of the sandbox, or a duration from when it is planned.
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
        """Return an option: as the user set it, else fixed or default."""
        return self.options[name]

    def number(self, name: str) -> float:
        """Return an option that is a number."""
        return float(self.options[name])  # type: ignore[arg-type]  # its type was checked on reading

    def text(self, name: str) -> str:
        """Return an option that is a text; empty if the kind has none of this name."""
        return str(self.options.get(name, ""))

    @property
    def declared(self) -> FaultKind:
        """What is declared about its kind."""
        return FAULTS[self.kind]

    def matches(self, candidate: FaultCandidate) -> bool:
        """Return True if the call passes all filters of the fault."""
        return (
            (
                not self.methods
                or any(fnmatchcase(candidate.method, pattern) for pattern in self.methods)
            )
            and self.dispute_id in ("", candidate.dispute_id)
            and self.session in ("", candidate.session)
            and self.declared.calls.include(candidate.declared, candidate.arguments)
        )

    def matches_message(self, candidate: MessageCandidate) -> bool:
        """Return True if the fault is one of messages and this one passes its filters."""
        return (
            self.declared.effect is Effect.MESSAGE
            and self.text("topic") in ("", candidate.topic)
            and self.dispute_id in ("", candidate.dispute_id)
        )


class FaultCounters(Struct, frozen=True):
    """How many calls a fault was tried on, and how many of them it disturbed."""

    calls: int = field(default=0, name="met")
    triggered: int = field(default=0, name="hits")


class FaultMatch(Struct, frozen=True):
    """A fault that disturbs a call; `seed` decides its chances, `ban` are the seconds left of one.

    `again` is True for the second delivery of a request.
    """

    fault: Fault
    seed: str
    ban: int = 0
    again: bool = False

    def draw(self, what: str = "") -> float:
        """Return a number from 0 up to 1, the same at every replay."""
        return chance(f"{self.seed}:{what}")


def chance(seed: str) -> float:
    """Return a number from 0 up to 1 that only `seed` decides."""
    return int.from_bytes(blake2b(seed.encode(), digest_size=7).digest()) / 256**7


def serialize_fault(fault: Fault) -> dict[str, object]:
    """Return the fault as users write it, with its defaults; `read_fault` reads it back."""
    end = {}
    if isinstance(fault.until, timedelta):
        end["until"] = format_duration(fault.until)
    elif fault.until is not None:
        end["until"] = format_time(fault.until)
    filters: dict[str, object] = {
        "fault": fault.kind,
        "method": fault.methods[0] if len(fault.methods) == 1 else list(fault.methods),
        "dispute_id": fault.dispute_id,
        "session": fault.session,
    }
    chosen = {option.name: fault[option.name] for option in fault.declared.options}
    return {
        **{name: value for name, value in filters.items() if value},
        "after": fault.after,
        "times": fault.times,
        "probability": fault.probability,
        **end,
        **{
            name: format_duration(value) if isinstance(value, timedelta) else value
            for name, value in chosen.items()
        },
    }


def read_faults(raw: object, methods: Collection[str] = METHODS.keys()) -> tuple[Fault, ...]:
    """Return the fault that `raw` describes, or all of a set: `{"set": "bad_day"}`.

    Other keys beside `set` hold for all faults of the set.

    Raises:
        BadDocument: as `read_fault`, or no such set.
    """
    if not isinstance(raw, Mapping) or "set" not in raw:
        return (read_fault(raw, methods),)
    patch = {str(key): value for key, value in raw.items() if key != "set"}
    if not isinstance(raw["set"], str) or raw["set"] not in SETS:
        raise unknown_name("set", str(raw["set"])[:100], SETS, "故障集")
    for key in patch:
        if key not in MATCHERS[1:]:
            raise unknown_name(key[:100], key[:100], MATCHERS[1:], "字段")
    return tuple(read_fault({**fault, **patch}, methods) for fault in SETS[raw["set"]].faults)


def read_fault(raw: object, methods: Collection[str] = METHODS.keys()) -> Fault:
    """Return the fault that `raw` describes; `methods` are the names that there are.

    Raises:
        BadDocument: an unknown name or key (with what was probably meant), a refused value,
            or calls that this fault can never disturb.
    """
    if not isinstance(raw, Mapping):
        raise BadDocument("fault", "应为对象", "an object is wanted")
    name = raw.get("fault")
    if not isinstance(name, str) or name not in FAULTS:
        raise unknown_name("fault", "" if name is None else str(name)[:100], FAULTS, "故障")
    kind = FAULTS[name]
    choices = (*MATCHERS, *(option.name for option in kind.options))
    for key in raw:
        if key not in choices:
            raise unknown_name(str(key)[:100], str(key)[:100], choices, "字段")
    options = {
        option.name: _option(option, raw[option.name]) if option.name in raw else option.default
        for option in kind.options
    }
    _check_options(kind, options)
    if kind.effect is Effect.MESSAGE and raw.get("session"):
        raise BadDocument(
            "session",
            f"{name} 作用于消息，消息没有 session；用 topic 或 dispute_id 筛选",
            f"{name} meets messages, which have no session: choose by topic or dispute_id",
        )
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


def _methods(value: object, kind: FaultKind, methods: Collection[str]) -> tuple[str, ...]:
    patterns: object = value
    if value is None or value == "":
        patterns = []
    elif isinstance(value, str):
        patterns = [value]
    if not isinstance(patterns, list | tuple) or not all(
        isinstance(pattern, str) and pattern for pattern in patterns
    ):
        raise BadDocument(
            "method",
            "应为方法名、通配符或它们的列表",
            "a method, a glob, or a list of them is wanted",
        )
    if len(patterns) > MAX_PATTERNS:
        raise BadDocument("method", f"最多 {MAX_PATTERNS} 项", f"at most {MAX_PATTERNS}")
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


def _dispute_id(value: object) -> str:
    if value is None:
        return ""
    text = str(value) if isinstance(value, str) or type(value) is int else "?"
    if text and not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadDocument("dispute_id", "应为换货单号", "a dispute id is a number")
    return text


def _text(field: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadDocument(field, "应为文字", "a text is wanted")
    return value


def _whole(field: str, value: object, least: int) -> int:
    if type(value) is not int or not least <= value <= MAX_COUNT:
        raise BadDocument(
            field,
            f"应为 {least} 到 {MAX_COUNT} 的整数",
            f"a whole number from {least} to {MAX_COUNT}",
        )
    return value


def _number(field: str, value: object, least: float, most: float) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not (isfinite(value) and least <= value <= most)
    ):
        raise BadDocument(
            field, f"应为 {least:g} 到 {most:g} 的数", f"a number from {least:g} to {most:g}"
        )
    return value


def _until(value: object) -> datetime | timedelta | None:
    if value is None or value == "":
        return None
    try:
        text = value if isinstance(value, str) else ""
        return parse_time(text) or parse_duration(text)
    except ValueError:
        raise BadDocument(
            "until",
            "应为时刻 yyyy-MM-dd HH:mm:ss 或时长",
            "an instant yyyy-MM-dd HH:mm:ss, or a duration",
        ) from None


def _option(option: FaultOption, value: object) -> Value:
    """Return an option's value as a fault keeps it.

    Raises:
        BadDocument: another type, out of bounds, or not among the values.
    """
    if option.among:
        if type(value) is not type(option.default) or value not in option.among:
            raise unknown_name(
                option.name, str(value)[:100], [str(choice) for choice in option.among]
            )
        return value
    if isinstance(option.default, bool):
        if not isinstance(value, bool):
            raise BadDocument(option.name, "应为 true 或 false", "true or false")
        return value
    if isinstance(option.default, timedelta):
        return _duration(option, value)
    if isinstance(option.default, str):
        if (
            not isinstance(value, str)
            or len(value) > option.most
            or any(ord(character) < 32 or ord(character) == 127 for character in value)
        ):
            raise BadDocument(
                option.name,
                f"应为最多 {option.most:g} 字的一行文字",
                f"one line of at most {option.most:g} characters",
            )
        return value
    number = _number(option.name, value, option.least, option.most)
    if isinstance(option.default, int) and not isinstance(value, int):
        raise BadDocument(option.name, "应为整数", "a whole number is wanted")
    return number


def _duration(option: FaultOption, value: object) -> timedelta:
    least, most = timedelta(seconds=option.least), timedelta(seconds=option.most)
    try:
        span = parse_duration(value if isinstance(value, str) else "")
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
    """Raise if options contradict one another.

    Raises:
        BadDocument: they do; names the option.
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
