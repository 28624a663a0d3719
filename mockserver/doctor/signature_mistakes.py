"""All known mistakes of signing, in the order in which the search tries them.

The special stand before the general: what leaves `session` out is named so, although it is also a
parameter that was added after signing.  A row more is one literal in `content_mistakes`,
`value_mistakes` or `scheme_mistakes`, with a client that makes the mistake in
tests/server/test_doctor.py.
"""

from .content_mistakes import CONTENT_MISTAKES
from .mistake import HEX, HEX_ZH, Mistake
from .scheme_mistakes import SCHEME_MISTAKES
from .value_mistakes import VALUE_MISTAKES

__all__ = ["MISTAKES", "SIGN_FORM_MISTAKES"]

# in the sign itself, whatever was signed; `signature_search` reads them off it
SIGN_FORM_MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        id="lower_hex",
        zh="把签名写成小写",
        rule_zh=f"{HEX_ZH}(平台是否接受小写没有资料，这里不接受)",
        en="write it in lower case",
        rule_en=f"{HEX} (nobody says whether the platform takes lower case; this server does not)",
        grade="assumed",
    ),
    Mistake(
        id="base64_sign",
        zh="把签名写成 Base64",
        rule_zh=HEX_ZH,
        en="write it in Base64",
        rule_en=HEX,
    ),
    Mistake(
        id="short_sign",
        zh="只取 MD5 的 16 位",
        rule_zh="MD5 签名是完整的 32 位",
        en="send 16 digits of the MD5",
        rule_en="an MD5 sign has 32 digits",
    ),
    Mistake(
        id="sign_blanks",
        zh="在签名前后留空白",
        rule_zh=HEX_ZH,
        en="leave white space around it",
        rule_en=HEX,
        grade="assumed",
        source="product",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*CONTENT_MISTAKES, *VALUE_MISTAKES, *SCHEME_MISTAKES)
