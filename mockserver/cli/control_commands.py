"""Commands about a running server's sandbox: `call`, `clock`, `snapshot`, `reset`."""

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
from .console import CHECK_FAILED, WRONG_USE, connect, fail, format_json, parse_pairs, say

__all__ = ["call", "clock", "reset", "snapshot"]


@click.command()
@click.argument("method")
@click.argument("parameters", nargs=-1)
@click.option("--as", "account", default="main", help="main、sub 或账号 nick (main, sub or a nick)")
@click.option("--format", "reply_format", type=click.Choice(["json", "xml"]), default="json")
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
    account: str,
    reply_format: str,
    sign_method: str,
    files: tuple[str, ...],
) -> None:
    """发一次签名调用并打印应答；未给 fields 时取全部 (one signed call, the reply printed)."""
    link = connect(options)
    sandbox = link.ask("GET")
    business: dict[str, Any] = dict(parse_pairs(parameters))
    reply_format = business.pop("format", reply_format)
    method = business.pop("method", method)
    for name, path in parse_pairs(files).items():
        try:
            business[name] = Path(path).read_bytes()
        except OSError as error:
            fail(WRONG_USE, f"读不到文件 {path}：{error}", f"cannot read {path}: {error}")
    app_key = business.pop("app_key", sandbox["app_key"])
    client = TopClient(
        f"{link.control.transport.base_url}/router/rest",
        app_key,
        sandbox["app_secret"],
        _find_session(sandbox, account),
        sign_method=sign_method,
    )
    text, _ = client.send(method, format=reply_format, **business)
    say(text if text.startswith("<") else format_json(json.loads(text)))
    if _is_failure(text, METHODS.get(method)):
        raise SystemExit(CHECK_FAILED)


def _is_failure(text: str, method: Method | None) -> bool:
    """Return True for a platform error and for a business failure that the method declares."""
    failure = method.failure if method else ""
    if text.startswith("<"):
        root = ElementTree.fromstring(text)  # noqa: S314  # our own server's reply
        return root.tag == "error_response" or (
            bool(failure) and root.find(f"result/{failure}") is not None
        )
    reply = json.loads(text)
    inner = reply.get(method.wrapper, reply) if method else reply  # `simplify` leaves the root out
    return "error_response" in reply or (bool(failure) and failure in inner["result"])


def _find_session(sandbox: Mapping[str, Any], account: str) -> str:
    """Return the session of `main`, `sub` or a nick; an unknown one ends with exit 2."""
    sessions = {"main": sandbox["session"], "sub": sandbox["sub_session"]}
    for shop in sandbox["shops"]:
        sessions.setdefault(shop["nick"], shop["session"])
        sessions |= {sub["nick"]: sub["session"] for sub in shop["subs"]}
    if not sessions.get(account):
        fail(
            WRONG_USE,
            f"没有账号 {account}；可用：{'、'.join(sessions)}",
            f"no account {account}; use: {', '.join(sessions)}",
        )
    return str(sessions[account])


@click.group(invoke_without_command=True)
@click.pass_context
def clock(context: click.Context) -> None:
    """独立环境的时钟：不带子命令时显示 (the sandbox's clock)."""
    if context.invoked_subcommand is None:
        say(format_json(connect(context.obj).ask("GET", "clock")))


def _target_time(text: str) -> dict[str, str]:
    """Return the body of `advance` and `age`: a duration is `by`, all else is `to`."""
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
    say(format_json(connect(options).ask("POST", "clock/advance", _target_time(far))))


@clock.command()
@click.argument("far")
@click.pass_obj
def age(options: Mapping[str, Any], far: str) -> None:
    """数据变旧，当前时间不变 (everything recorded is older, now stays)."""
    say(format_json(connect(options).ask("POST", "clock/age", _target_time(far))))


@clock.command()
@click.argument("at", required=False)
@click.pass_obj
def freeze(options: Mapping[str, Any], at: str | None) -> None:
    """时钟停住，可给时刻 (the clock stands still)."""
    say(format_json(connect(options).ask("POST", "clock", {"mode": "frozen", "now": at})))


@clock.command()
@click.argument("at", required=False)
@click.pass_obj
def run(options: Mapping[str, Any], at: str | None) -> None:
    """时钟走动，可给时刻 (the clock runs on)."""
    say(format_json(connect(options).ask("POST", "clock", {"mode": "running", "now": at})))


@click.group()
def snapshot() -> None:
    """快照：save、list、show、restore、drop (snapshots)."""


def _snapshot_path(name: str) -> str:
    return f"snapshots/{quote(name, safe='')}"


@snapshot.command()
@click.argument("name")
@click.pass_obj
def save(options: Mapping[str, Any], name: str) -> None:
    """保存为 NAME (keep the state under NAME)."""
    say(format_json(connect(options).ask("PUT", _snapshot_path(name))))


@snapshot.command("list")
@click.pass_obj
def list_(options: Mapping[str, Any]) -> None:
    """列出快照 (list snapshots)."""
    say(format_json(connect(options).ask("GET", "snapshots")))


@snapshot.command()
@click.argument("name")
@click.pass_obj
def show(options: Mapping[str, Any], name: str) -> None:
    """打印快照文档 (print the snapshot's document)."""
    say(format_json(connect(options).ask("GET", _snapshot_path(name))))


@snapshot.command()
@click.argument("name")
@click.pass_obj
def restore(options: Mapping[str, Any], name: str) -> None:
    """恢复到快照 (go back to the snapshot)."""
    _reset(options, name)


@snapshot.command()
@click.argument("name")
@click.pass_obj
def drop(options: Mapping[str, Any], name: str) -> None:
    """删除快照 (drop the snapshot)."""
    connect(options).ask("DELETE", _snapshot_path(name))


@click.command()
@click.argument("to", default="baseline")
@click.pass_obj
def reset(options: Mapping[str, Any], to: str) -> None:
    """恢复为 baseline、empty 或快照名 (reset to baseline, empty or a snapshot)."""
    _reset(options, to)


def _reset(options: Mapping[str, Any], to: str) -> None:
    sandbox = connect(options).ask("POST", "reset", {"to": to})
    say(format_json({"id": sandbox["id"], "now": sandbox["now"]}))
