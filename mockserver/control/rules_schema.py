"""The rules of a sandbox as the JSON schema of a change, derived from their declarations."""

from datetime import timedelta
from typing import Any

from ..domain.durations import DURATION
from ..domain.rules import RULES, Rule

__all__ = ["describe_rules"]


def describe_rules(_: Any = None) -> dict[str, Any]:
    """Return the schema of a change of rules: an object with any of their names, and no other."""
    properties = {name: _describe_rule(rule) for name, rule in RULES.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _describe_rule(rule: Rule) -> dict[str, Any]:
    """Return type and bounds of a rule's value; a duration is text such as `3d12h`."""
    text = {"description": f"{rule.zh} ({rule.en})"}
    if rule.among:
        return {"enum": list(rule.among), **text}
    if isinstance(rule.default, timedelta):
        return {"type": "string", "pattern": rf"^\s*{DURATION}\s*$", **text}
    if isinstance(rule.default, bool):
        return {"type": "boolean", **text}
    if isinstance(rule.default, int):
        return {"type": "integer", "minimum": rule.least, "maximum": rule.most, **text}
    return {"type": "string", "minLength": 1, **text}
