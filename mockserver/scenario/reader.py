"""Reads a story: every key, move, field, method and reference is checked before anything is played.

All mistakes of a file are told at once, each with its place and what was probably meant.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ..domain.rules import DEFAULTS, BadRule, RuleValues
from ..domain.vocabulary import Ruleset
from ..world.document import BadDocument, WorldDocument, read_world, unknown_name
from .model import Scenario
from .read_context import ReadContext
from .references import fill_references, find_references
from .step_kinds import read_steps
from .yaml_text import InvalidFile, Node, parse_scalar, read_yaml

__all__ = ["read_scenario"]

_KEYS = ("scenario", "about", "evidence", "ruleset", "given", "set", "steps")


def read_scenario(text: str, path: str, options: Mapping[str, Any] | None = None) -> Scenario:
    """The story of a file's text; `options` replace the values of its `set`.

    Raises:
        Unreadable: carries every mistake with its place.
    """
    root = read_yaml(text)
    if not isinstance(root.value, dict):
        raise InvalidFile(
            [
                root.mistake(
                    "应为带 scenario 与 steps 的映射", "a mapping with scenario and steps is wanted"
                )
            ]
        )
    reading = ReadContext()
    own = _options(root, options or {}, reading)
    root = fill_references(root, lambda name: own.get(name, f"${{{name}}}"), "$$") if own else root
    for key in set(root.value) - set(_KEYS):
        reading.unknown(root, key, _KEYS)
    title = _text(root, "scenario", reading, required=True)
    given = _given(root, reading)
    steps = root.value.get("steps")
    if steps is None:
        reading.mistakes.append(root.mistake("缺少 steps", "steps are missing"))
    elif not isinstance(steps.value, tuple) or not steps.value:
        reading.mistakes.append(
            steps.mistake("steps 应为非空列表", "steps are a list that is not empty")
        )
    else:
        reading.rule(_choices(given))
        found = read_steps(steps, reading)
    if reading.mistakes:
        raise InvalidFile(reading.mistakes)
    return Scenario(
        title=title,
        path=path,
        given=given,
        steps=found,
        about=_text(root, "about", reading),
        options=own,
        evidence=tuple(_evidence(root)),
    )


def _options(root: Node, options: Mapping[str, Any], reading: ReadContext) -> dict[str, Any]:
    """The story's own values with those that were given from outside laid over.

    A text from outside is read as in the file, unless the default is a text.
    """
    node = root.value.get("set", Node({}, root.line, root.column))
    if not isinstance(node.value, dict):
        reading.mistakes.append(
            node.mistake("set 应为 名称: 默认值 的映射", "set is a mapping of names and defaults")
        )
        return {}
    own = {name: each.plain() for name, each in node.value.items()}
    for name, value in options.items():
        if name not in own:
            wrong = unknown_name("set", name, own)
            reading.mistakes.append(node.mistake(f"--set：{wrong.zh}", f"--set: {wrong.en}"))
        own[name] = (
            parse_scalar(value)
            if isinstance(value, str) and not isinstance(own.get(name), str)
            else value
        )
    used = {name.partition(".")[0] for name, _ in find_references(root)} if own else set()
    for name in node.value:
        if name not in used:
            reading.wrong(node, f"set 的 {name} 没有用到", f"{name} of set is never used", name)
    for name, value in own.items():
        if not isinstance(value, bool | int | float | str | None):
            reading.wrong(
                node,
                f"set 的 {name} 应为文字、数字、true 或 false",
                f"{name} of set is a text, a number, true or false",
                name,
            )
            own[name] = None
    return own


def _text(root: Node, key: str, reading: ReadContext, *, required: bool = False) -> str:
    node = root.value.get(key)
    if node is None or node.value is None:
        if required:
            reading.mistakes.append(
                root.mistake(f"缺少 {key}：故事的标题", f"{key} is missing: the story's title")
            )
        return ""
    if not isinstance(node.value, str) or (required and not node.value.strip()):
        reading.mistakes.append(node.mistake(f"{key} 应为文字", f"{key} is a text"))
    return str(node.value)


def _evidence(root: Node) -> Iterator[str]:
    node = root.value.get("evidence")
    for each in () if node is None else node.value if isinstance(node.value, tuple) else (node,):
        yield str(each.value)


def _given(root: Node, reading: ReadContext) -> dict[str, Any]:
    """The world document, checked key by key; the ruleset may stand at the top."""
    node = root.value.get("given", Node({}, root.line, root.column))
    if not isinstance(node.value, dict):
        reading.mistakes.append(
            node.mistake("given 应为世界文档(映射)", "given is a world document, a mapping")
        )
        return {}
    given: dict[str, Any] = {}
    for key, each in node.value.items():
        if key not in WorldDocument.__struct_fields__:
            reading.unknown(node, key, WorldDocument.__struct_fields__)
            continue
        try:
            read_world({key: each.plain()})
            if key == "rules" and isinstance(each.value, dict):
                _check_rules(each, reading)
            given[key] = each.plain()
        except BadDocument as wrong:
            above, _, last = wrong.field.rpartition(".")
            reading.wrong(
                node.at(above), f"{wrong.field}：{wrong.zh}", f"{wrong.field}: {wrong.en}", last
            )
    ruleset = root.value.get("ruleset")
    if ruleset is not None:
        if isinstance(ruleset.value, str) and ruleset.value in set(Ruleset):
            given["ruleset"] = ruleset.value
        else:
            reading.mistakes.append(
                ruleset.mistake(
                    f"应为 {'、'.join(Ruleset)}", f"one of {', '.join(Ruleset)} is wanted"
                )
            )
    return given


def _check_rules(node: Node, reading: ReadContext) -> None:
    for name, each in node.value.items():
        try:
            DEFAULTS.with_changes({name: each.plain()})
        except BadRule as wrong:
            reading.mistakes.append(node.mistake(wrong.zh, wrong.en, name))


def _choices(given: Mapping[str, Any]) -> RuleValues:
    try:
        return DEFAULTS.with_changes(given.get("rules", {}))
    except BadRule:
        return DEFAULTS
