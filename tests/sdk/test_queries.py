"""Two real clients read lists, messages and neighbours, and understand refusals.

Sources: exchange-api.md, top-protocol.md.
"""

import pytest


def test_message(sdk, sandbox):
    """Chinese text, signs and an emoji arrive as they were sent and come back the same."""
    exchange = sandbox.open()
    words = "双击评论666 “全角”＋&=%20/\\n 😀"
    added = sdk.reply(
        "tmall.exchange.message.add",
        dispute_id=exchange.dispute_id,
        content=words,
        fields="id,refund_id,owner_role,content,created,message_type",
    )["result"]
    listed = sdk.reply(
        "tmall.exchange.messages.get",
        dispute_id=exchange.dispute_id,
        operator_roles="1",
        fields="id,refund_id,owner_role,content",
    )["result"]
    (message,), (again,) = added["results"]["refund_message"], listed["results"]["refund_message"]
    assert message["content"] == again["content"] == words
    assert "卖家" in message["owner_role"]
    assert message["id"] == again["id"] < 2**53
    assert (listed["total_results"], listed["page_results"], listed["has_next"]) == (1, 1, False)


def test_message_after_the_flow(sdk, sandbox):
    """A message to a closed exchange is refused with `error_code` and no `results`."""
    exchange = sandbox.open(status=4)
    refused = sdk.reply(
        "tmall.exchange.message.add", dispute_id=exchange.dispute_id, content="还在吗", fields="id"
    )["result"]
    assert refused["error_code"] == "EXCHANGE_CLOSED"
    assert refused["error_msg"]
    assert "results" not in refused


def test_paging(sdk, sandbox):
    """Three pages of two hold five exchanges, each once; the last says that no page follows."""
    opened = {exchange.dispute_id for exchange in sandbox.open_many(5)}
    outcomes = sdk.calls(
        *(
            {
                "method": "tmall.exchange.receive.get",
                "params": {
                    "session": sandbox.session,
                    "fields": "dispute_id,status",
                    "page_no": page,
                    "page_size": 2,
                },
            }
            for page in (1, 2, 3)
        )
    )
    pages = [outcome["response"] for outcome in outcomes]
    assert [(page["total_results"], page["page_results"], page["has_next"]) for page in pages] == [
        (5, 2, True),
        (5, 2, True),
        (5, 1, False),
    ]
    rows = [row for page in pages for row in page["results"]["exchange"]]
    assert {row["dispute_id"] for row in rows} == opened
    assert {row["status"] for row in rows} == {"换货待处理"}


def test_status_filter(sdk, sandbox):
    """The list is asked by number and answers with the Chinese text."""
    sandbox.open()
    waiting = sandbox.open(status=3)
    page = sdk.reply(
        "tmall.exchange.receive.get", fields="dispute_id,status", dispute_status_array="3,12"
    )
    assert page["results"]["exchange"] == [
        {"dispute_id": waiting.dispute_id, "status": "买家已退货，待收货"}
    ]


def test_empty_list(sdk, sandbox):
    """An empty list has the captured shape: no `results` at all."""
    page = sdk.reply("tmall.exchange.receive.get", fields="dispute_id")
    assert set(page) == {"has_next", "page_results", "total_results", "request_id"}
    assert (page["has_next"], page["page_results"], page["total_results"]) == (False, 0, 0)


def test_get_verb(make_sdk, sandbox):
    """A GET with everything in its query is answered like a POST."""
    exchange = sandbox.open()
    sdk = make_sdk("topclient.js", sandbox)
    reply = sdk.reply(
        "tmall.exchange.get", verb="GET", dispute_id=exchange.dispute_id, fields="dispute_id,status"
    )
    assert reply["result"]["exchange"] == {
        "dispute_id": exchange.dispute_id,
        "status": "换货待处理",
    }


def test_injected_ids(sdk, sandbox):
    """Ids given by the user, up to the largest int64, come back digit for digit."""
    exchange = sandbox.open(
        dispute_id="9223372036854775807",
        bought_sku="4611686018427387905",
        alipay_no="9007199254740993",
    )
    reply = sdk.reply(
        "tmall.exchange.get",
        dispute_id=exchange.dispute_id,
        fields="dispute_id,bought_sku,alipay_no",
    )["result"]["exchange"]
    assert reply == {
        "dispute_id": "9223372036854775807",
        "bought_sku": "4611686018427387905",
        "alipay_no": "9007199254740993",
    }


