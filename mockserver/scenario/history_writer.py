"""Writes a history as a scenario file.

Of a sandbox (`recorder.py`), or of a failed run of the machine.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..version import __version__
from .yaml_text import MAX_FILE_BYTES, MAX_NODES
from .yaml_writer import write_yaml

__all__ = ["HistoryTooLong", "ScenarioDocument", "write_history"]

ScenarioDocument = Mapping[str, Any]  # a whole scenario file as plain values


class HistoryTooLong(Exception):
    """A history that no scenario file can hold."""

    def __init__(self, steps: int) -> None:
        self.zh = (
            f"历史有 {steps} 步，超过一个场景文件能容纳的(1 MiB、{MAX_NODES} 个值)；"
            "重置后重做要记录的部分"
        )
        self.en = (
            f"the history has {steps} steps, more than a scenario file can hold "
            f"(1 MiB, {MAX_NODES} values); reset, and do again what is to be recorded"
        )
        super().__init__(f"{self.zh} ({self.en})")


def write_history(document: ScenarioDocument, title: str = "", comments: Iterable[str] = ()) -> str:
    """Return the text of a scenario file.

    `title` follows the product's version in the first line; each comment is a line of its own below
    it.  References in the document are written as they are: texts that are none have been escaped
    (`references.escape_references`).

    Raises:
        HistoryTooLong: the file would be too large to be read.
    """
    head = "".join(f"# {line}\n" for line in (f"tmall-mockserver {__version__}{title}", *comments))
    text = f"{head}{write_yaml(document)}"
    if len(text.encode()) > MAX_FILE_BYTES or _count_nodes(document) > MAX_NODES:
        raise HistoryTooLong(len(document["steps"]))
    return text


def _count_nodes(value: Any) -> int:
    """Return how many nodes a reader of the text meets, keys included."""
    if isinstance(value, Mapping):
        return 1 + sum(1 + _count_nodes(member) for member in value.values())
    return 1 + sum(map(_count_nodes, value)) if isinstance(value, list) else 1
