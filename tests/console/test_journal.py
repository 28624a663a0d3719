"""Pages of the journal: why a call was refused, and how near a move was."""

import hashlib
import re
from html import unescape


def send(browser, *, write=str, **params):
    """Send a call, signed over what `write` makes of the string, and return its request id."""
    sandbox = browser.control("GET", "")
    texts = {
        "app_key": sandbox["app_key"],
        "session": sandbox["session"],
        "timestamp": "2026-03-01 10:00:00",
        "format": "json",
        "v": "2.0",
        "sign_method": "md5",
        **params,
    }
    secret, plain = sandbox["app_secret"], "".join(name + texts[name] for name in sorted(texts))
    texts["sign"] = hashlib.md5(f"{secret}{write(plain)}{secret}".encode()).hexdigest().upper()
    browser.client.post("/router/rest", data=texts)
    return browser.control("GET", "requests")["items"][0]["request_id"]


def marks(page, kind):
    """The texts of a page that are marked in this way."""
    return [unescape(text) for text in re.findall(rf"<mark{kind}>(.*?)</mark>", page, re.DOTALL)]


def test_the_differing_place_is_marked(browser, words):
    """A blank that was signed as a plus is marked alone, and its parameter in the whole string."""
    request_id = send(
        browser, method="tmall.exchange.receive.get", write=lambda text: text.replace(" ", "+")
    )

    page = browser.get(f"/s/default/journal/{request_id}").text

    assert marks(page, ' class="wrong"') == ["+"]
    assert marks(page, ' class="right"') == [" "]
    assert marks(page, "") == ["timestamp2026-03-01 10:00:00"]
    assert browser.control("GET", "")["app_secret"] not in page
    assert browser.control("GET", "")["session"] not in page


def test_a_near_miss_shows_the_way(make_browser, words):
    """A move that came too early names the status it starts from and who must do what first."""
    browser = make_browser("en")
    number = browser.open()
    request_id = send(
        browser,
        method="tmall.exchange.consigngoods",
        dispute_id=number,
        fields="dispute_id",
        logistics_no="SF1234567890",
        logistics_type="200",
        logistics_company_name="顺丰速运",
    )

    page = browser.get(f"/s/default/journal/{request_id}")

    assert "The way there" in words(page)
    way = re.search(r"<ol>(.*?)</ol>", page.text, re.DOTALL)[1]
    assert [unescape(move) for move in re.findall(r"reference/move/(\w+)", way)] == [
        "agree",
        "ship_back",
        "returngoods_agree",
    ]
    assert f'href="/console/s/default/exchanges/{number}"' in page.text


def test_a_line_says_why(browser, words):
    """The list has the cause beside the outcome, without opening the call."""
    send(browser, method="tmall.exchange.get", dispute_id="1", fields="status")

    page = words(browser.get("/s/default/journal"))

    cause = browser.control("GET", "requests")["items"][0]["diagnosis"]["zh"]
    assert cause
    assert cause[:40] in page
