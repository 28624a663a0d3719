"""The doors of OAuth: `/authorize`, on which an account allows an app, and `/token`.

`/authorize` is a page for a browser, so it is answered under known Hosts only, takes no form that
another site sends, and leads only to loopback and to hosts of the rule `redirect_hosts`.  `/token`
is for programs, as the gateway is: it wants the app's secret.  Neither opens the control API.
Errors are HTTP 400 with JSON, as the platform's.

Source: docs/spec/top-protocol.md#top-5.1, #top-5.2; docs/spec/evidence-2026-11.md#evidence-6.
"""

import hmac
import json
from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, request

from ..protocol.signing import sign
from ..service.context import ServerContext
from ..world.authorization import AuthorizationRefused
from .container import answer_container, refresh_container
from .replies import json_response, page_response, redirect_response
from .visit import Visit, answer_visit

__all__ = ["oauth_blueprint"]

_PARAMETERS = ("client_id", "response_type", "redirect_uri", "state", "view", "force_auth", "lang")
_IMPLICIT = (
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "re_expires_in",
    "r1_expires_in",
    "r2_expires_in",
    "taobao_user_id",
    "taobao_user_nick",
    "w1_expires_in",
    "w2_expires_in",
)


def oauth_blueprint(context: ServerContext) -> Blueprint:
    """Return the doors; each request has an entry in the journal."""
    blueprint = Blueprint("oauth", __name__)
    page, program = ("GET", "POST"), ("POST",)
    doors = (
        ("/authorize", page, "client_id", _authorize),
        ("/token", program, "client_id", _give_token),
        ("/container", page, "appkey", answer_container),
        ("/container/refresh", page, "appkey", refresh_container),
    )
    for path, verbs, key, answer in doors:
        method = f"oauth.{path.removeprefix('/').replace('/', '.')}"

        view = partial(_answer, context, method, key, answer)
        blueprint.add_url_rule(path, method.replace(".", "_"), view, methods=verbs)
    return blueprint


def _answer(
    context: ServerContext, method: str, key: str, answer: Callable[[Visit], Response]
) -> Response:
    return answer_visit(Visit(context, method, key), answer)


def _authorize(visit: Visit) -> Response:
    visit.check_page()
    visit.find_sandboxes()
    texts = visit.texts
    address = texts.get("redirect_uri", "")
    visit.check_redirect("redirect_uri", address)
    if texts.get("response_type", "code") not in ("code", "token"):
        raise AuthorizationRefused(
            "unsupported_response_type",
            "response_type is invalidate",
            "response_type 只能是 code 或 token",
            "response_type is code or token",
        )
    if request.method == "POST":
        return _answer_form(visit)
    fields = {name: texts[name] for name in _PARAMETERS if texts.get(name)}
    return page_response(
        texts["client_id"], visit.list_accounts(), fields, action="authorize", address=address
    )


def _answer_form(visit: Visit) -> Response:
    """Send the browser back: with a code, a token, or the account's refusal."""
    texts = visit.texts
    address, state = texts["redirect_uri"], texts.get("state")
    echo = {} if state is None else {"state": state}
    if texts.get("answer") == "deny":
        denied = {"error": "access_denied", "error_description": "authorize reject"}
        visit.reply = denied
        return redirect_response(address, {**denied, **echo})
    world, app, label = visit.choose_account()
    visit.check_redirect("redirect_uri", address)
    anew = texts.get("force_auth") == "true"
    with world.unit_of_work() as work:
        code = work.authorize(app, label, redirect_uri=address, anew=anew)
        if texts.get("response_type") != "token":
            return redirect_response(address, {"code": code, **echo})
        token = json.loads(work.exchange_code(app, code))
    visit.reply = token
    members = {name: str(token[name]) for name in _IMPLICIT} | echo
    members["top_sign"] = sign(members, app.app_secret, "md5")
    return redirect_response(address, members, in_fragment=True)


def _give_token(visit: Visit) -> Response:
    """Return the token for a code or a refresh token.

    Raises:
        AuthorizationRefused: the secret, the code, the address or the kind of grant is wrong.
    """
    visit.find_sandboxes()
    texts = visit.texts
    secret = texts.get("client_secret", "").encode()
    if not hmac.compare_digest(secret, visit.rows[0][1].app_secret.encode()):
        raise AuthorizationRefused(
            "invalid_client",
            "client_secret is invalidate",
            "client_secret 与 app_key 不符",
            "the secret is not the app's",
        )
    kinds = {"authorization_code": "code", "refresh_token": "refresh_token"}
    kind = kinds.get(texts.get("grant_type", ""))
    if kind is None:
        raise AuthorizationRefused(
            "unsupported_grant_type",
            "grant_type is invalidate",
            "grant_type 只能是 authorization_code 或 refresh_token",
            "grant_type is authorization_code or refresh_token",
        )
    text = texts.get(kind, "")
    world, app = visit.choose_owner(text)
    with world.unit_of_work() as work:
        if kind == "code":
            token = work.exchange_code(app, text, texts.get("redirect_uri", ""))
        else:
            token = work.exchange_refresh_token(app, text)
    visit.reply = json.loads(token)
    return json_response(200, token)
