"""The page of the clock: what moves time, and the dry run that moves none."""


def test_time_moves_by_forms(browser, words):
    """Advance, age, the next deadline, freeze and run do what the control API does."""
    number = browser.open()

    browser.post("/s/default/clock/move", by="1h", verb="advance")
    assert browser.control("GET", "clock")["now"] == "2026-03-01 11:00:00"
    browser.post("/s/default/clock/move", by="1h", verb="age")
    assert browser.control("GET", "clock")["now"] == "2026-03-01 11:00:00"
    reply = browser.post("/s/default/clock/move", to="next")
    assert reply.status_code == 303
    assert browser.control("GET", f"exchanges/{number}")["status"] == 2
    browser.post("/s/default/clock/set", mode="running", now="2026-05-01 00:00:00")
    assert browser.control("GET", "clock")["mode"] == "running"
    browser.post("/s/default/clock/set", mode="frozen", now="2026-05-01 00:00:00")
    assert browser.control("GET", "clock")["now"] == "2026-05-01 00:00:00"


def test_a_dry_run_tells_and_changes_nothing(browser, words):
    """It names the deadline that would fire; sandbox, snapshots and other sandboxes stay."""
    number = browser.open()
    before = browser.control("GET", "revision")

    page = words(browser.post("/s/default/clock/move", by="2d", verb="advance", dry="1"))

    assert "试算：会发生什么(什么都没有改变) 那时是 2026-03-03 10:00:00" in page
    assert f"2026-03-03 10:00:00 {number}：1 → 2 待买家退货" in page
    assert browser.control("GET", "revision") == before
    assert browser.control("GET", "")["snapshots"] == []
    assert [world.id for world in browser.context.directory.all()] == ["default"]


def test_a_dry_run_with_a_wrong_duration_leaves_nothing_behind(browser):
    """A refused dry run takes its copy away."""
    reply = browser.post("/s/default/clock/move", by="soon", verb="advance", dry="1")

    assert reply.status_code == 400
    assert [world.id for world in browser.context.directory.all()] == ["default"]


def test_a_large_sandbox_has_no_dry_run(browser, words):
    """Copying thousands of exchanges would take long: the page says so instead."""
    browser.control("POST", "exchanges", {"count": 1000})
    browser.control("POST", "exchanges", {"count": 1000})
    browser.control("POST", "exchanges", {"count": 1})

    page = words(browser.post("/s/default/clock/move", by="2d", verb="advance", dry="1"))

    assert "换货单多于 2000 张，不做试算" in page
