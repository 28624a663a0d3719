"""Find scenario files and read them; the mistakes of all files are collected at once."""

import os
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..scenario.library import SUFFIX, find_shipped_file, list_shipped
from ..scenario.loading import load_scenario
from ..scenario.model import Scenario
from ..scenario.yaml_text import MAX_FILE_BYTES, FileMistake, InvalidFile
from .console import WRONG_USE, fail, one_line, translate

__all__ = ["ScenarioSource", "find_files", "format_mistakes", "read_sources"]

_MISTAKE_CHARACTERS = 1_000
ALL = "all"  # every shipped scenario


class ScenarioSource(Struct, frozen=True):
    """A scenario with the text of its file: a failure shows a line of it, a server plays it."""

    scenario: Scenario
    text: str


def find_files(names: Sequence[str], *, library: bool = False) -> tuple[Path, ...]:
    """Return the files that `names` mean, each once: file, folder or shipped scenarios.

    Shipped are meant by a name, a folder of names (`classic`), a pattern (`classic/*`) or `all`.

    Folders are searched with those below them; names of shipped scenarios count with `library`
    only.  A path that does not exist, or a folder without a scenario, ends the command with exit 2.
    """
    paths: dict[str, Path] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            files = list(_walk(path))
            if not files:
                fail(WRONG_USE, f"{name} 里没有 *{SUFFIX} 文件", f"no *{SUFFIX} file below {name}")
        elif path.exists():
            files = [path]
        elif library:
            files = _find_in_library(name)
        else:
            fail(WRONG_USE, f"没有这个文件或文件夹：{name}", f"no such file or folder: {name}")
        for file in files:
            paths.setdefault(os.path.realpath(file), file)
    return tuple(paths.values())


def _walk(folder: Path) -> Iterator[Path]:
    """Yield scenario files below the folder; hidden folders and node_modules are left out."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name != "node_modules"
        )
        yield from (Path(where, name) for name in sorted(files) if name.endswith(SUFFIX))


def _find_in_library(name: str) -> list[Path]:
    """Return the files of the shipped scenarios that `name` means: one, a folder, a pattern, all.

    They are relative to the current folder where they lie below: an editor can then open the path
    that is printed.  A name that means none ends the command with exit 2.
    """
    shipped = list_shipped()
    folder = name.rstrip("/") + "/"
    files = [
        path
        for full_name, path in shipped.items()
        if name == ALL or full_name.startswith(folder) or fnmatchcase(full_name, name)
    ]
    try:
        files = files or [find_shipped_file(name)]
    except KeyError:
        similar = _similar_names(name)
        zh = f"是否想写 {'、'.join(similar)}？" if similar else "run --list 列出内置场景"
        en = "run --list shows the shipped scenarios"
        if similar:
            en = f"did you mean {', '.join(similar)}?"
        fail(
            WRONG_USE,
            f"没有文件、文件夹或内置场景 {name}；{zh}",
            f"no file, folder or shipped scenario {name}; {en}",
        )
    here = Path.cwd()
    return [path.relative_to(here) if path.is_relative_to(here) else path for path in files]


def _similar_names(name: str) -> list[str]:
    """Return shipped scenarios with the same last part of the name, else what is most similar.

    That is a scenario or a folder, which stands for all that it holds.
    """
    by_last_part: dict[str, list[str]] = {}
    for full_name in list_shipped():
        by_last_part.setdefault(full_name.rpartition("/")[2], []).append(full_name)
    if name in by_last_part:
        return by_last_part[name]
    folders = {full_name.rpartition("/")[0] for full_name in list_shipped()} - {""}
    similar = get_close_matches(
        name.rstrip("/"), [*list_shipped(), *by_last_part, *sorted(folders)], 1
    )
    return [full_name for match in similar for full_name in by_last_part.get(match, [match])]


def read_sources(
    paths: Sequence[Path], values: Mapping[str, Any] | None = None
) -> tuple[list[ScenarioSource], list[tuple[str, FileMistake]]]:
    """Return the scenarios of correct files, and `(path, mistake)` for each mistake of the others.

    `values` replace those of the scenario's `set`.
    """
    sources: list[ScenarioSource] = []
    mistakes: list[tuple[str, FileMistake]] = []
    for path in paths:
        name = os.fsencode(path).decode(errors="replace")
        try:
            text = _read_text(path)
            sources.append(ScenarioSource(load_scenario(text, name, values), text))
        except InvalidFile as error:
            mistakes += [(name, mistake) for mistake in error.mistakes]
    return sources, mistakes


def _read_text(path: Path) -> str:
    """Return the file's text.

    Raises:
        InvalidFile: it cannot be read, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)  # one more shows that it is too long
        return content.decode()
    except UnicodeDecodeError as error:
        if len(content) > MAX_FILE_BYTES:
            return content.decode(errors="replace")
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidFile([FileMistake(line, 1, "不是 UTF-8 文本", "not UTF-8 text")]) from None
    except OSError as error:
        zh = f"读不到：{error.strerror}"
        en = f"cannot be read: {error.strerror}"
        raise InvalidFile([FileMistake(1, 1, zh, en)]) from None


def format_mistakes(mistakes: Sequence[tuple[str, FileMistake]]) -> Iterator[str]:
    """Return a line for each mistake, in the language of this run."""
    lang = translate("zh", "en")
    return (one_line(mistake.text(path, lang), _MISTAKE_CHARACTERS) for path, mistake in mistakes)
