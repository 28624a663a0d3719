"""Request signatures, exactly as TOP computes them.

Sort the text parameters by name in byte order, join name and raw value, append a raw body if there is
one, digest, upper-case hex.  `sign` itself and files are left out.  Source:
docs/spec/top-protocol.md#top-2 and docs/spec/sign-vectors.json, the
ten vectors that official SDKs produced.
"""

import hashlib
import hmac
from collections.abc import Mapping

__all__ = ["SIGN_METHODS", "join_string_to_sign", "sign"]

SIGN_METHODS = ("md5", "hmac", "hmac-sha256")


def join_string_to_sign(params: Mapping[str, str], body: str = "") -> str:
    """Names and raw values in byte order of the names, then the raw body."""
    return "".join([name + params[name] for name in sorted(params) if name != "sign"]) + body


def sign(params: Mapping[str, str], secret: str, method: str = "md5", body: str = "") -> str:
    """The signature: 32 upper-case hex digits, 64 for `hmac-sha256`.

    Raises:
        ValueError: `method` is none of SIGN_METHODS.
    """
    text = join_string_to_sign(params, body)
    if method == "md5":
        return (
            hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False)
            .hexdigest()
            .upper()
        )
    if method == "hmac":
        return hmac.digest(secret.encode(), text.encode(), "md5").hex().upper()
    if method == "hmac-sha256":
        return hmac.digest(secret.encode(), text.encode(), "sha256").hex().upper()
    raise ValueError(f"sign_method {method!r}: {' | '.join(SIGN_METHODS)}")
