"""What a client under test must not do unless its test allows it: found in the sandbox's journal and faults."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..client.sandbox import Sandbox

__all__ = ["ILLEGAL", "UNKNOWN", "VIOLATIONS", "Violation", "allowed_names", "violations"]

UNKNOWN = "allow 不认识 {name!r}；可用 (unknown; use): {known}"
_LOOKED_AT, _SHOWN = 1_000, 5
ILLEGAL = (
    "wrong_state",
    "flow_over",
    "wrong_flow",
)  # the names of failures that are no matter of stock or arguments
_Entry = Mapping[str, Any]


class Violation(Struct, frozen=True):
    """A kind of offence: its sentences, and how it is told in the calls that went wrong or the sandbox."""

    zh: str
    en: str
    seen: Callable[[Sequence[_Entry], Sandbox], Iterator[str]]


def _line(entry: _Entry) -> str:
    said = entry["diagnosis"]
    return f"{entry['method']} dispute_id={entry['dispute_id'] or '-'} request_id={entry['request_id']}：{said['zh']} ({said['en']})"


def _refused_with(code: int) -> Callable[[Sequence[_Entry], Sandbox], Iterator[str]]:
    return lambda calls, sandbox: (_line(entry) for entry in calls if entry["code"] == code)


def _illegal(calls: Sequence[_Entry], sandbox: Sandbox) -> Iterator[str]:
    return (
        _line(entry)
        for entry in calls
        if entry["outcome"] == "failed" and entry["rule"].startswith(ILLEGAL)
    )


def _unused(calls: Sequence[_Entry], sandbox: Sandbox) -> Iterator[str]:
    return (f"{fault['fault']} (id {fault['id']})" for fault in sandbox.faults if not fault["hits"])


VIOLATIONS: Mapping[str, Violation] = {
    "bad_sign": Violation("签名错误的调用", "calls with a wrong sign", _refused_with(25)),
    "unknown_method": Violation(
        "调用了不存在的方法", "calls to unknown methods", _refused_with(22)
    ),
    "illegal_move": Violation(
        "在不允许的状态下操作", "moves that the state does not allow", _illegal
    ),
    "unused_fault": Violation(
        "声明了却没有用到的故障", "declared faults that nothing met", _unused
    ),
}


def allowed_names() -> tuple[str, ...]:
    """What a marker's `allow` may name."""
    return (*VIOLATIONS, "egress")


def violations(sandbox: Sandbox, allowed: Collection[str]) -> list[str]:
    """A paragraph for each kind of offence that was seen and is not allowed."""
    calls = [
        entry
        for outcome in ("refused", "failed")
        for entry in reversed(sandbox.requests(outcome=outcome, limit=_LOOKED_AT))
    ]
    found = []
    for name, offence in VIOLATIONS.items():
        lines = [] if name in allowed else list(offence.seen(calls, sandbox))
        if lines:
            shown = "\n".join(f"  {line}" for line in lines[:_SHOWN])
            more = f"\n  … 共 {len(lines)} 次 ({len(lines)} in all)" if len(lines) > _SHOWN else ""
            found.append(
                f"{offence.zh} ({offence.en})；允许它 (to allow it): @pytest.mark.sandbox(allow=[{name!r}])\n{shown}{more}"
            )
    return found
