"""Carry out authorisations on a sandbox: issue a code, redeem a code or refresh token for a token.

Each is called by who holds the sandbox's open unit of work, checks all, then changes all.
"""

from datetime import datetime

from msgspec import Struct

from ..domain.rules import RuleValues
from .authorization import (
    AuthorizationRefused,
    Authorizations,
    Lifetimes,
    issue_code,
    issue_token,
    redeem_code,
    redeem_refresh_token,
    write_token,
)
from .identity import App, Session
from .state import State

__all__ = ["Place", "authorize", "exchange_code", "exchange_refresh_token", "find_account"]


class Place(Struct, frozen=True):
    """Where and when an authorisation happens: the sandbox's id, the computer's now."""

    sandbox: str
    real: datetime


def _lifetimes(rules: RuleValues) -> Lifetimes:
    return Lifetimes(rules.duration("session_lifetime"), bool(rules["session_refresh"]))


def authorize(
    state: State, place: Place, app: App, label: str, *, redirect_uri: str, anew: bool
) -> str:
    """Return a code by which `app` may act for the account `label`.

    Raises:
        KeyError: there is no such account.
    """
    account = find_account(state, label)
    now = state.clock.outer(place.real)
    changed, code = issue_code(
        state.authorizations,
        app,
        account,
        owner=place.sandbox,
        redirect_uri=redirect_uri,
        now=now,
        lifetime=state.rules.duration("session_lifetime"),
        anew=anew,
    )
    state.authorizations = changed
    return code


def find_account(state: State, label: str) -> Session:
    """Return the account's own session.  Raises KeyError: there is none."""
    account = next((one for one in state.sessions.values() if one.label == label), None)
    if account is None:
        raise KeyError(label)
    return account


def exchange_code(
    state: State, place: Place, app: App, code: str, redirect_uri: str | None = None
) -> str:
    """Redeem a code; return the token as the platform writes it.

    Raises:
        AuthorizationRefused: the code, the address or the account is not right.
    """
    now = state.clock.outer(place.real)
    before, redeemed = redeem_code(state.authorizations, code, app.app_key, now, redirect_uri)
    return _issue(state, place, app, before, grant=(redeemed.label, redeemed.authorized))


def exchange_refresh_token(state: State, place: Place, app: App, refresh_token: str) -> str:
    """Redeem a refresh token; return the token as the platform writes it.

    Raises:
        AuthorizationRefused: the token is not right, or no refresh is possible.
    """
    now = state.clock.outer(place.real)
    before, grant = redeem_refresh_token(
        state.authorizations, refresh_token, app.app_key, now, _lifetimes(state.rules)
    )
    return _issue(state, place, app, before, grant=(grant.label, grant.authorized))


def _issue(
    state: State, place: Place, app: App, before: Authorizations, *, grant: tuple[str, datetime]
) -> str:
    label, authorized = grant
    now = state.clock.outer(place.real)
    try:
        account = find_account(state, label)
    except KeyError:
        raise AuthorizationRefused(
            "invalid_grant", "authorize code expire", "账号已不存在", "the account is gone"
        ) from None
    lifetimes = _lifetimes(state.rules)
    issued = issue_token(
        before, app, account, authorized, owner=place.sandbox, now=now, lifetimes=lifetimes
    )
    state.authorizations = issued.authorizations
    seller_id = state.shops[account.shop].seller_id
    return write_token(issued, seller_id, now=now, lifetimes=lifetimes)
