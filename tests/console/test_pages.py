"""Every page answers in both languages, with its policy, and without markup of clients."""

import re
from html import escape
from html.parser import HTMLParser
from importlib.resources import files
from urllib.parse import quote, urlencode

import pytest

ADDRESSES = (
    "",
    "/s/default",
    "/s/default/exchanges",
    "/s/default/exchanges?status=1&status=4&buyer_nick=x&start_modified=2026-03-01",
    "/s/default/exchanges/{id}",
    "/s/default/clock",
    "/s/default/journal",
    "/s/default/journal?outcome=refused&method=tmall.exchange.get",
    "/s/default/messages",
    "/s/default/messages?state=queued&topic=x&group=default&dispute_id={id}",
    "/s/default/report",
    "/s/default/faults",
    "/s/default/scenarios",
    "/s/default/scenarios/classic/buyer-cancels",
    "/s/default/coverage",
    "/reference",
    "/reference?q=agree&kind=method",
    "/reference/status/4",
    "/reference/method/tmall.exchange.agree",
)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_answers(make_browser, words, address, lang):
    """Each address of the navigation is a page in the language asked for, with its heading."""
    browser = make_browser(lang)
    number = browser.open(status=2)

    reply = browser.get(address.format(id=number))

    assert reply.status_code == 200, words(reply)
    assert reply.content_type == "text/html; charset=utf-8"
    assert f'<html lang="{"en" if lang == "en" else "zh-CN"}">' in reply.text
    assert reply.text.count("<h1>") == 1
    assert browser.faults == []
    english = re.sub(r"[^a-z]", "", words(reply).lower())
    assert ("signout" in english) == (lang == "en")
    assert ("退出" in words(reply)) == (lang == "zh")


CORPUS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea></title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}",
    "\u202eevil\u0000",
)
OWN_SCRIPTS = {"/console/assets/htmx.min.js", "/console/assets/console.js"}


class Markup(HTMLParser):
    """Collects what a browser would run or load of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.suspects: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Look at a tag as a browser reads it."""
        values = {name: value or "" for name, value in attrs}
        if tag == "script" and values.get("src") not in OWN_SCRIPTS:
            self.suspects.append(f"script {values}")
        for name, value in values.items():
            if name.startswith(("on", "hx-on")) or name == "style":
                self.suspects.append(f"{tag} {name}={value}")
            own = value.startswith(("/console", "#", "/pictures")) or value == "data:,"
            if name in ("href", "src", "action") and not own:
                self.suspects.append(f"{tag} {name}={value}")
        if tag in ("iframe", "object", "embed", "base", "style"):
            self.suspects.append(tag)


def call_gateway(browser, **params):
    """Send a call that is signed wrongly, with these parameters; it stands in the journal."""
    browser.client.post("/router/rest", data={"format": "json", "v": "2.0", **params})


@pytest.mark.parametrize("text", CORPUS)
def test_texts_of_clients_are_inert(make_browser, text):
    """Whatever a client or a user wrote, no page has a tag, a handler or an address of it."""
    clean = text.replace("\x00", "")
    browser = make_browser(goods={"wanted": {"title": clean}})
    number = browser.open(reason=clean, desc=clean, buyer_nick=clean[:20], status=1)
    app_key = browser.control("GET", "")["app_key"]
    call_gateway(browser, method=text, app_key=app_key, session=text, timestamp=text, sign=text)
    call_gateway(browser, **{"method": "tmall.exchange.agree", "app_key": app_key, text: text})
    calls = browser.control("GET", "requests")["items"]
    addresses = [address.format(id=number) for address in ADDRESSES]
    addresses += [f"/s/default/journal/{item['request_id']}" for item in calls]
    addresses += [
        f"/s/default/{page}?{urlencode({name: text})}"
        for page in ("exchanges", "journal", "scenarios")
        for name in ("buyer_nick", "method", "q", "dispute_id", text)
    ]
    addresses += [
        f"/reference?{urlencode({'q': text, 'kind': text})}",
        f"/s/{quote(text, safe='')}",
    ]
    assert len(calls) == 2

    for address in addresses:
        reply = browser.get(address)
        assert Markup(reply.text).suspects == [], address
    assert browser.faults == []


