"""Planned faults, drawn from their declarations: every kind, with options within their limits."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...api.methods import METHODS
from ...world.faults.fault_kinds import FAULTS
from ...world.faults.fault_sets import SETS
from ...world.faults.fault_types import Effect, FaultKind, FaultOption
from .values import durations, ids, numbers, words

__all__ = ["faults"]

_MAX_COUNT = 10**9
_MAX_UNTIL = timedelta(days=30)
_TYPES = ("text/html", "text/plain;charset=GBK", "application/octet-stream")


def faults() -> SearchStrategy[dict[str, Any]]:
    """Draw what `POST S/faults` and a world's `faults` take: a fault with options, or a set."""
    sets = st.fixed_dictionaries({"set": st.sampled_from(sorted(SETS))}, optional=_matchers())
    return st.one_of([*map(_fault, FAULTS.values()), sets])


def _fault(kind: FaultKind) -> SearchStrategy[dict[str, Any]]:
    names = [name for name in METHODS if kind.calls.include(METHODS[name])]
    methods = st.sampled_from(names) if names else st.nothing()
    options = {option.name: _option(option) for option in kind.options}
    drawn = st.fixed_dictionaries(
        {"fault": st.just(kind.name)},
        optional={
            **({"method": methods | st.lists(methods, max_size=3)} if names else {}),
            **_matchers(),
            "after": numbers(0, _MAX_COUNT),
            "times": st.none() | numbers(1, _MAX_COUNT),
            "probability": st.floats(0, 1),
            **options,
        },
    )
    return drawn.map(_fit_options) if kind.effect in (Effect.REFUSE, Effect.REPLY) else drawn


def _matchers() -> dict[str, SearchStrategy[Any]]:
    return {"dispute_id": ids(), "until": durations(most=_MAX_UNTIL)}


def _option(option: FaultOption) -> SearchStrategy[Any]:
    """Draw values of an option as JSON has them."""
    if option.among:
        return st.sampled_from(option.among)
    if isinstance(option.default, bool):
        return st.booleans()
    if isinstance(option.default, timedelta):
        return durations(timedelta(seconds=option.least), timedelta(seconds=option.most))
    if isinstance(option.default, str):
        return st.sampled_from(_TYPES) if option.name == "content_type" else words()
    return (
        numbers(int(option.least), int(option.most))
        if isinstance(option.default, int)
        else st.floats(option.least, option.most)
    )


def _fit_options(fault: dict[str, Any]) -> dict[str, Any]:
    """Return the fault with options that fit each other.

    A code that has no text of its own gets one, limits stand in their order.
    """
    if "code" in fault:
        fault.setdefault("msg", "Planned error")
    if fault.get("distribution") == "uniform" and "shortest" in fault:
        fault["shortest"], fault["seconds"] = sorted((fault["shortest"], fault.get("seconds", 1)))
    return fault
