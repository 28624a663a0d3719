"""Commands that look at scenario files without playing them: `validate`, `schema`."""

import json

import click

from ..scenario.schema import make_scenario_schema
from .console import WRONG_USE, fail, say, words
from .scenario_files import describe_file, find, read_scripts

__all__ = ["schema", "validate"]


@click.command()
@click.argument("paths", nargs=-1, required=True)
def validate(paths: tuple[str, ...]) -> None:
    """检查场景文件而不运行，列出全部错误 (check scenario files without running them)."""
    scripts, mistakes = read_scripts(find(paths))
    for line in describe_file(mistakes):
        say(line)
    if mistakes:
        files = len({path for path, _ in mistakes})
        fail(
            WRONG_USE,
            f"{files} 个文件有 {len(mistakes)} 处错误",
            f"{len(mistakes)} mistakes in {files} files",
        )
    say(
        words(
            f"{len(scripts)} 个场景文件没有错误", f"{len(scripts)} scenario files without a mistake"
        )
    )


@click.command()
def schema() -> None:
    """打印场景文件的 JSON Schema，供编辑器补全与检查 (the JSON Schema of scenario files, for editors)."""
    say(json.dumps(make_scenario_schema(), ensure_ascii=False, indent=2))
