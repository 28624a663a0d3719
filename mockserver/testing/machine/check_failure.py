"""What a check reads and what it reports: the context after a round, failures, how they show."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from ...world.world import World
from .client_knowledge import ClientKnowledge
from .local_server import RecordedCall

__all__ = [
    "CheckContext",
    "CheckFailure",
    "ClientFailed",
    "HttpEvidence",
    "join_lines",
    "make_failure",
]


class ClientFailed(AssertionError):
    """The client fails a built-in check.

    Each check has a class of its own, so that each failure shrinks by itself.
    """


class IllegalCall(ClientFailed):
    """The client made a call that no correct client makes."""


class UnsafeRepeat(ClientFailed):
    """The client repeated a write without reading in between what came of it."""


class UnhandledExchange(ClientFailed):
    """An exchange waits for the seller and the client does nothing about it."""


class CallInBan(ClientFailed):
    """The client called on in a ban that a reply had named."""


class WrongTarget(ClientFailed):
    """A write names another address, carrier or parcel than it should."""


class UnreadReply(ClientFailed):
    """The client's next call contradicts what a reply has shown."""


class OutcomeUnread(ClientFailed):
    """The client never looked what came of a write whose reply did not arrive."""


class UnhandledAgain(ClientFailed):
    """An exchange came back to the client, which does nothing about it."""


class WrongBelief(ClientFailed):
    """The client believes in another status than the platform shows."""


class HttpEvidence(Struct, frozen=True):
    """How a failure shows over HTTP.

    The reply to `GET path` below the sandbox contains `text`, or with `there=False` not.
    """

    path: str
    text: str
    there: bool


class CheckFailure(Struct, frozen=True, kw_only=True):
    """What a check found: the check's name, sentences, the error to raise.

    `expected` is an `expect` of the exchange `dispute_id` (0: of none) that does not hold;
    `evidence` the same over HTTP. Both are empty if the platform saw nothing wrong: the failure is
    within the client.  `mistake` is the id of the common mistake that it shows, "" if the check
    alone does not tell.
    """

    check: str
    zh: str
    en: str
    error: BaseException
    dispute_id: int = 0
    expected: Mapping[str, Any] = {}
    evidence: HttpEvidence | None = None
    mistake: str = ""

    @property
    def kind(self) -> tuple[str, ...]:
        """What two failures have in common that count as one.

        Check, error class, begin of the sentence without numbers.
        """
        return (
            self.check,
            type(self.error).__name__,
            re.sub(r"[0-9]+", "", self.en.partition(":")[0]),
        )


class CheckContext(Struct, frozen=True):
    """What a check reads.

    The world after the client has acted, the calls of this round, the ids of all its calls.

    `resting` are the dispute ids of which the client could know, once it had enough rounds that the
    platform answered and in which no exchange moved; else it is empty.  `beliefs` are the
    statuses that the client's `known()` gives by dispute id, None if it has no such method.
    `own_addresses` is True if the shop's addresses are the machine's own.
    """

    world: World
    calls: Sequence[RecordedCall]
    request_ids: frozenset[str]
    resting: frozenset[int]
    handles: tuple[int, ...]
    knowledge: ClientKnowledge
    beliefs: Mapping[int, str] | None = None
    own_addresses: bool = True


_ERRORS: Mapping[str, type[ClientFailed]] = MappingProxyType(
    {
        "offences": IllegalCall,
        "pressed_on": CallInBan,
        "wrong_target": WrongTarget,
        "repeats": UnsafeRepeat,
        "unread": UnreadReply,
        "gave_up": OutcomeUnread,
        "unhandled": UnhandledAgain,
        "left_lying": UnhandledExchange,
        "converged": WrongBelief,
    }
)


def join_lines(text: str) -> str:
    """Return the text on one line, without characters that cannot be printed."""
    return " ".join(
        "".join(character if character.isprintable() else " " for character in text).split()
    )


def make_failure(check: str, zh: str, en: str, **more: Any) -> CheckFailure:
    """Return a failure of the check with these sentences, which stand on one line each."""
    zh = join_lines(zh)
    en = join_lines(en)
    return CheckFailure(check=check, zh=zh, en=en, error=_ERRORS[check](f"{zh} ({en})"), **more)
