"""The platform's checks of a call, as one table whose order is the order of the checks.

Only evidence, no document, states the order (docs/spec/top-protocol.md#top-4.4); the place of
what cannot be read at all, and of a repeated parameter, is this product's.  A check raises
TopError or lets the call pass; none changes anything but the call's own record.
"""

from collections.abc import Callable

from msgspec import Struct

from ..api.declaration import split_field_names
from ..api.methods import METHODS
from ..api.spelling import (
    FIELD_NAMES,
    PARAMETER_NAMES,
    describe_unknown_fields,
    describe_unknown_parameters,
)
from ..domain.vocabulary import Role
from ..protocol.binding import bind_arguments, make_invalid_error, make_missing_error
from ..protocol.errors import TopError, make_ban_error
from ..protocol.pictures import is_usual_picture
from ..protocol.shapes import is_epoch_seconds, parse_epoch, parse_time
from ..protocol.signing import SIGN_METHODS, sign
from ..world.directory import Directory
from .call import Call

__all__ = ["BATCH_CHECKS", "CHECKS", "SandboxLookup"]


class SandboxLookup(Struct, frozen=True):
    """What the checks need to know besides the call: who is whom, and whether the server is lax.

    `lax` names the sandbox where unknown keys and sessions land; empty means strict.
    """

    directory: Directory
    lax: str = ""


Check = Callable[[Call, SandboxLookup], None]  # raises TopError, or lets the call pass


def _readable(call: Call, lookup: SandboxLookup) -> None:
    if call.inbound.broken:
        raise TopError(3, zh="请求体中断，没有收全", en="the body broke off")
    if call.inbound.body is None:
        raise TopError(3, zh="请求体超过 8 MiB", en="the body is above 8 MiB")
    if call.unreadable is not None and call.unreadable.encoding:
        raise TopError(47)
    if call.unreadable is not None:
        raise TopError(3, zh=f"参数无法读取：{call.unreadable.reason}", en=call.unreadable.reason)


def _method_given(call: Call, lookup: SandboxLookup) -> None:
    if not call.texts.get("method"):
        raise TopError(21, sub_msg="请求中缺少 method 参数，请添加 method 字段")


def _app(call: Call, lookup: SandboxLookup) -> None:
    key = call.texts.get("app_key", "")
    if not key and not lookup.lax:
        raise TopError(28)
    world = call.caller_sandbox
    app = world.view.app(key) if world else None
    if app is None and lookup.lax:
        call.warnings.append(
            f"lax：app_key {key[:50]!r} 未知，按独立环境 {lookup.lax} 处理"
            " (unknown app_key taken as that sandbox's)"
        )
        world = lookup.directory.get(lookup.lax)
        assert world is not None
        app = next(iter(world.view.apps()))
    if world is None or app is None:
        raise TopError(29, sub_code="isv.appkey-not-exists")
    call.world = world
    call.app = app
    call.session = world.view.session(call.texts.get("session", ""))


def _timestamp(call: Call, lookup: SandboxLookup) -> None:
    text = call.texts.get("timestamp", "")
    if not text:
        raise TopError(30)
    assert call.world is not None
    rules = call.world.view.rules
    instant = parse_epoch(text) or parse_time(text)
    if instant is not None and is_epoch_seconds(text) and not rules["seconds_timestamp"]:
        instant = None
    if instant is None:
        raise TopError(
            31,
            zh="timestamp 应为 yyyy-MM-dd HH:mm:ss(GMT+8)、13 位毫秒，"
            "或 10 位秒(规则 seconds_timestamp)",
            en="timestamp is yyyy-MM-dd HH:mm:ss in GMT+8, 13 digits of milliseconds, "
            "or 10 digits of seconds (rule seconds_timestamp)",
        )
    tolerance = rules.duration("timestamp_tolerance")
    real = lookup.directory.real()
    if abs(instant - real) > tolerance and abs(instant - call.world.now) > tolerance:
        raise TopError(31)


def _version(call: Call, lookup: SandboxLookup) -> None:
    text = call.texts.get("v", "")
    if not text:
        raise TopError(32)
    if text == "2.0":
        return
    whole, _, part = text.partition(".")
    number = (
        whole.isascii() and whole.isdigit() and (not part or (part.isascii() and part.isdigit()))
    )
    raise TopError(34 if number else 33)


def _format(call: Call, lookup: SandboxLookup) -> None:
    if call.texts.get("format") not in (None, "", "xml", "json"):
        raise TopError(23)


def _repeated(call: Call, lookup: SandboxLookup) -> None:
    if call.repeated:
        raise make_invalid_error(call.repeated, "参数重复", "the parameter is repeated")


def _sign(call: Call, lookup: SandboxLookup) -> None:
    if call.inbound.part:
        return
    signature = call.texts.get("sign", "")
    if not signature and not lookup.lax:
        raise TopError(24)
    method = call.texts.get("sign_method") or "md5"
    if method not in SIGN_METHODS:
        problem = TopError(
            25,
            zh=f"sign_method {method[:50]} 不支持，应为 md5、hmac 或 hmac-sha256",
            en="sign_method is md5, hmac or hmac-sha256",
        )
    else:
        assert call.app is not None
        if signature == sign(call.texts, call.app.app_secret, method, call.raw_body):
            return
        problem = TopError(25)
    if not lookup.lax:
        raise problem
    call.refusal = problem
    call.warnings.append(f"lax：{problem.cause_zh} (signature not enforced)")


