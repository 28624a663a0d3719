"""The report on the client, over the control API.

Source: issue (idempotency audit, client report).
"""

import json

SHIP = "tmall.exchange.consigngoods"
CARRIER = {"logistics_type": 200, "logistics_company_name": "顺丰快递", "fields": "status"}


def test_nothing_called_nothing_found(api):
    """A sandbox that nobody has called has an empty report."""
    assert api("GET", "report") == {
        "calls": 0,
        "dropped": 0,
        "counts": {"error": 0, "warning": 0, "hint": 0},
        "audit": {"writes": 0, "repeats": 0, "safe": 0, "unsafe": 0, "findings": []},
        "findings": [],
    }


def test_a_planted_double_shipment(api, call):
    """A second shipment with another waybill is in the audit.

    With its calls, sentences in both languages, grade and exchange.
    """
    dispute_id = api("POST", "exchanges", {"status": 12})["dispute_id"]
    for waybill in ("SF1111111111", "YT2222222222"):
        call(SHIP, dispute_id=dispute_id, logistics_no=waybill, **CARRIER)
    report = api("GET", "report")
    [finding_document] = report["audit"]["findings"]
    ids = [item["request_id"] for item in reversed(api("GET", "requests")["items"])]
    assert (
        finding_document["id"],
        finding_document["severity"],
        finding_document["dispute_id"],
        finding_document["count"],
    ) == ("double_shipment", "error", dispute_id, 2)
    assert finding_document["request_ids"] == ids
    assert all(
        waybill in finding_document[lang]
        for waybill in ("SF1111111111", "YT2222222222")
        for lang in ("zh", "en")
    )
    assert finding_document["evidence"].startswith("documented")
    assert (report["audit"]["writes"], report["audit"]["unsafe"], report["counts"]["error"]) == (
        2,
        1,
        1,
    )


def test_findings_are_counted_and_bounded(api, call):
    """Counts cover all findings by severity; a finding names the first twenty of its calls."""
    for _ in range(25):
        call("tmall.exchange.receive.get", fields="dispute_id")
    report = api("GET", "report")
    findings = {finding["id"]: finding for finding in report["findings"]}
    assert (findings["no_window"]["count"], len(findings["no_window"]["request_ids"])) == (25, 20)
    assert sum(report["counts"].values()) == len(report["findings"])


def test_a_report_is_the_sandboxs(api, call):
    """Each sandbox has its own report.

    A reset begins a new one, and so does clearing the journal.
    """
    made = api("POST", "/_sandbox/sandboxes", {}, 201)
    call("tmall.exchange.receive.get", made, fields="dispute_id")
    assert api("GET", "report")["calls"] == 0
    there = f"/_sandbox/sandboxes/{made['id']}"
    assert api("GET", f"{there}/report")["calls"] == 1
    api("DELETE", f"{there}/requests")
    assert api("GET", f"{there}/report")["findings"] == []
    assert api.problem("GET", "report?method=x")["field"] == "method"
    assert api.problem("GET", "/_sandbox/sandboxes/nowhere/report")["status"] == 404


def test_calls_no_longer_kept_are_counted(api, call):
    """What has given way to newer calls is counted as dropped."""
    api.directory.get("default").journal._capacity = 2
    for _ in range(5):
        call("taobao.time.get")
    report = api("GET", "report")
    assert (report["calls"], report["dropped"]) == (2, 3)


def test_a_rounded_id_is_reported(api, call, opened):
    """An id that a double has spoilt is reported with the exchange that was meant."""
    call("tmall.exchange.get", dispute_id=int(float(opened)), fields="status")
    [finding_document] = [
        finding for finding in api("GET", "report")["findings"] if finding["id"] == "ids_rounded"
    ]
    assert opened in finding_document["zh"] and opened in finding_document["en"]


def test_every_finding_can_be_explained(api, call, opened):
    """Each id of a report is an article of `explain`, in both languages."""
    from mockserver.reference.articles import explain
    from mockserver.review.lint_rules import LINT_RULES

    for lint_rule in LINT_RULES:
        [article] = [
            found_article
            for found_article in explain(lint_rule)
            if "lint rule" in found_article.kind
        ]
        assert article.zh and article.en and "evidence" in article.en and "依据" in article.zh


def test_nothing_private_is_reported(api, call, opened):
    """Sessions, secrets and personal data are in no list, export or report.

    Wherever a client has put them.
    """
    api("PATCH", "rules", {"personal_data": "plain"})
    caller, exchange = api("GET", ""), api("GET", f"exchanges/{opened}")["exchange"]
    private = [
        caller["session"],
        caller["sub_session"],
        caller["app_secret"],
        "王小明的留言",
        "10077001234",
    ]
    private += [
        exchange[name]
        for name in (
            "buyer_nick",
            "buyer_name",
            "buyer_phone",
            "buyer_address",
            "buyer_open_uid",
            "oaid",
        )
    ]
    for _ in range(2):
        call(
            "tmall.exchange.message.add",
            dispute_id=opened,
            content="王小明的留言",
            fields="content,owner_nick",
        )
        call(
            "tmall.exchange.agree",
            dispute_id=opened,
            address_id=10000002,
            fields="status",
            leave_message="王小明的留言",
            mobile="10077001234",
        )
    call(
        "tmall.exchange.receive.get",
        buyer_nick=exchange["buyer_nick"],
        buyer_phone=exchange["buyer_phone"],
        fields=(
            "dispute_id,buyer_nick,buyer_name,buyer_phone,buyer_address,oaid,buyer_open_uid,address"
        ),
    )
    for number, token in enumerate(
        (caller["session"], caller["sub_session"], caller["app_secret"])
    ):
        call(
            "tmall.exchange.get",
            dispute_id=opened,
            fields=token,
            **{f"odd{number}": token, "secret": token},
        )
        call("tmall.exchange.get", dispute_id=token, fields="status")
        call(token)
    call(
        "tmall.exchange.get",
        dispute_id=opened,
        fields="status",
        session=caller["sub_session"] + "x",
    )
    text = "".join(
        api.ask("GET", path).text
        for path in (
            "requests",
            "requests.har",
            "report",
            "requests?after=0",
            "/_sandbox/requests",
            "/_sandbox/requests.har",
        )
    )
    assert api("GET", "report")["audit"]["unsafe"] >= 2
    assert [secret for secret in private if secret in text or json.dumps(secret) in text] == []
