"""The login before OAuth, as its clients read it."""

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest

CALLBACK = "http://127.0.0.1:9/old"


@pytest.fixture
def opened(world):
    """The flow is open, and the app has its callback."""
    world.patch_rules({"container_flow": True, "container_callback": CALLBACK})


@pytest.fixture
def come_back(browser, app, opened):
    """Sends the page's form; returns what the callback gets."""

    def send(**fields):
        response = browser.post("/container", data={"appkey": app.app_key, **fields})
        target = urlsplit(response.headers["Location"])
        assert f"{target.scheme}://{target.netloc}{target.path}" == CALLBACK
        return {name: values[0] for name, values in parse_qs(target.query).items()}

    return send


def decode(parameters, encoding):
    """`top_parameters` as old clients read them."""
    joined = base64.b64decode(parameters).decode(encoding)
    return dict(pair.split("=") for pair in joined.split("&"))


def sign_refresh(app, refresh_token, session):
    """The parameters of a refresh, signed as old clients do."""
    members = {"appkey": app.app_key, "refresh_token": refresh_token, "sessionkey": session}
    joined = "".join(name + members[name] for name in sorted(members)) + app.app_secret
    return {**members, "sign": hashlib.md5(joined.encode()).hexdigest().upper()}


def test_it_is_closed_at_first(browser, app):
    """HTTP 400 names the rule that opens it."""
    response = browser.get("/container", query_string={"appkey": app.app_key})

    assert response.status_code == 400
    assert json.loads(response.data)["error"] == "access_denied"
    assert "container_flow" in response.headers["X-Sandbox-Cause"]


def test_no_callback_is_registered(browser, app, world):
    """Open, but without an address to come back to."""
    world.patch_rules({"container_flow": True})
    response = browser.get("/container", query_string={"appkey": app.app_key})

    assert (response.status_code, json.loads(response.data)["error_description"]) == (
        400,
        "container_callback is invalidate",
    )


def test_the_page(browser, app, opened, world):
    """It shows every account, and its form stays at this door."""
    response = browser.get("/container", query_string={"appkey": app.app_key})

    assert all(session.nick in response.text for session in world.view.sessions())
    assert 'action="container"' in response.text
    assert "form-action 'self' http://127.0.0.1:9;" in response.headers["Content-Security-Policy"]


def test_the_callback_is_signed(come_back, app):
    """Base64 of the MD5 of app key, parameters, session, secret: as old clients check it."""
    members = come_back()
    text = "".join(members[f"top_{name}"] for name in ("appkey", "parameters", "session"))
    digest = hashlib.md5((text + app.app_secret).encode()).digest()

    assert members["top_sign"] == base64.b64encode(digest).decode()
    assert members["top_appkey"] == app.app_key


@pytest.mark.parametrize(("encode", "encoding"), [({}, "gbk"), ({"encode": "utf-8"}, "utf-8")])
def test_the_parameters(come_back, world, encode, encoding):
    """GBK unless the request names UTF-8; who it was, and how long it lasts."""
    [shop] = world.view.shops()
    values = decode(come_back(**encode)["top_parameters"], encoding)

    assert values["visitor_nick"] == shop.nick
    assert values["visitor_id"] == str(shop.seller_id)
    assert values["expires_in"] == str(365 * 86_400)


def test_the_session_works(come_back, call, world):
    """`top_session` is a session of the gateway, of the account that was chosen."""
    reply = call("taobao.user.seller.get", come_back()["top_session"], fields="nick")
    assert reply["user_seller_get_response"]["user"]["nick"]

    sub = come_back(account="sub")["top_session"]
    reply = call("taobao.rp.refunds.agree", sub, refund_infos="1|1|1|onsale")
    assert reply["rp_refunds_agree_response"]["msg_code"] == "OP_FAILURE_UE"


def test_an_account_that_refuses(come_back):
    """The callback gets no session."""
    assert come_back(answer="deny") == {"error": "access_denied"}


def test_a_refresh(come_back, browser, app, world, call):
    """Under the rule a refresh token gives a new session, once."""
    world.patch_rules({"session_refresh": True})
    members = come_back()
    token = decode(members["top_parameters"], "gbk")["refresh_token"]
    form = sign_refresh(app, token, members["top_session"])

    fresh = json.loads(browser.post("/container/refresh", query_string=form).data)

    assert fresh["top_session"] != members["top_session"]
    assert fresh["re_expires_in"] == 365 * 86_400
    reply = call("taobao.user.seller.get", fresh["top_session"], fields="nick")
    assert "error_response" not in reply
    again = browser.post("/container/refresh", query_string=form)
    assert (again.status_code, json.loads(again.data)["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sign": ""}, "sign is invalidate"),
        ({"sign": "签"}, "sign is invalidate"),
        ({"refresh_token": "x"}, "sign is invalidate"),
        ({"appkey": "1"}, "appkey is invalidate"),
        ({}, "refresh_token is invalidate"),
    ],
)
def test_wrong_refreshes(browser, app, opened, changes, error):
    """HTTP 400 with JSON."""
    form = {**sign_refresh(app, "nobodys", "nobodys"), **changes}
    response = browser.get("/container/refresh", query_string=form)

    assert (response.status_code, json.loads(response.data)["error_description"]) == (400, error)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"encode": "utf-16"}, "encode is invalidate"),
        ({"appkey": "1"}, "appkey is invalidate"),
        ({"account": "nobody"}, "account is invalidate"),
    ],
)
def test_wrong_logins(browser, app, opened, fields, error):
    """HTTP 400 with JSON, and no redirect."""
    response = browser.post("/container", data={"appkey": app.app_key, **fields})

    assert (response.status_code, json.loads(response.data)["error_description"]) == (400, error)
    assert "Location" not in response.headers
