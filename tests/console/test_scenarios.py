"""Pages of scenarios: search, play to the end or to a status."""


def test_a_scenario_is_played_into_the_sandbox(browser, words):
    """Played to its end, the page says passed and leads to the exchange."""
    reply = browser.post("/s/default/scenarios/classic/buyer-cancels")

    page = words(reply)
    assert reply.status_code == 200
    assert "passed" in page
    numbers = [item["dispute_id"] for item in browser.control("GET", "exchanges")["items"]]
    assert any(f'href="/console/s/default/exchanges/{number}"' in reply.text for number in numbers)


def test_a_scenario_stops_where_wanted(browser):
    """With a status it stops there."""
    browser.post("/s/default/scenarios/classic/buyer-cancels", until="1")

    assert [item["status"] for item in browser.control("GET", "exchanges")["items"]] == [1]


def test_the_library_is_searched(browser, words):
    """Words of the name or title choose scenarios."""
    assert "classic/buyer-cancels" in words(browser.get("/s/default/scenarios?q=buyer-cancels"))
    assert "classic/buyer-cancels" not in words(browser.get("/s/default/scenarios?q=no-such"))
