"""What a call is that cannot be read as UTF-8, or as a form: named by its bytes.

Source: issue (doctor: content that is a picture, gzip, or JSON under another name).
"""

import gzip
import json
from urllib.parse import quote_from_bytes, urlencode

import pytest

from mockserver.doctor.diagnosis import explain_refusal
from mockserver.doctor.refused_call import RefusedCall
from mockserver.protocol.errors import TopError
from mockserver.protocol.messages import Inbound

FORM = "application/x-www-form-urlencoded"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(128, 200))
CALL = {"method": "tmall.exchange.get", "fields": "尺码不合适"}


@pytest.fixture
def examine(world):
    """Returns the findings by id for a body that was refused with a code."""

    def examine(body, content_type=FORM, code=47):
        call = RefusedCall(
            inbound=Inbound("POST", b"", content_type, body),
            directory=world.directory,
            texts={},
            error=TopError(code),
        )
        return {finding.id: finding for finding in explain_refusal(call)}

    return examine


def part(content, head='form-data; name="message_pics"'):
    """A multipart body of one part."""
    return b"--XyZ\r\nContent-Disposition: %s\r\n\r\n%s\r\n--XyZ--\r\n" % (head.encode(), content)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (b"GIF89a\x00\xff", "image/gif"),
        (gzip.compress("你好".encode()), "gzip"),
        (b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "PDF"),
        (b"PK\x03\x04\x14\x00\xff", "zip"),
    ],
)
def test_a_file_in_the_wrong_place_is_named(examine, content, kind):
    """A file as a part without a file name, as a value, or as the body is reported by its kind."""
    as_part = examine(part(content), "multipart/form-data; boundary=XyZ")
    assert list(as_part) == ["binary_part"]
    assert kind in as_part["binary_part"].zh and "message_pics" in as_part["binary_part"].en
    as_value = examine(b"method=x&message_pics=" + quote_from_bytes(content).encode())
    assert list(as_value) == ["binary_value"] and kind in as_value["binary_value"].en
    for code in (47, 21):
        as_body = examine(content, code=code)
        assert list(as_body) == ["binary_body"] and kind in as_body["binary_body"].zh


@pytest.mark.parametrize(("codec", "name"), [("gbk", "GBK"), ("gb18030", "GBK")])
def test_chinese_in_another_encoding_is_named(examine, codec, name):
    """Text of an encoding that is not UTF-8 is reported by the encoding, in a form and a part."""
    form = urlencode(CALL, encoding=codec).encode()
    assert name in examine(form)["not_utf8"].zh
    assert (
        name
        in examine(part("换货".encode(codec)), "multipart/form-data; boundary=XyZ")["not_utf8"].zh
    )


def test_a_text_that_begins_like_a_picture_is_text(examine):
    """`BM`, `PK` and `x` begin words, too."""
    for text in ("BM编码", "PK赛", "x尺码"):
        assert list(examine(b"fields=" + text.encode("gbk"))) == ["not_utf8"]


def test_multipart_under_another_type_is_named(examine):
    """A multipart body whose Content-Type is a form's lacks every parameter for this reason."""
    findings = examine(part("中文".encode()), code=21)
    assert list(findings) == ["body_multipart"] and FORM in findings["body_multipart"].en


def test_xml_under_another_type_is_named(examine):
    """An XML body as a form."""
    assert list(examine(b"<request/>", code=21)) == ["body_xml"]


@pytest.mark.parametrize(
    "write",
    [
        str.encode,
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: quote_from_bytes(text.encode()).encode(),
    ],
)
@pytest.mark.parametrize("content_type", [FORM, "text/plain", "application/x-json", ""])
def test_json_under_another_type_is_named(examine, write, content_type):
    """JSON, with a BOM or URL-encoded, is recognised under any Content-Type."""
    body = write(json.dumps(CALL, separators=(",", ":")))
    assert list(examine(body, content_type, code=21)) == ["json_body"]


@pytest.mark.parametrize("body", [b"", b"\xff" * 70_000, b"%ff" * 9000, b"\x00\x01\x02"])
def test_what_is_nothing_known_is_not_named(examine, body):
    """Bytes of no known kind accuse nobody."""
    assert examine(body) == {}
