"""`doctor`: why a call was refused: one in a server's journal, or one pasted without a server."""

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
from ..doctor.signature_report import LEAST_SECRET_CHARACTERS
from ..gateway.call import Call, read_call
from ..protocol.errors import CODES, TopError
from ..protocol.shapes import BEIJING
from ..protocol.signing import SIGN_METHODS, sign
from ..world.default_world import APP_KEY, APP_SECRET
from ..world.directory import Directory
from ..world.identity import App
from ..world.secret_index import MASK, SecretIndex
from .console import (
    CHECK_FAILED,
    WRONG_USE,
    Link,
    connect,
    escape,
    fail,
    format_json,
    on_terminal,
    one_line,
    paint,
    say,
    translate,
)
from .localized import command, option
from .pasted_request import MAX_PASTED_CHARACTERS, BadPaste, read_pasted
from .settings import read_settings
from .table import format_table

__all__ = ["doctor"]

_SECRET_VARIABLES = ("TOP_APP_SECRET", "TOP_SESSION", "TOP_SUB_SESSION", "TMALL_MOCKSERVER_TOKEN")
_OWN_VARIABLES = frozenset((*_SECRET_VARIABLES, "TOP_SERVER_URL", "TOP_APP_KEY"))
_OUTCOME_COLOURS = {"ok": "green", "failed": "yellow", "refused": "red"}
_MISSING_SIGN, _INVALID_SIGN = 24, 25  # error codes of the platform


@command(
    zh="为什么这次调用被拒绝：签名错在哪里，差多远，怎样才行。",
    en="Say why a call was refused: what is wrong with its sign, how near it was.",
)
@click.argument("request_id", required=False)
@option(
    "--last",
    is_flag=True,
    zh="最近一次被拒绝或失败的请求，默认",
    en="the last call that was refused or failed",
)
@option(
    "--stdin",
    "pasted",
    is_flag=True,
    zh="诊断粘贴的请求：k=v&…、URL、curl、HTTP 原文或 HAR",
    en="a pasted call, offline",
)
@option(
    "--secret",
    default="",
    zh="与 --stdin 一起：应用密钥，默认取设置里的",
    en="with --stdin: the app's secret",
)
@option("--config", default="", zh="与 --stdin 一起：设置文件", en="with --stdin: settings file")
@option("--json", "as_json", is_flag=True, zh="以 JSON 打印", en="print JSON")
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
    """Say why a call was refused: what is wrong with its sign, how near it was."""
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
        _diagnose_pasted(secret, config, as_json)
        return
    link = connect(options)
    if request_id:
        entry = link.control("GET", f"requests/{quote(request_id, safe='')}")
    else:
        entry = _last_unsuccessful(link)
    if entry is None:
        say(translate("没有被拒绝或失败的请求", "no call was refused or failed"))
    elif as_json:
        say(format_json(entry))
    else:
        for line in _entry_lines(entry):
            say(line)


def _last_unsuccessful(link: Link) -> Mapping[str, Any] | None:
    """Return the latest call that was refused or failed, of this sandbox or of no sandbox."""
    entries: list[Mapping[str, Any]] = []
    for outcome in ("refused", "failed"):
        entries += link.ask("GET", "requests", outcome=outcome, limit=1)["items"]
    entries += link.control("GET", "requests", sandbox="none", outcome="refused", limit=1)["items"]
    return max(entries, key=lambda entry: entry["number"], default=None)


def _entry_lines(entry: Mapping[str, Any]) -> Iterator[str]:
    outcome = _format_code(entry["code"], entry["sub_code"])
    if entry["outcome"] == "ok":
        outcome = translate("成功", "fine")
    elif entry["outcome"] == "failed" and entry["msg_code"]:
        outcome = one_line(entry["msg_code"])
    words = (entry["at"], entry["request_id"], one_line(entry["method"] or "-"))
    if on_terminal():
        colour = _OUTCOME_COLOURS[entry["outcome"]]
        headings = (("时间", "time"), ("请求", "request"), ("方法", "method"), ("结果", "outcome"))
        yield from format_table(
            [translate(zh, en) for zh, en in headings], [(*words, (outcome, colour))]
        )
    else:
        yield "  ".join((*words, outcome))
    diagnosis = entry["diagnosis"]
    findings = diagnosis["findings"]
    sentences = [translate(finding["zh"], finding["en"]) for finding in findings]
    cause = translate(diagnosis["zh"], diagnosis["en"])
    for sentence in sentences:  # each is printed once, with its finding
        cause = cause.replace(sentence, "").strip("；; ")
    if cause:
        yield one_line(cause)
    yield from _finding_lines(findings)
    for warning in entry["warnings"]:
        if not any(sentence in str(warning) for sentence in sentences):
            yield f"! {one_line(str(warning))}"


def _format_code(code: int, sub_code: str = "") -> str:
    wire = CODES[code].wire if code in CODES else ""
    return one_line(" ".join(filter(None, (str(code), wire, sub_code))))


