"""The list of exchanges: filters, pages, opening."""

import re

import pytest


def numbers(reply):
    """The ids of the exchanges in the list."""
    return re.findall(r'/exchanges/(\d+)">', reply.text)


def test_filters_choose(browser):
    """Status, id, order, buyer, waybill and both windows choose as the API's filters do."""
    first = browser.open(status=1, buyer_nick="甲")
    browser.control("POST", "clock/advance", {"by": "1h"})
    second = browser.open(status=3, buyer_nick="乙", buyer_logistic_no="SF00001111222233")
    oid = browser.control("GET", f"exchanges/{second}")["oid"]

    for query, expected in (
        ("", [second, first]),
        ("status=1", [first]),
        ("status=1&status=3", [second, first]),
        ("status=4", []),
        (f"dispute_id={first}", [first]),
        ("dispute_id=1", []),
        ("dispute_id=x", []),
        (f"oid={oid}", [second]),
        ("buyer_nick=甲", [first]),
        ("logistic_no=SF00001111222233", [second]),
        ("start_modified=2026-03-01 10:30:00", [second]),
        ("end_modified=2026-03-01T10:30", [first]),
        ("start_created=2026-03-02", [second, first]),
    ):
        assert numbers(browser.get(f"/s/default/exchanges?{query}")) == expected, query


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999999999", "³"])
def test_wrong_page_numbers_are_brought_into_bounds(browser, page):
    """No page number breaks the list."""
    assert browser.get(f"/s/default/exchanges?page={page}").status_code == 200


def test_a_long_list_has_pages(browser):
    """25 on a page, newest first, none twice."""
    browser.control("POST", "exchanges", {"count": 60})

    pages = [numbers(browser.get(f"/s/default/exchanges?page={page}")) for page in (1, 2, 3, 4)]

    assert [len(page) for page in pages] == [25, 25, 10, 0]
    assert len({number for page in pages for number in page}) == 60


def test_exchanges_are_opened_by_the_form(browser):
    """One leads to its page, several to the list; a wrong field is named."""
    one = browser.post("/s/default/exchanges", status="2", reason="尺码不合适", num="2")
    several = browser.post("/s/default/exchanges", count="3")
    wrong = browser.post("/s/default/exchanges", num="many")

    assert re.fullmatch(r"/console/s/default/exchanges/\d+", one.headers["Location"])
    assert several.headers["Location"] == "/console/s/default/exchanges"
    assert wrong.status_code == 400
    assert "<code>num</code>" in wrong.text
    assert browser.control("GET", "exchanges")["total"] == 4
