"""The gateway's door for Flask: paths, verbs, bodies, gzip and pictures as HTTP."""

import gzip
import json

import pytest
from flask import Flask

from mockserver.gateway.app import add_gateway

FORM = "application/x-www-form-urlencoded;charset=UTF-8"


@pytest.fixture
def http(gateway, world):
    """An HTTP client of the gateway alone."""
    app = Flask("door")
    add_gateway(app, gateway.answer, world.directory, "")
    return app.test_client()


@pytest.mark.parametrize("path", ["/router/rest", "/top/router/rest"])
@pytest.mark.parametrize("host", ["127.0.0.1:8420", "gw.api.taobao.com", "eco.taobao.com:80"])
def test_paths_under_any_host(http, signed, path, host):
    """Both paths answer under any Host with 200."""
    reply = http.post(path, data=signed(), headers={"Host": host})
    assert reply.status_code == 200
    assert "time_get_response" in json.loads(reply.data)


def test_get(http, signed):
    """A GET with everything in the query passes."""
    assert "time_get_response" in json.loads(http.get("/router/rest", query_string=signed()).data)


@pytest.mark.parametrize("verb", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_verbs_over_http(http, signed, verb):
    """Any other verb gets the platform's own 9 with 200."""
    reply = http.open("/router/rest", method=verb, query_string=signed())
    assert reply.status_code == 200
    assert json.loads(reply.data)["error_response"]["code"] == 9


def test_errors_have_200(http):
    """A platform error has 200 and the XML type when no format is readable."""
    reply = http.post("/router/rest", data=b"")
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/xml;charset=UTF-8")
    assert "<code>21</code>" in reply.text


@pytest.mark.parametrize(("size", "code"), [(8 * 1024 * 1024 + 1, 3), (10 * 1024 * 1024, 3)])
def test_large_body(http, signed, size, code):
    """A body above 8 MiB is 3, in the format that the query asks for, and the server lives on."""
    reply = http.post(
        "/router/rest", query_string=signed(), data=b"a=" + b"x" * (size - 2), content_type=FORM
    )
    assert (reply.status_code, json.loads(reply.data)["error_response"]["code"]) == (200, code)
    assert "time_get_response" in json.loads(http.get("/router/rest", query_string=signed()).data)


@pytest.mark.parametrize(
    ("offer", "zipped"),
    [
        (None, False),
        ("identity", False),
        ("gzip", True),
        ("gzip, deflate", True),
        ("deflate", False),
        ("gzip;q=0", False),
        ("br;q=1.0, gzip;q=0.8", True),
        ("gzip;q=0.0, identity", False),
        ("*;q=0", False),
    ],
)
def test_gzip_only_when_offered(http, signed, offer, zipped):
    """Replies are compressed on offer only; top-bodylength counts the plain characters."""
    headers = {} if offer is None else {"Accept-Encoding": offer}
    reply = http.post("/router/rest", data=signed(), headers=headers)
    plain = gzip.decompress(reply.data) if zipped else reply.data
    assert reply.headers.get("Content-Encoding") == ("gzip" if zipped else None)
    assert reply.headers["top-bodylength"] == str(len(plain.decode()))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_picture_has_a_url_that_shows_it(http, world, signed, multipart, png, scheme):
    """A stored picture has a URL on this server that shows it.

    The URL has the request's scheme and Host.
    """
    [exchange] = world.open({})
    texts = signed(
        "tmall.exchange.message.add",
        dispute_id=exchange.dispute_id,
        content="图",
        fields="pic_urls",
    )
    body, kind = multipart(texts, message_pics=png)
    reply = http.post(
        "/router/rest", data=body, content_type=kind, base_url=f"{scheme}://mock.example:8420"
    )
    [row] = json.loads(reply.data)["tmall_exchange_message_add_response"]["result"]["results"][
        "refund_message"
    ]
    url = row["pic_urls"]["pic_url"][0]["url"]
    picture = http.get(url.removeprefix(f"{scheme}://mock.example:8420"))
    assert url.startswith(f"{scheme}://mock.example:8420/")
    assert (picture.data, picture.mimetype, picture.status_code) == (png, "image/png", 200)


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/default/none.png",
        "/pictures/nowhere/none.png",
        "/pictures/default/..%2f..%2fetc%2fpasswd",
    ],
)
def test_unknown_picture_is_404(http, path):
    """A picture that is not there is a plain 404."""
    assert http.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "headers", "finding"),
    [
        ("/router//rest", {}, "http_double_slash"),
        ("/router/rest", {"Upgrade": "h2c"}, "http_upgrade"),
    ],
)
def test_flaws_under_another_server(http, world, signed, path, headers, finding):
    """Under another WSGI server, too, a request that is no clean HTTP has a finding."""
    reply = http.get(path, query_string=signed(), headers=headers)

    assert "time_get_response" in json.loads(reply.data)
    _, (newest,) = world.journal.select({}, 1)
    assert [refusal["id"] for refusal in json.loads(newest.doctor)] == [finding]
