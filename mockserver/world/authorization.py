"""Authorisation by OAuth: codes, access tokens and refresh tokens of a sandbox's accounts.

The model.  An account (main or sub) allows an app, and a code says so; the app redeems it once for
a token, which is a session like the one that the world document gives.  An authorisation lasts for
the rule `session_lifetime` from its first code on: every token of it ends at the same instant, so
`expires_in` counts down, as captured.  Under the rule `session_refresh` a refresh token gives a new
token once; the default has none, as a merchant's own app.

Credentials.  Codes and tokens are found by the server's directory, as sessions are; they survive a
reset and a restore like all credentials, and stand in no snapshot document.  They follow from the
sandbox's id, the app's secret and a count, so no chance is needed and nobody without the secret
guesses them.

Time.  Everything here is time as users see it (outer), as the expiry of sessions is.

Source: docs/spec/top-protocol.md#top-5; docs/spec/evidence-2026-11.md#evidence-6.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from ..domain.vocabulary import Role
from .identity import App, Session

__all__ = [
    "AuthorizationRefused",
    "Authorizations",
    "Code",
    "Grant",
    "IssuedSession",
    "Lifetimes",
    "issue_code",
    "issue_token",
    "redeem_code",
    "redeem_refresh_token",
    "write_token",
]

_CODE_LIFETIME = timedelta(minutes=30)
_SESSIONS_AT_MOST = 100  # of one account; the number in the platform's refusal is not captured
_SECONDS_W2 = 300  # captured in 2019
_SECONDS_R2 = 86_400
_CODES_AT_MOST = 1_000
_EXPIRED_AT_MOST = 200  # sessions whose holders read that they are expired


class AuthorizationRefused(Exception):
    """An authorisation that fails: `error` and `description` as the reply spells them; zh, en."""

    def __init__(self, error: str, description: str, zh: str, en: str) -> None:
        self.error, self.description, self.zh, self.en = error, description, zh, en
        super().__init__(f"{error}: {description}")


class Code(Struct, frozen=True):
    """An account's word that an app may act for it; it can be redeemed once, until `expires`."""

    app_key: str
    label: str
    redirect_uri: str
    authorized: datetime
    expires: datetime


class Grant(Struct, frozen=True):
    """What a refresh token stands for: an app, an account, and when it was authorised."""

    app_key: str
    label: str
    authorized: datetime


class IssuedSession(Struct, frozen=True):
    """A token that was issued for an account; its rights are those that the account has now."""

    label: str
    expires: datetime


class Authorizations(Struct, frozen=True):
    """All that a sandbox remembers of authorisations; a change makes a new value.

    `codes`, `grants` and `sessions` are by code, refresh token and access token; `authorized` has
    the instant by app and account; `made` counts what was ever issued.
    """

    codes: Mapping[str, Code] = {}
    grants: Mapping[str, Grant] = {}
    sessions: Mapping[str, IssuedSession] = {}
    authorized: Mapping[str, datetime] = {}
    made: int = 0


class Lifetimes(Struct, frozen=True):
    """How long an authorisation lasts, and whether it can be refreshed."""

    session: timedelta
    can_refresh: bool


class Issued(Struct, frozen=True):
    """What issuing a token changes: the authorisations, the new session, its refresh token."""

    authorizations: Authorizations
    session: Session
    refresh_token: str
    authorized: datetime


def _secret_text(owner: str, app: App, kind: str, *, number: int, length: int) -> str:
    text = f"{owner}|{kind}|{number}|{app.app_key}|{app.app_secret}"
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def issue_code(
    before: Authorizations,
    app: App,
    account: Session,
    *,
    owner: str,
    redirect_uri: str,
    now: datetime,
    lifetime: timedelta,
    anew: bool = False,
) -> tuple[Authorizations, str]:
    """Return the authorisations with a new code, and the code.

    The first code of app and account, one after the end of the last authorisation, or one that is
    asked for `anew`, begins an authorisation.
    """
    key = f"{app.app_key}|{account.label}"
    authorized = before.authorized.get(key)
    if authorized is None or anew or authorized + lifetime <= now:
        authorized = now
    number = before.made + 1
    text = _secret_text(owner, app, "code", number=number, length=40)
    living = {name: code for name, code in before.codes.items() if code.expires > now}
    recent = dict(list(living.items())[-_CODES_AT_MOST:])
    code = Code(app.app_key, account.label, redirect_uri, authorized, now + _CODE_LIFETIME)
    changed = replace(
        before,
        codes={**recent, text: code},
        authorized={**before.authorized, key: authorized},
        made=number,
    )
    return changed, text


def redeem_code(
    before: Authorizations, text: str, app_key: str, now: datetime, redirect_uri: str | None = None
) -> tuple[Authorizations, Code]:
    """Return the authorisations without the code, and what it stood for.

    Raises:
        AuthorizationRefused: unknown, another app's, used, expired, or for another address.
    """
    code = before.codes.get(text)
    if code is None or code.app_key != app_key or code.expires <= now:
        raise AuthorizationRefused(
            "invalid_grant",
            "authorize code expire",
            "code 不存在、已用过、属于别的应用，或超过 30 分钟",
            "the code is unknown, used, another app's, or older than 30 minutes",
        )
    if redirect_uri is not None and redirect_uri != code.redirect_uri:
        raise AuthorizationRefused(
            "invalid_request",
            "redirect_uri is invalidate",
            f"redirect_uri 与授权时的 {code.redirect_uri} 不同",
            f"the code was issued for {code.redirect_uri}",
        )
    codes = {name: other for name, other in before.codes.items() if name != text}
    return replace(before, codes=codes), code


