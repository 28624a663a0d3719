"""Two real clients go through the whole exchange flow and every refusal.

Sources: the exchange guide, exchange-api.md.
"""

import urllib.request

import pytest

SHORT = "dispute_id,bizorder_id,modified,status"


def test_whole_flow(sdk, sandbox):
    """An application goes to 换货成功 with an unmodified client.

    By agree, return, receipt and shipping.
    """
    exchange = sandbox.open(reason="尺码不合适")
    dispute_id = exchange.dispute_id
    address = sandbox.shops[0]["addresses"][1]["contact_id"]

    agreed = sdk.reply(
        "tmall.exchange.agree",
        dispute_id=dispute_id,
        address_id=address,
        fields=SHORT,
        leave_message="同意换货，请寄回",
    )["result"]
    sandbox.buyer.ship_back(
        exchange, logistics_company_name="顺丰速运", logistics_no="SF1000000001"
    )
    received = sdk.reply("tmall.exchange.returngoods.agree", dispute_id=dispute_id, fields=SHORT)[
        "result"
    ]
    shipped = sdk.reply(
        "tmall.exchange.consigngoods",
        dispute_id=dispute_id,
        fields=SHORT,
        logistics_type=200,
        logistics_company_name="顺丰快递",
        logistics_no="SF1000000002",
    )["result"]
    sandbox.buyer.confirm_receipt(exchange)
    read = sdk.reply(
        "tmall.exchange.get",
        dispute_id=dispute_id,
        fields="dispute_id,status,reason,buyer_logistic_no,seller_logistic_no",
    )["result"]

    assert [step["success"] for step in (agreed, received, shipped, read)] == [True] * 4
    assert [step["exchange"]["status"] for step in (agreed, received, shipped, read)] == [
        "待买家退货",
        "待发出换货商品",
        "待买家收货",
        "换货成功",
    ]
    assert read["exchange"] == {
        "dispute_id": dispute_id,
        "status": "换货成功",
        "reason": "尺码不合适",
        "buyer_logistic_no": "SF1000000001",
        "seller_logistic_no": "SF1000000002",
    }


def test_write_reply_members(sdk, sandbox):
    """A write's reply carries the four documented members and the id as text, beyond 2^53."""
    exchange = sandbox.open()
    members = sdk.reply(
        "tmall.exchange.agree",
        dispute_id=exchange.dispute_id,
        address_id=sandbox.shops[0]["addresses"][1]["contact_id"],
        fields=SHORT,
    )["result"]["exchange"]
    assert set(members) == {"dispute_id", "biz_order_id", "modified", "status"}
    assert members["dispute_id"] == exchange.dispute_id
    assert int(members["dispute_id"]) > 2**53
    assert isinstance(members["biz_order_id"], str) and int(members["biz_order_id"]) > 2**53


def test_refused_application(sdk, sandbox):
    """A refused application is closed, with the seller's words in the thread."""
    exchange = sandbox.open()
    reasons = sdk.reply(
        "tmall.exchange.refusereason.get",
        dispute_id=exchange.dispute_id,
        fields="reason_id,reason_text",
    )["result"]
    chosen = reasons["results"]["reason"][0]
    refused = sdk.reply(
        "tmall.exchange.refuse",
        dispute_id=exchange.dispute_id,
        fields=SHORT,
        seller_refuse_reason_id=chosen["reason_id"],
        leave_message="商品已使用",
    )["result"]
    assert reasons["total_results"] == len(reasons["results"]["reason"])
    assert (refused["success"], refused["exchange"]["status"]) == (True, "换货关闭")
    assert any("商品已使用" in message["content"] for message in exchange.messages)


def test_refused_return(sdk, sandbox):
    """Refusing the returned goods needs no `fields` and has its own reasons.

    It waits for the buyer to modify.
    """
    exchange = sandbox.open(status=3)
    before = sandbox.open()
    reasons, others = (
        sdk.reply(
            "tmall.exchange.refusereason.get",
            dispute_id=refused.dispute_id,
            fields="reason_id,reason_text",
        )
        for refused in (exchange, before)
    )
    ids, other_ids = (
        {row["reason_id"] for row in listing["result"]["results"]["reason"]}
        for listing in (reasons, others)
    )
    refused = sdk.reply(
        "tmall.exchange.returngoods.refuse",
        dispute_id=exchange.dispute_id,
        seller_refuse_reason_id=min(ids),
        leave_message="退回的商品与所购不符",
    )["result"]
    assert refused["success"] is True
    assert exchange.status == 6
    assert not ids & other_ids


