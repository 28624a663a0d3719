"""Whose app_key or session was probably meant, for calls refused with error 29 or 27.

A value is compared with the apps and sessions that this server knows, at most _MAX_COMPARED of
them. A finding never holds a session or a secret, only whose it is.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import chain, islice
from urllib.parse import unquote

from ..protocol.shapes import format_time
from ..world.identity import Session
from ..world.world import World
from .finding_texts import Finding, make_finding
from .refused_call import RefusedCall
from .sign_refusal import list_apps, list_sessions

__all__ = ["examine_app_key", "examine_session", "list_accounts"]

_MAX_COMPARED = 500  # apps or sessions
_MAX_LISTED = 5  # app keys or accounts in one sentence
_MAX_KEY_CHARACTERS = 64  # of an app_key that is compared letter by letter
_MIN_TOKEN_CHARACTERS = 8  # shorter texts are part of any session by chance


def list_accounts(world: World) -> str:
    """Return the labels of a sandbox's sessions, joined for a sentence."""
    return _join_some([session.label for session in list_sessions(world)])


def _join_some(names: list[str]) -> str:
    return "、".join(names[:_MAX_LISTED]) + ("、…" if len(names) > _MAX_LISTED else "")


def _strip_surroundings(text: str) -> str:
    """Return the text without what stands around a value by mistake: blanks, quotes, a BOM."""
    return text.strip(" \t\r\n\ufeff\u00a0\"'")


def examine_app_key(call: RefusedCall) -> Iterator[Finding]:
    """Find what an unknown app_key was probably meant to be."""
    sent = call.text("app_key")
    apps = list(list_apps(call.directory))
    app_keys = list(dict.fromkeys(app.app_key for app in apps))
    owner = next((app.app_key for app in apps if app.app_secret == sent), "")
    bare = _strip_surroundings(unquote(sent))
    if owner:
        yield _confuse("app_key", f" app_key {owner} 的密钥", f"the secret of app_key {owner}")
    elif call.directory.knows_session(sent):
        yield _confuse("app_key", " session", "a session")
    elif bare in app_keys:
        yield make_finding("key_blanks", known=bare)
    elif f"10{bare}" in app_keys:
        yield make_finding("key_form", given=bare, form="沙箱", known=f"10{bare}")
    elif bare.startswith("10") and bare[2:] in app_keys:
        yield make_finding("key_form", given=bare, form="正式", known=bare[2:])
    elif len(sent) <= _MAX_KEY_CHARACTERS and (close := get_close_matches(sent, app_keys, 1, 0.8)):
        yield make_finding("did_you_mean", name="app_key", given=sent, meant=close[0])
    elif app_keys:
        yield make_finding("keys_known", known=_join_some(app_keys))


def _confuse(name: str, what: str, what_en: str) -> Finding:
    """Return the finding that `name` holds another of the caller's credentials."""
    return make_finding("mixed_up", {}, name=name, what=what, what_en=what_en)


def examine_session(call: RefusedCall) -> Iterator[Finding]:
    """Find what is wrong with a session, and whose it was probably meant to be."""
    assert call.world is not None
    sent = call.text("session")
    if call.session is not None and call.session.expires is not None:
        ended = format_time(call.session.expires - call.world.view.clock.aged)
        now = format_time(call.world.now)
        yield make_finding("session_ended", label=call.session.label, ended=ended, now=now)
        return
    worlds = call.directory.loaded()
    home = next((world for world in worlds if world.view.session(sent)), None)
    if home is not None:
        app_keys = "、".join([app.app_key for app in home.view.apps()][:_MAX_LISTED])
        yield make_finding("session_elsewhere", sandbox=home.id, known=app_keys)
        return
    own_first = (call.world, *(world for world in worlds if world is not call.world))
    sessions = islice(chain.from_iterable(map(list_sessions, own_first)), _MAX_COMPARED)
    near = next(filter(None, (_compare_session(sent, session) for session in sessions)), None)
    if near is not None:
        yield near
        return
    apps = list_apps(call.directory)
    app = next((app for app in apps if sent in (app.app_key, app.app_secret)), None)
    if app is not None and sent == app.app_key:
        yield _confuse("session", " app_key", "an app_key")
    elif app is not None:
        yield _confuse("session", "密钥", "a secret")
    yield make_finding("sessions_known", known=list_accounts(call.world))


def _compare_session(sent: str, session: Session) -> Finding | None:
    """Return how `sent` differs from a session, or None if it is not nearly that session."""
    token = session.token
    label = session.label
    if _strip_surroundings(sent) == token:
        return make_finding("session_blanks", label=label)
    if unquote(sent) == token:
        return make_finding("session_encoded", label=label)
    if len(sent) >= _MIN_TOKEN_CHARACTERS and token.startswith(sent):
        return make_finding("session_cut", label=label, given=len(sent), wanted=len(token))
    if len(token) < _MIN_TOKEN_CHARACTERS:
        return None
    if sent.startswith(token):
        return make_finding("session_longer", label=label, more=len(sent) - len(token))
    if sent.lower() == token.lower():
        return make_finding("session_case", label=label)
    return None
