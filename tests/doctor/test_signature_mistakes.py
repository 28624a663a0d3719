"""Each habit that languages have when they sign Chinese is named, and so are left-out parameters.

Signs are made with hashlib and this file's own encoders.  Source: cases B2-01 and B2-07.
"""

import base64
import hashlib
import html
import json
import unicodedata
from itertools import combinations
from urllib.parse import quote, quote_plus

import pytest

from mockserver.doctor.signature_report import explain_sign
from mockserver.doctor.signed_content import SignedCall

SECRET = "5f2c7a9d3e1b4860c7f5a2d9e0b4c6d8"
CONTENT = "你好 café 😀 +1"
PARAMS = {
    "method": "tmall.exchange.message.add",
    "app_key": "1012345678",
    "session": "6100123abcdef0000000000000000000000000000000000000000aaa",
    "timestamp": "2026-03-01 10:00:00",
    "v": "2.0",
    "format": "json",
    "sign_method": "md5",
    "partner_id": "top-sdk-x",
    "simplify": "true",
    "dispute_id": "8812345678901",
    "content": CONTENT,
    "fields": "id,content",
}
SYSTEM = tuple(list(PARAMS)[:9])


def join(params):
    """The string to sign, with the secret around it."""
    return SECRET + "".join(name + params[name] for name in sorted(params)) + SECRET


def digest(data):
    """The sign of the bytes."""
    return hashlib.md5(data).hexdigest().upper()


def explain(sign, params=PARAMS):
    """What the doctor says of this sign."""
    pairs = tuple(params.items())
    return explain_sign(SignedCall(pairs=pairs, sign=sign, secret=SECRET, raw_pairs=pairs))


def units(text):
    """The UTF-16 units of a text."""
    raw = text.encode("utf-16-be")
    return [int.from_bytes(raw[place : place + 2], "big") for place in range(0, len(raw), 2)]


def cesu8(text):
    """Every UTF-16 unit as UTF-8."""
    return b"".join(chr(unit).encode("utf-8", "surrogatepass") for unit in units(text))


def escape(text):
    """JavaScript's escape()."""
    plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@*_+-./"
    return "".join(
        chr(unit) if chr(unit) in plain else f"%{unit:02X}" if unit < 256 else f"%u{unit:04X}"
        for unit in units(text)
    )


WHOLE = {
    "Node's binary": ("low_bytes", lambda text: bytes(unit & 255 for unit in units(text))),
    "Java's modified UTF-8": ("cesu8", cesu8),
    "UTF-16BE": ("utf16", lambda text: text.encode("utf-16-be")),
    "Java's UTF-16": ("utf16", lambda text: b"\xfe\xff" + text.encode("utf-16-be")),
    "UTF-16LE": ("utf16", lambda text: text.encode("utf-16-le")),
    "UTF-16LE with BOM": ("utf16", lambda text: b"\xff\xfe" + text.encode("utf-16-le")),
    "UTF-7": ("other_encoding", lambda text: text.encode("utf-7")),
    "UTF-32LE": ("other_encoding", lambda text: text.encode("utf-32-le")),
    "Big5": ("other_encoding", lambda text: text.encode("big5", "replace")),
    "Shift_JIS": ("other_encoding", lambda text: text.encode("shift_jis", "replace")),
    "EUC-KR": ("other_encoding", lambda text: text.encode("euc_kr", "replace")),
    "GBK": ("gbk", lambda text: text.encode("gbk", "replace")),
    "GBK, //IGNORE": ("gbk", lambda text: text.encode("gbk", "ignore")),
    ".NET's GBK": ("gbk", lambda text: text.replace("😀", "??").encode("gbk", "replace")),
    "GB18030": ("gbk", lambda text: text.encode("gb18030")),
    "ASCII": ("latin1", lambda text: text.encode("ascii", "replace")),
    "ASCII, ?? for emoji": (
        "latin1",
        lambda text: text.replace("😀", "??").encode("ascii", "replace"),
    ),
    "ASCII, //IGNORE": ("characters_dropped", lambda text: text.encode("ascii", "ignore")),
    "Latin-1": ("latin1", lambda text: text.encode("latin-1", "replace")),
    "cp1252": ("latin1", lambda text: text.encode("cp1252", "replace")),
    "C's NUL": ("string_nul", lambda text: text.encode() + b"\0"),
    "UTF-8 read as Latin-1": ("mojibake", lambda text: text.encode().decode("latin-1").encode()),
    "UTF-8 read as GBK": ("mojibake", lambda text: text.encode().decode("gbk", "replace").encode()),
}
CONTENTS = {
    "utf8mb3 drops": ("emoji_lost", lambda text: text.replace("😀", "")),
    "utf8mb3 marks": ("emoji_lost", lambda text: text.replace("😀", "?")),
    "utf8mb3 marks bytes": ("emoji_lost", lambda text: text.replace("😀", "????")),
    "U+FFFD": ("emoji_lost", lambda text: text.replace("😀", "\ufffd")),
    "NFD": ("normal_form", lambda text: unicodedata.normalize("NFD", text)),
    "wide digits": ("normal_form", lambda text: text.replace("1", "１")),
    "escape()": ("escaped_letters", escape),
    "JSON": ("escaped", lambda text: json.dumps(text)[1:-1]),
    "&#20320;": (
        "escaped_letters",
        lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    ),
    "Base64": ("escaped_letters", lambda text: base64.b64encode(text.encode()).decode()),
    "lower escapes": ("urlencoded", lambda text: quote_plus(text).lower()),
    "quote, ~ and *": ("urlencoded", lambda text: quote(text, safe="~*")),
    "no blanks": ("blanks_changed", lambda text: text.replace(" ", "")),
    "no-break space": ("blanks_changed", lambda text: text.replace(" ", "\u00a0")),
}


