"""The whole way from the page to a session, and every wrong turn of it."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

import pytest

from mockserver.server import create_app
from tests.oauth.conftest import BACK

CAPTURED_ORDER = [
    "w1_expires_in",
    "refresh_token_valid_time",
    "taobao_user_nick",
    "re_expires_in",
    "expire_time",
    "token_type",
    "access_token",
    "taobao_open_uid",
    "w1_valid",
    "refresh_token",
    "w2_expires_in",
    "w2_valid",
    "r1_expires_in",
    "r2_expires_in",
    "r2_valid",
    "r1_valid",
    "taobao_user_id",
    "expires_in",
]


def error(response):
    """Status and the two members of an error."""
    document = json.loads(response.data)
    return response.status_code, document["error"], document["error_description"]


@pytest.mark.parametrize(("lang", "word"), [("zh", "子账号"), ("en", "sub-account")])
def test_the_page_shows_every_account(browser, app, world, lang, word):
    """Main and sub, in the language that the browser wants, without a script."""
    response = browser.get(
        "/authorize",
        query_string={"client_id": app.app_key, "redirect_uri": BACK, "state": '"><script>'},
        headers={"Accept-Language": lang},
    )

    assert response.status_code == 200
    assert word in response.text
    assert all(session.nick in response.text for session in world.view.sessions())
    assert "<script" not in response.text
    assert app.app_secret not in response.text
    assert all(session.token not in response.text for session in world.view.sessions())


def test_the_page_lets_nobody_else_in(browser, app):
    """A strict policy, no frame, no cache, no referrer, no CORS; the form may lead back only."""
    headers = browser.get(
        "/authorize", query_string={"client_id": app.app_key, "redirect_uri": BACK}
    ).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:9;" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not any(name.startswith("Access-Control") for name in headers.keys())  # noqa: SIM118


def test_a_code_comes_back_with_the_state(authorize):
    """302 to the address, `state` as it was sent."""
    response = authorize()
    target = urlsplit(response.headers["Location"])

    assert response.status_code == 302
    assert f"{target.scheme}://{target.netloc}{target.path}" == BACK
    assert parse_qs(target.query)["state"] == ["s&1"]
    assert len(parse_qs(target.query)["code"][0]) == 40


def test_a_session_that_works(redeem, call, world):
    """The token has the captured names in their order, and is a session of the gateway."""
    response = redeem()
    token = json.loads(response.data)
    [shop] = world.view.shops()

    assert response.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert list(token) == CAPTURED_ORDER
    assert (token["expires_in"], token["re_expires_in"]) == (365 * 86_400, 0)
    assert token["taobao_user_id"] == str(shop.seller_id)
    assert unquote(token["taobao_user_nick"]) == shop.nick
    reply = call("taobao.user.seller.get", token["access_token"], fields="nick")
    assert reply["user_seller_get_response"]["user"]["nick"] == shop.nick


def test_a_sub_accounts_session(authorize, redeem, call, world):
    """Main's id and nick, the sub-account's own in sub_ names; it acts as the sub-account."""
    location = authorize(account="sub").headers["Location"]
    code = parse_qs(urlsplit(location).query)["code"][0]
    token = json.loads(redeem(code=code).data)
    sub = next(session for session in world.view.sessions() if session.label == "sub")

    assert token["sub_taobao_user_id"] == str(sub.user_id)
    assert unquote(token["sub_taobao_user_nick"]) == sub.nick
    reply = call("taobao.rp.refunds.agree", token["access_token"], refund_infos="1|1|1|onsale")
    assert reply["rp_refunds_agree_response"]["msg_code"] == "OP_FAILURE_UE"


def test_the_implicit_flow_is_signed(authorize, app, call):
    """All in the fragment, top_sign over it like a request's; the token works."""
    location = authorize(response_type="token").headers["Location"]
    target = urlsplit(location)
    members = dict(parse_qsl(target.fragment))
    signature = members.pop("top_sign")
    joined = "".join(name + members[name] for name in sorted(members))
    secret = app.app_secret

    assert target.query == ""
    assert members["state"] == "s&1"
    assert signature == hashlib.md5(f"{secret}{joined}{secret}".encode()).hexdigest().upper()
    assert "error_response" not in call(
        "taobao.user.seller.get", members["access_token"], fields="nick"
    )


