"""Judge a figure: the median of paired ratios against a goal, with a tolerance for noise."""

from collections.abc import Sequence
from statistics import median

__all__ = ["NOISE", "TAIL_NOISE", "at_least", "at_most", "note", "ratios"]

NOISE, TAIL_NOISE = 0.15, 0.25  # repeat spread of throughput and of p99 on shared cores


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round, ours over theirs."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def at_least(
    what: str, values: Sequence[float], goal: float, noise: float = NOISE, unit: str = "x"
) -> None:
    """Print the median of `values`, the goal that it should reach, and whether it does."""
    value = median(values)
    _line(
        what,
        values,
        f"goal >= {goal:g} {unit}",
        _verdict(value >= goal, value >= goal * (1 - noise)),
        unit,
    )


def at_most(
    what: str, values: Sequence[float], goal: float, noise: float = NOISE, unit: str = "x"
) -> None:
    """Prints the median of `values`, the goal that it should not exceed, and whether it holds."""
    value = median(values)
    _line(
        what,
        values,
        f"goal <= {goal:g} {unit}",
        _verdict(value <= goal, value <= goal * (1 + noise)),
        unit,
    )


def note(what: str, values: Sequence[float], unit: str = "x") -> None:
    """Prints the median of `values`; no goal hangs on it."""
    _line(what, values, "", "for information", unit)


def _verdict(is_met: bool, nearly: bool) -> str:
    return "met" if is_met else "within tolerance" if nearly else "MISSED"


def _line(what: str, values: Sequence[float], goal: str, verdict: str, unit: str) -> None:
    spread = f"[{min(values):.2f} … {max(values):.2f}]"
    print(
        f"{what:<44}{median(values):8.2f} {unit:<3}{spread:>20}  {goal:<16} {verdict}", flush=True
    )
