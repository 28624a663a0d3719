"""Pages of sandboxes: make, reset, snapshots, stock, drop."""


def test_a_sandbox_is_made_from_the_form(browser, words):
    """Name, ruleset, clock and a world document become a sandbox; its page follows."""
    reply = browser.post(
        "/make",
        name="mine",
        ruleset="upgraded",
        seed="7",
        form={"clock.now": "2026-04-01 00:00:00"},
        document='{"goods": {"wanted": {"stock": 1}}}',
    )

    assert reply.status_code == 303
    assert reply.headers["Location"] == "/console/s/mine"
    world = browser.context.directory.get("mine")
    assert (world.view.ruleset, world.view.seed) == ("upgraded", 7)
    assert world.view.accounts(world.view.goods_named("wanted").sku_id).available == 1
    page = words(browser.get("/s/mine"))
    assert "已建立独立环境 mine" in page
    assert "2026-04-01 00:00:00" in page


def test_a_wrong_world_document_is_explained(make_browser, words):
    """The field is named in the page, and what was typed stays."""
    browser = make_browser("en")

    broken = browser.post("/make", name="mine", document="{")
    unknown = browser.post("/make", name="mine", document='{"god": {}}')
    taken = browser.post("/make", name="default")

    assert (broken.status_code, unknown.status_code, taken.status_code) == (400, 400, 409)
    assert "not JSON" in words(broken)
    assert "god" in words(unknown)
    assert 'value="mine"' in unknown.text
    assert [world.id for world in browser.context.directory.all()] == ["default"]


def test_snapshots_and_reset(browser):
    """A snapshot brings the exchange back that a reset to the baseline took away."""
    browser.open(dispute_id=1)
    browser.post("/s/default/snapshot", name="早晨")
    browser.post("/s/default/reset", to="baseline")
    assert browser.control("GET", "exchanges")["total"] == 0

    browser.post("/s/default/reset", to="早晨")
    assert browser.control("GET", "exchanges")["total"] == 1
    browser.post("/s/default/drop-snapshot", name="早晨")

    assert browser.control("GET", "")["snapshots"] == []


def test_stock_is_set(browser):
    """The number in the table becomes the stock on the shelf."""
    sku = browser.control("GET", "stock")["items"][0]["sku_id"]

    browser.post("/s/default/stock", sku=sku, available="3")

    assert browser.control("GET", "stock")["items"][0]["available"] == 3
    assert browser.post("/s/default/stock", sku=sku, available="many").status_code == 400


def test_a_sandbox_is_dropped_but_not_the_default_one(browser):
    """Another sandbox can go; `default` stays, with the reason."""
    browser.post("/make", name="mine")

    assert browser.post("/s/default/drop").status_code == 409
    assert browser.post("/s/mine/drop").status_code == 303
    assert [world.id for world in browser.context.directory.all()] == ["default"]
