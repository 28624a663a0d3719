"""Query strings and bodies as fifteen clients in seven languages write them."""

from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.protocol.forms import (
    BadForm,
    Upload,
    parse_boundary,
    parse_multipart,
    parse_urlencoded,
    split_parts,
)

PNG = b"\x89PNG\r\n\x1a\n\r\n--not-the-boundary\r\n\x00\xff\xfe"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        (b"", []),
        (b"a=1&b=2", [("a", "1"), ("b", "2")]),
        (b"leave_message=&a=1", [("leave_message", ""), ("a", "1")]),
        (b"leave_message&a=1", [("leave_message", ""), ("a", "1")]),
        (b"a=1&a=2&b=3&a=", [("a", "1"), ("a", "2"), ("b", "3"), ("a", "")]),
        (b"t=2026-03-01+10%3A00%3A00", [("t", "2026-03-01 10:00:00")]),
        (b"t=2026-03-01%2010:00:00", [("t", "2026-03-01 10:00:00")]),
        (b"a=1%2B1%3d2", [("a", "1+1=2")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"nick=%E5%95%86%e5%ae%b6", [("nick", "商家")]),
        ("nick=商家".encode(), [("nick", "商家")]),
        (b"a=%F0%9F%98%80", [("a", "😀")]),
        (b"a=1&&b=2&", [("a", "1"), ("b", "2")]),
        (b"a=100%&b=%zz&c=%4", [("a", "100%"), ("b", "%zz"), ("c", "%4")]),
        (b"a+b=1&c%26d=2", [("a b", "1"), ("c&d", "2")]),
        (b"a=%26%3D%2523", [("a", "&=%23")]),
        (b"a=1;b=2", [("a", "1;b=2")]),
    ],
)
def test_a_urlencoded_text_keeps_everything_in_order(raw, pairs):
    """Blank, repeated and odd values come back as sent, decoded once."""
    assert parse_urlencoded(raw) == pairs


@pytest.mark.parametrize("raw", [b"a=\xc9\xcc", b"a=%C9%CC", b"%FF=1", b"a=%ED%A0%80", b"a=%F0%9F"])
def test_what_is_not_utf_8_is_distinguished(raw):
    """GBK bytes, cut sequences and surrogates are an encoding error."""
    with pytest.raises(BadForm) as bad:
        parse_urlencoded(raw)

    assert bad.value.encoding


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT.filter(bool), TEXT)))
def test_urlencoding_round_trip(pairs):
    """Whatever a form encoder writes is read back."""
    assert parse_urlencoded(urlencode(pairs).encode()) == pairs


@settings(deadline=None)
@given(TEXT)
def test_both_spellings_of_a_blank_are_read(text):
    """`+` and `%20` are the same blank."""
    plus, percent = (
        parse_urlencoded(f"a={quoted}".encode()) for quoted in (quote_plus(text), quote(text))
    )

    assert plus == percent == [("a", text)]


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ("multipart/form-data;charset=UTF-8;boundary=18f0c2a9b7d", b"18f0c2a9b7d"),
        ("multipart/form-data; boundary=PYTHON_SDK_BOUNDARY", b"PYTHON_SDK_BOUNDARY"),
        (
            "multipart/form-data; boundary=------------------------d74496d66958873e",
            b"------------------------d74496d66958873e",
        ),
        ('multipart/form-data; boundary="a b;c"', b"a b;c"),
        ("multipart/form-data; Boundary=abc; charset=UTF-8", b"abc"),
        ("multipart/form-data;boundary=abc;charset=UTF-8", b"abc"),
        ("multipart/form-data", b""),
        ("", b""),
    ],
)
def test_the_boundary_is_found(header, boundary):
    """The header's boundary counts wherever it stands, quoted or not, with or without blanks."""
    assert parse_boundary(header) == boundary


def _lines(*parts: bytes) -> bytes:
    return b"\r\n".join(parts)


