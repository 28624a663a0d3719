"""Commands that talk to a running server: `call`, `clock`, `snapshot`, `reset`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import click

from ..api.declaration import Method
from ..api.methods import METHODS
from ..client.top_client import TopClient
from ..domain.durations import parse_duration
from .console import CHECK_FAILED, WRONG_USE, connect, fail, pairs, say

__all__ = ["call", "clock", "reset", "snapshot"]


def _print(shown: object) -> None:
    say(json.dumps(shown, ensure_ascii=False, indent=2))


@click.command()
@click.argument("method")
@click.argument("parameters", nargs=-1)
@click.option("--as", "who", default="main", help="main、sub 或账号 nick (main, sub or a nick)")
@click.option("--format", "form", type=click.Choice(["json", "xml"]), default="json")
@click.option("--sign-method", type=click.Choice(["md5", "hmac", "hmac-sha256"]), default="md5")
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="NAME=PATH",
    help="作为文件上传的参数 (a parameter sent as a file)",
)
@click.pass_obj
def call(
    options: Mapping[str, Any],
    method: str,
    parameters: tuple[str, ...],
    who: str,
    form: str,
    sign_method: str,
    files: tuple[str, ...],
) -> None:
    """发一次签名调用并打印应答；未给 fields 时取全部 (one signed call, the reply printed)."""
    link = connect(options)
    made = link.ask("GET")
    business: dict[str, Any] = dict(pairs(parameters))
    form = business.pop("format", form)
    method = business.pop("method", method)
    for name, path in pairs(files).items():
        try:
            business[name] = Path(path).read_bytes()
        except OSError as wrong:
            fail(WRONG_USE, f"读不到文件 {path}：{wrong}", f"cannot read {path}: {wrong}")
    app_key = business.pop("app_key", made["app_key"])
    client = TopClient(
        f"{link.control.transport.base_url}/router/rest",
        app_key,
        made["app_secret"],
        _session(made, who),
        sign_method=sign_method,
    )
    text, _ = client.send(method, format=form, **business)
    if text.startswith("<"):
        say(text)
    else:
        _print(json.loads(text))
    if _failed(text, METHODS.get(method)):
        raise SystemExit(CHECK_FAILED)


def _failed(text: str, method: Method | None) -> bool:
    """The reply is a platform error, or has the member that the method declares for a business failure."""
    failure = method.failure if method else ""
    if text.startswith("<"):
        root = ElementTree.fromstring(text)  # noqa: S314  # our own server's reply
        return root.tag == "error_response" or (
            bool(failure) and root.find(f"result/{failure}") is not None
        )
    reply = json.loads(text)
    inner = reply.get(method.wrapper, reply) if method else reply  # `simplify` leaves the root out
    return "error_response" in reply or (bool(failure) and failure in inner["result"])


def _session(made: Mapping[str, Any], who: str) -> str:
    known = {"main": made["session"], "sub": made["sub_session"]}
    for shop in made["shops"]:
        known.setdefault(shop["nick"], shop["session"])
        known |= {sub["nick"]: sub["session"] for sub in shop["subs"]}
    if not known.get(who):
        fail(
            WRONG_USE,
            f"没有账号 {who}；可用：{'、'.join(known)}",
            f"no account {who}; use: {', '.join(known)}",
        )
    return str(known[who])


@click.group(invoke_without_command=True)
@click.pass_context
def clock(context: click.Context) -> None:
    """独立环境的时钟：不带子命令时显示 (the sandbox's clock)."""
    if context.invoked_subcommand is None:
        _print(connect(context.obj).ask("GET", "clock"))


def _how_far(text: str) -> dict[str, str]:
    try:
        parse_duration(text)
    except (ValueError, OverflowError):
        return {"to": text}
    return {"by": text}


@clock.command()
@click.argument("far")
@click.pass_obj
def advance(options: Mapping[str, Any], far: str) -> None:
    """时间前进：3d12h、next、时刻或 deadline:换货单号 (now is later)."""
    _print(connect(options).ask("POST", "clock/advance", _how_far(far)))


@clock.command()
@click.argument("far")
@click.pass_obj
def age(options: Mapping[str, Any], far: str) -> None:
    """数据变旧，当前时间不变 (everything recorded is older, now stays)."""
    _print(connect(options).ask("POST", "clock/age", _how_far(far)))


@clock.command()
@click.argument("at", required=False)
@click.pass_obj
def freeze(options: Mapping[str, Any], at: str | None) -> None:
    """时钟停住，可给时刻 (the clock stands still)."""
    _print(connect(options).ask("POST", "clock", {"mode": "frozen", "now": at}))


@clock.command()
@click.argument("at", required=False)
@click.pass_obj
def run(options: Mapping[str, Any], at: str | None) -> None:
    """时钟走动，可给时刻 (the clock runs on)."""
    _print(connect(options).ask("POST", "clock", {"mode": "running", "now": at}))


@click.group()
def snapshot() -> None:
    """快照：save、list、show、restore、drop (snapshots)."""


def _named(name: str) -> str:
    return f"snapshots/{quote(name, safe='')}"


@snapshot.command()
@click.argument("name")
@click.pass_obj
def save(options: Mapping[str, Any], name: str) -> None:
    """保存为 NAME (keep the state under NAME)."""
    _print(connect(options).ask("PUT", _named(name)))


@snapshot.command("list")
@click.pass_obj
def list_(options: Mapping[str, Any]) -> None:
    """列出快照 (list snapshots)."""
    _print(connect(options).ask("GET", "snapshots"))


@snapshot.command()
@click.argument("name")
@click.pass_obj
def show(options: Mapping[str, Any], name: str) -> None:
    """打印快照文档 (print the snapshot's document)."""
    _print(connect(options).ask("GET", _named(name)))


@snapshot.command()
@click.argument("name")
@click.pass_obj
def restore(options: Mapping[str, Any], name: str) -> None:
    """恢复到快照 (go back to the snapshot)."""
    made = connect(options).ask("POST", "reset", {"to": name})
    _print({"id": made["id"], "now": made["now"]})


@snapshot.command()
@click.argument("name")
@click.pass_obj
def drop(options: Mapping[str, Any], name: str) -> None:
    """删除快照 (drop the snapshot)."""
    connect(options).ask("DELETE", _named(name))


@click.command()
@click.argument("to", default="baseline")
@click.pass_obj
def reset(options: Mapping[str, Any], to: str) -> None:
    """恢复为 baseline、empty 或快照名 (reset to baseline, empty or a snapshot)."""
    made = connect(options).ask("POST", "reset", {"to": to})
    _print({"id": made["id"], "now": made["now"]})
