"""A server behind a proxy that serves it below a path, whether the proxy takes the path off or
not."""

import json

import pytest

from mockserver import Server
from mockserver.client.remote_server import RemoteServer

FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
FORWARDED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "203.0.113.7",
    "Forwarded": "for=203.0.113.7;host=evil.example;proto=https",
}
PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAW"
    "jR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def wire(make_wire, document):
    """A server below `/team/mock`."""
    with Server(document=document, url_prefix="/team/mock") as server:
        yield make_wire(server)


@pytest.mark.parametrize("prefix", ["", "/team/mock"])
@pytest.mark.parametrize("path", ["/router/rest", "/top/router/rest", "/router/rest/"])
def test_the_gateway_answers_with_and_without_it(wire, prefix, path):
    """A proxy may leave the prefix on or take it off."""
    status, _, content = wire.ask("POST", prefix + path, wire.form("taobao.time.get"), FORM)
    assert status == 200
    assert "time_get_response" in json.loads(content)


@pytest.mark.parametrize("path", ["/team/mock//router/rest", "//team/mock/router/rest"])
def test_double_slashes_are_answered(wire, path):
    """A base URL with a slash at its end makes two of one."""
    status, _, content = wire.ask("POST", path, wire.form("taobao.time.get"), FORM)
    assert (status, "time_get_response" in json.loads(content)) == (200, True)


@pytest.mark.parametrize(
    "path",
    ["/team/mockrouter/rest", "/team/router/rest", "/team/mock/team/mock/router/rest", "/mock/x"],
)
def test_half_a_prefix_is_none(wire, path):
    """Only the whole prefix, once, is taken off."""
    assert wire.ask("POST", path, wire.form("taobao.time.get"), FORM)[0] == 404


@pytest.mark.parametrize("prefix", ["", "/team/mock"])
def test_what_is_handed_out_has_it(wire, prefix):
    """The gateway's address, the described server and pictures begin with the prefix."""
    own = f"http://127.0.0.1:{wire.port}/team/mock"
    headers = {"Authorization": f"Bearer {wire.server.token}", **FORWARDED}

    def read(path):
        return json.loads(wire.ask("GET", f"{prefix}/_sandbox/{path}", b"", headers)[2])

    assert read("sandboxes/default")["gateway"] == f"{own}/router/rest"
    assert read("openapi.json")["servers"][0]["url"] == own
    dispute_id = wire.open()
    wire.control(
        "POST",
        f"sandboxes/default/exchanges/{dispute_id}/moves",
        {"by": "buyer", "move": "leave_message", "pics": [PICTURE]},
    )
    form = wire.form("tmall.exchange.messages.get", dispute_id=dispute_id, fields="pic_urls")
    text = wire.ask("POST", f"{prefix}/router/rest", form, {**FORM, **FORWARDED})[2].decode()
    assert "evil" not in text
    address = text.replace("\\/", "/").partition(f"{own}/pictures/")[2].partition('"')[0]
    status, reply_headers, content = wire.ask("GET", f"{prefix}/pictures/{address}")
    assert (status, reply_headers["Content-Type"]) == (200, "image/png")
    assert content.startswith(b"\x89PNG")


def test_a_public_url_gets_it_once(make_wire, document):
    """`public_url` with or without the prefix is handed out with it once."""
    for public_url in ("https://mock.example", "https://mock.example/team/", "https://x/team"):
        with Server(document=document, public_url=public_url, url_prefix="/team") as server:
            gateway = make_wire(server).caller["gateway"]
        assert gateway.removesuffix("/router/rest").count("/team") == 1
        assert gateway.endswith("/team/router/rest")


def test_handles_reach_a_server_below_a_path(wire):
    """`RemoteServer` takes the address with its path; its sandbox and client work there."""
    with RemoteServer(f"http://127.0.0.1:{wire.port}/team/mock", wire.server.token) as server:
        sandbox = server.sandbox()
        assert sandbox.gateway_url.endswith("/team/mock/router/rest")
        assert sandbox.open().status == 1
        assert sandbox.client().call("taobao.time.get")["time"]
