"""Decides whether a caller may call a route: by the server's own token, a named one, or neither."""

import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from ..service.access_tokens import AccessToken, Scope
from ..service.context import ServerContext
from ..service.problem import Problem
from ..world.secret_index import MASK, SecretIndex
from .route import Route

__all__ = ["check_token", "hide_secrets", "is_own_token"]

_S = "/_sandbox/sandboxes/{id}"
_NAMES_NO_SANDBOX = (  # what the product knows, the same on every server
    "/_sandbox/openapi.json",
    "/_sandbox/faults/names",
    "/_sandbox/robots/names",
    "/_sandbox/stories",
)
_SECRET_NAMES = ("app_secret", "session", "sub_session")
_BEARER = "Bearer "


def is_own_token(context: ServerContext, authorization: str) -> bool:
    """Return True if the header `Authorization` holds the server's own token."""
    return hmac.compare_digest(authorization.encode(), f"{_BEARER}{context.token}".encode())


def check_token(
    context: ServerContext, authorization: str, route: Route, arguments: Mapping[str, str]
) -> AccessToken | None:
    """Return the named token in the header `Authorization`, None if it holds none of ours.

    Raises:
        Problem: 403, the token does not reach so far.
    """
    if not authorization.startswith(_BEARER):
        return None
    secret = authorization.removeprefix(_BEARER)
    token = context.tokens.find(secret, context.directory.real())
    if token is not None and not route.open:
        _check_reach(token, route, arguments)
    return token


def _check_reach(token: AccessToken, route: Route, arguments: Mapping[str, str]) -> None:
    if route.own_token:
        raise Problem(
            403,
            "令牌由服务自己的令牌管理，启动时打印",
            "tokens are managed with the server's own token, printed at start",
        )
    if token.scope is Scope.READ and route.verb != "GET":
        raise Problem(
            403,
            f"令牌 {token.name} 只能读取(scope: read)",
            f"token {token.name} may only read (scope: read)",
        )
    is_general = route.verb == "GET" and route.path in _NAMES_NO_SANDBOX
    is_its_own = route.path.startswith(_S) and arguments.get("id") == token.sandbox
    if token.sandbox and not (is_general or is_its_own):
        raise Problem(
            403,
            f"令牌 {token.name} 只能用于独立环境 {token.sandbox}",
            f"token {token.name} reaches only sandbox {token.sandbox}",
        )


def hide_secrets(reply: Any, secrets: SecretIndex) -> Any:
    """Return a JSON reply without app secrets and sessions: with them its reader could write."""
    return _hide(secrets.mask_tree(msgspec.json.decode(msgspec.json.encode(reply))))


def _hide(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: MASK if name in _SECRET_NAMES and isinstance(item, str) and item else _hide(item)
            for name, item in value.items()
        }
    return [_hide(item) for item in value] if isinstance(value, list) else value
