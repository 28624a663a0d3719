"""Mask secrets, sessions and personal data in a call, and clip what is long, before the journal
keeps it.

Parameters are recognised by their names, however a client spells them; sessions and secrets by
their values, wherever they stand and in whatever form (`secret_index`).  A declared parameter is
personal by the mark `personal=True` on its `Param` in the folder api; the words below are only for
parameters that nothing declares.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from ..api.methods import METHODS, PERSONAL_NAMES, PERSONAL_REPLY_NAMES
from ..protocol.json_form import NESTED
from ..protocol.shapes import Items
from .secret_index import MASK, MIN_SECRET_CHARACTERS, SecretIndex

__all__ = ["CallMask", "encode_clipped", "is_private", "mask_params", "mask_reply"]

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
_MAX_NAME = 200  # characters of a parameter's name
_MAX_HEADER = 200  # characters
_MAX_OWN = 200  # characters of a call's own private value that is looked for elsewhere
_QUOTED_CHARACTERS = 50  # that a sentence may quote of a value
_JOINT = "|"  # stands in no form of a secret, so none reaches across it
_ESCAPED_LETTER = 14  # characters that one letter may take, for example %2525255C%75
_MAX_BYTES = 16 * 1024  # of a list of parameters, or of a reply, as JSON
_END_BYTES = 512  # of what is clipped, kept from its end
_encode = msgspec.json.Encoder().encode


class CallMask:
    """Masks what one call brought: every secret that the server knows, and the call's own.

    The call's own are values that its private parameters hold (a session that nobody has, a phone),
    wherever else they stand.  Like the secrets of the server they are found in any form.
    """

    def __init__(self, texts: Mapping[str, str], secrets: SecretIndex) -> None:
        self._texts = texts
        self._secrets = secrets
        self._private = [
            name for name, value in texts.items() if value and is_private(name[:_MAX_NAME])
        ]
        private = [texts[name] for name in self._private]
        self._own = [
            value
            for value in private
            if MIN_SECRET_CHARACTERS <= len(value) <= _MAX_OWN and value not in secrets
        ]
        self._index: SecretIndex | None = None

    def mask_text(self, text: str) -> str:
        """Return a text of the call, such as a sentence about it, masked.

        Also what a sentence quotes of a whole secret: its first _QUOTED_CHARACTERS.
        """
        return self._index_own().mask(self._secrets.mask(text)) if text else text

    def _index_own(self) -> SecretIndex:
        """Return the call's own private values, and what sentences quote of them and of secrets."""
        if self._index is None:
            texts, secrets = self._texts, self._secrets
            whole = [value for value in (*texts, *texts.values()) if value in secrets]
            quoted = [value[:_QUOTED_CHARACTERS] for value in (*self._own, *whole)]
            self._index = SecretIndex([*self._own, *quoted])
        return self._index

    def mask_params(self, signed: bool) -> dict[str, str] | None:
        """Return the parameters masked, if nothing but the private ones can hold a secret.

        They are looked at in one piece, as an ordinary call needs no more.  None: each has to be
        looked at by itself.  The sign of a call that is `signed` right is a digest, no secret.
        """
        masked = dict(self._texts)
        for name in self._private:
            masked[name] = MASK
        sign = masked.get("sign", "")
        if sign:
            masked["sign"] = ""
        joined = _JOINT.join([*masked, *masked.values()])
        if len(joined) > _MAX_NAME and _has_long(masked):
            return None
        if self._secrets.has_room(joined):
            return None
        if self._own:
            own = self._index_own()
            foreign = [name for name in masked if name not in _PLAIN]
            masked.update({name: own.mask(masked[name]) for name in foreign})
        if sign:
            masked["sign"] = sign if signed else self.mask_value("sign", sign)
        return masked

    def mask_json(self, coded: bytes) -> bytes:
        """Return JSON about the call, masked like any text of it."""
        return self.mask_text(coded.decode()).encode()

    def mask_clipped(self, text: str, most: int) -> str:
        """Return the first `most` characters of a text, masked; a secret is never cut in two."""
        whole = text[: most + _ESCAPED_LETTER * self._secrets.longest]
        masked = self._secrets.mask(whole)
        return masked[:most]

    def mask_header(self, text: str) -> str:
        """Return a header that most calls have alike, clipped and masked."""
        if len(text) <= _MAX_HEADER:
            return self._secrets.mask_often(text)
        return self.mask_clipped(text, _MAX_HEADER)

    def mask_value(self, name: str, value: str) -> str:
        """Return the value of a parameter as it may be kept."""
        if value and is_private(name):
            return MASK
        masked = self.mask_clipped(value, _MAX_CHARACTERS)
        return self._index_own().mask(masked) if self._own and name not in _PLAIN else masked


def mask_params(
    texts: Mapping[str, str], mask: CallMask, *, misread: bool, signed: bool
) -> tuple[dict[str, str], bytes]:
    """Return the parameters masked, and the same as JSON.

    A body that is `misread` (JSON or XML that was sent as a form) comes as one long name, which is
    masked.  The sign of a call that is `signed` right is no secret.
    """
    params = None if misread else mask.mask_params(signed)
    if params is not None:
        return params, encode_clipped(params)
    params = {}
    for name, value in texts.items():
        key = mask.mask_clipped(name, _MAX_NAME)
        if misread and ('"' in name or "<" in name):
            key = MASK
        params[key] = mask.mask_value(name[:_MAX_NAME], value)
    return params, encode_clipped(params)


def _has_long(texts: Mapping[str, str]) -> bool:
    """Return True if a name or a value is clipped in the journal."""
    longest = max(map(len, texts.values()))
    return len(max(texts, key=len)) > _MAX_NAME or longest > _MAX_CHARACTERS


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
        return _mask_record(value) if not foreign else _mask_foreign(value)
    if type(value) is Items:
        return {value.name: [mask_reply(item, foreign) for item in value.values]}
    return [mask_reply(item, foreign) for item in value] if type(value) is list else value


def _mask_record(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record of a declared method masked; one loop, because every call has one."""
    masked = record.copy()
    for name, member in record.items():
        if name in PERSONAL_REPLY_NAMES:  # a reply's own `message` and `code` name nobody
            masked[name] = MASK
        elif type(member) in NESTED:
            masked[name] = mask_reply(member)
    return masked


def _mask_foreign(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record that nobody declares masked."""
    masked = {}
    for name, member in record.items():
        if type(member) in NESTED:
            masked[name] = MASK if name in PERSONAL_NAMES else mask_reply(member, foreign=True)
        else:
            masked[name] = MASK if is_private(name) else member
    return masked


def encode_clipped(value: object, mask: Callable[[bytes], bytes] | None = None) -> bytes:
    """Return `value` as JSON for the journal, masked by `mask`.

    Above _MAX_BYTES it is an object instead: its length in `bytes`, how it `begins` and how it
    `ends`.
    """
    coded = _encode(value)
    if mask is not None:
        coded = mask(coded)
    if len(coded) <= _MAX_BYTES:
        return coded
    begins = coded[: _MAX_BYTES - _END_BYTES].decode(errors="replace")
    ends = coded[-_END_BYTES:].decode(errors="replace")
    return _encode({"bytes": len(coded), "begins": begins, "ends": ends})
