"""Reads YAML as a tree that remembers where everything stands.

All mistakes of a text are reported at once.

YAML 1.2 scalars: only true, false, null and plain numbers are anything but text, so `on`, `no`,
`12:30:45` and `0123` stay what they look like.  No tags, anchors or aliases; size and depth are
bounded.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from msgspec import Struct

__all__ = [
    "MAX_DEPTH",
    "MAX_FILE_BYTES",
    "MAX_MISTAKES",
    "MAX_NODES",
    "FileMistake",
    "InvalidFile",
    "Node",
    "parse_scalar",
    "read_yaml",
]

MAX_FILE_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 50_000
MAX_MISTAKES = 100
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,18})", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,18})\.\d{1,18}", re.ASCII)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FileMistake(Struct, frozen=True, order=True):
    """What is wrong at a place; line and column count from 1, texts are in Chinese and English.

    `field` is the dotted name of a value of `given`, empty elsewhere.
    """

    line: int
    column: int
    zh: str
    en: str
    field: str = ""

    def text(self, path: str, lang: str = "zh") -> str:
        """Return `path:line:column: sentence`."""
        return f"{path}:{self.line}:{self.column}: {self.en if lang == 'en' else self.zh}"


class InvalidFile(ValueError):
    """A text that is no scenario; `mistakes` are in order of place."""

    def __init__(self, mistakes: list[FileMistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))[:MAX_MISTAKES]
        super().__init__("; ".join(mistake.text("") for mistake in self.mistakes))


class Node(Struct, frozen=True):
    """A value and where it stands: a scalar, a tuple of nodes, or a dict of nodes by key.

    `keys` gives line and column of each key of a mapping.
    """

    value: Any
    line: int
    column: int
    keys: Mapping[str, tuple[int, int]] = {}

    def mistake(self, zh: str, en: str, key: str = "") -> FileMistake:
        """Return a mistake at this node, or at one of its keys."""
        line, column = self.keys.get(key, (self.line, self.column))
        return FileMistake(line, column, zh, en)

    def plain(self) -> Any:
        """Return the value alone, as JSON has it."""
        if isinstance(self.value, dict):
            return {key: member.plain() for key, member in self.value.items()}
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        return self.value

    def at(self, path: str) -> "Node":
        """Return the node that a dotted path leads to, or the last one on the way."""
        node = self
        for part in path.split("."):
            if isinstance(node.value, dict) and part in node.value:
                node = node.value[part]
            elif isinstance(node.value, tuple) and part.isdigit() and int(part) < len(node.value):
                node = node.value[int(part)]
            else:
                break
        return node


def read_yaml(text: str) -> Node:
    """Return the tree of a text with one document.

    Raises:
        Unreadable: broken YAML, a key given twice, a tag, an anchor, an alias, or beyond the
        bounds.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_FILE_BYTES:
        raise InvalidFile([FileMistake(1, 1, "文件超过 1 MiB", "the file is above 1 MiB")])
    builder = _Builder(text)
    try:
        return builder.build()
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        mistake = FileMistake(
            line, column, f"YAML 语法错误：{broken.problem}", f"YAML syntax: {broken.problem}"
        )
    except yaml.reader.ReaderError as broken:
        mistake = FileMistake(
            text.count("\n", 0, broken.position) + 1,
            1,
            "有 YAML 不允许的字符",
            "a character that YAML forbids",
        )
    raise InvalidFile([*builder.mistakes, mistake])


class _Builder:
    """Builds one tree from the parser's events; `mistakes` are those that do not stop it."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = iter(_LOADER(text.removeprefix("\ufeff")).get_event, None)
        self.mistakes: list[FileMistake] = []
        self._nodes = 0

    def build(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                if root is not None:
                    raise self._make_error(
                        event, "一个文件只能有一份 YAML 文档", "one YAML document a file"
                    )
                root = self._build_node(event, 0)
        if root is None:
            raise InvalidFile([FileMistake(1, 1, "文件是空的", "the file is empty")])
        if self.mistakes:
            raise InvalidFile(self.mistakes)
        return root

    def _make_error(self, event: Any, zh: str, en: str) -> InvalidFile:
        return InvalidFile([*self.mistakes, FileMistake(*_get_place(event), zh, en)])

    def _build_node(self, event: Any, depth: int) -> Node:
        line, column = _get_place(event)
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise self._make_error(
                event,
                f"超过 {MAX_NODES} 个值或 {MAX_DEPTH} 层",
                f"above {MAX_NODES} values or {MAX_DEPTH} levels",
            )
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._make_error(
                event,
                "不支持锚点与别名(& 与 *)；文本请加引号",
                "no anchors or aliases (& and *); quote a text",
            )
        if event.tag is not None:
            raise self._make_error(
                event, f"不支持标签 {event.tag[:60]}", f"no tags: {event.tag[:60]}"
            )
        if isinstance(event, yaml.ScalarEvent):
            return Node(_read_scalar(event), line, column)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(
                tuple(
                    self._build_node(item, depth + 1)
                    for item in self._events_until(yaml.SequenceEndEvent)
                ),
                line,
                column,
            )
        return self._build_mapping(line, column, depth)

    def _events_until(self, end: type) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _build_mapping(self, line: int, column: int, depth: int) -> Node:
        members: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        for event in self._events_until(yaml.MappingEndEvent):
            key = self._build_node(event, depth + 1)
            value = self._build_node(next(self._events), depth + 1)
            if isinstance(key.value, tuple | dict):
                raise self._make_error(
                    event,
                    "键应为文本；含 { 或 [ 的文本请加引号",
                    "a key is a text; quote one with { or [",
                )
            name = event.value
            if name in keys:
                first = keys[name][0]
                self.mistakes.append(
                    key.mistake(
                        f"键 {name} 在第 {first} 行与第 {key.line} 行重复",
                        f"key {name} stands on line {first} and again on line {key.line}",
                    )
                )
                continue
            members[name], keys[name] = value, (key.line, key.column)
        return Node(members, line, column, keys)


def _get_place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _read_scalar(event: yaml.ScalarEvent) -> bool | int | float | str | None:
    text: str = event.value
    return text if not event.implicit[0] or event.style else parse_scalar(text)


def parse_scalar(text: str) -> bool | int | float | str | None:
    """Return what a text without quotes stands for: true, false, null, a number, or the text."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
