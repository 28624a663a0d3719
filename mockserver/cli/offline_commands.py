"""Commands that need no server: validate, schema, sign, explain, reference, config show."""

from collections.abc import Iterator
from difflib import get_close_matches

import click

from ..domain.mermaid import render_diagram
from ..domain.vocabulary import Ruleset
from ..protocol.signing import SIGN_METHODS, join_string_to_sign, sign
from ..reference.articles import build_articles, explain, render_reference
from ..scenario.schema import make_scenario_schema
from .console import (
    WRONG_USE,
    fail,
    format_json,
    on_terminal,
    one_line,
    parse_pairs,
    say,
    translate,
    warn_of_unknown_variables,
)
from .localized import command, group, option
from .scenario_files import find_files, format_mistakes, read_sources
from .settings import SETTINGS, Settings, read_settings
from .table import format_table

__all__ = ["config", "explain_", "reference_", "schema", "sign_", "validate"]


@command(zh="检查场景文件而不运行，列出全部错误。", en="Check scenario files without running them.")
@click.argument("paths", nargs=-1, required=True)
def validate(paths: tuple[str, ...]) -> None:
    """Check scenario files without running them."""
    sources, mistakes = read_sources(find_files(paths))
    for line in format_mistakes(mistakes):
        say(line)
    if mistakes:
        files = len({path for path, _ in mistakes})
        fail(
            WRONG_USE,
            f"{files} 个文件有 {len(mistakes)} 处错误",
            f"{len(mistakes)} mistakes in {files} files",
        )
    count = len(sources)
    say(translate(f"{count} 个场景文件没有错误", f"{count} scenario files without a mistake"))


@command(
    zh="打印场景文件的 JSON Schema，供编辑器补全与检查。",
    en="Print the JSON Schema of scenario files, for editors.",
)
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    say(format_json(make_scenario_schema()))


@command("sign", zh="打印待签名字符串与签名。", en="Print the string to sign and the signature.")
@click.argument("parameters", nargs=-1)
@option("--secret", required=True, zh="应用密钥", en="the app's secret")
@option(
    "--sign-method",
    type=click.Choice(SIGN_METHODS),
    default=None,
    zh="签名方法，默认 md5",
    en="how to sign, md5 by default",
)
@option("--body", default="", zh="拼在参数后的原始请求体", en="raw body appended")
@option("--json", "as_json", is_flag=True, zh="以 JSON 打印", en="print JSON")
def sign_(
    parameters: tuple[str, ...], secret: str, sign_method: str | None, body: str, as_json: bool
) -> None:
    """Print the string to sign and the signature."""
    texts = parse_pairs(parameters)
    method = sign_method or texts.get("sign_method", "md5")
    if method not in SIGN_METHODS:
        fail(
            WRONG_USE,
            f"sign_method 应为 {'、'.join(SIGN_METHODS)}",
            f"sign_method is one of {', '.join(SIGN_METHODS)}",
        )
    string = join_string_to_sign(texts, body)
    signature = sign(texts, secret, method, body)
    if as_json:
        say(format_json({"string_to_sign": string, "sign_method": method, "sign": signature}))
    else:
        say(string)
        say(signature)


@command(
    "explain",
    zh="解释错误码、状态、操作、方法、规则、故障；不带参数时列出全部。",
    en="Explain codes, statuses, moves, methods, rules, faults.",
)
@click.argument("ids", nargs=-1)
@option("--json", "as_json", is_flag=True, zh="以 JSON 打印", en="print JSON")
def explain_(ids: tuple[str, ...], as_json: bool) -> None:
    """Explain codes, statuses, moves, methods, rules, faults."""
    lang = translate("zh", "en")
    unknown = [id_ for id_ in ids if not explain(id_)]
    articles = [article for id_ in ids for article in explain(id_)]
    if as_json:
        listed = articles if ids else build_articles()
        say(format_json([article.to_document(lang) for article in listed]))
    elif not ids:
        for line in _list_articles(lang):
            say(line)
    else:
        for article in articles:
            say(article.text(lang))
    if unknown:
        texts = sorted(
            {text for article in build_articles() for text in (article.id, article.title)}
        )
        similar = [text for id_ in unknown for text in get_close_matches(id_, texts, 3)]
        advice_zh = f"是否想写 {'、'.join(similar)}？" if similar else "不带参数可列出全部"
        advice_en = "without arguments all are listed"
        if similar:
            advice_en = f"did you mean {', '.join(similar)}?"
        fail(
            WRONG_USE,
            f"不认识 {'、'.join(unknown)}；{advice_zh}",
            f"unknown: {', '.join(unknown)}; {advice_en}",
        )


def _list_articles(lang: str) -> Iterator[str]:
    """Yield a line for each article: its kind, id and title; a table on a terminal.

    In a pipe the kind stands in both languages, so that scripts find it whatever the locale.
    """
    articles = build_articles()
    if on_terminal():
        rows = [(item.kind_name(lang), item.id, one_line(item.title)) for item in articles]
        yield from format_table((), rows)
    else:
        for article in articles:
            yield f"{article.kind}  {article.id}  {article.title}"


@command(
    "reference",
    zh="打印全部规则与方法，附依据。",
    en="Print all rules and methods, with their evidence.",
)
@option(
    "--diagram",
    is_flag=False,
    flag_value=Ruleset.CLASSIC.value,
    type=click.Choice([ruleset.value for ruleset in Ruleset]),
    zh="一种流程的状态图，一份 Mermaid 文本",
    en="the state diagram of one flow, a Mermaid document",
)
def reference_(diagram: str | None) -> None:
    """Print all rules and methods, with their evidence."""
    lang = translate("zh", "en")
    say(render_diagram(Ruleset(diagram), lang) if diagram else render_reference(lang))


@group(zh="设置。", en="Settings.")
def config() -> None:
    """Hold the commands about settings."""


@config.subcommand(
    "show",
    zh="每项设置的值、来源与含义。",
    en="Print each setting, where it came from, what it is.",
)
@option("--config", "path", default="", zh="设置文件", en="settings file")
@option("--json", "as_json", is_flag=True, zh="以 JSON 打印", en="print JSON")
def show(path: str, as_json: bool) -> None:
    """Print each setting, where it came from, what it is."""
    settings = read_settings({}, path)
    warn_of_unknown_variables(settings)
    if as_json:
        say(format_json(_make_settings_document(settings)))
        return
    rows = [
        (
            name,
            settings.format_value(name) or "-",
            settings.sources[name],
            translate(setting.zh, setting.en),
        )
        for name, setting in SETTINGS.items()
    ]
    headings = (("设置", "setting"), ("值", "value"), ("来源", "source"), ("含义", "meaning"))
    titles = [translate(zh, en) for zh, en in headings] if on_terminal() else ()
    for line in format_table(titles, rows):
        say(line)
    if settings.world:
        say(f"world       {', '.join(settings.world)}")
    if settings.sandboxes:
        say(f"sandboxes   {', '.join(str(item['name']) for item in settings.sandboxes)}")


def _make_settings_document(settings: Settings) -> dict[str, object]:
    """Return what `config show --json` prints; of the file's world it has the keys alone.

    Secrets are masked, as in the table: the world of a file may hold them, too.
    """
    documents = {}
    for name, setting in SETTINGS.items():
        documents[name] = {
            "value": settings.format_value(name) if setting.secret else settings.values[name],
            "source": settings.sources[name],
            "meaning": translate(setting.zh, setting.en),
        }
    return {
        "file": settings.path,
        "settings": documents,
        "world": list(settings.world),
        "sandboxes": [str(item["name"]) for item in settings.sandboxes],
    }