def fill_every_text(browser, text):
    """Write the text wherever a user or a client may, and return the addresses that show it."""
    world = browser.context.directory.get("default")
    number = browser.open(
        status=1, reason=text, desc=text, buyer_nick=text[:20], buyer_name=text, buyer_address=text
    )
    moves = f"exchanges/{number}/moves"
    browser.control("POST", moves, {"by": "seller", "move": "agree"})
    for by in ("buyer", "seller", "cs"):
        browser.control("POST", moves, {"by": by, "move": "leave_message", "content": text})
    shipping = {"logistics_no": text, "logistics_company_name": text}
    browser.control("POST", moves, {"by": "buyer", "move": "ship_back", **shipping})
    with world.unit_of_work() as work:
        (message, *_) = work.channel.notifications()
        app, shop = message.app_key, message.shop
        work.channel.extend_group(app, text, nicks=[shop])
        own = work.channel.publish(app_key=app, shop=shop, topic=text, content=text)
        work.channel.fail(app, own.group, [own.number], text)
    return [
        *(f"/s/default/{page}" for page in ("", "exchanges", f"exchanges/{number}", "messages")),
        *("", "/s/default/faults", "/s/default/clock", "/s/default/coverage"),
    ]


@pytest.mark.parametrize("text", [text.replace("\x00", "") for text in CORPUS])
def test_every_text_of_a_sandbox_is_inert(make_browser, text):
    """Shops, goods, reasons, carriers, moves, messages, waybills: each is shown as
    text."""
    browser = make_browser(
        shops=[{"nick": text, "subs": [{"nick": f"{text}:a"}], "addresses": [{"addr": text}]}],
        goods={"wanted": {"title": text}, text: {"outer_id": text}},
        reasons=[{"reason_id": 1, "reason_text": text}],
        carriers=[{"name": text, "code": text}],
        apps=[{"app_key": text, "app_secret": text}],
    )
    shows = 0

    for address in fill_every_text(browser, text):
        page = browser.get(address)
        shows += escape(text, quote=False) in unescape_quotes(page.text)
        assert page.status_code == 200, address
        assert Markup(page.text).suspects == [], address

    assert shows >= 4
    assert browser.faults == []


@pytest.mark.parametrize("text", [text.replace("\x00", "") for text in CORPUS if text.isascii()])
def test_headers_of_clients_are_inert(browser, text):
    """The Host that a call names stands in its `curl`; no header becomes markup anywhere."""
    key = browser.control("GET", "")["app_key"]
    fields = {"method": "tmall.exchange.get", "app_key": key, "sign": "x"}
    names = ("Host", "User-Agent", "Referer", "X-Forwarded-Host", "X-Forwarded-Proto", "Origin")
    for name in names:
        browser.client.post("/router/rest", data=fields, headers={name: text})
    browser.client.post("/router/rest", data=b"{}", headers={"Content-Type": f"a/b; {text}"})
    calls = browser.control("GET", "requests")["items"]
    assert len(calls) >= len(names) - 1  # a Host that is none may be refused before the journal

    for address in ("journal", *(f"journal/{item['request_id']}" for item in calls)):
        page = browser.get(f"/s/default/{address}").text
        assert Markup(page).suspects == [], address
    assert browser.faults == []


def unescape_quotes(page):
    """The page with its quotation marks as such, which one writer of HTML escapes, another not."""
    return page.replace("&#34;", '"').replace("&#39;", "'")


def test_the_own_script_stays_small():
    """Contributors read all of it: below 300 lines, without a build step."""
    script = files("mockserver.console") / "assets" / "console.js"

    assert len(script.read_text("utf-8").splitlines()) < 300


@pytest.mark.parametrize("text", CORPUS)
def test_texts_of_forms_are_inert(browser, text):
    """A refused form shows what was typed, as text."""
    number = browser.open()
    moves = f"/s/default/exchanges/{number}/moves"
    forms = (
        ("/make", {"name": text, "document": text, "seed": text, "clock.now": text}),
        ("/s/default/exchanges", {"reason": text, "num": text, "dispute_id": text}),
        (moves, {"by": "seller", "move": text}),
        (moves, {"by": "seller", "move": "agree", "address_id": text}),
        ("/s/default/clock/move", {"by": text, "verb": "age"}),
        ("/s/default/clock/set", {"mode": "frozen", "now": text}),
        ("/s/default/faults/plan", {"fault": text, "method": text, "options": text}),
        ("/s/default/faults/quotas", {"quotas": text}),
        ("/s/default/faults/robots", {"buyer": text}),
        ("/s/default/reset", {"to": text}),
        ("/s/default/snapshot", {"name": text}),
        ("/s/default/stock", {"sku": text, "available": text}),
    )
    for address, form in forms:
        reply = browser.post(address, form)
        assert 400 <= reply.status_code < 500, (address, reply.status_code)
        assert Markup(reply.text).suspects == [], address
    assert browser.faults == []
