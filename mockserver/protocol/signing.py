"""Request signatures, exactly as TOP computes them.

Sort the text parameters by name in byte order, join each name and its raw value, append a raw body
if there is one, make the digest, write it in upper-case hex.  `sign` itself and files are left out.

Sources: docs/spec/top-protocol.md#top-2, and docs/spec/sign-vectors.json: ten vectors that official
SDKs produced.
"""

import hashlib
import hmac
from collections.abc import Mapping

__all__ = ["SIGN_METHODS", "join_string_to_sign", "sign"]

SIGN_METHODS = ("md5", "hmac", "hmac-sha256")


def join_string_to_sign(params: Mapping[str, str], body: str = "") -> str:
    """Return names and raw values in byte order of the names, then the raw body."""
    return "".join([name + params[name] for name in sorted(params) if name != "sign"]) + body


def sign(params: Mapping[str, str], secret: str, method: str = "md5", body: str = "") -> str:
    """Return the signature: 32 upper-case hex digits, 64 for `hmac-sha256`.

    Raises:
        ValueError: `method` is none of SIGN_METHODS.
    """
    text = join_string_to_sign(params, body)
    if method == "md5":
        digest = hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False)
        return digest.hexdigest().upper()
    if method == "hmac":
        return hmac.digest(secret.encode(), text.encode(), "md5").hex().upper()
    if method == "hmac-sha256":
        return hmac.digest(secret.encode(), text.encode(), "sha256").hex().upper()
    raise ValueError(f"sign_method {method!r}: {' | '.join(SIGN_METHODS)}")