def test_unknown_exchange(sdk, sandbox):
    """An exchange that does not exist is a business failure, not a platform error."""
    missing = sdk.reply("tmall.exchange.get", dispute_id="123456789012345678", fields="dispute_id")[
        "result"
    ]
    assert (missing["success"], missing["msg_code"]) == (False, "DISPUTE_NOT_EXIST")


def test_neighbours(sdk, sandbox):
    """Time, carriers and return addresses are there, `taobao.` dropped from the reply's name."""
    time = sdk.reply("taobao.time.get")
    carriers = sdk.reply("taobao.logistics.companies.get", fields="id,code,name")
    addresses = sdk.reply("taobao.logistics.address.search", rdef="cancel_def")
    assert len(time["time"]) == len("2026-03-01 10:00:00")
    assert "顺丰速运" in {
        row["name"] for row in carriers["logistics_companies"]["logistics_company"]
    }
    (address,) = addresses["addresses"]["address_result"]
    assert address["cancel_def"] is True
    assert address["contact_id"] == sandbox.shops[0]["addresses"][1]["contact_id"]


def test_stub(sdk, sandbox):
    """A method that only has a canned reply is answered under its own name."""
    sandbox.stub("taobao.items.onsale.get", {"item": {"num_iid": 1, "title": "手机壳"}})
    assert sdk.reply("taobao.items.onsale.get", num_iid=1)["item"] == {
        "num_iid": 1,
        "title": "手机壳",
    }


@pytest.mark.parametrize("empty", ["", None])
def test_empty_value(sdk, sandbox, empty):
    """An optional parameter without a value is signed by its bare name, or left out."""
    exchange = sandbox.open()
    more = {} if empty is None else {"leave_message": empty}
    agreed = sdk.reply(
        "tmall.exchange.agree",
        dispute_id=exchange.dispute_id,
        fields="status",
        address_id=sandbox.shops[0]["addresses"][1]["contact_id"],
        **more,
    )["result"]
    assert agreed["exchange"] == {"status": "待买家退货"}


def test_wrong_secret(sdk, sandbox):
    """A wrong secret reaches the client's error path as code 25, without a sub_code."""
    sdk.secret = "not-the-secret"
    error = sdk.error("taobao.time.get")
    assert (error["code"], error["msg"]) == (25, "Invalid signature")
    assert "sub_code" not in error


@pytest.mark.parametrize(
    ("method", "params", "code", "sub_code"),
    [
        ("tmall.exchange.nothing", {}, 22, None),
        ("tmall.exchange.get", {"session": ""}, 26, None),
        ("tmall.exchange.get", {"session": "nobody"}, 27, "invalid-sessionkey"),
        ("tmall.exchange.get", {"fields": "status"}, 40, "isv.missing-parameter:dispute_id"),
        (
            "tmall.exchange.get",
            {"dispute_id": "x", "fields": "status"},
            41,
            "isv.invalid-parameter:dispute_id",
        ),
    ],
)
def test_platform_error(sdk, method, params, code, sub_code):
    """A platform error reaches the client's error path with its number and sub_code."""
    error = sdk.error(method, **params)
    assert (error["code"], error.get("sub_code")) == (code, sub_code)


def test_utc_machine(make_sdk, sandbox, sdk):
    """A client on a UTC machine is 8 hours off: error 31, and the journal explains it."""
    abroad = make_sdk(sdk.driver, sandbox, "UTC")
    error = abroad.error("taobao.time.get")
    assert (error["code"], error["msg"]) == (31, "Invalid timestamp")
    (call,) = sandbox.requests(outcome="refused")
    assert "UTC" in call["diagnosis"]["zh"] and "8 小时" in call["diagnosis"]["zh"]


def test_expired_session(sdk, control):
    """A session that expires while the client works is refused with the platform's words."""
    control("PATCH", "sessions/main", {"expires": "now"})
    error = sdk.error("tmall.exchange.get", dispute_id="1", fields="status")
    assert (error["code"], error["msg"], error["sub_code"]) == (
        27,
        "Invalid session:session-expired",
        "session-expired",
    )
