"""What a client under test has called: read, filtered, and asserted without races.

A call is in the journal before its reply leaves, so after a reply an assertion needs no waiting.
For a client that works by itself, `within` waits: the server answers when a call comes, so a test
neither polls nor sleeps.  Every failed assertion says in both languages what was called instead.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from time import sleep
from typing import Unpack, cast

from ..api.methods import METHODS
from ..service.control_function import ControlCall
from ..service.reply_documents import RequestDocument
from ..world.real_clock import monotonic_seconds
from .arguments import CallFilters, RequestFilters

__all__ = ["Requests"]

_MAX_CALLS = 10_000  # of one reply
_MAX_LINES = 12  # of what was called instead
_WAIT_SECONDS = 10.0  # for which one question stays open
_PAUSE_SECONDS = 0.05  # between two questions when the server lets nobody wait
Step = str | tuple[str, object]
_ExpectedCall = tuple[str, str | None]  # method, dispute_id


class Requests:
    """The recorded calls of a sandbox: call it with filters, or iterate over all, oldest first.

    Filters are those of the control API: `method`, `dispute_id`, `outcome`, `code`, `msg_code`,
    `caller`, `fault`, `since`, `limit`.
    """

    def __init__(self, ask: ControlCall) -> None:
        self._ask = ask

    def __call__(self, **filters: Unpack[RequestFilters]) -> list[RequestDocument]:
        """Return the calls that match, newest first."""
        reply = self._ask("GET", "requests", **{"limit": _MAX_CALLS, **filters})
        return cast("list[RequestDocument]", reply["items"])

    def __iter__(self) -> Iterator[RequestDocument]:
        """Iterate over all calls, oldest first."""
        return reversed(self())

    def __len__(self) -> int:
        """Return how many calls are kept."""
        return self._total({})

    def clear(self) -> None:
        """Delete all recorded calls."""
        self._ask("DELETE", "requests")

    def assert_called(
        self,
        method: str,
        *,
        times: int | None = None,
        at_least: int | None = None,
        within: float = 0.0,
        **filters: Unpack[CallFilters],
    ) -> list[RequestDocument]:
        """Assert that `method` was called, and return its calls, oldest first.

        `times` is how often exactly, `at_least` how often at least; without either, at least once.
        Waits up to `within` real seconds for calls still to come; one too many fails at once.

        Raises:
            AssertionError: it was called less or more often; says what was called instead.
            TypeError: both `times` and `at_least` are given.
        """
        __tracebackhide__ = True
        if times is not None and at_least is not None:
            raise TypeError("times 与 at_least 只能给一个 (times or at_least, not both)")
        if times == 0:
            self.assert_not_called(method, within=within, **filters)
            return []
        query = _build_filters(method, filters)
        most = times
        least = next(count for count in (times, at_least, 1) if count is not None)
        total = self._wait_until(query, lambda total: total >= least, within)
        if total < least or (most is not None and total > most):
            raise AssertionError(self._describe(query, _format_times(least, most), total))
        return self._read(query)[::-1]

    def assert_not_called(
        self, method: str, *, within: float = 0.0, **filters: Unpack[CallFilters]
    ) -> None:
        """Assert that `method` was not called, and is not called within so many real seconds.

        Raises:
            AssertionError: it was called; raised as soon as it is.
        """
        __tracebackhide__ = True
        query = _build_filters(method, filters)
        total = self._wait_until(query, lambda total: total > 0, within)
        if total:
            raise AssertionError(self._describe(query, _format_times(0, 0), total))

    assert_never = assert_not_called

    def assert_order(self, steps: Sequence[Step], *, within: float = 0.0) -> list[RequestDocument]:
        """Assert that calls came in this order, others in between allowed, and return them.

        A step is a method, or a pair of method and exchange (its handle or id).

        Raises:
            AssertionError: a step is missing; says which, and after which.
        """
        __tracebackhide__ = True
        expected = [
            (step, None) if isinstance(step, str) else (step[0], _id_of(step[1])) for step in steps
        ]
        matches: list[RequestDocument] = []

        def all_there(total: int) -> bool:
            matches[:] = _match_in_order(expected, self)
            return len(matches) == len(expected)

        self._wait_until({}, all_there, within)
        if len(matches) < len(expected):
            missing = expected[len(matches)]
            after = ""
            if matches:
                step = _format_step(expected[len(matches) - 1])
                after = f"{step} (request_id {matches[-1]['request_id']})"
            raise AssertionError(
                "\n".join(
                    [
                        f"没有按序调用：缺第 {len(matches) + 1} 步 {_format_step(missing)}"
                        + (f"，应在 {after} 之后" if after else ""),
                        f"not called in order: step {len(matches) + 1} is missing, "
                        + _format_step(missing)
                        + (f", after {after}" if after else ""),
                        *_format_calls(list(self), missing[0]),
                    ]
                )
            )
        return matches

    def assert_once_per_exchange(
        self,
        method: str,
        *,
        exchanges: Iterable[object] | None = None,
        within: float = 0.0,
        **filters: Unpack[CallFilters],
    ) -> list[RequestDocument]:
        """Assert that `method` was called once for each exchange; return the calls.

        The oldest call is first.

        Meant are all exchanges that it was called for, and each of `exchanges`.  Every call counts,
        answered well or not, unless `outcome` is among the filters.

        Raises:
            AssertionError: it was never called, or more or less than once for an exchange.
        """
        __tracebackhide__ = True
        query = _build_filters(method, filters)
        required = {_id_of(exchange) for exchange in exchanges or ()}
        calls: list[RequestDocument] = []

        def all_there(total: int) -> bool:
            calls[:] = self._read(query)[::-1]
            return bool(calls) and required <= {call["dispute_id"] for call in calls}

        self._wait_until(query, all_there, within)
        counts = Counter(dict.fromkeys(sorted(required), 0))
        counts.update(call["dispute_id"] for call in calls)
        unequal = {dispute_id: count for dispute_id, count in counts.items() if count != 1}
        if unequal or not calls:
            actual = (
                ", ".join(
                    f"{dispute_id or '-'} ×{count}"
                    for dispute_id, count in list(unequal.items())[:_MAX_LINES]
                )
                or "×0"
            )
            raise AssertionError(
                "\n".join(
                    [
                        f"{_format_filters(query)} 应对每个换货单恰好调用一次，实际：{actual}",
                        f"{_format_filters(query)}: once per exchange is wanted, got: {actual}",
                        *_format_calls(list(self), method),
                    ]
                )
            )
        return calls

    def _read(self, filters: Mapping[str, object]) -> list[RequestDocument]:
        reply = self._ask("GET", "requests", **{"limit": _MAX_CALLS, **filters})
        return cast("list[RequestDocument]", reply["items"])

    def _total(self, query: Mapping[str, object]) -> int:
        return int(self._ask("GET", "requests", limit=0, **query)["total"])

    def _wait_until(
        self, query: Mapping[str, object], enough: Callable[[int], bool], within: float
    ) -> int:
        """Return how many calls match, as soon as that is enough or after `within` seconds."""
        end = monotonic_seconds() + within
        while True:
            page = self._ask("GET", "requests", limit=0, **query)
            left = end - monotonic_seconds()
            if enough(page["total"]) or left <= 0:
                return int(page["total"])
            start = monotonic_seconds()
            patience = min(left, _WAIT_SECONDS)
            later = self._ask(
                "GET", "requests", limit=1, after=page["next"], wait=f"{patience:.3f}", **query
            )
            if not later["items"] and monotonic_seconds() - start < patience / 2:
                sleep(min(_PAUSE_SECONDS, left))

    def _describe(self, query: Mapping[str, object], times: tuple[str, str], total: int) -> str:
        lines = [
            f"{_format_filters(query)} 应调用{times[0]}，实际 {total} 次",
            f"{_format_filters(query)}: called {total} times, wanted {times[1]}",
        ]
        return "\n".join([*lines, *_format_calls(list(self), str(query["method"]))])


def _build_filters(method: str, filters: Mapping[str, object]) -> dict[str, object]:
    if "limit" in filters:
        raise TypeError("断言看全部调用，不带 limit (an assertion looks at all calls: no limit)")
    named = {name: value for name, value in filters.items() if value is not None}
    if "dispute_id" in named:
        named["dispute_id"] = _id_of(named["dispute_id"])
    return {"method": method, **named}


def _id_of(exchange: object) -> str:
    """Return the id of an exchange handle, or the id itself."""
    return str(getattr(exchange, "dispute_id", exchange))


def _format_times(least: int, most: int | None) -> tuple[str, str]:
    if most is None:
        return f"至少 {least} 次", f"at least {least}"
    return f" {most} 次", str(most)


def _match_in_order(
    steps: Iterable[_ExpectedCall], calls: Iterable[RequestDocument]
) -> list[RequestDocument]:
    """Return the first call of each step after that of the step before, as far as there are any."""
    rest = iter(calls)
    matches: list[RequestDocument] = []
    for method, dispute_id in steps:
        match = next(
            (
                call
                for call in rest
                if call["method"] == method and dispute_id in (None, call["dispute_id"])
            ),
            None,
        )
        if match is None:
            break
        matches.append(match)
    return matches


def _format_step(step: tuple[str, str | None]) -> str:
    return step[0] if step[1] is None else f"{step[0]}(dispute_id={step[1]})"


def _format_filters(query: Mapping[str, object]) -> str:
    more = ", ".join(f"{name}={value}" for name, value in query.items() if name != "method")
    return f"{query['method']}({more})" if more else str(query["method"])


def _format_calls(calls: Sequence[RequestDocument], method: str) -> Iterator[str]:
    """Format what was called, the same method first.

    Ends with the names that client or test have perhaps mistyped.
    """
    if not calls:
        yield "没有收到任何调用 (nothing was called)"
    else:
        yield "实际调用 (what was called):"
    counts = Counter(map(_format_call, sorted(calls, key=lambda call: call["method"] != method)))
    for line, count in list(counts.items())[:_MAX_LINES]:
        yield f"  {line} ×{count}"
    if len(counts) > _MAX_LINES:
        yield f"  … (+{len(counts) - _MAX_LINES})"
    called = {call["method"] for call in calls} - {method, ""}
    near = get_close_matches(
        method,
        sorted(called - METHODS.keys() if method in METHODS else called | METHODS.keys()),
        2,
        0.8,
    )
    if near:
        yield f"是否指 {'、'.join(near)}？(did you mean {', '.join(near)}?)"


def _format_call(call: RequestDocument) -> str:
    what = {
        "ok": "",
        "failed": call["msg_code"],
        "refused": f"{call['code']} {call['sub_code']}".strip(),
    }[call["outcome"]]
    return "  ".join(
        filter(None, (call["method"] or "-", call["dispute_id"], call["outcome"], what))
    )
