"""Checks `given` as the sandbox will: it is made once, and what is refused has its place here.

A world document is checked by making the world (`world_factory.py`), which stops at the first
mistake.  So that all mistakes of a file are reported at once, a document that is refused is
taken apart: each key alone, each item of a list and each of the goods alone, and at last the items
together, one more at a time, for what is only wrong beside another (a shop that is given twice).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ..domain.rules import DEFAULTS, BadRule
from ..protocol.shapes import parse_time
from ..world.clock import FROZEN_AT
from ..world.directory import Directory
from ..world.document import BadDocument, WorldDocument, read_world, unknown_name
from ..world.opening_document import OPEN_AT_MOST, find_excess
from ..world.world import World
from .yaml_text import FileMistake, Node

__all__ = ["find_given_mistakes", "make_world"]

_BY_NAME = ("goods",)
_MAX_ALONE = 1000  # parts that are checked alone; of more only the first mistake is looked for


def _real() -> datetime:
    """Return the instant at which every check stands: the answer must not depend on the day."""
    instant = parse_time(FROZEN_AT)
    assert instant is not None
    return instant


def make_world(document: Mapping[str, Any]) -> World:
    """Return a sandbox of its own, as a run would make it.

    Raises:
        BadDocument: it cannot be made.
    """
    directory = Directory(_real)
    world = World(directory, read_world({"clock": FROZEN_AT, **document}))
    directory.add(world)
    return world


def find_given_mistakes(document_node: Node) -> Iterator[FileMistake]:
    """Yield what is wrong in a world document, each with its place; at least one if it is refused.

    `document_node` is a mapping without references.
    """
    names = WorldDocument.__struct_fields__
    for key in document_node.value:
        if key not in names:
            error = unknown_name(key, key, sorted(names), "键")
            yield document_node.mistake(error.zh, error.en, key)
    document = {key: node.plain() for key, node in document_node.value.items() if key in names}
    whole = _refuse(document)
    if whole is None:
        return
    mistakes = [
        mistake
        for key in document
        if _refuse({key: document[key]}) is not None
        for mistake in _take_apart(key, document_node)
    ]
    yield from mistakes or [_place(whole, document_node, "")]


def _refuse(document: Mapping[str, Any]) -> BadDocument | None:
    """Return why no sandbox can be made of a document; None if one can."""
    try:
        make_world(document)
    except BadDocument as error:
        return error
    return None


def _place(error: BadDocument, node: Node, path: str, place: int | None = None) -> FileMistake:
    """Return the mistake at the node that the error's field leads to.

    `path` is what the field begins with where `node` stands for a part of the document: the item
    at `place` of a list that was checked alone, so that the error calls it the first.
    """
    field = error.field if place is None else error.field.replace("[0]", f"[{place}]", 1)
    inside = error.field.replace("[", ".").replace("]", "")
    inside = inside.removeprefix(path).lstrip(".")
    parent, _, last = inside.rpartition(".")
    at = node.at(parent) if parent else node
    mistake = at.mistake(f"{field}：{error.zh}", f"{field}: {error.en}", last)
    return replace(mistake, field=field)


def _take_apart(key: str, document_node: Node) -> Iterator[FileMistake]:
    """Yield the mistakes of one key of the document, which is refused."""
    node: Node = document_node.value[key]
    error = _refuse({key: node.plain()})
    if key == "exchanges" and error is not None and _find_excess(node) is not None:
        yield _place(error, document_node, "")
        return
    if key == "rules" and isinstance(node.value, dict):
        mistakes = list(_find_rule_mistakes(node))
    elif key in _BY_NAME and isinstance(node.value, dict):
        mistakes = _find_part_mistakes(key, node, list(node.value), named=True)
    elif isinstance(node.value, tuple):
        mistakes = _find_part_mistakes(key, node, list(range(len(node.value))), named=False)
    else:
        mistakes = []
    yield from mistakes or ([] if error is None else [_place(error, document_node, "")])


def _find_excess(node: Node) -> BadDocument | None:
    """Return why the exchanges are too many, each of them a mapping; None if they are not."""
    openings = node.plain()
    if not isinstance(openings, list) or not all(isinstance(item, dict) for item in openings):
        return None
    return find_excess(openings)


def _find_rule_mistakes(node: Node) -> Iterator[FileMistake]:
    for name, value in node.value.items():
        try:
            DEFAULTS.with_changes({name: value.plain()})
        except BadRule as error:
            yield node.mistake(error.zh, error.en, name)


def _find_part_mistakes(
    key: str, node: Node, parts: Sequence[Any], *, named: bool
) -> list[FileMistake]:
    """Return the mistakes of items or named members: alone first, then beside the others."""

    def build(chosen: Sequence[Any]) -> dict[str, Any]:
        if named:
            return {key: {part: node.value[part].plain() for part in chosen}}
        return {key: [_open_one(node.value[part].plain()) for part in chosen]}

    alone: dict[Any, BadDocument] = {}
    for part in parts if len(parts) <= _MAX_ALONE else ():
        error = _refuse(build([part]))
        if error is not None:
            alone[part] = error
    mistakes = [
        _place(error, node.value[part], f"{key}.{part}")
        if named
        else _place(error, node.value[part], _item_path(key, error), part)
        for part, error in alone.items()
    ]
    if mistakes or not parts:
        return mistakes
    count = _count_fitting(len(parts), lambda size: _refuse(build(parts[:size])) is None)
    error = _refuse(build(parts[: count + 1]))
    if error is None:
        return []
    part = parts[count]
    return [_place(error, node.value[part], f"{key}.{part}" if named else _item_path(key, error))]


def _open_one(item: Any) -> Any:
    """Return an item with a `count` of one, where it has one that can be.

    An exchange is refused or not, however many of its kind are opened.
    """
    count = item.get("count") if isinstance(item, dict) else None
    if type(count) is int and 1 <= count <= OPEN_AT_MOST:
        return {**item, "count": 1}
    return item


def _item_path(key: str, error: BadDocument) -> str:
    """Return how a field of an item alone in its list begins: `faults[0].` counts as `faults`."""
    return f"{key}.0" if error.field.startswith(f"{key}[") else key


def _count_fitting(most: int, fits: Callable[[int], bool]) -> int:
    """Return the largest size below `most` for which `fits(size)`, which turns false only once."""
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle):
            low = middle
        else:
            high = middle
    return low
