"""What each request to the doors leaves behind, and what text of others cannot do there."""

import json
import re
from urllib.parse import unquote

import msgspec
import pytest

from mockserver.control.routes import ROUTES
from mockserver.review.lint import lint
from mockserver.review.review_findings import JournalCall
from mockserver.server import create_app
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.world import World
from tests.oauth.conftest import BACK

SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "{app}{0.__class__}",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\u202e<b>\u2028</b>\x00",
    "&lt;script&gt;&quot;",
    "＜script＞ﾒﾓ",
)
OPEN_PATHS = {
    "/_sandbox/health",
    "/_sandbox/ready",
    "/_sandbox/version",
    "/authorize",
    "/container",
    "/container/refresh",
    "/token",
}


def read_journal(world):
    """The entries of the sandbox, the newest first, as users get them."""
    return [entry.serialize() for entry in world.journal.select({}, 50)[1]]


@pytest.mark.parametrize("place", ["state", "view", "force_auth", "lang"])
@pytest.mark.parametrize("text", SCRIPTS)
def test_text_of_others_stays_text(browser, app, place, text):
    """Whatever stands in a parameter shows as text: no element, no attribute, no template."""
    page = browser.get(
        "/authorize", query_string={"client_id": app.app_key, "redirect_uri": BACK, place: text}
    ).text

    assert "<script" not in page
    assert "<img" not in page
    assert "<svg" not in page
    assert "<b>" not in page
    assert page.count("<title>") == page.count("</title>") == 1
    assert page.count("<style>") == page.count("</style>") == 1
    assert ("49" in page) is ("49" in text)


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_nick_stays_text(context, text):
    """A shop named by others shows as text, too."""
    nick = "".join(sign for sign in text if sign.isprintable())
    document = read_document(
        {
            "name": "other",
            "shops": [{"nick": nick}],
            "apps": [{"app_key": "77", "app_secret": "s" * 9}],
        },
        WorldDocument,
    )
    context.directory.add(World(context.directory, document))
    browser = create_app(context, lambda line: None).test_client()

    page = browser.get("/authorize", query_string={"client_id": "77", "redirect_uri": BACK}).text

    assert "<script" not in page
    assert "<img" not in page
    assert "onerror=alert" not in page.replace("&quot;&gt;&lt;img src=x onerror=alert", "")


def test_the_journal_has_every_visit(browser, authorize, redeem, world, app):
    """Page, form and token are entries in their order, with the account, without any secret."""
    browser.get("/authorize", query_string={"client_id": app.app_key, "redirect_uri": BACK})
    token = json.loads(redeem().data)
    entries = read_journal(world)

    assert [(e["method"], e["outcome"], e["caller"]) for e in entries] == [
        ("oauth.token", "ok", ""),
        ("oauth.authorize", "ok", ""),
        ("oauth.authorize", "ok", "main"),
    ]
    text = json.dumps(entries, ensure_ascii=False)
    for secret in (app.app_secret, token["access_token"], token["refresh_token"]):
        assert secret not in text
    assert entries[0]["reply"]["expires_in"] == 365 * 86_400
    assert entries[0]["params"]["grant_type"] == "authorization_code"


def test_the_journal_has_no_token_of_the_fragment(authorize, world):
    """What the implicit flow writes into the address is in no entry."""
    location = authorize(response_type="token").headers["Location"]
    token = location.partition("access_token=")[2].partition("&")[0]

    assert token not in json.dumps(read_journal(world))
    assert read_journal(world)[0]["caller"] == "main"


def test_a_refusal_says_why(redeem, world, app):
    """The reply has the platform's words alone; header and entry have the cause, no secret."""
    response = redeem(client_secret="not-the-secret-at-all")
    entry = read_journal(world)[0]

    assert set(json.loads(response.data)) == {"error", "error_description"}
    assert unquote(response.headers["X-Sandbox-Cause"]) == (
        "client_secret 与 app_key 不符 (the secret is not the app's)"
    )
    assert response.headers["X-Sandbox-Request-Id"] == entry["request_id"]
    assert (entry["outcome"], entry["reply"]["error"]) == ("refused", "invalid_client")
    assert entry["diagnosis"]["zh"] == "client_secret 与 app_key 不符"
    assert "not-the-secret-at-all" not in json.dumps(entry)


def test_an_honest_client_is_not_accused(browser, redeem, world, app):
    """Asking for a session is no call of a method: no finding, no count of the coverage."""
    browser.get("/authorize", query_string={"client_id": app.app_key, "redirect_uri": BACK})
    redeem()
    redeem(client_secret="wrong-1")
    redeem(client_secret="wrong-1")
    entries = world.journal.select({}, 50)[1]
    calls = [JournalCall(entry, msgspec.json.decode(entry.params)) for entry in reversed(entries)]

    assert len(calls) == 5  # with the form of the code
    assert lint(calls, {"dispute_id": (), "tid": (), "oid": ()}) == ()
    assert world.coverage.counts().calls == ()


def test_an_unknown_app_is_in_no_sandbox(context, redeem):
    """Its entry is among the calls that name no sandbox."""
    redeem(client_id="404")

    _, entries = context.unassigned_calls.select({}, 5)
    assert [entry.method for entry in entries] == ["oauth.token"]


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"a=%FF%FE", b"&" * 10, b"x=1&" * 51, b"{}", b"<xml/>", "code=会".encode("gbk")],
)
def test_bodies_that_are_no_form(browser, body):
    """HTTP 400 with JSON, never a page and never a traceback."""
    kind = "application/x-www-form-urlencoded"
    response = browser.post("/token", data=body, content_type=kind)

    assert response.status_code == 400
    assert set(json.loads(response.data)) == {"error", "error_description"}


def test_no_other_route_is_open(context):
    """Every route but these and the gateway wants a token, a sign-in, or an unguessable name."""
    app = create_app(context, lambda line: None)
    paths = {(rule.rule, verb) for rule in app.url_map.iter_rules() for verb in rule.methods}
    paths |= {(route.path, route.verb) for route in ROUTES}
    browser, opened = app.test_client(), set()
    for path, verb in sorted(paths):
        url = re.sub(r"[<{][^>}]*[>}]", "x", path)
        response = browser.open(url, method=verb, headers={"Host": "127.0.0.1"})
        if verb not in ("OPTIONS", "HEAD") and response.status_code not in (401, 403, 404, 303):
            opened.add(path)

    assert opened == OPEN_PATHS
