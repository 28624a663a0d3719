"""The login before OAuth: `/container`, whose callback brings `top_session`.

The platform switched it off; old clients still have it.  The rule `container_flow` opens it, and
the rule `container_callback` is the address that the app registered.  The browser comes back with
`top_appkey`, `top_parameters` (Base64 of joined values), `top_session`, and `top_sign`: Base64 of
the MD5 of app key, parameters, session and secret, one behind the other.  `/container/refresh` is
signed with MD5 of names and values, then the secret once.

Source: docs/spec/top-protocol.md#top-5.4; the callback's form is read from clients.
"""

import base64
import hashlib
import hmac
import json

from flask import Response, request

from ..domain.vocabulary import Role
from ..world.authorization import AuthorizationRefused
from .replies import json_response, page_response, redirect_response
from .visit import Visit

__all__ = ["answer_container", "refresh_container"]

_PARAMETERS = ("appkey", "encode", "lang")
_ENCODINGS = {"": "gbk", "gbk": "gbk", "utf-8": "utf-8", "utf8": "utf-8"}
_ROLES = {Role.SELLER_MAIN: "seller", Role.SELLER_SUB: "subuser"}


def _open(visit: Visit) -> None:
    """Keep the sandboxes in which the flow is open.

    Raises:
        AuthorizationRefused: no sandbox has the app, or none of them has the flow open.
    """
    visit.find_sandboxes()
    visit.rows = [row for row in visit.rows if row[0].view.rules["container_flow"]]
    if not visit.rows:
        raise AuthorizationRefused(
            "access_denied",
            "container is closed",
            "旧的 container 授权已停用；规则 container_flow: true 打开它，新程序请用 /authorize",
            "the old container flow is off; the rule container_flow: true opens it, new programs "
            "use /authorize",
        )


def answer_container(visit: Visit) -> Response:
    """Show the page, or send the browser back with a session.

    Raises:
        AuthorizationRefused: the flow is closed, or the callback, the account or `encode` is wrong.
    """
    visit.check_page()
    _open(visit)
    texts = visit.texts
    encoding = _ENCODINGS.get(texts.get("encode", "").lower())
    if encoding is None:
        raise AuthorizationRefused(
            "invalid_request", "encode is invalidate", "encode 为 utf-8 或 gbk", "utf-8 or gbk"
        )
    if request.method == "POST":
        return _send_back(visit, encoding)
    address = _read_callback(visit)
    fields = {name: texts[name] for name in _PARAMETERS if texts.get(name)}
    return page_response(
        texts["appkey"], visit.list_accounts(), fields, action="container", address=address
    )


def _read_callback(visit: Visit) -> str:
    """Return the address that the app of the first sandbox registered.

    Raises:
        AuthorizationRefused: it may not be led to.
    """
    address = visit.rows[0][0].view.rules.text("container_callback")
    visit.check_redirect("container_callback", address)
    return address


def _send_back(visit: Visit, encoding: str) -> Response:
    texts = visit.texts
    if texts.get("answer") == "deny":
        address = _read_callback(visit)
        visit.reply = {"error": "access_denied"}
        return redirect_response(address, {"error": "access_denied"})
    world, app, label = visit.choose_account()
    address = _read_callback(visit)
    with world.unit_of_work() as work:
        code = work.authorize(app, label, redirect_uri=address, anew=False)
        token = json.loads(work.exchange_code(app, code))
        session = work.view.session(token["access_token"])
    assert session is not None
    visit.reply = token
    values = {
        "expires_in": token["expires_in"],
        "iframe": 0,
        "r1_expires_in": token["r1_expires_in"],
        "r2_expires_in": token["r2_expires_in"],
        "re_expires_in": token["re_expires_in"],
        "refresh_token": token["refresh_token"],
        "ts": int(world.now.timestamp()) * 1000,
        "visitor_id": session.user_id,
        "visitor_nick": session.nick,
        "visitor_role": _ROLES[session.role],
        "w1_expires_in": token["w1_expires_in"],
        "w2_expires_in": token["w2_expires_in"],
    }
    joined = "&".join(f"{name}={value}" for name, value in values.items())
    parameters = base64.b64encode(joined.encode(encoding, "replace")).decode()
    text = app.app_key + parameters + session.token + app.app_secret
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    members = {
        "top_appkey": app.app_key,
        "top_parameters": parameters,
        "top_session": session.token,
        "top_sign": base64.b64encode(digest).decode(),
    }
    if texts.get("encode"):
        members["encode"] = texts["encode"]
    return redirect_response(address, members)


def refresh_container(visit: Visit) -> Response:
    """Return `top_session` and its refresh token for a refresh token.

    Raises:
        AuthorizationRefused: the flow is closed, or sign or refresh token is wrong.
    """
    _open(visit)
    texts = visit.texts
    names = ("appkey", "refresh_token", "sessionkey")
    joined = "".join(name + texts.get(name, "") for name in names)
    secret = visit.rows[0][1].app_secret
    digest = hashlib.md5(f"{joined}{secret}".encode(), usedforsecurity=False).hexdigest().upper()
    if not hmac.compare_digest(digest.encode(), texts.get("sign", "").upper().encode()):
        raise AuthorizationRefused(
            "invalid_request",
            "sign is invalidate",
            "sign 应为 appkey、refresh_token、sessionkey 的名与值相连，末尾加 secret，取 MD5",
            "sign is the MD5 of names and values of appkey, refresh_token, sessionkey, then the "
            "secret once",
        )
    text = texts.get("refresh_token", "")
    world, app = visit.choose_owner(text)
    with world.unit_of_work() as work:
        token = json.loads(work.exchange_refresh_token(app, text))
    visit.reply = token
    document = {
        "top_session": token["access_token"],
        "refresh_token": token["refresh_token"],
        "expires_in": token["expires_in"],
        "re_expires_in": token["re_expires_in"],
        "r1_expires_in": token["r1_expires_in"],
        "r2_expires_in": token["r2_expires_in"],
        "w1_expires_in": token["w1_expires_in"],
        "w2_expires_in": token["w2_expires_in"],
    }
    return json_response(200, json.dumps(document, separators=(",", ":")))