def test_confirm_and_consign(sdk, sandbox):
    """Under the upgraded rules one call confirms receipt and ships."""
    exchange = sandbox.open(status=3, ruleset="upgraded")
    shipped = sdk.reply(
        "tmall.exchange.confirm.consign",
        dispute_id=exchange.dispute_id,
        fields=SHORT,
        logistics_type=200,
        logistics_company_name="中通快递",
        logistics_no="ZT2000000001",
    )["result"]
    assert (shipped["success"], shipped["exchange"]["status"]) == (True, "待买家收货")
    assert exchange.status == 13


def test_confirm_and_consign_under_classic(sdk, sandbox):
    """Under the classic rules the same call is a business failure: a normal reply that says so."""
    exchange = sandbox.open(status=3)
    refused = sdk.reply(
        "tmall.exchange.confirm.consign",
        dispute_id=exchange.dispute_id,
        fields=SHORT,
        logistics_type=200,
        logistics_company_name="中通快递",
        logistics_no="ZT2000000001",
    )["result"]
    assert refused["success"] is False
    assert refused["msg_code"] == "EXCHANGE_FLOW_NOT_SUPPORT"
    assert "exchange" not in refused
    assert exchange.status == 3


def test_agree_without_stock(sdk, sandbox):
    """Agreeing without stock is a business failure and the application waits on."""
    sandbox.stock["wanted"] = 0
    exchange = sandbox.open()
    refused = sdk.reply(
        "tmall.exchange.agree",
        dispute_id=exchange.dispute_id,
        fields=SHORT,
        address_id=sandbox.shops[0]["addresses"][1]["contact_id"],
    )["result"]
    assert (refused["success"], refused["msg_code"]) == (False, "EXCHANGE_STOCK_NOT_ENOUGH")
    assert exchange.status == 1


def test_sub_account(sdk, sandbox):
    """A sub-account agrees with the session of its own authorisation."""
    exchange = sandbox.open()
    sdk.session = sandbox.sub_session
    agreed = sdk.reply(
        "tmall.exchange.agree",
        dispute_id=exchange.dispute_id,
        fields=SHORT,
        address_id=sandbox.shops[0]["addresses"][1]["contact_id"],
    )["result"]
    assert agreed["exchange"]["status"] == "待买家退货"
    assert exchange.timeline[-1]["sub"] is True


@pytest.mark.parametrize(
    ("method", "status", "part"),
    [
        ("agree", 1, "leave_message_pics"),
        ("refuse", 1, "leave_message_pics"),
        ("returngoods.refuse", 3, "leave_message_pics"),
        ("message.add", 2, "message_pics"),
    ],
)
def test_picture(official, sandbox, png, method, status, part):
    """A picture that the official SDK uploads is in the messages, at an address that shows it."""
    exchange = sandbox.open(status=status)
    arguments = {
        "agree": {"address_id": sandbox.shops[0]["addresses"][1]["contact_id"], "fields": SHORT},
        "refuse": {"seller_refuse_reason_id": 1101, "fields": SHORT},
        "returngoods.refuse": {"seller_refuse_reason_id": 118},
        "message.add": {"content": "凭证见图", "fields": "id,content,pic_urls"},
    }[method]
    official.reply(
        f"tmall.exchange.{method}", files={part: png}, dispute_id=exchange.dispute_id, **arguments
    )

    messages = official.reply(
        "tmall.exchange.messages.get", dispute_id=exchange.dispute_id, fields="id,pic_urls"
    )["result"]["results"]["refund_message"]
    (picture,) = messages[0]["pic_urls"]["pic_url"]
    with urllib.request.urlopen(picture["url"], timeout=10) as page:
        assert (page.read(), page.headers["Content-Type"]) == (png, "image/png")


def test_file_that_is_no_picture(official, sandbox):
    """A file that is no picture is error 41 and the exchange stays as it was."""
    exchange = sandbox.open()
    outcome = official.call(
        "tmall.exchange.agree",
        {"leave_message_pics": b"%PDF-1.4 not a picture"},
        dispute_id=exchange.dispute_id,
        fields=SHORT,
        address_id=sandbox.shops[0]["addresses"][1]["contact_id"],
    )
    assert outcome["error"]["code"] == 41
    assert exchange.status == 1