def test_an_honest_sign_is_right():
    """UTF-8 is no habit to name."""
    assert explain(digest(join(PARAMS).encode())) == ()


@pytest.mark.parametrize("habit", WHOLE)
def test_an_encoding_of_the_whole_string_is_named(habit):
    """The mistake has one name and one finding."""
    name, encode = WHOLE[habit]
    assert [finding.id for finding in explain(digest(encode(join(PARAMS))))] == [name]


@pytest.mark.parametrize("habit", CONTENTS)
def test_a_change_of_one_value_is_named(habit):
    """The mistake is named although only one parameter was changed before signing."""
    name, change = CONTENTS[habit]
    sign = digest(join({**PARAMS, "content": change(CONTENT)}).encode())
    assert [finding.id for finding in explain(sign)] == [name]


def test_html_escapes_are_named():
    """`<` and `&` as entities, whether quotes are escaped, too."""
    params = {**PARAMS, "content": 'a<b & "c"'}
    for quotes in (True, False):
        signed = {**params, "content": html.escape(params["content"], quote=quotes)}
        [finding] = explain(digest(join(signed).encode()), params)
        assert finding.id in ("escaped", "escaped_letters")


@pytest.mark.parametrize("omitted", list(combinations(PARAMS, 2)), ids=",".join)
def test_any_two_parameters_left_out_are_named(omitted):
    """The sentence names both, in one finding or in two."""
    sign = digest(join({name: PARAMS[name] for name in PARAMS if name not in omitted}).encode())
    findings = explain(sign)
    assert findings[0].id != "unknown"
    for name in omitted:
        assert name in findings[0].en and name in findings[0].zh


@pytest.mark.parametrize("size", range(1, len(SYSTEM) + 1))
def test_any_subset_of_system_parameters_left_out_is_named(size):
    """However many are added after signing, none is called unknown."""
    for omitted in list(combinations(SYSTEM, size))[::11]:
        sign = digest(join({name: PARAMS[name] for name in PARAMS if name not in omitted}).encode())
        findings = explain(sign)
        assert findings[0].id != "unknown", omitted
        if findings[0].id == "several_unsigned":
            assert all(name in findings[0].en for name in omitted)


@pytest.mark.parametrize(
    "unsent",
    [{"format": "json", "v": "2.0"}, {"v": "2.0", "simplify": "true", "sign_method": "md5"}],
)
def test_several_signed_and_not_sent_are_named(unsent):
    """Constants that a client signs and forgets to send are named together."""
    sent = {name: value for name, value in PARAMS.items() if name not in unsent}
    [finding] = explain(digest(join({**sent, **unsent}).encode()), sent)
    assert finding.id == "several_unsent"
    assert all(f"{name}={value}" in finding.en for name, value in unsent.items())


def test_no_sentence_comes_twice():
    """Two mistakes are reported in two findings of different sentences."""
    signed = {name: PARAMS[name] for name in PARAMS if name != "session"}
    sign = digest(join(signed).replace(SECRET, SECRET + "\n").encode())
    findings = explain(sign)
    assert [finding.id for finding in findings] == ["session_unsigned", "secret_blanks"]
    assert findings[0].zh.partition("：")[0] != findings[1].zh.partition("：")[0]
    assert not findings[1].en.startswith(findings[0].en.partition(":")[0])


def test_where_nothing_matches_a_test_tells_secret_from_encoding():
    """Values beyond ASCII bring the proposal, ASCII alone does not."""
    [finding] = explain("0" * 32)
    assert finding.id == "unknown"
    assert "taobao.time.get" in finding.zh and "taobao.time.get" in finding.en
    assert "content" in finding.zh
    [plain] = explain("0" * 32, {**PARAMS, "content": "ascii"})
    assert plain.id == "unknown" and "taobao.time.get" not in plain.zh


@pytest.mark.parametrize("count", [12, 30, 300, 900])
def test_many_parameters_are_examined_in_bounded_work(count):
    """Pairs of hundreds of parameters are not all tried, and nobody is accused."""
    params = {**PARAMS, **{f"extra_{number}": str(number) for number in range(count)}}
    assert explain("0" * 32, params)[0].id == "unknown"