def test_an_account_that_refuses(authorize):
    """The browser comes back with access_denied and the state."""
    query = parse_qs(urlsplit(authorize(answer="deny").headers["Location"]).query)

    assert (query["error"], query["state"]) == (["access_denied"], ["s&1"])
    assert "code" not in query


def test_a_code_works_once(redeem):
    """The second time it is over."""
    assert redeem().status_code == 200
    assert error(redeem()) == (400, "invalid_grant", "authorize code expire")


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (30, 400)])
def test_a_code_lives_half_an_hour(redeem, world, minutes, status):
    """On the sandbox's clock."""
    world.advance(timedelta(minutes=minutes))

    assert redeem().status_code == status


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"client_secret": "x"}, ("invalid_client", "client_secret is invalidate")),
        ({"client_secret": ""}, ("invalid_client", "client_secret is invalidate")),
        ({"client_secret": "密"}, ("invalid_client", "client_secret is invalidate")),
        ({"client_id": "1"}, ("invalid_client", "client_id is invalidate")),
        ({"code": "x"}, ("invalid_grant", "authorize code expire")),
        ({"code": ""}, ("invalid_grant", "authorize code expire")),
        ({"redirect_uri": BACK + "x"}, ("invalid_request", "redirect_uri is invalidate")),
        ({"grant_type": "password"}, ("unsupported_grant_type", "grant_type is invalidate")),
        ({"x": "y" * 70_000}, ("invalid_request", "request is invalidate")),
    ],
)
def test_wrong_requests_for_a_token(redeem, fields, expected):
    """HTTP 400 with JSON, and the code is still good."""
    assert error(redeem(**fields)) == (400, *expected)
    assert redeem().status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/back",
        "https://evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://evil.example\\@127.0.0.1/",
        "javascript:alert(1)",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://127.0.0.1/#f",
        "//127.0.0.1/",
        "http://127.0.0.1/" + "x" * 3_000,
    ],
)
@pytest.mark.parametrize("verb", ["get", "post"])
def test_no_way_to_a_stranger(browser, app, address, verb):
    """An address elsewhere, or one that can be read in two ways, is refused, not followed."""
    fields = {"client_id": app.app_key, "redirect_uri": address, "account": "main"}
    response = (
        browser.get("/authorize", query_string=fields)
        if verb == "get"
        else browser.post("/authorize", data=fields)
    )

    assert error(response) == (400, "invalid_request", "redirect_uri is invalidate")
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    "address", ["http://localhost:1/a?b=c", "http://[::1]:1/", "https://shop.example/cb"]
)
def test_registered_addresses(authorize, world, address):
    """Loopback in every form, and the hosts of the rule; a query of the address stays."""
    world.patch_rules({"redirect_hosts": "shop.example, other.example"})

    location = authorize(redirect_uri=address).headers["Location"]
    assert location.startswith(f"{address}{'&' if '?' in address else '?'}code=")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_form(authorize, headers):
    """A page of another origin, or under another name, gets no code."""
    response = authorize(headers=headers)

    assert error(response)[:2] == (400, "access_denied")
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"client_id": "1"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"response_type": "x"}, "unsupported_response_type"),
        ({"account": "nobody"}, "invalid_request"),
    ],
)
def test_wrong_requests_for_a_code(authorize, fields, name):
    """HTTP 400, and no redirect."""
    assert error(authorize(**fields))[:2] == (400, name)


