"""Commands about a running server's sandbox: `call`, `clock`, `snapshot`, `reset`."""

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import click

from ..api.declaration import Method
from ..api.methods import METHODS
from ..client.top_client import TopClient
from .console import (
    CHECK_FAILED,
    WRONG_USE,
    Link,
    connect,
    fail,
    format_json,
    parse_pairs,
    say,
    translate,
)
from .localized import command, option
from .output_files import PRIVATE_MODE, save_output
from .remote_command import Candidates, remote_command, remote_group
from .sandbox_commands import read_document_file
from .views import view_clock, view_mapping, view_nothing, view_snapshots

__all__ = ["call", "clock", "reset", "snapshot"]


@command(
    zh="发一次签名调用并打印应答；未给 fields 时取全部。",
    en="Make a signed call and print the reply; every field is asked for where none is named.",
)
@click.argument("method")
@click.argument("parameters", nargs=-1, metavar="[K=V]...")
@option("--as", "account", default="main", zh="main、sub 或账号 nick", en="main, sub or a nick")
@option(
    "--format",
    "reply_format",
    type=click.Choice(["json", "xml"]),
    default="json",
    zh="应答格式",
    en="form of the reply",
)
@option(
    "--sign-method",
    type=click.Choice(["md5", "hmac", "hmac-sha256"]),
    default="md5",
    zh="签名方法",
    en="how to sign",
)
@option(
    "--file",
    "files",
    multiple=True,
    metavar="NAME=PATH",
    zh="作为文件上传的参数",
    en="a parameter that is sent as a file",
)
@option(
    "--curl",
    is_flag=True,
    zh="不发送，打印签好名的 curl 命令，十分钟内有效",
    en="print the signed curl command instead, good for ten minutes",
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
    curl: bool,
) -> None:
    """Make a signed call and print the reply; or print the command that makes it."""
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
    if curl:
        texts = client.params(method, business, format=reply_format)
        say(_format_curl(client.url, texts, parse_pairs(files)))
        return
    text, _ = client.send(method, format=reply_format, **business)
    say(text if text.startswith("<") else format_json(json.loads(text)))
    if _is_failure(text, METHODS.get(method)):
        raise SystemExit(CHECK_FAILED)


def _format_curl(url: str, texts: Mapping[str, str], files: Mapping[str, str]) -> str:
    """Return the command line, quoted for a POSIX shell; `files` are paths by parameter.

    Control characters are escaped, for neither a terminal nor a paste keeps them.
    """
    words = ["curl", "--silent", url]
    for name, text in texts.items():
        if files:
            words += ["--form-string", f"{name}={text}"]
        elif text.isprintable():
            words += ["--data-urlencode", f"{name}={text}"]
        else:
            words += ["--data", urlencode({name: text})]
    for name, path in files.items():
        words += ["--form", f"{name}=@{path}"]
    return " ".join(_quote(word) for word in words)


def _quote(word: str) -> str:
    """Return a word of a shell; with control characters in the form $'…' of POSIX 2024."""
    if word.isprintable():
        return shlex.quote(word)
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(map(_escape, escaped))}'"


def _escape(character: str) -> str:
    """Return a character as it is, or the bytes of one that cannot be printed in octal."""
    if character.isprintable():
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode())


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


@remote_group(zh="独立环境的时钟：不带子命令时显示。", en="The sandbox's clock.", view=view_clock)
def clock(link: Link) -> Any:
    """Show the clock."""
    return link.ask("GET", "clock")


def _target_time(text: str) -> dict[str, str]:
    """Return the body of `advance` and `age`: a duration is `by`, all else is `to`.

    A duration is what begins with a digit and is no instant, also a misspelt or too long one: so
    the refusal is about durations.
    """
    is_duration = text[:1].isdigit() and not {"-", ":"} & set(text)
    return {"by": text} if is_duration else {"to": text}


@remote_command(
    zh="时间前进：3d12h、next、时刻或 deadline:换货单号。",
    en="Move now forward: 3d12h, next, an instant, or deadline:ID.",
    view=view_clock,
    parent=clock,
)
@click.argument("far")
def advance(link: Link, far: str) -> Any:
    """Move the sandbox's now forward."""
    return link.ask("POST", "clock/advance", _target_time(far))


@remote_command(
    zh="数据变旧，当前时间不变。",
    en="Make all that is recorded older; now stays.",
    view=view_clock,
    parent=clock,
)
@click.argument("far")
def age(link: Link, far: str) -> Any:
    """Make all that is recorded older."""
    return link.ask("POST", "clock/age", _target_time(far))


@remote_command(
    zh="时钟停住，可给时刻。",
    en="Freeze the clock, here or at an instant.",
    view=view_clock,
    parent=clock,
)
@click.argument("at", required=False)
def freeze(link: Link, at: str | None) -> Any:
    """Freeze the clock."""
    return link.ask("POST", "clock", {"mode": "frozen", "now": at})


