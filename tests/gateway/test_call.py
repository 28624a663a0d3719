"""What clients send: verbs, query and body, sign methods, multipart of SDKs, and rubbish."""

import json
from urllib.parse import quote, quote_plus, urlencode

import pytest

from mockserver.protocol.messages import Inbound

GET = "tmall.exchange.get"
LIST = "tmall.exchange.receive.get"
OK = {"time_get_response"}

FORM = "application/x-www-form-urlencoded;charset=UTF-8"


def root(reply):
    """The names at the root of a JSON reply."""
    return set(json.loads(reply.body))


@pytest.mark.parametrize("method", ["md5", "hmac", "hmac-sha256", "", None])
def test_every_sign_method(signed, send, method):
    """The three methods pass; a missing one counts as md5."""
    assert root(send(body=signed(sign_method=method))) == OK


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_everything_in_the_query(signed, send, verb):
    """A call with everything in the query passes with GET and with POST."""
    assert root(send(verb, query=signed())) == OK


def test_query_and_body_are_merged(world, signed, send):
    """System parameters and business parameters may be in query and body, in any split."""
    [exchange] = world.open({})
    texts = signed(GET, dispute_id=exchange.dispute_id, fields="status")
    names = sorted(texts)
    for cut in range(len(names) + 1):
        query, body = ({name: texts[name] for name in part} for part in (names[:cut], names[cut:]))
        assert root(send(query=query, body=body)) == {"tmall_exchange_get_response"}


@pytest.mark.parametrize("escape", [quote, quote_plus])
def test_both_spellings_of_a_blank(signed, send, escape):
    """A blank may be sent as + or as %20, hex digits in either case."""
    texts = signed(LIST, fields="status", buyer_nick="卡 卡+&=%")
    body = "&".join(f"{name}={escape(value, safe='')}" for name, value in texts.items())
    assert root(send(body=body.encode())) == {"tmall_exchange_receive_get_response"}
    assert root(send(body=body.replace("%E", "%e").encode())) == {
        "tmall_exchange_receive_get_response"
    }


def test_empty_values_are_signed_by_their_names(signed, send):
    """Empty optional parameters are in the sign by name, and absent for the method."""
    assert root(send(body=signed(LIST, fields="status", buyer_nick="", page_no=""))) == {
        "tmall_exchange_receive_get_response"
    }


def test_unknown_parameters_are_signed_too(signed, send):
    """Unknown system and business parameters count in the sign and are otherwise ignored."""
    assert (
        root(
            send(
                body=signed(
                    partner_id="top-sdk-java-20200101", target_app_key="5", Zeta="1", _x="2"
                )
            )
        )
        == OK
    )


def test_raw_json_body_is_signed(signed, send):
    """A raw JSON body is appended to what is signed; another body breaks the sign."""
    body = '{"memo":"换货"}'
    texts = signed(body=body)
    assert root(send(query=texts, body=body.encode(), kind="application/json;charset=utf-8")) == OK
    wrong = json.loads(send(query=texts, body=b"{}", kind="application/json;charset=utf-8").body)
    assert wrong["error_response"]["code"] == 25


def test_multipart_without_a_file(world, signed, send, multipart):
    """A call may come as multipart without a file, as the official Node SDK always sends it."""
    body, kind = multipart(signed())
    assert root(send(body=body, kind=kind)) == OK


def test_files_are_not_signed(world, signed, send, multipart, png):
    """A file part stays out of the sign and becomes the message's picture."""
    [exchange] = world.open({})
    texts = signed(
        "tmall.exchange.message.add",
        dispute_id=exchange.dispute_id,
        content="见图",
        fields="content,pic_urls",
    )
    body, kind = multipart(texts, message_pics=png)
    [message] = json.loads(send(body=body, kind=kind).body)["tmall_exchange_message_add_response"][
        "result"
    ]["results"]["refund_message"]
    [picture] = message["pic_urls"]["pic_url"]
    assert message["content"] == "见图"
    assert picture["url"].startswith("http://mock:8420/")
    assert picture["url"].endswith(".png")


