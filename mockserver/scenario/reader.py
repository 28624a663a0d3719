"""Reads a scenario file.

Every key, move, field, method and reference is checked before anything runs.

All mistakes of a file are reported at once, each with its place and what was probably meant.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..domain.vocabulary import Ruleset
from ..world.document import unknown_name
from .given_check import find_given_mistakes
from .model import Scenario, Step
from .read_context import ReadContext
from .references import FilledTooLarge, fill_references, find_references
from .step_kinds import read_first_steps
from .yaml_text import FileMistake, InvalidFile, Node, parse_scalar, read_yaml

__all__ = ["Draft", "read_draft", "read_scenario"]

_KEYS = ("scenario", "about", "evidence", "ruleset", "given", "set", "steps")


def read_scenario(text: str, path: str, options: Mapping[str, Any] | None = None) -> Scenario:
    """Return the scenario of a file's text.

    `path` is its name in messages, `options` replace values of its `set`.

    Raises:
        Unreadable: carries every mistake with its place.
    """
    draft = read_draft(text, path, options)
    if draft.mistakes:
        raise InvalidFile(list(draft.mistakes))
    return draft.scenario


class Draft(Struct, frozen=True):
    """What can be read of a file with `mistakes`.

    The steps of `scenario` end before the first one of which too little is left to go on.
    """

    scenario: Scenario
    mistakes: tuple[FileMistake, ...]


def read_draft(text: str, path: str, options: Mapping[str, Any] | None = None) -> Draft:
    """Return the scenario of a file's text as far as it can be read, with what is wrong in it.

    Raises:
        InvalidFile: nothing can be read of it.
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
    context = ReadContext()
    own = _read_options(root, options or {}, context)
    root = _fill_options(root, own)
    for key in set(root.value) - set(_KEYS):
        context.report_unknown_key(root, key, _KEYS)
    title = _read_text(root, "scenario", context, required=True)
    world = _read_given(root, context)
    steps_read: tuple[Step, ...] = ()
    steps = root.value.get("steps")
    if steps is None:
        context.report(root, "缺少 steps", "steps are missing")
    elif not isinstance(steps.value, tuple) or not steps.value:
        context.report(steps, "steps 应为非空列表", "steps are a list that is not empty")
    else:
        context.enter_world(world)
        steps_read = read_first_steps(steps, context)
    scenario = Scenario(
        title=title,
        path=path,
        world=world,
        steps=steps_read,
        about=_read_text(root, "about", context),
        options=own,
        evidence=tuple(_read_evidence(root)),
    )
    return Draft(scenario, tuple(context.mistakes))


def _fill_options(root: Node, own: Mapping[str, Any]) -> Node:
    """Return the tree with the references to `set` replaced.

    Raises:
        InvalidFile: filled, it would be larger than a file may be.
    """
    if not own:
        return root
    try:
        return fill_references(root, lambda name: own.get(name, f"${{{name}}}"), "$$")
    except FilledTooLarge as error:
        raise InvalidFile([error.node.mistake(error.zh, error.en)]) from None


def _read_options(root: Node, options: Mapping[str, Any], context: ReadContext) -> dict[str, Any]:
    """Return the values of `set` with those of `options` laid over.

    A text among the options is parsed as in the file, unless the default is a text.
    """
    node = root.value.get("set", Node({}, root.line, root.column))
    if not isinstance(node.value, dict):
        context.report(
            node, "set 应为 名称: 默认值 的映射", "set is a mapping of names and defaults"
        )
        return {}
    own = {name: default.plain() for name, default in node.value.items()}
    for name, value in options.items():
        if name not in own:
            error = unknown_name("set", name, own)
            context.report(node, f"--set：{error.zh}", f"--set: {error.en}")
        own[name] = (
            parse_scalar(value)
            if isinstance(value, str) and not isinstance(own.get(name), str)
            else value
        )
    used = {name.partition(".")[0] for name, _ in find_references(root)} if own else set()
    for name in node.value:
        if name not in used:
            context.report(node, f"set 的 {name} 没有用到", f"{name} of set is never used", name)
    for name, value in own.items():
        if not isinstance(value, bool | int | float | str | None):
            context.report(
                node,
                f"set 的 {name} 应为文字、数字、true 或 false",
                f"{name} of set is a text, a number, true or false",
                name,
            )
            own[name] = None
    return own


def _read_text(root: Node, key: str, context: ReadContext, *, required: bool = False) -> str:
    node = root.value.get(key)
    if node is None or node.value is None:
        if required:
            context.report(
                root, f"缺少 {key}：场景的标题", f"{key} is missing: the scenario's title"
            )
        return ""
    if not isinstance(node.value, str) or (required and not node.value.strip()):
        context.report(node, f"{key} 应为文字", f"{key} is a text")
    return str(node.value)


def _read_evidence(root: Node) -> Iterator[str]:
    node = root.value.get("evidence")
    if node is not None:
        for source in node.value if isinstance(node.value, tuple) else (node,):
            yield str(source.value)


def _read_given(root: Node, context: ReadContext) -> dict[str, Any]:
    """Return the world document, checked by making the sandbox; without what is wrong in it.

    A ruleset at the top of the file is put into it.
    """
    node = root.value.get("given", Node({}, root.line, root.column))
    if not isinstance(node.value, dict):
        context.report(node, "given 应为世界文档(映射)", "given is a world document, a mapping")
        return {}
    mistakes = list(find_given_mistakes(node))
    context.add(mistakes)
    world = {} if mistakes else node.plain()
    ruleset = root.value.get("ruleset")
    if ruleset is not None:
        if isinstance(ruleset.value, str) and ruleset.value in set(Ruleset):
            world["ruleset"] = ruleset.value
        else:
            context.report(
                ruleset, f"应为 {'、'.join(Ruleset)}", f"one of {', '.join(Ruleset)} is wanted"
            )
    return world
