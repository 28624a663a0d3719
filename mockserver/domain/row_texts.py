"""Sentences about rows for diagrams: who does what, and when the row is taken."""

from .durations import format_duration
from .rules import DEFAULTS, RuleValues
from .table import Row

__all__ = ["describe_act", "describe_conditions", "describe_row"]


def describe_act(row: Row, lang: str = "zh") -> str:
    """Return actor and move, e.g. `卖家·同意换货申请`, `seller · agree to the application`."""
    return f"{row.by} · {row.move.en}" if lang == "en" else f"{row.by.zh}·{row.move.zh}"


def describe_conditions(row: Row, lang: str = "zh", rules: RuleValues = DEFAULTS) -> str:
    """Return what the row asks for besides status and actor, empty if it asks for nothing.

    First the duration after which the system moves, then its conditions in the order in which
    they are checked, e.g. `满 2d，有库存`, `after 2d, in stock`.  Conditions that only the rule
    `strict_logistics` enforces are left out.
    """
    parts = []
    if row.deadline_rule:
        span = format_duration(rules.duration(row.deadline_rule))
        parts.append(f"after {span}" if lang == "en" else f"满 {span}")
    for condition in row.when:
        if not condition.strict_only:
            words = condition.name.replace("_", " ")
            parts.append(words if lang == "en" else condition.label)
    return (", " if lang == "en" else "，").join(parts)


def describe_row(row: Row, lang: str) -> str:
    """Return who does what, from which state to which, and in brackets under which condition."""
    conditions = describe_conditions(row, lang)
    suffix = f" [{conditions}]" if conditions else ""
    if lang == "en":
        source = row.source.value if row.source else 0
        return f"{row.by}: {row.move.en}, {source} → {row.target.value}{suffix}"
    move = row.move.zh if row.move.zh.startswith(row.by.zh) else row.by.zh + row.move.zh
    return f"{move}：{f'「{row.source.zh}」' if row.source else ''}→「{row.target.zh}」{suffix}"
