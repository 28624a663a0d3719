"""The state diagram of a ruleset as Mermaid text, made from the table."""

from .moves import Apply, LeaveMessage
from .row_texts import describe_act, describe_conditions
from .table import FINAL_STATUSES, TABLE
from .vocabulary import Ruleset, Status

__all__ = ["render_diagram"]


def render_diagram(ruleset: Ruleset, lang: str = "zh") -> str:
    """Return one Mermaid document, a `stateDiagram-v2` of the ruleset.

    An edge has the actor, the move, and in brackets what the row asks for: the duration of the
    deadline, the conditions.  Messages, which change no status, are left out.
    """
    rows = [row for row in TABLE if ruleset in row.rulesets and row.move is not LeaveMessage]
    reached = {row.target for row in rows}
    lines = ["stateDiagram-v2"]
    lines += [
        f'    state "{status.value} {status.en if lang == "en" else status.zh}" as s{status.value}'
        for status in Status
        if status in reached
    ]
    for row in rows:
        source = "[*]" if row.move is Apply or row.source is None else f"s{row.source.value}"
        conditions = describe_conditions(row, lang)
        suffix = f" [{conditions}]" if conditions else ""
        # a colon would begin another label
        label = f"{describe_act(row, lang)}{suffix}".replace(": ", " ")
        lines.append(f"    {source} --> s{row.target.value}: {label}")
    lines += [f"    s{status.value} --> [*]" for status in FINAL_STATUSES if status in reached]
    return "\n".join(lines) + "\n"
