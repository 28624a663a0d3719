"""Whose app_key or session was probably meant, for calls refused with 29 or 27.

Compares with what this server knows, at most so many; what is told never holds a session or secret, only whose it is.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import chain, islice
from urllib.parse import unquote

from ..gateway.call import Call
from ..gateway.checks import SandboxLookup
from ..protocol.errors import TopError
from ..protocol.shapes import show_time
from ..world.directory import Directory
from ..world.identity import App, Session
from ..world.world import World
from .finding_texts import Finding, make_finding

__all__ = ["accounts", "apps_of", "sessions_of", "wrong_key", "wrong_session"]

_COMPARED, _TOLD, _TELLING = 500, 5, 8


def sessions_of(world: World) -> list[Session]:
    """The sessions of a sandbox, in the order made."""
    return list(world.state.sessions.values())


def accounts(world: World) -> str:
    """The labels of a sandbox's sessions."""
    labels = [session.label for session in sessions_of(world)]
    return "、".join(labels[:_TOLD]) + ("、…" if len(labels) > _TOLD else "")


def apps_of(directory: Directory) -> Iterator[App]:
    """The apps of all sandboxes, at most so many."""
    return islice(
        chain.from_iterable(list(world.state.apps.values()) for world in directory.all()), _COMPARED
    )


def _bare(text: str) -> str:
    """Without what gets around a value by mistake: blanks, quotes, a BOM."""
    return text.strip(" \t\r\n\ufeff\u00a0\"'")


def wrong_key(call: Call, lookup: SandboxLookup, error: TopError) -> Iterator[Finding]:
    """What an unknown app_key may have been meant for."""
    given = call.texts.get("app_key", "")
    apps = list(apps_of(lookup.directory))
    known = list(dict.fromkeys(app.app_key for app in apps))
    owner = next((app.app_key for app in apps if app.app_secret == given), "")
    if owner:
        yield make_finding(
            "mixed_up",
            {},
            name="app_key",
            what=f" app_key {owner} 的密钥",
            what_en=f"the secret of app_key {owner}",
        )
    elif lookup.directory.knows_session(given):
        yield make_finding("mixed_up", {}, name="app_key", what=" session", what_en="a session")
    elif (bare := _bare(unquote(given))) in known:
        yield make_finding("key_blanks", known=bare)
    elif f"10{bare}" in known:
        yield make_finding("key_form", given=bare, form="沙箱", known=f"10{bare}")
    elif bare.startswith("10") and bare[2:] in known:
        yield make_finding("key_form", given=bare, form="正式", known=bare[2:])
    elif len(given) <= 64 and (close := get_close_matches(given, known, 1, 0.8)):
        yield make_finding("did_you_mean", name="app_key", given=given, meant=close[0])
    elif known:
        yield make_finding(
            "keys_known", known="、".join(known[:_TOLD]) + ("、…" if len(known) > _TOLD else "")
        )


def wrong_session(call: Call, lookup: SandboxLookup, error: TopError) -> Iterator[Finding]:
    """What is wrong with a session, and whose it may have been meant to be."""
    assert call.world is not None
    given = call.texts.get("session", "")
    if call.session is not None and call.session.expires is not None:
        aged = call.world.state.clock.aged
        ended = show_time(call.session.expires - aged) if aged else show_time(call.session.expires)
        yield make_finding(
            "session_ended", label=call.session.label, ended=ended, now=show_time(call.world.now)
        )
        return
    home = next((world for world in lookup.directory.all() if given in world.state.sessions), None)
    if home is not None:
        yield make_finding(
            "session_elsewhere", sandbox=home.id, known="、".join(list(home.state.apps)[:_TOLD])
        )
        return
    worlds = (call.world, *(world for world in lookup.directory.all() if world is not call.world))
    for session in islice(chain.from_iterable(map(sessions_of, worlds)), _COMPARED):
        found = _near(given, session)
        if found is not None:
            yield found
            return
    app = next(
        (app for app in apps_of(lookup.directory) if given in (app.app_key, app.app_secret)), None
    )
    if app is not None:
        what, what_en = (" app_key", "an app_key") if given == app.app_key else ("密钥", "a secret")
        yield make_finding("mixed_up", {}, name="session", what=what, what_en=what_en)
    yield make_finding("sessions_known", known=accounts(call.world))


def _near(given: str, session: Session) -> Finding | None:
    """How `given` differs from a session, if it nearly is it."""
    token, label = session.token, session.label
    if _bare(given) == token:
        return make_finding("session_blanks", label=label)
    if unquote(given) == token:
        return make_finding("session_encoded", label=label)
    if len(given) >= _TELLING and token.startswith(given):
        return make_finding("session_cut", label=label, given=len(given), wanted=len(token))
    if len(token) >= _TELLING and given.startswith(token):
        return make_finding("session_longer", label=label, more=len(given) - len(token))
    if len(token) >= _TELLING and given.lower() == token.lower():
        return make_finding("session_case", label=label)
    return None