def _finding_lines(findings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each finding and the place where it shows; what a client sent is escaped."""
    for finding in findings:
        sentence = escape(translate(finding["zh"], finding["en"]))
        yield f"- {paint(finding['id'], 'yellow')}: {sentence}"
        place = finding.get("at", {})
        if "signed" in place:
            yield f"    {_format_difference(place)}"
            yield translate("    签的是  ", "    signed  ") + (
                one_line(str(place["signed"])) or "-"
            )
            yield translate("    应该是  ", "    wanted  ") + (
                one_line(str(place["wanted"])) or "-"
            )
        elif place.get("where") == "string":
            yield translate(
                "    应签的字符串(隐私与密钥以 *** 代替)，摘要 ",
                "    the string to sign (private values and secrets as ***), digest ",
            ) + str(place["digest"])
            yield f"    {escape(str(place['wanted']))}"


def _format_difference(place: Mapping[str, Any]) -> str:
    """Return where two strings to sign first differ."""
    where = one_line(str(place["where"]))
    text = translate(f"第一处不同在 {where}", f"first differing at {where}")
    if "position" in place:
        position = place["position"]
        text += translate(f"，第 {position} 个字符", f", character {position}")
    if after := one_line(str(place.get("after", ""))):
        text += translate(f"，{after} 之后", f", after {after}")
    return text


def _diagnose_pasted(secret: str, config: str, as_json: bool) -> None:
    """Check the sign of the call on stdin; end with exit 1 when it is wrong."""
    call = _read_call()
    app_key = call.texts.get("app_key", "")
    app = App(app_key, secret or _find_secret(app_key, config))
    method = call.texts.get("sign_method") or "md5"
    signature = call.texts.get("sign")
    if method in SIGN_METHODS and signature == sign(
        call.texts, app.app_secret, method, call.raw_body
    ):
        if as_json:
            say(json.dumps({"code": 0, "findings": []}))
        else:
            say(translate("签名正确", "the sign is right"))
        return
    code = _INVALID_SIGN if signature else _MISSING_SIGN
    refused_call = RefusedCall(
        inbound=call.inbound,
        directory=Directory(lambda: datetime.now(BEIJING)),
        texts=call.texts,
        query_count=call.in_query,
        files=tuple(call.files),
        raw_body=call.raw_body,
        app=app,
        error=TopError(code),
    )
    findings = _list_secrets(call, app).mask_tree(to_builtins(explain_refusal(refused_call)))
    if as_json:
        say(format_json({"code": code, "findings": findings}))
    else:
        say(_format_code(code))
        for line in _finding_lines(findings):
            say(line)
    sys.exit(CHECK_FAILED)


def _list_secrets(call: Call, app: App) -> SecretIndex:
    """Return what the answer must not show: it is pasted where the question came from."""
    variables = [os.environ.get(name, "") for name in _SECRET_VARIABLES]
    secrets = (app.app_secret, call.texts.get("session", ""), *variables)
    return SecretIndex(secrets, LEAST_SECRET_CHARACTERS)


def _read_call() -> Call:
    """Return the call on stdin; one that cannot be checked ends the command with exit 2.

    A value `$NAME` is replaced by the variable NAME, if it is one that `exec` sets: a pasted call
    is foreign text, and must not make the command print other variables.
    """
    pasted = sys.stdin.buffer.read(MAX_PASTED_CHARACTERS + 1).decode("utf-8", "replace")
    try:
        call = read_call(read_pasted(pasted), "")
    except BadPaste as error:
        fail(WRONG_USE, error.zh, error.en)
    if call.unreadable is not None:
        reason = call.unreadable.reason
        fail(WRONG_USE, f"请求读不懂：{reason}", f"the call cannot be read: {reason}")
    if not call.texts:
        fail(WRONG_USE, "里面没有参数", "it holds no parameters")
    if call.repeated:
        name = one_line(call.repeated)
        fail(WRONG_USE, f"参数 {name} 出现了两次", f"parameter {name} came twice")
    for name, value in call.texts.items():
        variable = re.fullmatch(r"\$\{?(\w+)\}?", value)
        if variable and variable[1] in _OWN_VARIABLES and variable[1] in os.environ:
            call.texts[name] = os.environ[variable[1]]
        elif variable or value == MASK:
            fail(
                WRONG_USE,
                f"{one_line(name)} 的值是 {one_line(value)}：要原来的值才能验签",
                f"{one_line(name)} is {one_line(value)}: "
                "the sign can only be checked with the real value",
            )
    return call


def _find_secret(app_key: str, config: str) -> str:
    """Return the secret that the settings have for an app_key; without any, exit 2."""
    settings = read_settings({}, config)
    apps = settings.world.get("apps") or ()
    listed = {
        str(app.get("app_key", "")): str(app.get("app_secret", ""))
        for app in apps
        if isinstance(app, dict)
    }
    default = APP_SECRET if app_key == APP_KEY else ""
    secret = listed.get(app_key) or settings.values["app-secret"] or default
    if not secret:
        key = one_line(app_key) or "-"
        fail(
            WRONG_USE,
            f"不知道 app_key {key} 的密钥：加上 --secret，或写进 mockserver.toml",
            f"the secret of app_key {key} is not known: add --secret, or set it in mockserver.toml",
        )
    return str(secret)