def _method(call: Call, lookup: SandboxLookup) -> None:
    name = call.texts["method"]
    call.method = METHODS.get(name)
    if call.method is None:
        assert call.world is not None
        call.stub = call.world.view.stub(name)
        if call.stub is None:
            raise TopError(
                22,
                zh=f"没有方法 {name[:100]}；可用 PUT …/stubs/{{method}} 登记固定应答",
                en="no such method; a canned reply can be put under …/stubs/{method}",
            )


def _verb(call: Call, lookup: SandboxLookup) -> None:
    if call.inbound.verb not in ("GET", "POST") or (call.files and call.inbound.verb != "POST"):
        raise TopError(9)


def _quota(call: Call, lookup: SandboxLookup) -> None:
    world = call.world
    assert world is not None and call.app is not None
    if world.view.quotas:
        assert call.work is not None
        ban = call.work.consume_quota(call.app.app_key, call.texts["method"])
        if ban is not None:
            raise make_ban_error(ban.sub_code, ban.seconds, ban.zh, ban.en)


def _session(call: Call, lookup: SandboxLookup) -> None:
    needed = call.method is not None and call.method.session
    token = call.texts.get("session", "")
    if not needed and (call.method is not None or not token):
        return
    assert call.world is not None and call.app is not None
    if call.session is None and lookup.lax:
        call.warnings.append("lax：session 未知，按主账号处理 (unknown session taken as main)")
        call.session = next(iter(call.world.view.sessions()))
    if not token and call.session is None:
        raise TopError(26)
    if call.session is None and lookup.directory.knows_session(token):
        raise TopError(
            27,
            sub_code="sessionkey-not-generated-by-server",
            sub_msg=f"RealSession don't belong app and user ! appKey is : {call.app.app_key}",
            zh="session 属于另一个应用",
            en="the session is another app's",
        )
    if call.session is None:
        raise TopError(
            27,
            sub_code="invalid-sessionkey",
            sub_msg="SessionKey非法",
            zh="session 不存在",
            en="unknown session",
        )
    if call.session.expires is not None and call.session.expires <= call.world.now:
        raise TopError(
            27,
            "session-expired",
            sub_code="session-expired",
            zh="session 已过期",
            en="the session has expired",
        )


def _permission(call: Call, lookup: SandboxLookup) -> None:
    assert call.app is not None
    name = call.texts["method"]
    if call.app.methods is not None and name not in call.app.methods:
        raise TopError(
            11, sub_code="isv.permission-api-package-limit", sub_msg="scope ids is 20952 (换货API)"
        )
    session = call.session
    if session is not None and session.methods is not None and name not in session.methods:
        who = "子账号" if session.role is Role.SELLER_SUB else "账号"
        raise TopError(
            12,
            zh=f"{who} {session.label} 没有 {name} 的权限",
            en=f"{session.label} lacks the right to {name}",
        )


def _arguments(call: Call, lookup: SandboxLookup) -> None:
    if call.method is None:
        return
    assert call.world is not None
    rules = call.world.view.rules
    if call.files or not PARAMETER_NAMES[call.method.name].issuperset(call.texts):
        call.warnings += describe_unknown_parameters(
            call.method, (*call.texts, *(upload.name for upload in call.files))
        )
    call.arguments = bind_arguments(
        call.method.params,
        call.texts,
        call.files,
        rules.number,
        lenient="" if rules["fields_required"] else "fields",
    )
    _check_picture_kinds(call, strict=rules["picture_limits"] == "refuse")
    fields = split_field_names(call.arguments.get("fields", ()))
    if "fields" in call.arguments and not fields:
        raise make_missing_error("fields")  # a plain text of blanks and commas names nothing
    if not FIELD_NAMES[call.method.name].issuperset(fields):
        call.warnings += describe_unknown_fields(call.method, fields)


def _check_picture_kinds(call: Call, *, strict: bool) -> None:
    """Warn of pictures that are neither JPG, GIF nor PNG; refuse them if `strict`."""
    for upload in call.files:
        if upload.name in call.arguments and not is_usual_picture(upload.content):
            if strict:
                raise make_invalid_error(upload.name, "应为 JPG、GIF 或 PNG", "JPG, GIF or PNG")
            call.warnings.append(
                f"{upload.name}：同类接口只支持 JPG、GIF、PNG"
                " (the sibling methods take JPG, GIF and PNG only)"
            )


CHECKS: tuple[Check, ...] = (
    _readable,  # 3, 47
    _method_given,  # 21
    _app,  # 28, 29
    _timestamp,  # 30, 31
    _version,  # 32, 33, 34
    _format,  # 23
    _repeated,  # 41
    _sign,  # 24, 25
    _method,  # 22
    _verb,  # 9
    _quota,  # 7
    _session,  # 26, 27
    _permission,  # 11, 12
    _arguments,  # 40, 41
)
BATCH_CHECKS: tuple[Check, ...] = (_readable, _app, _timestamp, _version, _format, _repeated, _sign)
