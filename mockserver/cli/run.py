"""`run`: plays scenario files and shipped stories, tells and writes what came of them."""

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from ..domain.durations import parse_duration
from ..scenario.library import list_shipped
from ..scenario.report import format_json, format_junit, format_summary, format_transcript
from ..scenario.result import ScenarioResult
from ..scenario.yaml_text import read_yaml
from ..world.document import BadDocument
from ..world.opening import read_status
from .console import (
    CHECK_FAILED,
    INTERRUPTED,
    WRONG_USE,
    connect,
    fail,
    is_linked,
    pairs,
    say,
    warn,
    words,
)
from .run_options import RunArguments, collect_results, crew_for
from .scenario_files import describe_file, find, read_scripts

__all__ = ["run"]


@click.command()
@click.argument("stories", nargs=-1, metavar="PATH|STORY…")
@click.option("--list", "listed", is_flag=True, help="列出内置场景 (the shipped stories)")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="K=V",
    help="替换场景 set 中的值 (a value of the story's set)",
)
@click.option(
    "--until", default="", metavar="STATUS", help="到此状态即停，编号或文字 (stop at this status)"
)
@click.option(
    "--client",
    default="",
    metavar="CMD",
    help="被测程序：每个场景启动一次，卖家的步骤改为等待它来做 (the client under test)",
)
@click.option(
    "--env",
    multiple=True,
    metavar="NAME={app_key}",
    help="被测程序自己的变量名 (the client's own variable names)",
)
@click.option("--junit", default="", metavar="F", help="写 JUnit XML")
@click.option("--json", default="", metavar="F", help="写 JSON 报告 (write a JSON report)")
@click.option(
    "--record",
    default="",
    metavar="F",
    help="把独立环境的历史写成场景文件 (write the sandbox's history as a scenario file)",
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=None, help="同时运行几个 (stories at a time)"
)
@click.option(
    "--within",
    default="10s",
    help="等被测程序一步的最长时间 (how long a step waits for the client)",
)
@click.option(
    "--keep",
    is_flag=True,
    help="在运行中的服务上保留独立环境 (keep the sandboxes on the running server)",
)
@click.pass_obj
def run(
    link: Mapping[str, Any],
    /,
    stories: tuple[str, ...],
    listed: bool,
    given: tuple[str, ...],
    **options: Any,
) -> None:
    """运行场景文件、文件夹或内置场景；加 --url 在运行中的服务上运行 (run scenario files, folders or shipped stories)."""
    if listed:
        _list_shipped()
        return
    asked = _options(options, given)
    _check_link(link, asked)
    if not stories and asked.record and is_linked(link):
        _record(link, asked.record)
        return
    if not stories:
        fail(
            WRONG_USE,
            "运行什么？给出场景文件、文件夹，或 --list 中的名称",
            "run what? Give files, folders, or names that --list shows",
        )
    scripts, mistakes = read_scripts(find(stories, library=True), asked.options)
    for line in describe_file(mistakes):
        warn(line)
    if mistakes:
        fail(
            WRONG_USE,
            f"共 {len(mistakes)} 处错误，没有运行",
            f"{len(mistakes)} mistakes, nothing was run",
        )
    if asked.record and len(scripts) > 1:
        fail(
            WRONG_USE,
            f"--record 只记录一个场景，这里有 {len(scripts)} 个",
            f"--record takes one story, here are {len(scripts)}",
        )
    for path in (asked.junit, asked.json, asked.record):
        _make_room(path)
    with ExitStack() as stack:
        crew = crew_for(scripts, link, asked, stack)
        results, interrupted, seconds = collect_results(scripts, crew)
    _write(results, seconds, asked)
    _tell(results, seconds, kept=is_linked(link) and (asked.keep or bool(asked.until)))
    sys.exit(
        INTERRUPTED if interrupted else 0 if all(each.ok for each in results) else CHECK_FAILED
    )


def _options(options: Mapping[str, Any], given: Sequence[str]) -> RunArguments:
    try:
        within = parse_duration(options["within"])
    except ValueError:
        within = timedelta()
    if within <= timedelta():
        fail(
            WRONG_USE,
            f"--within 应为时长，例如 10s：{options['within']}",
            f"--within is a duration such as 10s: {options['within']}",
        )
    until = options["until"]
    if until:
        try:
            until = str(read_status(until, {}).value)
        except BadDocument as wrong:
            fail(WRONG_USE, f"--until {until}：{wrong.zh}", f"--until {until}: {wrong.en}")
    return RunArguments(**{**options, "within": within, "until": until, "options": pairs(given)})


def _check_link(link: Mapping[str, Any], asked: RunArguments) -> None:
    if asked.keep and not is_linked(link):
        fail(
            WRONG_USE,
            "--keep 要与 --url 一起用：没有运行中的服务可以保留",
            "--keep goes with --url: there is no running server to keep it on",
        )
    if asked.client and link["sandbox"]:
        fail(
            WRONG_USE,
            "--client 为每个场景新建独立环境，不能与 --sandbox 一起用",
            "--client makes a sandbox for each story: leave --sandbox out",
        )
    if asked.env and not asked.client:
        fail(WRONG_USE, "--env 只与 --client 一起用", "--env goes with --client only")


def _record(link: Mapping[str, Any], path: str) -> None:
    """The history of the running server's sandbox is in the file."""
    _make_room(path)
    Path(path).write_text(connect(link).ask("GET", "scenario")["scenario"], "utf-8")


def _list_shipped() -> None:
    known = list_shipped()
    room = max((len(name) for name in known), default=0)
    for name, path in known.items():
        root = read_yaml(path.read_text("utf-8")).value
        shown = root.get("about") if words("zh", "en") == "en" else None
        say(f"{name:<{room}}  {(shown or root['scenario']).value}")


def _make_room(path: str) -> None:
    """A file can be written there, so that no story is played for nothing."""
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reason = (
            os.strerror(errno.EISDIR)
            if path and Path(path).is_dir()
            else ""
            if os.access(folder, os.W_OK)
            else os.strerror(errno.EACCES)
        )
    except OSError as wrong:
        reason = wrong.strerror or str(wrong)
    if reason:
        fail(WRONG_USE, f"写不了 {path}：{reason}", f"cannot write {path}: {reason}")


def _write(results: Sequence[ScenarioResult], seconds: float, asked: RunArguments) -> None:
    """The reports that were asked for."""
    if asked.junit:
        Path(asked.junit).write_text(format_junit(results, seconds, words("zh", "en")), "utf-8")
    if asked.json:
        Path(asked.json).write_text(format_json(results, seconds), "utf-8")


def _tell(results: Sequence[ScenarioResult], seconds: float, *, kept: bool) -> None:
    """What went wrong story by story, where to find what was kept, and the counts."""
    lang = words("zh", "en")
    for result in results:
        if result.outcome in ("failed", "broken") or len(results) == 1:
            say(format_transcript(result, lang))
        if kept and result.exchanges:
            ids = "  ".join(f"{name}={dispute_id}" for name, dispute_id in result.exchanges.items())
            say(f"  {words('独立环境', 'sandbox')} {result.sandbox}  {ids}")
    say(format_summary(results, seconds, lang))