def test_no_refresh_without_the_rule(redeem, browser, app):
    """A merchant's own app has a fixed time."""
    token = json.loads(redeem().data)

    response = redeem(grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert error(response) == (400, "invalid_grant", "refresh_token is expired")


def test_a_refresh_token_works_once(redeem, world, call):
    """Under the rule it gives a new session with the same end; the old one goes on working."""
    world.patch_rules({"session_refresh": True})
    first = json.loads(redeem().data)
    world.advance(timedelta(days=1))

    response = redeem(grant_type="refresh_token", refresh_token=first["refresh_token"])
    second = json.loads(response.data)

    assert second["access_token"] != first["access_token"]
    assert second["expire_time"] == first["expire_time"]
    assert second["expires_in"] == first["expires_in"] - 86_400
    again = redeem(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert error(again)[1] == "invalid_grant"
    for token in (first, second):
        reply = call("taobao.user.seller.get", token["access_token"], fields="nick")
        assert "error_response" not in reply


def test_a_session_ends_with_its_authorisation(redeem, world, call):
    """After the rule's time it is 27 session-expired."""
    world.patch_rules({"session_lifetime": "1d"})
    token = json.loads(redeem().data)["access_token"]
    world.advance(timedelta(days=1))

    reply = call("taobao.user.seller.get", token, fields="nick")["error_response"]
    assert (reply["code"], reply["sub_code"]) == (27, "session-expired")


def test_an_account_that_is_revoked(redeem, world, call):
    """The end of an account's session ends what was issued for it."""
    from msgspec.structs import replace

    token = json.loads(redeem().data)["access_token"]
    main = next(iter(world.view.sessions()))
    world.set_permissions(replace(main, expires=world.now))

    assert call("taobao.user.seller.get", token, fields="nick")["error_response"]["code"] == 27


def test_sessions_outlive_a_reset(redeem, world, call):
    """They are credentials; no snapshot document has them."""
    from mockserver.world.snapshot import write_snapshot

    token = json.loads(redeem().data)
    text = write_snapshot(world.snapshot("now")).decode()
    world.reset()

    assert "error_response" not in call(
        "taobao.user.seller.get", token["access_token"], fields="nick"
    )
    assert token["access_token"] not in text
    assert token["refresh_token"] not in text


def test_a_code_through_the_gateway(code, call, world):
    """top.auth.token.create needs no session; token_result is JSON text; the journal has none."""
    reply = call("taobao.top.auth.token.create", code=code)
    token = json.loads(reply["top_auth_token_create_response"]["token_result"])

    assert list(token) == CAPTURED_ORDER
    _, entries = world.journal.select({}, 10)
    text = json.dumps([entry.serialize() for entry in entries], ensure_ascii=False)
    assert code not in text
    assert token["access_token"] not in text
    assert token["refresh_token"] not in text
    again = call("taobao.top.auth.token.create", code=code)["error_response"]
    assert (again["code"], again["sub_msg"]) == (15, "authorize code expire")


def test_a_refresh_through_the_gateway(redeem, call, world):
    """top.auth.token.refresh gives a new session under the rule."""
    world.patch_rules({"session_refresh": True})
    token = json.loads(redeem().data)

    reply = call("taobao.top.auth.token.refresh", refresh_token=token["refresh_token"])
    fresh = json.loads(reply["top_auth_token_refresh_response"]["token_result"])
    assert fresh["re_expires_in"] == fresh["expires_in"]
    assert fresh["access_token"] != token["access_token"]


def test_no_more_than_a_hundred_sessions(authorize, redeem):
    """The hundred-and-first is refused with its number."""
    for number in range(101):
        location = authorize().headers["Location"]
        response = redeem(code=parse_qs(urlsplit(location).query)["code"][0])
        assert (response.status_code == 200) is (number < 100)
    assert error(response)[2] == "session key num is larger than 100"


def test_one_app_in_two_sandboxes(context, authorize, redeem, browser, app):
    """The page names both sandboxes' accounts; the code leads to the one that was chosen."""
    from mockserver.world.document import WorldDocument, read_document
    from mockserver.world.world import World

    document = read_document(
        {
            "name": "other",
            "apps": [{"app_key": app.app_key, "app_secret": app.app_secret}],
            "shops": [{"nick": "另一家店", "session": "another-session"}],
        },
        WorldDocument,
    )
    context.directory.add(World(context.directory, document))

    location = authorize(account="other/main").headers["Location"]
    token = json.loads(redeem(code=parse_qs(urlsplit(location).query)["code"][0]).data)

    assert unquote(token["taobao_user_nick"]) == "另一家店"


def test_many_redeem_one_code(context, app, code):
    """Of eight at once one gets a token, the others hear that the code is over."""
    form = {
        "grant_type": "authorization_code",
        "client_id": app.app_key,
        "client_secret": app.app_secret,
        "code": code,
        "redirect_uri": BACK,
    }
    flask = create_app(context, lambda line: None)

    def redeem_once(_):
        return flask.test_client().post("/token", data=form).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(redeem_once, range(8), timeout=30))

    assert statuses == [200, *[400] * 7]


def test_a_repeated_parameter_counts_once(browser, app, code):
    """The first value of a repeated parameter is read, as at the gateway."""
    form = [
        ("grant_type", "authorization_code"),
        ("client_id", app.app_key),
        ("client_secret", app.app_secret),
        ("client_secret", "another"),
        ("code", code),
        ("redirect_uri", BACK),
    ]
    kind = "application/x-www-form-urlencoded"

    assert browser.post("/token", data=urlencode(form), content_type=kind).status_code == 200
