"""How a client may have signed: the ways of sealing a draft, and how known mistakes change them.

Right is one way: sorted by name, UTF-8, the app's secret, the digest that `sign_method` names.  A change yields its
variants with what tells them apart; which mistake each is, `doctor_table.py` says.  Source: protocol page 2.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..protocol.binding import SYSTEM_PARAMETERS
from .signed_content import Alter, Pair, Pairs, Sent, SignedContent

__all__ = [
    "HASH_BYTES",
    "SCHEMES",
    "SchemeChange",
    "SignatureScheme",
    "apart",
    "by_name",
    "canonical_string",
    "correct_scheme",
    "digest_function",
    "encoded",
    "other_hash",
    "other_method",
    "other_orders",
    "other_secrets",
    "secret_altered",
    "secret_form",
    "secret_mixed_up",
    "secret_padded",
    "unsorted",
    "ways",
]

HASH_BYTES: Mapping[str, int] = MappingProxyType({"md5": 16, "sha1": 20, "sha256": 32})
_HASHES: Mapping[str, Callable[[bytes], Any]] = {
    "md5": partial(hashlib.md5, usedforsecurity=False),
    "sha1": partial(hashlib.sha1, usedforsecurity=False),
    "sha256": hashlib.sha256,
}
Order = Callable[[Sent, Pairs], Iterable[Pair]]


def by_name(sent: Sent, pairs: Pairs) -> Iterable[Pair]:
    """As the platform orders them: by the bytes of their names."""
    return sorted(pairs)


class SignatureScheme(Struct, frozen=True, kw_only=True):
    """How a draft becomes a signature.

    `front` and `back` tell where the secret is put beside the text, `keyed` that it is an HMAC's key; `joint`
    stands before a secret at the back, `end` after everything; `between` and `after` separate name from
    value and pair from pair.
    """

    secret: str
    algorithm: str = "md5"
    keyed: bool = False
    front: bool = True
    back: bool = True
    joint: str = ""
    end: str = ""
    order: Order = by_name
    between: str = ""
    after: str = ""
    names: bool = True
    codec: str = "utf-8"

    @property
    def style(self) -> tuple[object, ...]:
        """All that the text depends on: ways of one style seal the same text."""
        return self.order, self.between, self.after, self.names, self.codec

    @property
    def seal(self) -> tuple[object, ...]:
        """All that the digest depends on besides the text."""
        return (
            self.secret,
            self.algorithm,
            self.keyed,
            self.front,
            self.back,
            self.joint,
            self.end,
            self.codec,
        )

    @property
    def size(self) -> int:
        """Bytes of the digest."""
        return HASH_BYTES[self.algorithm]

    @property
    def label(self) -> str:
        """The digest as a formula."""
        inner = " + ".join(
            [*["secret"] * self.front, "string", *[f"{self.joint}secret"] * self.back]
        )
        return f"{'HMAC-' * self.keyed}{self.algorithm.upper()}({inner})"


SCHEMES: Mapping[str, SignatureScheme] = MappingProxyType(
    {
        "md5": SignatureScheme(secret=""),
        "hmac": SignatureScheme(secret="", keyed=True, front=False, back=False),
        "hmac-sha256": SignatureScheme(
            secret="", keyed=True, front=False, back=False, algorithm="sha256"
        ),
    }
)


SchemeChange = Callable[[Sent, SignatureScheme], Iterator[tuple[str, SignatureScheme]]]


def correct_scheme(sent: Sent) -> SignatureScheme:
    """How it should have been."""
    return replace(SCHEMES[sent.method], secret=sent.secret)


def canonical_string(sent: Sent, draft: SignedContent, way: SignatureScheme) -> bytes:
    """The string to sign without the secret, encoded."""
    ordered = way.order(sent, draft.pairs)
    parts = (
        [name + way.between + value for name, value in ordered]
        if way.names
        else [value for _, value in ordered]
    )
    text = draft.head + way.after.join(parts) + draft.tail
    return encoded(text, way)


def encoded(text: str, way: SignatureScheme) -> bytes:
    """`text` in the encoding of this way; the bytes of a file come through as they are."""
    return text.encode(way.codec, "surrogateescape" if way.codec == "utf-8" else "replace")


def digest_function(way: SignatureScheme) -> Callable[[bytes], bytes]:
    """The function from an encoded string to sign to its raw digest."""
    secret, end = encoded(way.secret, way), encoded(way.end, way)
    front, back = (
        secret if way.front else b"",
        (encoded(way.joint, way) + secret if way.back else b"") + end,
    )
    if way.keyed:
        algorithm = way.algorithm
        return lambda text: hmac.digest(secret, front + text + back, algorithm)
    hashed = _HASHES[way.algorithm]
    return lambda text: hashed(front + text + back).digest()


def ways(*named: tuple[str, dict[str, Any]], foreign: bool = False) -> SchemeChange:
    """The same draft sealed with other settings; `foreign` where only characters beyond ASCII would tell."""

    def change(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
        if foreign and all(value.isascii() for _, value in sent.pairs) and sent.body.isascii():
            return
        for label, settings in named:
            other = replace(way, **settings)
            if other != way:
                yield label, other

    return change


def unsorted(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
    """Parameters stay in the order sent: query first, or body first."""
    yield "", replace(way, order=lambda sent, pairs: pairs)
    if sent.by_query:
        yield (
            "",
            replace(
                way,
                order=lambda sent, pairs: sorted(pairs, key=lambda pair: pair[0] in sent.by_query),
            ),
        )


def apart(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
    """Two groups of parameters are sorted each by itself."""
    for label, first in (
        ("query + body", sent.by_query),
        ("system + business", frozenset(SYSTEM_PARAMETERS)),
    ):
        yield label, replace(way, order=_grouped(first, late=True))
        yield (
            " + ".join(reversed(label.split(" + "))),
            replace(way, order=_grouped(first, late=False)),
        )


def _grouped(first: frozenset[str], *, late: bool) -> Order:
    return lambda sent, pairs: sorted(
        pairs, key=lambda pair: ((pair[0] in first) is not late, *pair)
    )


def other_orders(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
    """Parameters are sorted by something else than their names' bytes."""
    yield "z-a", replace(way, order=lambda sent, pairs: sorted(pairs, reverse=True))
    for label, key in _KEYS:
        yield label, replace(way, order=_sorted_by(key))


