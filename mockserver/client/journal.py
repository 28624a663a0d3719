"""What a client under test has called: read, filtered, and verified without races.

A call is in the journal before its reply leaves, so after a reply an assertion needs no waiting.  For a client that works by
itself, `within` waits: the server answers when a call comes, nobody polls or sleeps.  Every failed assertion says what was
called instead, in both languages.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from time import monotonic, sleep
from typing import Any

from ..api.methods import METHODS

__all__ = ["Requests"]

_ALL = 10_000  # calls that one question may ask for
_WAIT, _PAUSE = (
    10.0,
    0.05,
)  # seconds a question stays open; seconds between two when the server lets nobody wait
_SHOWN = 12  # lines of what was called instead
Call = dict[str, Any]
Step = str | tuple[str, object]


class Requests:
    """The journal of a sandbox: call it with filters for a list, newest first; iterate for all, oldest first.

    Filters are those of the control API: `method`, `dispute_id`, `outcome`, `code`, `msg_code`, `caller`, `since`, `limit`.
    """

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def __call__(self, **filters: object) -> list[Call]:
        """The calls that match, newest first."""
        found: list[Call] = self._ask("GET", "requests", **{"limit": _ALL, **filters})["items"]
        return found

    def __iter__(self) -> Iterator[Call]:
        """All calls, oldest first."""
        return reversed(self())

    def __len__(self) -> int:
        """How many calls are kept."""
        return self._total({})

    def clear(self) -> None:
        """Nothing was called yet."""
        self._ask("DELETE", "requests")

    def assert_called(
        self,
        method: str,
        *,
        times: int | None = None,
        at_least: int | None = None,
        within: float = 0.0,
        **filters: object,
    ) -> list[Call]:
        """`method` was called exactly `times`, or `at_least` so often (once, without either); the calls, oldest first.

        Waits up to `within` real seconds for calls still to come; one too many fails at once.

        Raises:
            AssertionError: it was not; says what was called instead.
        """
        __tracebackhide__ = True
        if times is not None and at_least is not None:
            raise TypeError("times 与 at_least 只能给一个 (times or at_least, not both)")
        if times == 0:
            self.assert_not_called(method, within=within, **filters)
            return []
        wanted = _wanted(method, filters)
        least, most = (
            (times, times) if times is not None else (1 if at_least is None else at_least, None)
        )
        total = self._until(wanted, lambda total: total >= least, within)
        if total < least or (most is not None and total > most):
            raise AssertionError(self._told(wanted, _times(least, most), total))
        return self(**wanted)[::-1]

    def assert_not_called(self, method: str, *, within: float = 0.0, **filters: object) -> None:
        """`method` was not called, nor is it within so many real seconds; waits for all of them.

        Raises:
            AssertionError: it was, as soon as it is.
        """
        __tracebackhide__ = True
        wanted = _wanted(method, filters)
        total = self._until(wanted, lambda total: total > 0, within)
        if total:
            raise AssertionError(self._told(wanted, _times(0, 0), total))

    assert_never = assert_not_called

    def assert_order(self, steps: Sequence[Step], *, within: float = 0.0) -> list[Call]:
        """Calls came in this order, others in between allowed; a step is a method or (method, dispute_id); the calls.

        Raises:
            AssertionError: they did not; says which step is missing after which.
        """
        __tracebackhide__ = True
        wanted = [
            (step, None) if isinstance(step, str) else (step[0], _id_of(step[1])) for step in steps
        ]
        found: list[Call] = []

        def all_there(total: int) -> bool:
            found[:] = _in_order(wanted, self)
            return len(found) == len(wanted)

        self._until({}, all_there, within)
        if len(found) < len(wanted):
            missing = wanted[len(found)]
            after = (
                f"{_step(wanted[len(found) - 1])} (request_id {found[-1]['request_id']})"
                if found
                else ""
            )
            raise AssertionError(
                "\n".join(
                    [
                        f"没有按序调用：缺第 {len(found) + 1} 步 {_step(missing)}"
                        + (f"，应在 {after} 之后" if after else ""),
                        f"not called in order: step {len(found) + 1} is missing, {_step(missing)}"
                        + (f", after {after}" if after else ""),
                        *_instead(list(self), missing[0]),
                    ]
                )
            )
        return found

    def assert_once_per_exchange(
        self,
        method: str,
        *,
        exchanges: Iterable[object] | None = None,
        within: float = 0.0,
        **filters: object,
    ) -> list[Call]:
        """`method` was called exactly once for each exchange it was called for, and for each of `exchanges`; the calls, oldest first.

        Every call counts, answered well or not, unless `outcome` is among the filters.

        Raises:
            AssertionError: never, or for one of them not once.
        """
        __tracebackhide__ = True
        wanted = _wanted(method, filters)
        due = {_id_of(each) for each in exchanges or ()}
        calls: list[Call] = []

        def all_there(total: int) -> bool:
            calls[:] = self(**wanted)[::-1]
            return bool(calls) and due <= {call["dispute_id"] for call in calls}

        self._until(wanted, all_there, within)
        counts = Counter(dict.fromkeys(sorted(due), 0))
        counts.update(call["dispute_id"] for call in calls)
        wrong = {each: count for each, count in counts.items() if count != 1}
        if wrong or not calls:
            told = (
                ", ".join(f"{each or '-'} ×{count}" for each, count in list(wrong.items())[:_SHOWN])
                or "×0"
            )
            raise AssertionError(
                "\n".join(
                    [
                        f"{_call(wanted)} 应对每个换货单恰好调用一次，实际：{told}",
                        f"{_call(wanted)}: once per exchange is wanted, got: {told}",
                        *_instead(list(self), method),
                    ]
                )
            )
        return calls

    def _total(self, wanted: Mapping[str, object]) -> int:
        return int(self._ask("GET", "requests", limit=0, **wanted)["total"])

    def _until(
        self, wanted: Mapping[str, object], enough: Callable[[int], bool], within: float
    ) -> int:
        """How many calls match, as soon as that is enough, or when the time is up."""
        end = monotonic() + within
        while True:
            page = self._ask("GET", "requests", limit=0, **wanted)
            left = end - monotonic()
            if enough(page["total"]) or left <= 0:
                return int(page["total"])
            asked, patience = monotonic(), min(left, _WAIT)
            later = self._ask(
                "GET", "requests", limit=1, after=page["next"], wait=f"{patience:.3f}", **wanted
            )
            if not later["items"] and monotonic() - asked < patience / 2:
                sleep(min(_PAUSE, left))

    def _told(self, wanted: Mapping[str, object], times: tuple[str, str], total: int) -> str:
        lines = [
            f"{_call(wanted)} 应调用{times[0]}，实际 {total} 次",
            f"{_call(wanted)}: called {total} times, wanted {times[1]}",
        ]
        return "\n".join([*lines, *_instead(list(self), str(wanted["method"]))])


def _wanted(method: str, filters: Mapping[str, object]) -> dict[str, object]:
    if "limit" in filters:
        raise TypeError("断言看全部调用，不带 limit (an assertion looks at all calls: no limit)")
    named = {name: value for name, value in filters.items() if value is not None}
    if "dispute_id" in named:
        named["dispute_id"] = _id_of(named["dispute_id"])
    return {"method": method, **named}


def _id_of(exchange: object) -> str:
    """The id of an exchange handle, or the id itself."""
    return str(getattr(exchange, "dispute_id", exchange))


def _times(least: int, most: int | None) -> tuple[str, str]:
    if most is None:
        return f"至少 {least} 次", f"at least {least}"
    return f" {most} 次", str(most)


def _in_order(steps: Iterable[tuple[str, str | None]], calls: Iterable[Call]) -> list[Call]:
    """The first call of each step after that of the step before, as far as there are any."""
    rest, found = iter(calls), []
    for method, dispute_id in steps:
        call = next(
            (
                each
                for each in rest
                if each["method"] == method and dispute_id in (None, each["dispute_id"])
            ),
            None,
        )
        if call is None:
            break
        found.append(call)
    return found


def _step(step: tuple[str, str | None]) -> str:
    return step[0] if step[1] is None else f"{step[0]}(dispute_id={step[1]})"


def _call(wanted: Mapping[str, object]) -> str:
    more = ", ".join(f"{name}={value}" for name, value in wanted.items() if name != "method")
    return f"{wanted['method']}({more})" if more else str(wanted["method"])


def _instead(calls: Sequence[Call], method: str) -> Iterator[str]:
    """What was called, the same method first, and which name one of client and test has perhaps mistyped."""
    if not calls:
        yield "没有收到任何调用 (nothing was called)"
    else:
        yield "实际调用 (what was called):"
    counts = Counter(map(_seen, sorted(calls, key=lambda call: call["method"] != method)))
    for line, count in list(counts.items())[:_SHOWN]:
        yield f"  {line} ×{count}"
    if len(counts) > _SHOWN:
        yield f"  … (+{len(counts) - _SHOWN})"
    called = {call["method"] for call in calls} - {method, ""}
    near = get_close_matches(
        method,
        sorted(called - METHODS.keys() if method in METHODS else called | METHODS.keys()),
        2,
        0.8,
    )
    if near:
        yield f"是否指 {'、'.join(near)}？(did you mean {', '.join(near)}?)"


def _seen(call: Call) -> str:
    what = {
        "ok": "",
        "failed": call["msg_code"],
        "refused": f"{call['code']} {call['sub_code']}".strip(),
    }[call["outcome"]]
    return "  ".join(
        filter(None, (call["method"] or "-", call["dispute_id"], call["outcome"], what))
    )
