"""What a known mistake of signing is, and the rules that several mistakes break.

Each mistake is one row of a table: its name, what the client does, the rule it breaks, what it
changes. "Your sign matches if you `en`: `rule_en`", with `{}` in `en` for what distinguishes the
variants.  `grade` and `source` say how the rule is known, as everywhere: documented, inferred or
assumed.
"""

from msgspec import Struct

from .signature_schemes import SchemeChange
from .signed_content import ContentChange

__all__ = ["HEX", "HEX_ZH", "SAME", "SAME_ZH", "SECRET_ENDS", "SECRET_ENDS_ZH", "Mistake"]

SAME_ZH = "签名与发送要用同一组参数和值"
SAME = "what is signed is what is sent"
SECRET_ENDS_ZH = "md5 在字符串前后都拼密钥，hmac 把密钥作为 HMAC 的 key"  # noqa: S105
SECRET_ENDS = "md5 has the secret at both ends, hmac as the HMAC's key"  # noqa: S105
HEX_ZH = "签名是大写十六进制"
HEX = "a sign is upper-case hex"


class Mistake(Struct, frozen=True, kw_only=True):
    """One known mistake.

    It spoils the content or the scheme, never both; a mistake in the form of the sign spoils
    neither.  One with `many` variants is tried last, and alone.
    """

    id: str
    zh: str
    rule_zh: str
    en: str
    rule_en: str
    change_content: ContentChange | None = None
    change_scheme: SchemeChange | None = None
    many: bool = False
    grade: str = "documented"
    source: str = "top"
