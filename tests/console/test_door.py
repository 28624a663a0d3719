"""The console's door: who comes in, from where forms may come, what every reply carries."""

import re
import subprocess
import sys

import pytest

PAGES = ("", "/s/default", "/s/default/exchanges", "/reference", "/s/default/bug-report.zip")


@pytest.mark.parametrize("page", PAGES)
def test_nobody_reads_without_signing_in(make_browser, page):
    """Without a cookie, or with a wrong one, there is the sign-in page with status 401."""
    browser = make_browser(signed_in=False)
    browser.client.set_cookie("tmall_mockserver_console", "made-up", path="/console")

    reply = browser.get(page)

    assert reply.status_code == 401
    assert 'action="/console/sign-in"' in reply.text
    assert browser.context.token not in reply.text


def test_a_link_signs_in_once(make_browser):
    """The first browser gets a cookie that no script reads; the second one a refusal."""
    browser = make_browser(signed_in=False)
    code = browser.context.console.make_code()

    first = browser.get(f"/enter?code={code}")
    cookie = first.headers["Set-Cookie"]
    second = browser.get(f"/enter?code={code}")

    assert first.status_code == 200
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/console" in cookie
    assert code not in first.text + cookie
    assert second.status_code == 403
    assert "Set-Cookie" not in second.headers
    assert browser.get("").status_code == 200


@pytest.mark.parametrize("code", ["", "x", "%00", "é", "x" * 5000])
def test_a_wrong_code_signs_nobody_in(make_browser, code):
    """Empty, made-up, foreign and huge codes are refused, without a cookie."""
    browser = make_browser(signed_in=False)

    reply = browser.get(f"/enter?code={code}")

    assert reply.status_code == 403
    assert "Set-Cookie" not in reply.headers


def test_the_head_of_a_link_does_not_use_it_up(make_browser):
    """A program that looks at a link without opening it leaves it as it is."""
    browser = make_browser(signed_in=False)
    code = browser.context.console.make_code()

    browser.client.head(f"/console/enter?code={code}", headers={"Host": "localhost"})

    assert browser.get(f"/enter?code={code}").status_code == 200


def test_the_token_signs_in(make_browser):
    """The control API's token, typed into the form, signs in; another text does not."""
    browser = make_browser(signed_in=False)

    assert browser.post("/sign-in", token="wrong").status_code == 403
    assert browser.post("/sign-in", token="").status_code == 403
    assert browser.post("/sign-in", token=browser.context.token).status_code == 200
    assert browser.get("").status_code == 200


def test_signing_out_ends_the_session(browser):
    """After it the same cookie opens nothing."""
    key = browser.client.get_cookie("tmall_mockserver_console", path="/console").value

    assert browser.post("/sign-out").status_code == 200
    browser.client.set_cookie("tmall_mockserver_console", key, path="/console")

    assert browser.get("").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "ü", "x" * 10_000])
