"""Routes of named tokens: list, make, revoke.  Only the server's own token opens them."""

import re
from typing import Any

from msgspec import Struct

from ..protocol.shapes import format_time
from ..service.access_tokens import AccessToken, Scope
from ..service.problem import Problem
from ..service.route_replies import Listing, MadeTokenDocument, TokenDocument
from ..world.document import BadDocument
from .route import ControlRequest, Route

__all__ = ["ROUTES"]

_NAME = r"[A-Za-z0-9._-]{1,64}"


class TokenBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A token to make: `name`; `scope`; `sandbox`, the id of the only one that it reaches.

    A name is 1 to 64 letters, digits, `.`, `_`, `-`.  Scope `sandbox` needs a sandbox, `read` may
    have one, `all` has none.
    """

    name: str
    scope: Scope
    sandbox: str = ""


def _serialize(token: AccessToken) -> dict[str, Any]:
    return {
        "name": token.name,
        "scope": token.scope.value,
        "sandbox": token.sandbox or None,
        "made": format_time(token.made),
        "used": None if token.used is None else format_time(token.used),
    }


def _list(request: ControlRequest) -> tuple[int, Any]:
    tokens = request.context.tokens.all()
    return 200, {"total": len(tokens), "items": [_serialize(token) for token in tokens]}


def _make(request: ControlRequest) -> tuple[int, Any]:
    body: TokenBody = request.body
    if not re.fullmatch(_NAME, body.name):
        raise BadDocument(
            "name", "应为 1 到 64 个字母、数字或 . _ -", "1 to 64 letters, digits, or . _ -"
        )
    if body.scope is Scope.SANDBOX and not body.sandbox:
        raise BadDocument(
            "sandbox",
            "scope 为 sandbox 时要给出独立环境的编号",
            "scope sandbox needs the id of a sandbox",
        )
    if body.scope is Scope.ALL and body.sandbox:
        raise BadDocument(
            "sandbox",
            "scope 为 all 时不能给出；只用于一个独立环境请用 scope: sandbox",
            "does not go with scope all; for one sandbox use scope: sandbox",
        )
    if body.sandbox and request.context.directory.get(body.sandbox) is None:
        raise BadDocument("sandbox", "没有这个独立环境", "no such sandbox")
    context = request.context
    now = context.directory.real()
    token, secret = context.tokens.make(body.name, body.scope, body.sandbox, now=now)
    return 201, {**_serialize(token), "token": secret}


def _revoke(request: ControlRequest) -> tuple[int, Any]:
    name = request.path["name"]
    if not request.context.tokens.revoke(name):
        names = [token.name for token in request.context.tokens.all()[:20]]
        raise Problem(
            404,
            f"没有令牌 {name}；现有：{'、'.join(names) or '无'}",
            f"no token {name}; there are: {', '.join(names) or 'none'}",
            field="name",
        )
    return 204, None


def _revoke_all(request: ControlRequest) -> tuple[int, Any]:
    request.context.tokens.revoke_all()
    return 204, None


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/_sandbox/tokens",
        _list,
        "列出令牌(不含密文)",
        "list named tokens, without their secrets",
        reply=Listing[TokenDocument],
        own_token=True,
    ),
    Route(
        "POST",
        "/_sandbox/tokens",
        _make,
        "新建令牌；密文只在这个应答里出现一次",
        "make a named token; its secret is shown in this reply only",
        body=TokenBody,
        reply=MadeTokenDocument,
        status=201,
        own_token=True,
    ),
    Route(
        "DELETE",
        "/_sandbox/tokens",
        _revoke_all,
        "撤销全部令牌",
        "revoke all named tokens",
        status=204,
        own_token=True,
    ),
    Route(
        "DELETE",
        "/_sandbox/tokens/{name}",
        _revoke,
        "撤销一个令牌",
        "revoke a named token",
        status=204,
        own_token=True,
    ),
)
