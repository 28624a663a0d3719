"""What a client under test must not do unless its test allows it, found after the test."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from ..client.sandbox import Sandbox, SandboxGone
from ..service.reply_documents import RequestDocument

__all__ = [
    "STATE_FAILURES",
    "UNKNOWN_NAME",
    "VIOLATIONS",
    "Violation",
    "allowed_names",
    "find_violations",
    "list_failed_calls",
]

UNKNOWN_NAME = "allow 不认识 {name!r}；可用 (unknown; use): {known}"
STATE_FAILURES = ("wrong_state", "flow_over", "wrong_flow")  # how names of failures begin
_MAX_CALLS = 1_000  # looked at, of each outcome
_MAX_LINES = 5  # of one kind
_Search = Callable[[Sequence[RequestDocument], Sandbox], Iterator[str]]


class Violation(Struct, frozen=True):
    """A kind of violation: its sentences, and how it is found in calls or sandbox, a line each.

    The calls are those that were refused or failed, oldest first of each.
    """

    zh: str
    en: str
    search: _Search


def _format_call(call: RequestDocument) -> str:
    diagnosis = call["diagnosis"]
    return (
        f"{call['method']} dispute_id={call['dispute_id'] or '-'} "
        f"request_id={call['request_id']}：{diagnosis['zh']} ({diagnosis['en']})"
    )


def _refused_with(code: int) -> _Search:
    return lambda calls, sandbox: (_format_call(call) for call in calls if call["code"] == code)


def _find_illegal_moves(calls: Sequence[RequestDocument], sandbox: Sandbox) -> Iterator[str]:
    return (
        _format_call(call)
        for call in calls
        if call["outcome"] == "failed" and call["rule"].startswith(STATE_FAILURES)
    )


def _find_unused_faults(calls: Sequence[RequestDocument], sandbox: Sandbox) -> Iterator[str]:
    return (f"{fault['fault']} (id {fault['id']})" for fault in sandbox.faults.unused)


VIOLATIONS: Mapping[str, Violation] = {
    "bad_sign": Violation("签名错误的调用", "calls with a wrong sign", _refused_with(25)),
    "unknown_method": Violation(
        "调用了不存在的方法", "calls to unknown methods", _refused_with(22)
    ),
    "illegal_move": Violation(
        "在不允许的状态下操作", "moves that the state does not allow", _find_illegal_moves
    ),
    "unused_fault": Violation(
        "声明了却没有用到的故障", "declared faults that nothing met", _find_unused_faults
    ),
}


def allowed_names() -> tuple[str, ...]:
    """Return what a marker's `allow` may name."""
    return (*VIOLATIONS, "egress")


def list_failed_calls(sandbox: Sandbox) -> list[RequestDocument]:
    """Return the calls that were refused, then those that failed, oldest first of each.

    At most the last 1,000 of each.
    """
    return [
        call
        for outcome in ("refused", "failed")
        for call in reversed(sandbox.requests(outcome=outcome, limit=_MAX_CALLS))
    ]


def find_violations(
    sandbox: Sandbox, allowed: Collection[str], earlier: Collection[str] = ()
) -> list[str]:
    """Return a paragraph for each kind of violation that happened and is not in `allowed`.

    `earlier` are request ids of calls that do not count: other tests made them.  A sandbox that
    the test has dropped has none.
    """
    try:
        return _find_violations(sandbox, allowed, earlier)
    except SandboxGone:
        return []


def _find_violations(
    sandbox: Sandbox, allowed: Collection[str], earlier: Collection[str]
) -> list[str]:
    calls = [call for call in list_failed_calls(sandbox) if call["request_id"] not in earlier]
    paragraphs = []
    for name, violation in VIOLATIONS.items():
        lines = [] if name in allowed else list(violation.search(calls, sandbox))
        if lines:
            listed = "\n".join(f"  {line}" for line in lines[:_MAX_LINES])
            more = f"\n  … 共 {len(lines)} 次 ({len(lines)} in all)"
            paragraphs.append(
                f"{violation.zh} ({violation.en})；"
                f"允许它 (to allow it): @pytest.mark.sandbox(allow=[{name!r}])\n"
                f"{listed}{more if len(lines) > _MAX_LINES else ''}"
            )
    return paragraphs
