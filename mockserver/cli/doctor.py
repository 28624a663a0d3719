"""`doctor`: why a call was refused, asked of a running server, or of a pasted call without one."""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import click
from msgspec import to_builtins

from ..doctor.diagnosis import explain_refusal
from ..doctor.refused_call import RefusedCall
from ..gateway.call import Call, read_call
from ..protocol.errors import CODES, TopError
from ..protocol.shapes import BEIJING
from ..protocol.signing import SIGN_METHODS, sign
from ..world.default_world import APP_KEY, APP_SECRET
from ..world.directory import Directory
from ..world.identity import App
from ..world.journal import MASK
from .console import CHECK_FAILED, WRONG_USE, Link, connect, fail, one_line, say, words
from .pasted_request import PASTED_AT_MOST, BadPaste, read_pasted
from .settings import read_settings

__all__ = ["doctor"]


@click.command()
@click.argument("request_id", required=False)
@click.option(
    "--last",
    is_flag=True,
    help="最近一次被拒绝或失败的请求，默认 (the last call that was refused or failed)",
)
@click.option(
    "--stdin",
    "pasted",
    is_flag=True,
    help="诊断粘贴的请求：k=v&…、URL、curl、HTTP 原文或 HAR (a pasted call, offline)",
)
@click.option(
    "--secret",
    default="",
    help="与 --stdin 一起：应用密钥，默认取设置里的 (with --stdin: the app's secret)",
)
@click.option(
    "--config", default="", help="与 --stdin 一起：设置文件 (with --stdin: settings file)"
)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def doctor(
    options: Mapping[str, Any],
    request_id: str | None,
    last: bool,
    pasted: bool,
    secret: str,
    config: str,
    as_json: bool,
) -> None:
    """为什么这次调用被拒绝：签名错在哪里，差多远，怎样才行 (why a call was refused)."""
    if bool(request_id) + last + pasted > 1:
        fail(
            WRONG_USE,
            "REQUEST_ID、--last、--stdin 只能选一个",
            "one of REQUEST_ID, --last, --stdin at a time",
        )
    if not pasted and (secret or config):
        fail(
            WRONG_USE,
            "--secret 与 --config 要和 --stdin 一起用",
            "--secret and --config go with --stdin",
        )
    if pasted:
        _examine_pasted(secret, config, as_json)
        return
    link = connect(options)
    entry = (
        link.root("GET", f"requests/{quote(request_id, safe='')}") if request_id else _last(link)
    )
    if entry is None:
        say(words("没有被拒绝或失败的请求", "no call was refused or failed"))
        return
    if as_json:
        say(json.dumps(entry, ensure_ascii=False, indent=2))
        return
    for line in _entry_lines(entry):
        say(line)


def _last(link: Link) -> Mapping[str, Any] | None:
    """The latest call of the sandbox, or of none, that was refused or failed."""
    found: list[Mapping[str, Any]] = []
    for outcome in ("refused", "failed"):
        found += link.ask("GET", "requests", outcome=outcome, limit=1)["items"]
    found += link.root("GET", "requests", sandbox="none", outcome="refused", limit=1)["items"]
    return max(found, key=lambda entry: entry["number"], default=None)


def _entry_lines(entry: Mapping[str, Any]) -> Iterator[str]:
    what = {"ok": words("成功", "fine"), "failed": entry["msg_code"]}.get(
        entry["outcome"]
    ) or _code(entry["code"], entry["sub_code"])
    yield f"{entry['at']}  {entry['request_id']}  {one_line(entry['method'] or '-')}  {what}"
    diagnosis = entry["diagnosis"]
    cause = words(diagnosis["zh"], diagnosis["en"])
    if cause and cause not in [words(each["zh"], each["en"]) for each in diagnosis["findings"]]:
        yield one_line(cause)
    yield from _finding_lines(diagnosis["findings"])
    for warning in entry["warnings"]:
        yield f"! {one_line(str(warning))}"


def _code(code: int, sub_code: str = "") -> str:
    return " ".join(filter(None, (str(code), CODES[code].wire if code in CODES else "", sub_code)))


