"""Mask secrets, sessions and personal data in a call, and clip what is long, before the journal
keeps it.

Parameters are recognised by their names, however a client spells them; sessions and secrets by
their values, wherever they stand.  For a documented parameter its declaration decides, for any
other its name.
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
_PERSONAL_WORDS = (
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
_MAX_CHARACTERS = 2000  # of a parameter
_MAX_BYTES = 16 * 1024  # of a list of parameters, or of a reply, as JSON
_END_BYTES = 512  # of what is clipped, kept from its end
_encode = msgspec.json.Encoder().encode


def mask_params(
    texts: Mapping[str, str], directory: Directory, own: Iterable[str], *, misread: bool
) -> tuple[dict[str, str], bytes, Collection[str]]:
    """Return the parameters masked, the same as JSON, and the secrets that stood where none belong.

    Secrets are sessions and app secrets.  Those of any sandbox are recognised as a whole name or
    value, the caller's `own` also within one.  A body that is `misread` (JSON or XML that was sent
    as a form) comes as one long name, which is masked.
    """
    params = {
        name[:200]: MASK if value and is_private(name[:200]) else value[:_MAX_CHARACTERS]
        for name, value in texts.items()
    }
    if misread:
        params = {
            MASK if '"' in name or "<" in name else name: value for name, value in params.items()
        }
    hidden = directory.tokens_in(params)
    coded = encode_clipped(params)
    within = [token for token in own if len(token) >= TELLING and token.encode() in coded]
    if hidden or within:
        hidden = {*hidden, *within}
        params = {scrub(name, hidden): scrub(value, hidden) for name, value in params.items()}
        coded = encode_clipped(params)
    return params, coded, hidden


def scrub(text: str, hidden: Collection[str]) -> str:
    """Return `text` with these secrets masked, and their first 50 characters, which a sentence may
    quote."""
    for token in hidden:
        text = text.replace(token, MASK).replace(token[:50], MASK)
    return text


@lru_cache(4096)
def is_private(name: str) -> bool:
    """Return True if a parameter's value must not be kept; case and underscores do not matter."""
    plain = name.lower().replace("_", "")
    if plain in _HIDDEN or any(word in plain for word in _SECRET):
        return True
    return name not in _PLAIN and any(word in plain for word in _PERSONAL_WORDS)


def mask_reply(value: Any, foreign: bool = False) -> Any:
    """Return a reply's tree as plain values with personal data masked.

    In a `foreign` reply, which no method declares, the spelling of the names decides.
    """
    if type(value) is dict:
        return {name: _mask_member(name, member, foreign) for name, member in value.items()}
    if type(value) is Items:
        return {value.name: [mask_reply(item, foreign) for item in value.values]}
    return [mask_reply(item, foreign) for item in value] if type(value) is list else value


def _mask_member(name: str, member: Any, foreign: bool) -> Any:
    nested = type(member) in NESTED
    if is_private(name) if foreign and not nested else name in PERSONAL_NAMES:
        return MASK
    return mask_reply(member, foreign) if nested else member


def encode_clipped(value: object) -> bytes:
    """Return `value` as JSON for the journal.

    Above _MAX_BYTES it is an object instead: its length in `bytes`, how it `begins` and how it
    `ends`.
    """
    coded = _encode(value)
    if len(coded) <= _MAX_BYTES:
        return coded
    begins = coded[: _MAX_BYTES - _END_BYTES].decode(errors="replace")
    ends = coded[-_END_BYTES:].decode(errors="replace")
    return _encode({"bytes": len(coded), "begins": begins, "ends": ends})