def redeem_refresh_token(
    before: Authorizations, text: str, app_key: str, now: datetime, lifetimes: Lifetimes
) -> tuple[Authorizations, Grant]:
    """Return the authorisations without the refresh token, and what it stood for.

    Raises:
        AuthorizationRefused: unknown, another app's, used, or no refresh is possible (any more).
    """
    grant = before.grants.get(text)
    if grant is None or grant.app_key != app_key:
        raise AuthorizationRefused(
            "invalid_grant",
            "refresh_token is invalidate",
            "refresh_token 不存在、已用过，或属于别的应用",
            "the refresh token is unknown, used, or another app's",
        )
    if not lifetimes.can_refresh or grant.authorized + lifetimes.session <= now:
        raise AuthorizationRefused(
            "invalid_grant",
            "refresh_token is expired",
            "应用不能刷新(规则 session_refresh)，或授权已到期",
            "the app cannot refresh (rule session_refresh), or the authorisation is over",
        )
    grants = {name: other for name, other in before.grants.items() if name != text}
    return replace(before, grants=grants), grant


def issue_token(
    before: Authorizations,
    app: App,
    account: Session,
    authorized: datetime,
    *,
    owner: str,
    now: datetime,
    lifetimes: Lifetimes,
) -> Issued:
    """Return what a new token for the account changes; the refresh tokens before it are void.

    Raises:
        AuthorizationRefused: the account has too many sessions, or its authorisation is over.
    """
    end = authorized + lifetimes.session
    living = {name: issued for name, issued in before.sessions.items() if issued.expires > now}
    if sum(issued.label == account.label for issued in living.values()) >= _SESSIONS_AT_MOST:
        raise AuthorizationRefused(
            "invalid_request",
            f"session key num is larger than {_SESSIONS_AT_MOST}",
            f"账号 {account.label} 已有 {_SESSIONS_AT_MOST} 个有效的 session",
            f"account {account.label} has {_SESSIONS_AT_MOST} sessions",
        )
    number = before.made + 1
    tail = str(account.user_id)
    token, refresh_token = (
        "620" + _secret_text(owner, app, kind, number=number, length=53 - len(tail)) + tail
        for kind in ("session", "refresh")
    )
    grants = {
        text: grant
        for text, grant in before.grants.items()
        if (grant.app_key, grant.label) != (app.app_key, account.label)
    }
    grant = Grant(app.app_key, account.label, authorized)
    changed = replace(
        before,
        grants={**grants, refresh_token: grant},
        sessions={
            **_select_expired(before, now),
            **living,
            token: IssuedSession(account.label, end),
        },
        made=number,
    )
    session = replace(account, token=token, expires=end)
    return Issued(changed, session, refresh_token, authorized)


def _select_expired(before: Authorizations, now: datetime) -> dict[str, IssuedSession]:
    """Return the expired sessions that are still recognised, the newest _EXPIRED_AT_MOST."""
    expired = [entry for entry in before.sessions.items() if entry[1].expires <= now]
    return dict(expired[-_EXPIRED_AT_MOST:])


def write_token(issued: Issued, seller_id: int, *, now: datetime, lifetimes: Lifetimes) -> str:
    """Return a token as the platform writes it: JSON, names in the captured order.

    `seller_id` is the main account's; a sub-account's own id and nick stand in the `sub_` names.
    """
    session = issued.session
    end = issued.authorized + lifetimes.session
    seconds = max(int((end - now).total_seconds()), 0)
    refresh_end = end if lifetimes.can_refresh else issued.authorized

    def milliseconds(instant: datetime) -> int:
        return int(instant.timestamp()) * 1000

    w2, r2 = min(_SECONDS_W2, seconds), min(_SECONDS_R2, seconds)
    document: dict[str, object] = {
        "w1_expires_in": seconds,
        "refresh_token_valid_time": milliseconds(refresh_end),
        "taobao_user_nick": quote(session.shop, safe=""),
        "re_expires_in": seconds if lifetimes.can_refresh else 0,
        "expire_time": milliseconds(end),
        "token_type": "Bearer",
        "access_token": session.token,
        "taobao_open_uid": f"AAH{seller_id}",
        "w1_valid": milliseconds(end),
        "refresh_token": issued.refresh_token,
        "w2_expires_in": w2,
        "w2_valid": milliseconds(now + timedelta(seconds=w2)),
        "r1_expires_in": seconds,
        "r2_expires_in": r2,
        "r2_valid": milliseconds(now + timedelta(seconds=r2)),
        "r1_valid": milliseconds(end),
        "taobao_user_id": str(seller_id),
        "expires_in": seconds,
    }
    if session.role is Role.SELLER_SUB:
        document["sub_taobao_user_id"] = str(session.user_id)
        document["sub_taobao_user_nick"] = quote(session.nick, safe="")
    return json.dumps(document, separators=(",", ":"))
