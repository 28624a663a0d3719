"""Writes docs/reference from the code: `python -m docs.make_reference`, or `make reference`.

The pages repeat nothing by hand.  Python API: docstrings and signatures, read from the source so
that annotations stand as they were written.  Command line: the click commands.  Settings:
`cli/settings.py`. Rules, methods, codes and diagrams: what `tmall-mockserver reference` prints.
tests/docs/test_reference.py compares the pages with what this script makes.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from docs.fidelity_page import render_fidelity
from docs.finding_page import make_finding_pages
from docs.mistake_pages import make_mistake_pages
from docs.python_api_page import render_python_api
from docs.source_links import link_sources
from mockserver.cli.localized import both_languages
from mockserver.cli.main import cli
from mockserver.cli.settings import PREFIX, SETTINGS
from mockserver.domain.mermaid import render_diagram
from mockserver.domain.vocabulary import Ruleset
from mockserver.reference.articles import render_reference

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
MISTAKES_FOLDER = ROOT / "docs" / "mistakes"


def make_pages() -> dict[str, str]:
    """Return every page of the reference by file name."""
    return {
        "README.md": _render_index(),
        "python-api.md": render_python_api(),
        "command-line.md": _render_command_line(),
        "settings.md": _render_settings(),
        "knowledge.md": link_sources(render_reference("en")),
        "knowledge.zh-CN.md": link_sources(render_reference("zh")),
        "state-diagrams.md": _render_state_diagrams(),
        "fidelity.md": render_fidelity(),
    }


def _render_index() -> str:
    return """# 参考 (Reference)

由 `make reference` 从代码生成，请勿手改。
Generated from the code by `make reference`; not edited by hand.

| 页 (page) | 内容 (content) |
|---|---|
| [python-api.md](python-api.md) | Python 接口、pytest 夹具 (Python API, pytest fixtures) |
| [command-line.md](command-line.md) | 命令行 (command line) |
| [settings.md](settings.md) | 设置：选项、环境变量、mockserver.toml (settings) |
| [knowledge.zh-CN.md](knowledge.zh-CN.md), [knowledge.md](knowledge.md) | \
错误码、状态、操作、方法、规则、故障及其依据 \
(codes, statuses, moves, methods, rules, faults, with their evidence) |
| [state-diagrams.md](state-diagrams.md) | 状态图 (state diagrams) |
| [fidelity.md](fidelity.md) | 每一项有多可信：依据、出处 (how far each thing can be trusted) |
| [../spec](../spec) | 原始资料 (the sources) |
"""


def _render_state_diagrams() -> str:
    parts = ["# 状态图 (State diagrams)\n"]
    for ruleset in Ruleset:
        for title, lang in ((f"{ruleset} {ruleset.zh}", "zh"), (f"{ruleset} in English", "en")):
            text = render_diagram(ruleset, lang).strip()
            parts.append(f"## {title}\n\n```mermaid\n{text}\n```\n")
    return "\n".join(parts)


def _render_settings() -> str:
    rows = []
    for setting in SETTINGS.values():
        variable = PREFIX + setting.name.upper().replace("-", "_")
        key = setting.name.replace("-", "_")
        values = " \\| ".join(f"`{value}`" for value in setting.choices)
        meaning = f"{setting.zh} ({setting.en})"
        rows.append(
            f"| `--{setting.name}` | `{variable}` | `{key}` | {_format_default(setting.default)} "
            f"| {values} | {meaning} |"
        )
    return "\n".join(
        [
            "# 设置参考 (Settings reference)",
            "",
            "先后：命令行，环境变量，`mockserver.toml` 的 `[server]` 表，默认值。",
            "The first that sets a value counts: command line, environment variable,",
            "table `[server]` of `mockserver.toml`, default.",
            f"`{PREFIX}CONFIG` or `--config` names another file.",
            "",
            (
                "| 选项 (option) | 变量 (variable) | `[server]` | 默认 (default) "
                "| 取值 (values) | 含义 (meaning) |"
            ),
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _format_default(default: object) -> str:
    """Return a default as code, as TOML spells it; empty if there is none."""
    if default is None or default in ("", ()):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _render_command_line() -> str:
    context = click.Context(cli, info_name="tmall-mockserver")
    parts = ["# 命令行参考 (Command-line reference)\n", *_render_command(cli, context)]
    return "\n".join(parts)


def _render_command(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the section of a command, then those of its subcommands."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"## {context.command_path}\n"
    yield f"{both_languages(command.help or '')}\n"
    yield f"```text\n{usage}\n```\n"
    options = [param for param in command.params if isinstance(param, click.Option)]
    if options:
        yield "| 选项 (option) | 取值 (value) | 默认 (default) | 含义 (meaning) |"
        yield "|---|---|---|---|"
        yield "\n".join(_format_option(option) for option in options if not option.hidden) + "\n"
    if command.epilog:
        yield f"{both_languages(command.epilog)}\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            subcommand = command.get_command(context, name)
            if subcommand and not subcommand.hidden:
                child = click.Context(subcommand, info_name=name, parent=context)
                yield from _render_command(subcommand, child)


def _format_option(option: click.Option) -> str:
    names = " / ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if isinstance(option.type, click.Choice):
        value = " \\| ".join(f"`{choice}`" for choice in option.type.choices)
    else:
        value = "" if option.is_flag else (option.metavar or option.type.name).upper()
    default = option.default if isinstance(option.default, int | str) else None
    shown = "" if option.is_flag else _format_default(default)
    meaning = both_languages(option.help or "").replace("|", "\\|")
    return f"| {names} | {value} | {shown} | {meaning} |"


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(exist_ok=True)
    MISTAKES_FOLDER.mkdir(exist_ok=True)
    for name, text in make_pages().items():
        (FOLDER / name).write_text(text, "utf-8")
    for name, text in make_mistake_pages().items():
        (MISTAKES_FOLDER / name).write_text(text, "utf-8")
    for name, text in make_finding_pages().items():
        (ROOT / "docs" / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
