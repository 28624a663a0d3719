"""The state diagram of a ruleset as Mermaid text, made from the table."""

from .moves import Apply, LeaveMessage
from .table import FINAL_STATUSES, TABLE
from .vocabulary import Ruleset, Status

__all__ = ["render_diagram"]


def render_diagram(ruleset: Ruleset) -> str:
    """Return a Mermaid `stateDiagram-v2`; messages, which change no status, are left out."""
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{status.value} {status.zh}" as s{status.value}' for status in Status]
    for row in TABLE:
        if ruleset not in row.rulesets or row.move is LeaveMessage:
            continue
        source = "[*]" if row.move is Apply or row.source is None else f"s{row.source.value}"
        lines.append(f"    {source} --> s{row.target.value}: {row.by.zh}·{row.move.zh}")
    lines += [f"    s{status.value} --> [*]" for status in FINAL_STATUSES]
    return "\n".join(lines) + "\n"
