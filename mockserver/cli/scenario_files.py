"""Which scenario files are meant, and what stands in them; all mistakes of all files are found at once."""

import os
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..scenario.library import SUFFIX, find_shipped_file, list_shipped
from ..scenario.model import Scenario
from ..scenario.reader import read_scenario
from ..scenario.static_check import check_scenario
from ..scenario.yaml_text import MAX_FILE_BYTES, FileMistake, InvalidFile
from .console import WRONG_USE, fail, one_line, words

__all__ = ["ScenarioSource", "describe_file", "find", "read_scripts"]

_MISTAKE_AT_MOST = 1_000  # characters


class ScenarioSource(Struct, frozen=True):
    """A story with the text of its file, so that a failure can show a line, and a server can play it."""

    story: Scenario
    text: str


def find(named: Sequence[str], *, library: bool = False) -> tuple[Path, ...]:
    """The files meant, each once: files as they are, folders walked, with `library` shipped stories by name.

    A path that is not there, or a folder without a scenario, ends the command with exit 2.
    """
    found: dict[str, Path] = {}
    for name in named:
        path = Path(name)
        if path.is_dir():
            files = list(_below(path))
            if not files:
                fail(WRONG_USE, f"{name} 里没有 *{SUFFIX} 文件", f"no *{SUFFIX} file below {name}")
        elif path.exists():
            files = [path]
        elif library:
            files = [_story(name)]
        else:
            fail(WRONG_USE, f"没有这个文件或文件夹：{name}", f"no such file or folder: {name}")
        for each in files:
            found.setdefault(os.path.realpath(each), each)
    return tuple(found.values())


def _below(folder: Path) -> Iterator[Path]:
    """Scenario files of a folder and the folders in it, hidden ones and packages of others left out."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(
            each for each in folders if not each.startswith(".") and each != "node_modules"
        )
        yield from (Path(where, each) for each in sorted(files) if each.endswith(SUFFIX))


def _story(name: str) -> Path:
    """The file of a shipped story, named from here where it lies below, so that an editor can open what is printed."""
    try:
        path, here = find_shipped_file(name), Path.cwd()
    except KeyError:
        near = _near(name)
        zh, en = (
            (f"是否想写 {'、'.join(near)}？", f"did you mean {', '.join(near)}?")
            if near
            else ("run --list 列出内置场景", "run --list shows the shipped stories")
        )
        fail(
            WRONG_USE,
            f"没有文件、文件夹或内置场景 {name}；{zh}",
            f"no file, folder or shipped story {name}; {en}",
        )
    return path.relative_to(here) if path.is_relative_to(here) else path


def _near(name: str) -> list[str]:
    """Shipped stories that were probably meant: those that share the name's last part, or the most similar."""
    by_last: dict[str, list[str]] = {}
    for each in list_shipped():
        by_last.setdefault(each.rpartition("/")[2], []).append(each)
    close = get_close_matches(name, [*list_shipped(), *by_last], 1)
    return by_last.get(name) or [full for each in close for full in by_last.get(each, [each])]


def read_scripts(
    paths: Sequence[Path], options: Mapping[str, Any] | None = None
) -> tuple[list[ScenarioSource], list[tuple[str, FileMistake]]]:
    """The stories of the files that are right, and every mistake of the others with its file."""
    scripts: list[ScenarioSource] = []
    mistakes: list[tuple[str, FileMistake]] = []
    for path in paths:
        shown = os.fsencode(path).decode(errors="replace")
        try:
            text = _text(path)
            story = read_scenario(text, shown, options)
        except InvalidFile as wrong:
            mistakes += [(shown, each) for each in wrong.mistakes]
            continue
        found = check_scenario(story)
        mistakes += [(shown, each) for each in found]
        if not found:
            scripts.append(ScenarioSource(story, text))
    return scripts, mistakes


def _text(path: Path) -> str:
    """The file's text.

    Raises:
        Unreadable: it cannot be read, or is no UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)  # one more is enough to see that it is too long
        return content.decode()
    except UnicodeDecodeError as wrong:
        if len(content) > MAX_FILE_BYTES:
            return content.decode(errors="replace")
        line = content.count(b"\n", 0, wrong.start) + 1
        raise InvalidFile([FileMistake(line, 1, "不是 UTF-8 文本", "not UTF-8 text")]) from None
    except OSError as wrong:
        raise InvalidFile(
            [FileMistake(1, 1, f"读不到：{wrong.strerror}", f"cannot be read: {wrong.strerror}")]
        ) from None


def describe_file(mistakes: Sequence[tuple[str, FileMistake]]) -> Iterator[str]:
    """A line for each mistake, in the language of this run."""
    lang = words("zh", "en")
    return (one_line(mistake.text(path, lang), _MISTAKE_AT_MOST) for path, mistake in mistakes)