def test_a_form_without_its_token_is_refused(browser, token):
    """A form of another site does not know the token of the session; nothing happens."""
    reply = browser.post("/s/default/exchanges", form_token=token)

    assert reply.status_code == 403
    assert browser.control("GET", "exchanges")["total"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(browser, headers):
    """Even with cookie and token, a form must stand on this server; so must the token's form."""
    assert browser.post("/s/default/exchanges", headers=headers).status_code == 403
    assert browser.post("/sign-in", headers=headers, token=browser.context.token).status_code == 403
    assert browser.control("GET", "exchanges")["total"] == 0


def test_a_form_of_this_server_passes(browser):
    """What Chromium sends with a form of ours is accepted."""
    reply = browser.post(
        "/s/default/exchanges",
        headers={"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
    )

    assert reply.status_code == 303
    assert browser.control("GET", "exchanges")["total"] == 1


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:8420"])
def test_foreign_hosts_are_refused(browser, host):
    """A name that resolves to this machine is no name of this server."""
    for page in (*PAGES, "/assets/console.js", "/enter?code=x"):
        reply = browser.get(page, Host=host)
        assert (reply.status_code, "Set-Cookie" in reply.headers) == (403, False), page


@pytest.mark.parametrize("host", ["127.0.0.1:8420", "[::1]:8420", "192.168.1.7", "localhost:1"])
def test_addresses_and_localhost_are_answered(browser, host):
    """A phone on the same network reaches the console by the machine's address."""
    assert browser.get("", Host=host).status_code == 200


def test_named_hosts_and_the_public_address_are_answered(make_browser):
    """`--allow-host` and `--public-url` name hosts, also for the origin of forms."""
    browser = make_browser(hosts=("mock.test",), public_url="https://mock.example/")

    assert browser.get("", Host="mock.test").status_code == 200
    assert browser.get("", Host="mock.example").status_code == 200
    reply = browser.post(
        "/s/default/exchanges", headers={"Host": "mock.example", "Origin": "https://mock.example"}
    )
    assert reply.status_code == 303


def test_below_the_path_of_a_proxy_every_address_has_it(make_browser):
    """Links, forms, assets, redirects and the cookie stay below the path that a proxy serves."""
    browser = make_browser(public_url="https://mock.example/tools/mock", signed_in=False)
    code = browser.context.console.make_code()

    entered = browser.client.get(f"/console/enter?code={code}", base_url="https://mock.example")
    key = entered.headers["Set-Cookie"].split(";")[0]
    headers = {"Host": "mock.example", "Cookie": key}
    client = browser.app.test_client(use_cookies=False)
    page = client.get("/console/s/default/exchanges", headers=headers).text

    assert "Path=/tools/mock/console" in entered.headers["Set-Cookie"]
    assert "Secure" in entered.headers["Set-Cookie"]
    assert "url=/tools/mock/console" in entered.text
    addresses = re.findall(r'(?:href|src|action|hx-get)="([^"#][^"]*)"', page)
    assert len(addresses) > 15
    for address in addresses:
        assert address.startswith("/tools/mock/console") or address == "data:,"


@pytest.mark.parametrize("page", [*PAGES, "/assets/console.css", "/nothing", "/s/none", "/enter"])
def test_every_reply_has_the_policy(browser, page):
    """No script, style or frame but our own; nothing is kept, guessed or sent on."""
    reply = browser.get(page)
    policy = dict(
        part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; ")
    )

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "page",
    [
        "/nothing",
        "/s/none",
        "/s/none/exchanges",
        "/s/default/exchanges/1",
        "/s/default/exchanges/abc",
        "/s/default/exchanges/99999999999999999999",
        "/s/default/journal/none",
        "/s/default/scenarios/none",
        "/reference/method/none",
        "/assets/../door.py",
        "/assets/LICENSE",
        "/s/%00",
        "/s/default/clock/move",
    ],
)
def test_what_is_not_there_is_404(browser, page, words):
    """A wrong address is a page of ours that leads back, without a traceback."""
    reply = browser.get(page)

    assert reply.status_code == 404
    assert "Traceback" not in reply.text
    assert "Werkzeug" not in reply.text
    assert browser.faults == []


def test_a_page_is_not_sent_again_while_nothing_changes(browser):
    """With the revision that a page shows the reply is 204; after any change it is the page."""
    since = browser.control("GET", "revision")["revision"]

    unchanged = browser.get(f"/s/default/exchanges?since={since}")
    browser.open()
    changed = browser.get(f"/s/default/exchanges?since={since}")

    assert (unchanged.status_code, unchanged.text) == (204, "")
    assert changed.status_code == 200
    assert f"since={browser.control('GET', 'revision')['revision']}" in changed.text


def test_the_switch_of_the_language_stays(browser, words):
    """`lang` in an address switches to English, for the pages after it too."""
    assert "Sandboxes" in words(browser.get("?lang=en"))
    assert "Sandboxes" in words(browser.get(""))
    assert "独立环境" in words(browser.get("?lang=zh"))
    assert "独立环境" in words(browser.get("?lang=fr"))


def test_a_huge_form_is_refused(browser):
    """A form of megabytes is refused with a problem document, not read into a page."""
    reply = browser.post("/make", document="x" * 3_000_000)

    assert reply.status_code == 413
    assert browser.faults == []


def test_pages_are_imported_when_somebody_asks():
    """Starting a server imports neither the pages nor the template engine's loaders for them."""
    program = (
        "import sys\n"
        "from mockserver import Server\n"
        "with Server() as server:\n"
        "    server.make_console_link()\n"
        "    print([name for name in sys.modules if name.startswith('mockserver.console')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.strip() == "[]"
