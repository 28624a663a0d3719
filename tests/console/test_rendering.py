"""Each page is whole in each language: no Chinese in an English page, no English in a Chinese one.

Data of the sandbox are in the page's language here, so whatever else is Chinese or English is the
console's own.  Code, programs, and the words that a client sends are the same in both.
"""

import re
from html.parser import HTMLParser

import pytest

from tests.console.test_pages import ADDRESSES

CHINESE = re.compile("[\u3400-\u9fff\uff01-\uff5e\u3001-\u303f]")
# three English words in a row are a sentence; two may be names that people type
ENGLISH = re.compile(r"\b[A-Za-z]{2,}(?:,? [a-z]{2,}){2,}\b")
VOID = {"meta", "link", "input", "br", "img", "hr"}
DATA_TAGS = {"bdi", "code", "pre", "script", "style"}  # a bdi is text of somebody else


class Sentences(HTMLParser):
    """Collects what a page says: texts and labels, but not code, data or the switch of language."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Look at a tag; what stands below code or in another language is left out."""
        values = dict(attrs)
        hidden = tag in DATA_TAGS or values.get("translate") == "no"
        hidden = hidden or (tag != "html" and "lang" in values)
        if tag not in VOID:
            self._open.append((tag, hidden))
        if not hidden and not self._is_hidden:
            self.texts += [values[name] for name in ("aria-label", "placeholder") if name in values]

    def handle_endtag(self, tag):
        """Leave the innermost tag of this name."""
        while self._open and self._open.pop()[0] != tag:
            pass

    @property
    def _is_hidden(self) -> bool:
        return any(hidden for _, hidden in self._open)

    def handle_data(self, data):
        """Collect a text that is read as a sentence."""
        if not self._is_hidden and data.strip():
            self.texts.append(" ".join(data.split()))


ENGLISH_WORLD = {
    "shops": [
        {
            "nick": "shop",
            "addresses": [{"contact_id": 1, "addr": "Road 1", "city": "Town", "cancel_def": True}],
        }
    ],
    "goods": {"bought": {"title": "Red shoe"}, "wanted": {"title": "Blue shoe"}},
    "buyers": [{"nick": "buyer", "name": "Ann", "address": "A^^^B^^^C^^^D"}],
    "carriers": [{"name": "EMS", "id": 1, "code": "EMS"}],
    "reasons": [
        {"reason_id": 1, "reason_text": "no"},
        {"reason_id": 2, "reason_text": "never", "stage": "receipt"},
    ],
}


def fill(browser, reason):
    """Make an exchange, a refused call, a fault and a message, and return their addresses."""
    number = browser.open(status=1, reason=reason, desc=reason)
    key = browser.control("GET", "")["app_key"]
    for method in ("tmall.exchange.get", "tmall.exchange.agree"):
        fields = {"method": method, "app_key": key, "dispute_id": number, "sign": "x"}
        browser.client.post("/router/rest", data={"format": "json", "v": "2.0", **fields})
    browser.control("POST", "faults", {"fault": "latency", "seconds": 0})
    calls = [item["request_id"] for item in browser.control("GET", "requests")["items"]]
    addresses = [address.format(id=number) for address in ADDRESSES]
    return [*addresses, *(f"/s/default/journal/{call}" for call in calls)]


@pytest.mark.parametrize(
    ("lang", "reason", "foreign", "world"),
    [("en", "too small", CHINESE, ENGLISH_WORLD), ("zh", "太小", ENGLISH, {})],
)
def test_no_page_mixes_languages(make_browser, lang, reason, foreign, world):
    """Whatever is said on any page is said in the language of the switch."""
    browser = make_browser(lang, **world)
    sentences = {
        f"{address}: {text}"
        for address in fill(browser, reason)
        for text in Sentences(browser.get(address).text).texts
        if foreign.search(text)
    }

    assert sorted(sentences) == []