JAVA = _lines(
    b"",
    b"--18f0c2a9b7d",
    b'Content-Disposition:form-data;name="leave_message"',
    b"Content-Type:text/plain",
    b"",
    "请寄回 ".encode(),
    b"--18f0c2a9b7d",
    'Content-Disposition:form-data;name="leave_message_pics";filename="凭证.png"'.encode(),
    b"Content-Type:image/png",
    b"",
    PNG,
    b"--18f0c2a9b7d--",
    b"",
)
PYTHON = _lines(
    b"--PYTHON_SDK_BOUNDARY",
    b'Content-Disposition: form-data; name="leave_message"',
    b"Content-Type: text/plain; charset=UTF-8",
    b"",
    "请寄回 ".encode(),
    b"--PYTHON_SDK_BOUNDARY",
    b'Content-Disposition: file; name="leave_message_pics"; filename="a.png"',
    b"Content-Type: image/png",
    b"Content-Transfer-Encoding: binary",
    b"",
    PNG,
    b"--PYTHON_SDK_BOUNDARY--",
    b"",
)
NODE = _lines(
    b"--------------------------24",
    b'Content-Disposition: form-data; name="leave_message"',
    b"",
    "请寄回 ".encode(),
    b"--------------------------24",
    b'Content-Disposition: form-data; name="leave_message_pics"; filename="leave_message_pics"',
    b"Content-Type: false",
    b"",
    PNG,
    b"--------------------------24--",
)
PHP_MEMORY = _lines(
    b"--73",
    b'Content-Disposition: form-data; name="leave_message"',
    b"",
    "请寄回 ".encode(),
    b"--73",
    b'Content-Disposition: form-data; name="leave_message_pics"; filename="leave_message_pics" ',
    b"Content-Type: image/png",
    b"",
    PNG,
    b"--73--",
)
PHP_CURL = _lines(
    b"--------------------------d74496d66958873e",
    b'Content-Disposition: form-data; name="leave_message"',
    b"",
    "请寄回 ".encode(),
    b"--------------------------d74496d66958873e",
    b'Content-Disposition: form-data; name="leave_message_pics"; filename="/srv/app/pics/a b.png"',
    b"Content-Type: application/octet-stream",
    b"",
    PNG,
    b"--------------------------d74496d66958873e--",
    b"",
)
PHP_WINDOWS = PHP_CURL.replace(b"/srv/app/pics/a b.png", b"C:\\pics\\a;b.png")
GO = _lines(
    b"--9f",
    b'Content-Disposition: form-data; name="leave_message"',
    b"",
    "请寄回 ".encode(),
    b"--9f",
    b'Content-Disposition: form-data; name="leave_message_pics"; filename="@pic.jpg"',
    b"Content-Type: application/octet-stream",
    b"",
    PNG,
    b"--9f--",
    b"",
)
TAOBAOPY = _lines(
    b"--Tb",
    b'Content-Disposition: form-data; name="leave_message"',
    b"",
    "请寄回 ".encode(),
    b"--Tb",
    b'Content-Disposition: form-data; name="leave_message_pics"; filename="a.png"',
    b"",
    PNG,
    b"--Tb--",
    b"",
)
SDKS = {
    "java": (JAVA, b"18f0c2a9b7d"),
    "python": (PYTHON, b"PYTHON_SDK_BOUNDARY"),
    "node": (NODE, b"------------------------24"),
    "php-memory": (PHP_MEMORY, b"73"),
    "php-curl": (PHP_CURL, b"------------------------d74496d66958873e"),
    "php-windows": (PHP_WINDOWS, b"------------------------d74496d66958873e"),
    "go": (GO, b"9f"),
    "taobaopy": (TAOBAOPY, b"Tb"),
}


@pytest.mark.parametrize(("body", "boundary"), SDKS.values(), ids=SDKS)
def test_every_sdks_multipart_is_read(body, boundary):
    """Text is raw UTF-8 to the last blank, files exact to the last byte, for each SDK."""
    pairs, files = parse_multipart(body, boundary)

    assert pairs == [("leave_message", "请寄回 ")]
    assert [(upload.name, upload.content) for upload in files] == [("leave_message_pics", PNG)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"", ""),
        (b"a\r\nb", "a\r\nb"),
        (b"\r\n", "\r\n"),
        (b"--", "--"),
        (b"a=1&b=%41+", "a=1&b=%41+"),
        ("😀 换货".encode(), "😀 换货"),
        (b"--bound", "--bound"),
    ],
)
def test_multipart_texts_are_raw(value, text):
    """Values are neither unquoted nor trimmed; blank ones are kept."""
    body = _lines(b"--b0", b'Content-Disposition: form-data; name="a"', b"", value, b"--b0--", b"")

    assert parse_multipart(body, b"b0") == ([("a", text)], [])


def test_repeated_parts_keep_their_order():
    """The same name twice gives two pairs, and two files."""
    part = b'--b0\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    file = b'--b0\r\nContent-Disposition: form-data; name="pics"; filename="x"\r\n\r\n%s\r\n'
    body = (
        part % (b"a", b"1") + file % b"GIF89a" + part % (b"a", b"2") + file % b"BM" + b"--b0--\r\n"
    )

    assert parse_multipart(body, b"b0") == (
        [("a", "1"), ("a", "2")],
        [Upload("pics", b"GIF89a", "x"), Upload("pics", b"BM", "x")],
    )


