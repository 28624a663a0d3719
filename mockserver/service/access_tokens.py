"""Named tokens of the control API: who else may call it, how far, and until they are revoked.

The server's own token opens everything.  A team's shared server hands out named ones instead: a
dashboard reads, a pipeline has one sandbox, a colleague has all.  Each can be revoked alone.

A secret is 256 random bits, and only its SHA-256 is kept, so no listing, export or memory dump
gives it back.  A slow hash would protect guessable passwords; nobody guesses 256 bits.  To find a
token every digest is compared in constant time, so the time of a refusal says nothing of them.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace

from ..world.document import BadDocument

__all__ = ["MAX_TOKENS", "AccessToken", "AccessTokens", "Scope"]

MAX_TOKENS = 200


class Scope(Enum):
    """How far a named token reaches.

    `read`: reads and sees no secrets, of one sandbox if the token names one.  `sandbox`: everything
    in one sandbox.  `all`: everything but tokens.
    """

    READ = "read"
    SANDBOX = "sandbox"
    ALL = "all"


class AccessToken(Struct, frozen=True):
    """A named token; `sandbox` is the id of the only one that it reaches, empty for every one.

    `digest` is the SHA-256 of its secret; `used` is the instant of its last call.
    """

    name: str
    scope: Scope
    sandbox: str
    made: datetime
    digest: bytes
    used: datetime | None = None


def draw_secret() -> str:
    """Return 43 characters that nobody guesses, and that no other token has."""
    return token_urlsafe(32)


class AccessTokens:
    """The named tokens of one server, by name; any thread may use it.

    `draw` returns a new secret.
    """

    def __init__(self, draw: Callable[[], str] = draw_secret) -> None:
        self._draw = draw
        self._lock = Lock()
        self._tokens: dict[str, AccessToken] = {}

    def make(
        self, name: str, scope: Scope, sandbox: str, *, now: datetime
    ) -> tuple[AccessToken, str]:
        """Make a token at `now`; return it with its secret, which is kept nowhere.

        Raises:
            BadDocument: the name is taken (a conflict), or there are MAX_TOKENS already.
        """
        with self._lock:
            if name in self._tokens:
                raise BadDocument(
                    "name",
                    f"令牌 {name} 已存在；先撤销它，或换一个名称",
                    f"token {name} exists; revoke it first, or take another name",
                    conflict=True,
                )
            if len(self._tokens) >= MAX_TOKENS:
                raise BadDocument(
                    "name",
                    f"已有 {MAX_TOKENS} 个令牌；先撤销不用的",
                    f"there are {MAX_TOKENS} tokens; revoke those that are not used",
                    conflict=True,
                )
            secret = self._draw()
            digest = sha256(secret.encode()).digest()
            token = AccessToken(name, scope, sandbox, now, digest)
            self._tokens[name] = token
            return token, secret

    def find(self, secret: str, now: datetime) -> AccessToken | None:
        """Return the token with this secret, None if none has it, and note that it was used at
        `now`."""
        digest = sha256(secret.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            matches = [
                token
                for token in self._tokens.values()
                if hmac.compare_digest(token.digest, digest)
            ]
            if not matches:
                return None
            token = replace(matches[0], used=now)
            self._tokens[token.name] = token
            return token

    def all(self) -> tuple[AccessToken, ...]:
        """Return every token in the order in which they were made."""
        with self._lock:
            return tuple(self._tokens.values())

    def revoke(self, name: str) -> bool:
        """Forget the token of this name; return False if there is none."""
        with self._lock:
            return self._tokens.pop(name, None) is not None

    def revoke_all(self) -> None:
        """Forget every token."""
        with self._lock:
            self._tokens.clear()

    def revoke_of(self, sandbox: str) -> None:
        """Forget the tokens of one sandbox: it is gone, and another may get its name."""
        with self._lock:
            for token in [token for token in self._tokens.values() if token.sandbox == sandbox]:
                del self._tokens[token.name]