def _sorted_by(key: Callable[[Pair], Any]) -> Order:
    return lambda sent, pairs: sorted(pairs, key=key)


_KEYS: tuple[tuple[str, Callable[[Pair], Any]], ...] = (
    ("a-z", lambda pair: pair[0].lower()),
    ("A-Z", lambda pair: pair[0].upper()),
    ("a-z, no _", lambda pair: pair[0].replace("_", "").lower()),
    ("by value", lambda pair: pair[1]),
    ("by length", lambda pair: (len(pair[0]), pair[0])),
)


def _sealed(way: SignatureScheme, like: SignatureScheme) -> SignatureScheme:
    return replace(
        way, algorithm=like.algorithm, keyed=like.keyed, front=like.front, back=like.back
    )


def other_method(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
    """The digest of another `sign_method`."""
    for name, like in SCHEMES.items():
        if name != sent.method:
            yield name, _sealed(way, like)


def other_hash(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
    """A digest that no `sign_method` names."""
    for algorithm, keyed in (("sha256", False), ("sha1", False), ("sha1", True)):
        other = replace(way, algorithm=algorithm, keyed=keyed, front=not keyed, back=not keyed)
        yield other.label, other


def other_secrets(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
    """Another app's secret."""
    for app_key, secret in sent.secrets:
        if secret != way.secret:
            yield app_key, replace(way, secret=secret)


def secret_altered(*named: tuple[str, Alter]) -> SchemeChange:
    """The secret in another form."""

    def change(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
        for label, alter in named:
            secret = alter(way.secret)
            if secret != way.secret:
                yield label, replace(way, secret=secret)

    return change


def secret_padded(*ends: tuple[str, str]) -> SchemeChange:
    """Something stands before and after the secret."""

    def change(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
        for before, after in ends:
            yield "", replace(way, secret=f"{before}{way.secret}{after}")

    return change


def secret_form(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
    """The secret as sandbox or production has it: the same but for its first seven characters."""
    for secret in ("sandbox" + way.secret[7:], *(secret for _, secret in sent.secrets)):
        if secret[7:] == way.secret[7:] and secret != way.secret and len(secret) > 7:
            yield "", replace(way, secret=secret)


def secret_mixed_up(sent: Sent, way: SignatureScheme) -> Iterator[tuple[str, SignatureScheme]]:
    """Another of the caller's own credentials in the secret's place."""
    now = dict(sent.pairs)
    for name in ("app_key", "session"):
        if now.get(name):
            yield name, replace(way, secret=now[name])
