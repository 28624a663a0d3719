"""What of a call may be kept: secrets, sessions and personal data are masked, what is long is clipped.

Parameters are known by their names, however a client spells them, and sessions and secrets by their values
wherever they stand.  A documented parameter is what its declaration says; of others the name decides.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from ..api.methods import METHODS, PERSONAL_NAMES
from ..protocol.json_form import NESTED
from ..protocol.shapes import Items
from .directory import TELLING, Directory
from .journal import MASK

__all__ = ["encode_clipped", "is_private", "mask_params", "mask_reply", "scrub"]

_SECRET = ("secret", "token", "password", "passwd", "session")
_PERSONAL = (
    "phone",
    "mobile",
    "addr",
    "nick",
    "receiver",
    "contact",
    "openuid",
    "oaid",
    "email",
    "content",
    "message",
    "idcard",
)
_HIDDEN = frozenset(name.replace("_", "") for name in PERSONAL_NAMES)
_PLAIN = frozenset(
    param.name for method in METHODS.values() for param in method.params if not param.personal
)
_KEPT_CHARACTERS, _KEPT_BYTES, _ENDS = 2000, 16 * 1024, 512
_encode = msgspec.json.Encoder().encode


def mask_params(
    texts: Mapping[str, str], directory: Directory, own: Iterable[str], *, misread: bool
) -> tuple[dict[str, str], bytes, Collection[str]]:
    """The parameters as they may be kept, the same as JSON, and the sessions and secrets that stood where none belong.

    Anybody's are known as a whole name or value, the caller's `own` also within one.  A body that is `misread`, JSON or XML sent
    as a form, comes as one long name.
    """
    params = {
        name[:200]: MASK if value and is_private(name[:200]) else value[:_KEPT_CHARACTERS]
        for name, value in texts.items()
    }
    if misread:
        params = {
            MASK if '"' in name or "<" in name else name: value for name, value in params.items()
        }
    hidden, coded = directory.tokens_in(params), encode_clipped(params)
    within = [token for token in own if len(token) >= TELLING and token.encode() in coded]
    if hidden or within:
        hidden = {*hidden, *within}
        params = {scrub(name, hidden): scrub(value, hidden) for name, value in params.items()}
        coded = encode_clipped(params)
    return params, coded, hidden


def scrub(text: str, hidden: Collection[str]) -> str:
    """`text` without these sessions and secrets, nor the beginnings that a sentence may quote."""
    for token in hidden:
        text = text.replace(token, MASK).replace(token[:50], MASK)
    return text


@lru_cache(4096)
def is_private(name: str) -> bool:
    """Whether a parameter's value must not be kept, however a client spells the name."""
    plain = name.lower().replace("_", "")
    if plain in _HIDDEN or any(word in plain for word in _SECRET):
        return True
    return name not in _PLAIN and any(word in plain for word in _PERSONAL)


def mask_reply(value: Any, foreign: bool = False) -> Any:
    """A reply's tree as plain values that may be kept; of a `foreign` one, which nobody declared, the names decide."""
    if type(value) is dict:
        return {
            name: MASK
            if (
                is_private(name) if foreign and type(each) not in NESTED else name in PERSONAL_NAMES
            )
            else mask_reply(each, foreign)
            if type(each) in NESTED
            else each
            for name, each in value.items()
        }
    if type(value) is Items:
        return {value.name: [mask_reply(each, foreign) for each in value.values]}
    return [mask_reply(each, foreign) for each in value] if type(value) is list else value


def encode_clipped(value: object) -> bytes:
    """JSON for the journal; of what is too long, its length, how it begins and how it ends."""
    coded = _encode(value)
    if len(coded) <= _KEPT_BYTES:
        return coded
    begins, ends = (
        coded[: _KEPT_BYTES - _ENDS].decode(errors="replace"),
        coded[-_ENDS:].decode(errors="replace"),
    )
    return _encode({"bytes": len(coded), "begins": begins, "ends": ends})