def _finding_lines(findings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Each finding with the place where it shows; what a client sent is escaped for a terminal."""
    for finding in findings:
        yield f"- {finding['id']}: {_shown(words(finding['zh'], finding['en']))}"
        at = finding.get("at", {})
        if "signed" in at:
            where, after = one_line(str(at["where"])), one_line(str(at.get("after", "")))
            place = words(f"第一处不同在 {where}", f"first differing at {where}")
            if "position" in at:
                place += words(f"，第 {at['position']} 个字符", f", character {at['position']}")
            if after:
                place += words(f"，{after} 之后", f", after {after}")
            yield f"    {place}"
            yield words("    签的是  ", "    signed  ") + (one_line(str(at["signed"])) or "-")
            yield words("    应该是  ", "    wanted  ") + (one_line(str(at["wanted"])) or "-")
        elif at.get("where") == "string":
            yield words(
                "    应签的字符串(隐私与密钥以 *** 代替)，摘要 ",
                "    the string to sign (private values and secrets as ***), digest ",
            ) + str(at["digest"])
            yield f"    {_shown(str(at['wanted']))}"


def _shown(text: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _examine_pasted(secret: str, config: str, as_json: bool) -> None:
    """The sign of a call on stdin; exit 1 when it is wrong."""
    call = _pasted_call()
    key = call.texts.get("app_key", "")
    app = App(key, secret or _secret_of(key, config))
    method = call.texts.get("sign_method") or "md5"
    wrong = 25 if call.texts.get("sign") else 24
    if method in SIGN_METHODS and call.texts.get("sign") == sign(
        call.texts, app.app_secret, method, call.raw_body
    ):
        if as_json:
            say(json.dumps({"code": 0, "findings": []}))
        else:
            say(words("签名正确", "the sign is right"))
        return
    refused = RefusedCall(
        inbound=call.inbound,
        directory=Directory(lambda: datetime.now(BEIJING)),
        texts=call.texts,
        query_count=call.in_query,
        files=tuple(call.files),
        raw_body=call.raw_body,
        app=app,
        error=TopError(wrong),
    )
    findings = to_builtins(explain_refusal(refused))
    if as_json:
        say(json.dumps({"code": wrong, "findings": findings}, ensure_ascii=False, indent=2))
    else:
        say(_code(wrong))
        for line in _finding_lines(findings):
            say(line)
    sys.exit(CHECK_FAILED)


def _pasted_call() -> Call:
    try:
        call = read_call(
            read_pasted(sys.stdin.buffer.read(PASTED_AT_MOST + 1).decode("utf-8", "replace")), ""
        )
    except BadPaste as wrong:
        fail(WRONG_USE, wrong.zh, wrong.en)
    if call.unreadable is not None:
        fail(
            WRONG_USE,
            f"请求读不懂：{call.unreadable.reason}",
            f"the call cannot be read: {call.unreadable.reason}",
        )
    if not call.texts:
        fail(WRONG_USE, "里面没有参数", "it holds no parameters")
    if call.repeated:
        fail(
            WRONG_USE,
            f"参数 {one_line(call.repeated)} 出现了两次",
            f"parameter {one_line(call.repeated)} came twice",
        )
    for name, value in call.texts.items():
        variable = re.fullmatch(r"\$\{?(\w+)\}?", value)
        if variable and variable[1] in os.environ:
            call.texts[name] = os.environ[variable[1]]
        elif variable or value == MASK:
            fail(
                WRONG_USE,
                f"{one_line(name)} 的值是 {one_line(value)}：要原来的值才能验签",
                f"{one_line(name)} is {one_line(value)}: the sign can only be checked with the real value",
            )
    return call


def _secret_of(key: str, config: str) -> str:
    """The secret that the settings have for an app_key; without any, exit 2."""
    found = read_settings({}, config)
    apps = found.world.get("apps") or ()
    listed = {
        str(each.get("app_key", "")): str(each.get("app_secret", ""))
        for each in apps
        if isinstance(each, dict)
    }
    known = listed.get(key) or found.values["app-secret"] or (APP_SECRET if key == APP_KEY else "")
    if not known:
        fail(
            WRONG_USE,
            f"不知道 app_key {one_line(key) or '-'} 的密钥：加上 --secret，或写进 mockserver.toml",
            f"the secret of app_key {one_line(key) or '-'} is not known: add --secret, or set it in mockserver.toml",
        )
    return str(known)