@pytest.mark.parametrize(
    "header",
    [
        b"content-disposition: form-data; name=a",
        b'CONTENT-DISPOSITION: FORM-DATA; NAME="a"',
        b'Content-Type: text/plain\r\nContent-Disposition: form-data; name="a"',
        b'X-Odd\r\nContent-Disposition:form-data;name = "a"',
    ],
)
def test_headers_of_a_part_may_be_written_otherwise(header):
    """Case, order, quotes and blanks of the headers do not matter."""
    assert parse_multipart(b"--b0\r\n" + header + b"\r\n\r\n1\r\n--b0--\r\n", b"b0") == (
        [("a", "1")],
        [],
    )


def test_a_file_without_content_is_a_file():
    """An empty picture arrives as a file of no bytes."""
    body = b'--b0\r\nContent-Disposition: form-data; name="pics"; filename=""\r\n\r\n\r\n--b0--\r\n'

    assert parse_multipart(body, b"b0") == ([], [Upload("pics", b"")])


def test_a_form_without_parts_is_empty():
    """A closing boundary alone is a readable body."""
    assert parse_multipart(b"--b0--\r\n", b"b0") == ([], [])


@pytest.mark.parametrize("cut", [*range(1, 60, 7), -60, -4, -2, None])
@pytest.mark.parametrize("sdk", ["java", "python", "php-memory"])
def test_a_cut_body_is_refused(sdk, cut):
    """A body that stops anywhere before its closing boundary cannot be read, whoever wrote it."""
    body, boundary = SDKS[sdk]
    closed = body[: body.rindex(b"--")]

    with pytest.raises(BadForm) as bad:
        parse_multipart(closed[:cut], boundary)

    assert not bad.value.encoding


@pytest.mark.parametrize(
    ("body", "boundary"),
    [
        (b"", b"b0"),
        (b"a=1&b=2", b"b0"),
        (JAVA, b""),
        (JAVA, b"other"),
        (b'--b0\r\nContent-Disposition: form-data; name="a"\r\n1\r\n--b0--', b"b0"),
        (b"--b0\r\nContent-Type: text/plain\r\n\r\n1\r\n--b0--", b"b0"),
        (b"--b0\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b0--", b"b0"),
        (
            b'--b0\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 5000 + b"--b0--",
            b"b0",
        ),
    ],
)
def test_a_broken_body_is_refused(body, boundary):
    """Broken multipart is refused, not guessed at.

    No boundary, a part without name or end of headers, a flood of parts.
    """
    with pytest.raises(BadForm) as bad:
        parse_multipart(body, boundary)

    assert not bad.value.encoding


@pytest.mark.parametrize(("name", "value"), [(b"a", b"\xc9\xcc"), (b"\xc9\xcc", b"1")])
def test_multipart_text_that_is_not_utf_8(name, value):
    """A GBK name or value is an encoding error."""
    body = b'--b0\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n--b0--\r\n' % (
        name,
        value,
    )

    with pytest.raises(BadForm) as bad:
        parse_multipart(body, b"b0")

    assert bad.value.encoding