SDK_BODIES = {
    "java": (
        "multipart/form-data;charset=UTF-8;boundary=123456",
        (
            '\r\n--123456\r\nContent-Disposition:form-data;name="{name}"\r\n'
            "Content-Type:text/plain\r\n\r\n{value}"
        ),
        (
            '\r\n--123456\r\nContent-Disposition:form-data;name="{file}";filename="图.jpg"\r\n'
            "Content-Type:application/octet-stream\r\n\r\n"
        ),
        "\r\n--123456--\r\n",
    ),
    "python": (
        "multipart/form-data; boundary=PYTHON_SDK_BOUNDARY",
        (
            '--PYTHON_SDK_BOUNDARY\r\nContent-Disposition: form-data; name="{name}"\r\n'
            "Content-Type: text/plain; charset=UTF-8\r\n\r\n{value}\r\n"
        ),
        (
            '--PYTHON_SDK_BOUNDARY\r\nContent-Disposition: file; name="{file}"; '
            'filename="a.jpg"\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: '
            "binary\r\n\r\n"
        ),
        "\r\n--PYTHON_SDK_BOUNDARY--\r\n",
    ),
    "node": (
        "multipart/form-data; boundary=--------------------------057362",
        (
            "----------------------------057362\r\n"
            'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        ),
        (
            "----------------------------057362\r\n"
            'Content-Disposition: form-data; name="{file}"; '
            'filename="{file}"\r\nContent-Type: false\r\n\r\n'
        ),
        "\r\n----------------------------057362--",
    ),
    "php": (
        "multipart/form-data; boundary=-----WebKit",
        '-------WebKit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n',
        (
            '-------WebKit\r\nContent-Disposition: form-data; name="{file}"; filename="/tmp/a '
            'b.jpg" \r\nContent-Type: image/jpeg\r\n\r\n'
        ),
        "\r\n-------WebKit--",
    ),
}


@pytest.mark.parametrize("sdk", SDK_BODIES)
def test_multipart_as_sdks_write_it(world, signed, send, png, sdk):
    """The oddities of each official SDK's multipart body are read, pictures included."""
    kind, text, file, end = SDK_BODIES[sdk]
    [exchange] = world.open({})
    texts = signed(
        "tmall.exchange.message.add",
        dispute_id=exchange.dispute_id,
        content="第一行\n第二行",
        fields="content,pic_urls",
    )
    parts = "".join(
        text.replace("{name}", name).replace("{value}", value) for name, value in texts.items()
    )
    body = parts.encode() + file.replace("{file}", "message_pics").encode() + png + end.encode()
    [message] = json.loads(send(body=body, kind=kind).body)["tmall_exchange_message_add_response"][
        "result"
    ]["results"]["refund_message"]
    assert message["content"] == "第一行\n第二行"
    assert len(message["pic_urls"]["pic_url"]) == 1


@pytest.mark.parametrize(
    "verb", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "post"]
)
def test_other_verbs(signed, send, verb):
    """A verb that is neither GET nor POST, in capitals, is 9."""
    assert json.loads(send(verb, query=signed()).body)["error_response"]["code"] == 9


def test_get_with_a_file(world, signed, send, multipart, png):
    """A GET that brings a file is 9."""
    body, kind = multipart({}, message_pics=png)
    reply = json.loads(
        send(
            "GET",
            query=signed("tmall.exchange.message.add", dispute_id=1, content="x", fields="id"),
            body=body,
            kind=kind,
        ).body
    )
    assert (reply["error_response"]["code"], reply["error_response"]["msg"]) == (
        9,
        "Http action not allowed",
    )


@pytest.mark.parametrize(
    "content", [b"", b"GIF", b"<svg/>", b"%PDF-1.7", b"MZ\x90", b"\x89PNG", "文字".encode()]
)
def test_files_that_are_not_pictures(world, signed, send, multipart, whole_state, content):
    """A file that is no picture is 41 on its parameter, and nothing changes."""
    [exchange] = world.open({})
    before = whole_state(world)
    texts = signed(
        "tmall.exchange.message.add", dispute_id=exchange.dispute_id, content="x", fields="id"
    )
    body, kind = multipart(texts, message_pics=content)
    refusal = json.loads(send(body=body, kind=kind).body)["error_response"]
    assert (refusal["code"], refusal["sub_code"]) == (41, "isv.invalid-parameter:message_pics")
    assert whole_state(world) == before


@pytest.mark.parametrize(("size", "code"), [(5 * 1024 * 1024, None), (5 * 1024 * 1024 + 1, 41)])
def test_picture_has_at_most_five_megabytes(world, signed, send, multipart, png, size, code):
    """A proof picture of exactly 5 MB passes, one byte more is 41."""
    [exchange] = world.open({})
    texts = signed(
        "tmall.exchange.agree",
        dispute_id=exchange.dispute_id,
        address_id=10_000_002,
        fields="dispute_id",
    )
    body, kind = multipart(texts, leave_message_pics=png + b"\0" * (size - len(png)))
    assert json.loads(send(body=body, kind=kind).body).get("error_response", {}).get("code") == code


def test_body_above_the_limit(signed, send):
    """A body above 8 MiB, which the door gives as None, is 3 in the asked format."""
    refusal = json.loads(send(query=signed(), body=None).body)["error_response"]
    assert (refusal["code"], refusal["msg"]) == (3, "Upload fail")


