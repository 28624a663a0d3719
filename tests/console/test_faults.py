"""The page of faults, quotas and robots."""


def test_faults_are_planned_and_dropped(browser, words):
    """A fault, a set and their hits stand in the list until they are dropped."""
    browser.post("/s/default/faults/plan", fault="latency", times="2", options='{"seconds": 0}')
    (planned,) = browser.control("GET", "faults")["items"]
    assert (planned["fault"], planned["times"]) == ("latency", 2)
    assert "latency" in words(browser.get("/s/default/faults"))

    browser.post("/s/default/faults/drop", fault_id=planned["id"])
    assert browser.control("GET", "faults")["total"] == 0
    names = browser.client.get(
        "/_sandbox/faults/names", headers={"Authorization": f"Bearer {browser.context.token}"}
    ).json["sets"]
    browser.post("/s/default/faults/set", set=names[0]["name"])
    assert browser.control("GET", "faults")["total"] == len(names[0]["faults"])
    browser.post("/s/default/faults/drop-all")

    assert browser.control("GET", "faults")["total"] == 0


def test_quotas_and_robots_are_set(browser):
    """Quotas are JSON as in the control API; each robot has its behaviour."""
    browser.post("/s/default/faults/quotas", quotas='[{"per": "second", "limit": 5}]')
    browser.post("/s/default/faults/robots", buyer="prompt", applies="2h")

    (quota,) = browser.control("GET", "quotas")
    robots = browser.control("GET", "robots")
    assert (quota["per"], quota["limit"]) == ("second", 5)
    assert (robots["buyer"], robots["courier"], robots["applies"]) == ("prompt", None, "2h")
    assert browser.post("/s/default/faults/quotas", quotas="[").status_code == 400
    assert browser.post("/s/default/faults/quotas", quotas="{}").status_code == 400


def test_each_set_is_switched_on_and_off(browser, words):
    """What a set planned goes when it is switched off; a fault of somebody else's stays."""
    browser.control("POST", "faults", {"fault": "latency", "seconds": 0.125, "times": 3})
    names = browser.client.get(
        "/_sandbox/faults/names", headers={"Authorization": f"Bearer {browser.context.token}"}
    ).json["sets"]
    assert names

    for item in names:
        browser.post("/s/default/faults/set", set=item["name"])
        assert browser.control("GET", "faults")["total"] == 1 + len(item["faults"])
        assert browser.get("/s/default/faults").text.count("faults/drop-set") >= 1

        browser.post("/s/default/faults/drop-set", set=item["name"])
        (left,) = browser.control("GET", "faults")["items"]
        assert left["seconds"] == 0.125
    assert "drop-set" not in browser.get("/s/default/faults").text
    assert browser.post("/s/default/faults/drop-set", set="none").status_code == 303