@remote_command(
    zh="时钟走动，可给时刻。",
    en="Let the clock run, from here or from an instant.",
    view=view_clock,
    parent=clock,
)
@click.argument("at", required=False)
def run(link: Link, at: str | None) -> Any:
    """Let the clock run."""
    return link.ask("POST", "clock", {"mode": "running", "now": at})


@remote_group(zh="快照：不带子命令时列出。", en="Snapshots.", view=view_snapshots)
def snapshot(link: Link) -> Any:
    """List snapshots."""
    return link.ask("GET", "snapshots")


def _snapshot_path(name: str) -> str:
    return f"snapshots/{quote(name, safe='')}"


def _list_snapshots(link: Link) -> list[str]:
    return list(link.ask("GET", "snapshots")["items"])


_CANDIDATE_SNAPSHOTS = Candidates("name", _list_snapshots)


@remote_command(
    zh="把现在的状态保存为 NAME。",
    en="Keep the state under NAME.",
    view=view_mapping,
    parent=snapshot,
)
@click.argument("name")
def save(link: Link, name: str) -> Any:
    """Keep the state."""
    return link.ask("PUT", _snapshot_path(name))


@remote_command("list", zh="列出快照。", en="List snapshots.", view=view_snapshots, parent=snapshot)
def list_(link: Link) -> Any:
    """List snapshots."""
    return link.ask("GET", "snapshots")


def _view_document(document: object) -> Iterator[str]:
    yield format_json(document)


@remote_command(
    zh="打印快照文档，与 export NAME 相同。",
    en="Print the snapshot's document, as export NAME does.",
    view=_view_document,
    candidates=_CANDIDATE_SNAPSHOTS,
    parent=snapshot,
)
@click.argument("name")
def show(link: Link, name: str) -> Any:
    """Print the snapshot's document."""
    return link.ask("GET", _snapshot_path(name))


def _view_export(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show the document, or where it has been written."""
    if "file" in reply:
        yield translate(f"已写入 {reply['file']}", f"written to {reply['file']}")
    else:
        yield format_json(reply)


@remote_command(
    "export",
    zh="把快照写入文件，不给文件时打印；import 可以读回，在别的服务上也行。",
    en="Write a snapshot to a file, or print it; import reads it back, on other servers too.",
    view=_view_export,
    candidates=_CANDIDATE_SNAPSHOTS,
    parent=snapshot,
)
@click.argument("name")
@click.argument("path", required=False, metavar="[FILE]")
def export(link: Link, name: str, path: str | None) -> Any:
    """Write a snapshot to a file, or print it."""
    document = link.ask("GET", _snapshot_path(name))
    if path is None or path == "-":
        return document
    save_output(path, format_json(document) + "\n", PRIVATE_MODE)
    return {"name": name, "file": path}


@remote_command(
    "import",
    zh="从文件读入快照，存为 NAME；restore NAME 恢复到它。",
    en="Read a snapshot from a file and keep it under NAME; restore NAME goes to it.",
    view=view_mapping,
    parent=snapshot,
)
@click.argument("name")
@click.argument("path", metavar="FILE")
def import_(link: Link, name: str, path: str) -> Any:
    """Read a snapshot from a file."""
    return link.ask("PUT", _snapshot_path(name), read_document_file(path))


@remote_command(
    zh="恢复到快照。",
    en="Go back to the snapshot.",
    view=view_mapping,
    candidates=_CANDIDATE_SNAPSHOTS,
    parent=snapshot,
)
@click.argument("name")
def restore(link: Link, name: str) -> Any:
    """Go back to a snapshot."""
    return _reset(link, name)


@remote_command(
    zh="删除快照。",
    en="Drop the snapshot.",
    view=view_nothing,
    candidates=_CANDIDATE_SNAPSHOTS,
    parent=snapshot,
)
@click.argument("name")
def drop(link: Link, name: str) -> Any:
    """Drop a snapshot."""
    link.ask("DELETE", _snapshot_path(name))


def _list_baselines(link: Link) -> list[str]:
    return ["baseline", "empty", *_list_snapshots(link)]


@remote_command(
    zh="恢复为 baseline、empty 或快照名。",
    en="Reset to baseline, empty, or a snapshot.",
    view=view_mapping,
    candidates=Candidates("to", _list_baselines),
)
@click.argument("to", default="baseline")
def reset(link: Link, to: str) -> Any:
    """Reset the sandbox."""
    return _reset(link, to)


def _reset(link: Link, to: str) -> dict[str, Any]:
    sandbox = link.ask("POST", "reset", {"to": to})
    return {"id": sandbox["id"], "now": sandbox["now"]}