@settings(deadline=None)
@given(texts=st.lists(TEXT, max_size=4), blobs=st.lists(st.binary(), max_size=3))
def test_multipart_round_trip(texts, blobs):
    """Any texts and bytes that do not hold the boundary come back unchanged."""
    pairs = [(f"t{number}", text) for number, text in enumerate(texts)]
    files = [Upload(f"f{number}", blob, "x") for number, blob in enumerate(blobs)]
    body = (
        b"".join(
            (
                f'--0bOuNdArY0\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            ).encode()
            for name, text in pairs
        )
        + b"".join(
            f'--0bOuNdArY0\r\nContent-Disposition: form-data; name="{file.name}"; '
            f'filename="x"\r\n\r\n'.encode()
            + file.content
            + b"\r\n"
            for file in files
        )
        + b"--0bOuNdArY0--\r\n"
    )

    assert parse_multipart(body, b"0bOuNdArY0") == (pairs, files)


@settings(deadline=None)
@given(body=st.binary(), boundary=st.binary(max_size=4))
def test_any_bytes_are_read_or_refused(body, boundary):
    """Whatever arrives, reading ends with a form or with BadForm."""
    try:
        pairs, files = parse_multipart(body, boundary)
    except BadForm:
        return

    assert isinstance(pairs, list)
    assert isinstance(files, list)


@pytest.mark.parametrize("separators", [b"&", b"&&"])
def test_more_than_a_thousand_parameters_are_refused(separators):
    """The refusal carries the parameters before the limit: the reply's format may be among them."""
    with pytest.raises(BadForm, match="more than 1000 parameters") as bad:
        parse_urlencoded(b"format=json" + separators + b"a=1&" * 5000)

    assert not bad.value.encoding
    assert bad.value.pairs[0] == ("format", "json")
    assert len(bad.value.pairs) <= 1000


def test_a_part_with_a_huge_head_is_refused():
    """Headers of a part above 8 KiB are no client's; the parts before it are kept."""
    part = b'--b0\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n1\r\n'
    body = part % (b"a", b"") + part % (b"b", b"\r\nX-Odd: " + b"x" * 8192) + b"--b0--\r\n"

    with pytest.raises(BadForm, match="above 8192 bytes") as bad:
        parse_multipart(body, b"b0")

    assert bad.value.pairs == [("a", "1")]


def test_a_part_of_disposition_file_needs_no_file_name():
    """`Content-Disposition: file` alone makes a part a file, as the Python SDK's word means."""
    body = b'--b0\r\nContent-Disposition: file; name="pics"\r\n\r\nGIF89a\r\n--b0--\r\n'

    assert parse_multipart(body, b"b0") == ([], [Upload("pics", b"GIF89a")])


@pytest.mark.parametrize(
    "text",
    [
        "卡€é😀x" * 3000,
        "卡" * 9000,
        "=%=41%4=\r\n%\n_ " * 1000,
        "%25 %3D %zz".replace(" ", "") * 2000,
        "%" * 20_000,
    ],
)
def test_long_values(text):
    """A value of many kilobytes is read as a short one is, wherever its escapes fall."""
    for shift in range(5):
        whole = "x" * shift + text
        assert parse_urlencoded(b"a=" + quote(whole).encode()) == [("a", whole)]


def test_long_value_with_signs_that_begin_no_escape():
    """In a long value, too, a % that begins no escape stays, and = and line ends are plain."""
    raw = b"%4=%%41%zz=\r\n%\n=41%e5%8d%a1" * 1000 + b"%4"

    ((name, value),) = parse_urlencoded(b"a=" + raw)

    assert (name, value) == ("a", "%4=%A%zz=\r\n%\n=41卡" * 1000 + "%4")


@pytest.mark.parametrize("escapes", [b"%E5", b"%80", b"%E5%8D%A1%E5", b"%ff%fe"])
def test_long_value_that_is_not_utf_8(escapes):
    """Eight MiB of escapes that are no UTF-8 are refused, without a regular expression's stack."""
    with pytest.raises(BadForm, match="not UTF-8"):
        parse_urlencoded(b"a=" + escapes * (8 * 1024 * 1024 // len(escapes)))


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ('filename="a.png"', "a.png"),
        ("filename=a.png", "a.png"),
        ('filename="凭证.png"', "凭证.png"),
        ("filename*=utf-8''%E5%87%AD%E8%AF%81.png", "凭证.png"),
        ("filename*=UTF-8'zh'%E5%87%AD%E8%AF%81.png", "凭证.png"),
        ("filename*=\"UTF-8''%E5%87%AD%E8%AF%81.png\"", "凭证.png"),
        ('filename*0="a"; filename*1=".png"', "a.png"),
        ("filename*0*=utf-8''%E5%87%AD; filename*1*=%E8%AF%81.png", "凭证.png"),
        ("filename=\"x.png\"; filename*=utf-8''%E5%87%AD.png", "x.png"),
        ("FileName*=utf-8''a.png", "a.png"),
        ("filename*=", ""),
    ],
)
def test_a_file_name_in_any_form_makes_a_file(parameter, name):
    """RFC 7578, 5987 and 2231 name a file in different ways; none of them is a text."""
    body = (
        f'--b\r\nContent-Disposition: form-data; name="pic"; {parameter}\r\n\r\n'.encode()
        + b"\x89PNG\r\n--b--\r\n"
    )
    assert parse_multipart(body, b"b") == ([], [Upload("pic", b"\x89PNG", name)])


def test_a_name_that_contains_the_word_is_no_file():
    """A parameter called like the attribute stays a text."""
    body = b'--b\r\nContent-Disposition: form-data; name="filename*"\r\n\r\nx\r\n--b--\r\n'
    assert parse_multipart(body, b"b") == ([("filename*", "x")], [])


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (b'--b0\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b0', [("a", b"1")]),
        (b"--b0\r\nContent-Disposition: form-data; name=a\r\n\r\n1", [("a", b"1")]),
        (b'--b0\r\nContent-Disposition: form-data; name="a"; filename="x"\r\n\r\n1', []),
        (b"--b0\r\nContent-Disposition: form-data\r\n\r\n1", []),
        (b"--b0\r\nContent-Type: text/plain\r\n\r\n1", []),
        (b'--b0\r\nContent-Disposition: form-data; name="a"\r\n1', []),
        (b"--b0\r\nX: " + b"y" * 100_000 + b'; name="a"\r\n\r\n1', []),
        (b"nothing", []),
    ],
)
def test_the_readable_parts_of_a_broken_body(body, parts):
    """Texts whose part begins as it should are found; files and parts without a name are not."""
    assert list(split_parts(body, b"b0")) == parts
