"""Who may use the console: one-time codes, and the browsers that came in by them.

A link with a code is printed at the start of a server.  The first browser that opens it gets a
cookie and the code is used up, so a link that is left in a terminal, a log or a browser's history
opens nothing.  Codes and sessions live in memory and are never stored: after a restart everybody
signs in again.  A page of another site cannot send what a browser here has: the cookie is
SameSite=Strict, and every form carries a token of its session.
"""

import hmac
import secrets
from collections import OrderedDict
from threading import Lock

__all__ = ["ConsoleAccess", "ConsoleSession"]

_MAX_CODES = 20
_MAX_SESSIONS = 100
_MAX_NOTICES = 5


class ConsoleSession:
    """One browser that is signed in; `form_token` stands in each of its forms."""

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(24)
        self.form_token = secrets.token_urlsafe(24)
        self._notices: list[str] = []

    def owns_form(self, token: str) -> bool:
        """Return True if a form with this token was made for this browser."""
        return hmac.compare_digest(token.encode(), self.form_token.encode())

    def add_notice(self, text: str) -> None:
        """Keep a sentence for the next page; the oldest go when there are many."""
        self._notices = [*self._notices, text][-_MAX_NOTICES:]

    def take_notices(self) -> list[str]:
        """Return the sentences for this page, each once."""
        notices, self._notices = self._notices, []
        return notices


class ConsoleAccess:
    """The codes and sessions of one server; any thread may use it."""

    def __init__(self) -> None:
        self._codes: OrderedDict[str, None] = OrderedDict()
        self._sessions: OrderedDict[str, ConsoleSession] = OrderedDict()
        self._lock = Lock()

    def make_code(self) -> str:
        """Return a new code for one sign-in; the oldest unused ones beyond 20 are void."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = None
            while len(self._codes) > _MAX_CODES:
                self._codes.popitem(last=False)
        return code

    def use_code(self, code: str) -> ConsoleSession | None:
        """Return a new session for a code that is not used up, None for any other text."""
        with self._lock:
            if code not in self._codes:
                return None
            del self._codes[code]
        return self.open_session()

    def open_session(self) -> ConsoleSession:
        """Return a new session; the ones that were used least lately beyond 100 end."""
        session = ConsoleSession()
        with self._lock:
            self._sessions[session.key] = session
            while len(self._sessions) > _MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def find_session(self, key: str) -> ConsoleSession | None:
        """Return the session of a cookie, None for one that has ended or never was."""
        with self._lock:
            session = self._sessions.get(key)
            if session is not None:
                self._sessions.move_to_end(key)
            return session

    def end_session(self, key: str) -> None:
        """Sign the browser out."""
        with self._lock:
            self._sessions.pop(key, None)
