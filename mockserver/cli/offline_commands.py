"""Commands that need no server: `sign`, `explain`, `reference`, `config show`."""

from difflib import get_close_matches

import click

from ..protocol.signing import SIGN_METHODS, sign, string_to_sign
from ..reference.articles import build_articles, explain, render_diagrams, render_reference
from .console import WRONG_USE, fail, pairs, say, words
from .settings import SETTINGS, read_settings

__all__ = ["config", "explain_", "reference_", "sign_"]


@click.command("sign")
@click.argument("parameters", nargs=-1)
@click.option("--secret", required=True, help="应用密钥 (the app's secret)")
@click.option("--sign-method", type=click.Choice(SIGN_METHODS), default=None)
@click.option("--body", default="", help="拼在参数后的原始请求体 (raw body appended)")
def sign_(parameters: tuple[str, ...], secret: str, sign_method: str | None, body: str) -> None:
    """打印待签名字符串与签名 (the string to sign, and the signature)."""
    texts = pairs(parameters)
    method = sign_method or texts.get("sign_method", "md5")
    if method not in SIGN_METHODS:
        fail(
            WRONG_USE,
            f"sign_method 应为 {'、'.join(SIGN_METHODS)}",
            f"sign_method is one of {', '.join(SIGN_METHODS)}",
        )
    say(string_to_sign(texts, body))
    say(sign(texts, secret, method, body))


@click.command("explain")
@click.argument("ids", nargs=-1)
def explain_(ids: tuple[str, ...]) -> None:
    """解释错误码、状态、操作、方法、规则、故障；不带参数时列出全部 (explain codes, statuses, moves, methods, rules, faults)."""
    lang = words("zh", "en")
    if not ids:
        for article in build_articles():
            say(f"{article.kind}  {article.id}  {article.title}")
        return
    unknown = [wanted for wanted in ids if not explain(wanted)]
    for wanted in ids:
        for article in explain(wanted):
            say(article.text(lang))
    if unknown:
        known = sorted(
            {text for article in build_articles() for text in (article.id, article.title)}
        )
        close = [near for wanted in unknown for near in get_close_matches(wanted, known, 3)]
        fail(
            WRONG_USE,
            f"不认识 {'、'.join(unknown)}"
            + (f"；是否想写 {'、'.join(close)}？" if close else "；不带参数可列出全部"),
            f"unknown: {', '.join(unknown)}"
            + (
                f"; did you mean {', '.join(close)}?"
                if close
                else "; without arguments all are listed"
            ),
        )


@click.command("reference")
@click.option("--diagram", is_flag=True, help="状态图，Mermaid 文本 (the state diagram as Mermaid)")
def reference_(diagram: bool) -> None:
    """打印全部规则与方法，附依据 (all rules and methods, with their evidence)."""
    say(render_diagrams() if diagram else render_reference(words("zh", "en")))


@click.group()
def config() -> None:
    """设置 (settings)."""


@config.command("show")
@click.option("--config", "path", default="", help="设置文件 (settings file)")
def show(path: str) -> None:
    """每项设置的值、来源与含义 (each setting, where it came from, what it is)."""
    found = read_settings({}, path)
    for name, setting in SETTINGS.items():
        say(
            f"{name:<11} {found.shown(name) or '-':<12} {found.sources[name]:<30} {words(setting.zh, setting.en)}"
        )
    if found.world:
        say(f"world       {', '.join(found.world)}")
