"""What leaves the console as files: masked, and complete enough to replay."""

import io
import json
import zipfile


def test_the_bug_report_is_one_masked_file(browser):
    """It holds the scenario, the calls and the report, and no secret, session or personal data."""
    sandbox = browser.control("GET", "")
    number = browser.open(buyer_name="张三丰", buyer_phone="13800138000")
    browser.client.post(
        "/router/rest",
        data={
            "method": "tmall.exchange.get",
            "app_key": sandbox["app_key"],
            "session": sandbox["session"],
            "dispute_id": number,
            "note": sandbox["app_secret"],
        },
    )

    reply = browser.get("/s/default/bug-report.zip")

    bundle = zipfile.ZipFile(io.BytesIO(reply.data))
    texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert reply.headers["Content-Disposition"].startswith("attachment; filename=")
    assert set(texts) == {"README.txt", "sandbox.scenario.yaml", "journal.har", "report.json"}
    assert "\nscenario: " in texts["sandbox.scenario.yaml"]
    assert len(json.loads(texts["journal.har"])["log"]["entries"]) == 1
    for secret in (sandbox["app_secret"], sandbox["session"], browser.context.token):
        assert not any(secret in text for text in texts.values())


def test_the_single_files_are_offered(browser):
    """The scenario and the HAR are downloads of their own."""
    browser.open()

    scenario = browser.get("/s/default/scenario.yaml")
    har = browser.get("/s/default/journal.har")

    assert "\nscenario: " in scenario.text
    assert har.json["log"]["version"] == "1.2"