@pytest.mark.parametrize("bad", [b"%FF%FE", b"\xff", b"%C3", b"%ED%A0%80"])
@pytest.mark.parametrize("where", ["query", "body"])
def test_bytes_that_are_not_utf8(signed, send, bad, where):
    """A value that is not UTF-8 is 47, answered in the format that the call asks for."""
    texts = urlencode(signed(LIST, fields="status")).encode() + b"&buyer_nick=" + bad
    reply = send(**{where: texts})
    refusal = json.loads(reply.body)["error_response"]
    assert (refusal["code"], refusal["msg"]) == (47, "Invalid encoding")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no boundary at all",
        b"--XX",
        b"--XX\r\n",
        b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nb',
        b"--XX\r\nContent-Disposition: form-data\r\n\r\nb\r\n--XX--\r\n",
        b"--XX\r\nno header end--XX--",
        b"\0" * 1000,
        b"--XX\r\n" * 5000,
    ],
    ids=["nothing", "no mark", "mark", "line", "cut", "no name", "no head end", "nul", "many"],
)
def test_broken_multipart(signed, send, body):
    """A multipart body that cannot be read is 3, in the format that the query asks for."""
    refusal = json.loads(
        send(query=signed(), body=body, kind="multipart/form-data; boundary=XX").body
    )["error_response"]
    assert refusal["code"] == 3


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary=""'],
)
def test_multipart_without_boundary(signed, send, multipart, kind):
    """A multipart call that names no boundary is 3."""
    body, _ = multipart({})
    assert (
        json.loads(send(query=signed(), body=body, kind=kind).body)["error_response"]["code"] == 3
    )


def test_multipart_that_breaks_after_its_format(signed, send, multipart):
    """A multipart body cut after its format is 3, answered in that format."""
    body, kind = multipart(signed())
    reply = send(body=body[:-6], kind=kind)
    assert json.loads(reply.body)["error_response"]["code"] == 3


def test_multipart_text_that_is_not_utf8(signed, send, multipart):
    """A multipart text that is not UTF-8 is 47, answered in the format that the call asks for."""
    body, kind = multipart(signed(LIST, fields="status"))
    bad = b'--XX\r\nContent-Disposition: form-data; name="buyer_nick"\r\n\r\n\xff\xfe\r\n'
    assert (
        json.loads(send(body=body.replace(b"--XX--", bad + b"--XX--"), kind=kind).body)[
            "error_response"
        ]["code"]
        == 47
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"&&&=&", b"=", b"%", b"%zz=%", b"a" * 100_000, "换货".encode()],
    ids=["nothing", "separators", "equals", "percent", "half", "long", "chinese"],
)
@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream", ";;;"],
)
def test_rubbish_is_answered(send, body, kind):
    """Whatever arrives without a method is answered with 21 in XML, the default format."""
    reply = send(body=body, kind=kind).body.decode()
    assert "<code>21</code>" in reply


def test_thousands_of_parameters_are_not_read(send):
    """A body of more parameters than any method could have is 3; no memory is spent on them."""
    assert (
        b"<code>3</code>"
        in send(body=b"a&" * 20_000, kind="application/x-www-form-urlencoded").body
    )
    assert (
        b'"code":3'
        in send(
            body=b"format=json&" + b"a&" * 20_000, kind="application/x-www-form-urlencoded"
        ).body
    )


@pytest.mark.parametrize(
    "name",
    [
        "method",
        "app_key",
        "session",
        "sign",
        "v",
        "timestamp",
        "sign_method",
        "dispute_id",
        "fields",
    ],
)
@pytest.mark.parametrize(
    "value",
    ["x" * 50_000, "\0", "💥", "' OR 1=1 --", "<x>&amp;", "../../etc/passwd", "%s%n{0}"],
    ids=["long", "nul", "emoji", "sql", "markup", "path", "format"],
)
def test_odd_values_are_answered(signed, send, whole_state, world, name, value):
    """Odd or overlong values get the platform's own error, and change nothing."""
    before = whole_state(world)
    texts = signed(
        **{
            "method": "tmall.exchange.refuse",
            "dispute_id": 1,
            "seller_refuse_reason_id": 1,
            "fields": "status",
            name: value,
        }
    )
    inner = next(iter(json.loads(send(body=texts).body).values()))
    assert inner.get("code", 41) in (22, 25, 27, 29, 31, 33, 41)
    assert whole_state(world) == before


@pytest.mark.parametrize("kind", ["application/json", "text/xml;charset=GBK"])
@pytest.mark.parametrize("format", ["json", "xml"])
def test_a_raw_body_of_another_encoding(signed, send, kind, format):
    """A raw body that is not UTF-8 is 47, as a form is, in the format that the query asks for."""
    reply = send(query=signed(format=format), body="换货".encode("gbk"), kind=kind)
    text = reply.body.decode()
    assert (">47<" if format == "xml" else '"code":47') in text


def test_a_body_that_broke_off(gateway, signed):
    """A call whose body did not come whole is refused by 3, whatever its query says."""
    reply = gateway.answer(
        Inbound("POST", urlencode(signed()).encode(), FORM, None, "http://mock:8420", broken=True)
    )
    assert json.loads(reply.body)["error_response"]["code"] == 3


def test_a_call_that_a_stop_overtakes(gateway, signed, world, whole_state):
    """A call that can no longer be carried out gets a platform error, and changes nothing."""
    before = whole_state(world)
    body = urlencode(signed()).encode()
    reply = gateway.answer(Inbound("POST", b"", FORM, body, "http://mock:8420", stopping=True))
    error = json.loads(reply.body)["error_response"]
    assert (error["code"], error["sub_code"]) == (10, "isp.service-unavailable")
    assert whole_state(world) == before
