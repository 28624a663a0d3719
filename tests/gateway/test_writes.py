"""What the writing methods do and answer.

The flow, every refused path of the guide, business failures in order.
"""

import json
from xml.etree import ElementTree

import pytest

from tests.oracle import CARRIER_SPELLINGS

WRITTEN = "dispute_id,bizorder_id,status,modified"
SHIP = {
    "logistics_no": "SF1234567890",
    "logistics_type": "200",
    "logistics_company_name": "顺丰快递",
}
CALLS = {
    "agree": ("tmall.exchange.agree", {"address_id": 10000002}),
    "refuse": ("tmall.exchange.refuse", {"seller_refuse_reason_id": 1101}),
    "returngoods_agree": ("tmall.exchange.returngoods.agree", {}),
    "returngoods_refuse": ("tmall.exchange.returngoods.refuse", {"seller_refuse_reason_id": 118}),
    "consigngoods": ("tmall.exchange.consigngoods", SHIP),
    "confirm_consign": ("tmall.exchange.confirm.consign", SHIP),
}


@pytest.fixture
def write(top):
    """The result of a write on an exchange, by the short name of its method."""

    def call(name, dispute_id, **changes):
        method, extra = CALLS[name]
        default_fields = {} if name == "returngoods_refuse" else {"fields": WRITTEN}
        return top.result(method, dispute_id=dispute_id, **{**default_fields, **extra, **changes})[
            "result"
        ]

    return call


@pytest.mark.parametrize(
    ("ruleset", "start", "name", "text"),
    [
        ("classic", 1, "agree", "待买家退货"),
        ("classic", 1, "refuse", "换货关闭"),
        ("upgraded", 1, "refuse", "待买家修改"),
        ("classic", 3, "returngoods_agree", "待发出换货商品"),
        ("classic", 3, "returngoods_refuse", "待买家修改"),
        ("classic", 12, "consigngoods", "待买家收货"),
        ("upgraded", 3, "confirm_consign", "待买家收货"),
        ("upgraded", 3, "returngoods_agree", "待发出换货商品"),
        ("upgraded", 12, "consigngoods", "待买家收货"),
    ],
)
def test_write_replies(world, write, ruleset, start, name, text):
    """Each write leads where the documents say and shows the exchange's four fields after it."""
    [exchange] = world.open(
        {
            "status": start,
            "ruleset": ruleset,
            "oid": 71,
            "created": "2026-02-01 00:00:00",
            "modified": "2026-02-27 00:00:00",
        }
    )
    reply = write(name, exchange.dispute_id)
    assert reply == {
        "success": True,
        "exchange": {
            "dispute_id": str(exchange.dispute_id),
            "biz_order_id": "71",
            "status": text,
            "modified": "2026-03-01 10:00:00",
        },
    }


@pytest.mark.parametrize("form", ["json", "xml"])
def test_whole_flow(world, top, write, act, form):
    """From the application to success.

    Agree, ship back, confirm receipt, ship, receive, as JSON and as XML.
    """
    [exchange] = world.open({})
    write("agree", exchange.dispute_id)
    act(world, exchange.dispute_id, "ship_back")
    write("returngoods_agree", exchange.dispute_id)
    write("consigngoods", exchange.dispute_id)
    act(world, exchange.dispute_id, "confirm_receipt")
    names = "status,seller_logistic_no,seller_logistic_name,address"
    body = top.send(
        top.params("tmall.exchange.get", dispute_id=exchange.dispute_id, fields=names, format=form)
    ).body
    if form == "json":
        record = json.loads(body)["tmall_exchange_get_response"]["result"]["exchange"]
    else:
        record = {
            child.tag: child.text for child in ElementTree.fromstring(body).find("result/exchange")
        }
    default = next(
        a for shop in world._state.shops.values() for a in shop.addresses if a.cancel_def
    )
    assert (record["status"], record["seller_logistic_no"], record["seller_logistic_name"]) == (
        "换货成功",
        "SF1234567890",
        "顺丰快递",
    )
    assert default.addr in record["address"]


@pytest.mark.parametrize(
    ("name", "status", "changes", "code"),
    [
        ("agree", 2, {}, "EXCHANGE_STATUS_ERROR"),
        ("agree", 5, {}, "EXCHANGE_STATUS_ERROR"),
        ("refuse", 2, {}, "EXCHANGE_STATUS_ERROR"),
        ("returngoods_agree", 2, {}, "EXCHANGE_STATUS_ERROR"),
        ("returngoods_refuse", 12, {}, "EXCHANGE_STATUS_ERROR"),
        ("consigngoods", 3, {}, "EXCHANGE_STATUS_ERROR"),
        ("consigngoods", 13, {}, "EXCHANGE_STATUS_ERROR"),
        ("confirm_consign", 3, {}, "EXCHANGE_FLOW_NOT_SUPPORT"),
        ("agree", 1, {"address_id": 5}, "ADDRESS_NOT_EXIST"),
        ("refuse", 1, {"seller_refuse_reason_id": 118}, "REFUSE_REASON_NOT_EXIST"),
        ("refuse", 1, {"seller_refuse_reason_id": 5}, "REFUSE_REASON_NOT_EXIST"),
        ("returngoods_refuse", 3, {"seller_refuse_reason_id": 1101}, "REFUSE_REASON_NOT_EXIST"),
        ("consigngoods", 12, {"logistics_no": ""}, "LOGISTICS_NO_INVALID"),
        ("consigngoods", 12, {"logistics_no": "  "}, "LOGISTICS_NO_INVALID"),
    ],
)
def test_business_failure(world, write, whole_state, name, status, changes, code):
    """A business failure has success=false, a msg_code and a message, and changes nothing."""
    [exchange] = world.open({"status": status})
    before = whole_state(world)
    reply = write(name, exchange.dispute_id, **changes)
    assert set(reply) == {"success", "msg_code", "message"}
    assert (reply["success"], reply["msg_code"]) == (False, code)
    assert any("一" <= letter <= "鿿" for letter in reply["message"])
    assert whole_state(world) == before


def test_state_failure_names_the_state_and_what_is_possible(world, write):
    """A refusal for the state names the present state and what is possible in it."""
    [exchange] = world.open({"status": 2})
    message = write("agree", exchange.dispute_id)["message"]
    assert "待买家退货" in message
    assert "买家" in message


def test_wrong_flow_says_how_to_switch(world, write):
    """confirm.consign in the classic flow says how to switch the ruleset."""
    [exchange] = world.open({"status": 3})
    assert "upgraded" in write("confirm_consign", exchange.dispute_id)["message"]


@pytest.mark.parametrize(
    ("name", "status", "changes", "code"),
    [
        ("confirm_consign", 2, {"logistics_no": ""}, "EXCHANGE_FLOW_NOT_SUPPORT"),
        ("agree", 2, {"address_id": 5}, "EXCHANGE_STATUS_ERROR"),
        ("agree", 1, {"address_id": 5}, "ADDRESS_NOT_EXIST"),
        ("agree", 1, {}, "EXCHANGE_STOCK_NOT_ENOUGH"),
        ("consigngoods", 3, {"logistics_no": ""}, "EXCHANGE_STATUS_ERROR"),
    ],
)
def test_order_of_business_checks(world, write, name, status, changes, code):
    """Business checks come in order: exists, flow, state, arguments, stock."""
    [exchange] = world.open({"status": status})
    world.put_stock("wanted", 0)
    assert write(name, exchange.dispute_id, **changes)["msg_code"] == code


def test_codes_are_switches(world, write):
    """A business code can be renamed by its switch."""
    world.patch_rules({"msg_code.no_stock": "NO_STOCK_HERE"})
    [exchange] = world.open({})
    world.put_stock("wanted", 0)
    assert write("agree", exchange.dispute_id)["msg_code"] == "NO_STOCK_HERE"


def test_repeated_write_meets_the_new_state(world, write, top):
    """A write sent twice is a second call: the state has changed, and only one message is there."""
    [exchange] = world.open({})
    first, second = write("agree", exchange.dispute_id), write("agree", exchange.dispute_id)
    assert (first["success"], second["msg_code"]) == (True, "EXCHANGE_STATUS_ERROR")
    assert len(world._state.messages[exchange.dispute_id]) == 2


@pytest.mark.parametrize(
    ("changes", "strict_code"),
    [
        ({"logistics_company_name": "飞毛腿快运"}, "LOGISTICS_COMPANY_NOT_EXIST"),
        ({"logistics_no": "SF 1!"}, "LOGISTICS_NO_INVALID"),
        ({"logistics_no": "1234"}, "LOGISTICS_NO_INVALID"),
        ({"logistics_no": "x" * 33}, "LOGISTICS_NO_INVALID"),
        ({"logistics_no": "USED12345"}, "LOGISTICS_NO_INVALID"),
    ],
)
def test_odd_logistics_are_warnings_or_refusals(world, write, changes, strict_code):
    """Odd carriers and waybills pass with a warning, or are refused with strict_logistics."""
    world.open({"status": 13, "seller_logistic_no": "USED12345"})
    [strict], [lenient] = world.open({"status": 12}), world.open({"status": 12})
    world.patch_rules({"strict_logistics": True})
    assert write("consigngoods", strict.dispute_id, **changes)["msg_code"] == strict_code
    world.patch_rules({"strict_logistics": False})
    assert write("consigngoods", lenient.dispute_id, **changes)["success"] is True
    assert len(json.loads(world.journal.select({}, 1)[1][0].warnings)) == 1


@pytest.mark.parametrize("name", CARRIER_SPELLINGS)
def test_spellings_of_integrators_are_accepted(world, write, name):
    """Integrators' names of a carrier pass where carriers are checked, though in no row."""
    world.patch_rules({"strict_logistics": True})
    [exchange] = world.open({"status": 12})
    assert write("consigngoods", exchange.dispute_id, logistics_company_name=name)["success"]
    assert world.exchange(exchange.dispute_id).seller_logistic_name == name


def test_agree_keeps_the_sellers_words_and_address(world, write, top):
    """The seller's words become a message, and the chosen address is the exchange's."""
    [exchange] = world.open({})
    first = next(iter(world._state.shops.values())).addresses[0]
    write("agree", exchange.dispute_id, address_id=first.contact_id, leave_message="请保持包装完好")
    document = top.result("tmall.exchange.get", dispute_id=exchange.dispute_id, fields="address")[
        "result"
    ]["exchange"]["address"]
    thread = top.result(
        "tmall.exchange.messages.get",
        dispute_id=exchange.dispute_id,
        fields="content,owner_role",
        page_size=1,
    )["result"]
    assert first.addr in document
    assert thread["results"]["refund_message"] == [
        {"content": "请保持包装完好", "owner_role": "卖家主账户"}
    ]


@pytest.mark.parametrize("status", [1, 2, 3, 6, 12, 13])
def test_message_while_the_flow_is_open(world, top, status):
    """message.add works in every state of the flow and gives the message back."""
    [exchange] = world.open({"status": status})
    reply = top.result(
        "tmall.exchange.message.add",
        dispute_id=exchange.dispute_id,
        content="双击评论666",
        fields="id,refund_id,owner_id,owner_nick,owner_role,content,pic_urls,created,message_type",
    )["result"]
    [row] = reply["results"]["refund_message"]
    assert set(reply) == {"results"}
    assert (row["content"], row["refund_id"], row["owner_role"], row["message_type"]) == (
        "双击评论666",
        exchange.dispute_id,
        "卖家主账户",
        "100",
    )


@pytest.mark.parametrize("status", [4, 5, 14])
def test_message_after_the_flow(world, top, whole_state, status):
    """After the end message.add answers EXCHANGE_CLOSED and stores nothing."""
    [exchange] = world.open({"status": status})
    before = whole_state(world)
    reply = top.result(
        "tmall.exchange.message.add", dispute_id=exchange.dispute_id, content="x", fields="id"
    )["result"]
    assert set(reply) == {"error_code", "error_msg"}
    assert reply["error_code"] == "EXCHANGE_CLOSED"
    assert whole_state(world) == before


@pytest.mark.parametrize("content", ["a" * 400, "字" * 133 + "a", "第一行\\n第二行", "💥<b>&"])
def test_message_up_to_its_limit(world, top, content):
    """A message of up to 400 bytes is kept to the character."""
    [exchange] = world.open({})
    reply = top.result(
        "tmall.exchange.message.add",
        dispute_id=exchange.dispute_id,
        content=content,
        fields="content",
    )["result"]
    assert reply["results"]["refund_message"] == [{"content": content}]


def _add_picture(call, dispute_id, content):
    """The reply of message.add with this picture, below the root element."""
    send, signed, multipart = call
    texts = signed("tmall.exchange.message.add", dispute_id=dispute_id, content="图", fields="id")
    body, kind = multipart(texts, message_pics=content)
    [(root, reply)] = json.loads(send(body=body, kind=kind).body).items()
    return root, reply


@pytest.mark.parametrize("content", [b"BM" + b"0" * 30, b"RIFF\x20\0\0\0WEBPVP8 " + b"0" * 9])
def test_unusual_pictures_are_warnings_or_errors(world, send, signed, multipart, content):
    """BMP and WebP pass with a warning in the journal, and are error 41 with
    `picture_limits: refuse`."""
    [exchange] = world.open({})
    call = (send, signed, multipart)
    assert _add_picture(call, exchange.dispute_id, content)[0].endswith("_response")
    [warning] = json.loads(world.journal.select({}, 1)[1][0].warnings)
    assert "JPG" in warning
    world.patch_rules({"picture_limits": "refuse"})
    root, error = _add_picture(call, exchange.dispute_id, content)
    assert (root, error["code"]) == ("error_response", 41)
    assert _add_picture(call, exchange.dispute_id, b"GIF89a00")[0] != "error_response"


@pytest.mark.parametrize(("size", "passes"), [(500 * 1024, True), (500 * 1024 + 1, False)])
def test_pictures_of_messages_have_500_kilobytes(world, send, signed, multipart, size, passes):
    """A picture of a message is at most 500 KB, as in the sibling refund.message.add."""
    [exchange] = world.open({})
    content = b"GIF89a".ljust(size, b"0")
    root, _ = _add_picture((send, signed, multipart), exchange.dispute_id, content)
    assert (root != "error_response") is passes


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"pictures_max": 2}, "2 张"),
        ({"pictures_max_bytes": 29}, "29 字节"),
        ({"pictures_max_bytes": 20}, "20 字节"),
    ],
)
def test_pictures_of_a_sandbox_are_bounded(
    world, top, send, signed, multipart, whole_state, limits, named
):
    """A third picture beyond count or bytes is error 41 that names the limit and changes nothing.

    A picture that is kept already passes, a message without one too, and a reset makes room.
    """
    [exchange] = world.open({})
    world.snapshot("before")
    call = (send, signed, multipart)
    for content in (b"GIF89a0001", b"GIF89a0002"):
        assert _add_picture(call, exchange.dispute_id, content)[0] != "error_response"
    world.patch_rules(limits)
    before = whole_state(world)

    root, error = _add_picture(call, exchange.dispute_id, b"GIF89a0003")

    assert (root, error["code"], error["sub_code"]) == (
        "error_response",
        41,
        "isv.invalid-parameter:message_pics",
    )
    assert named in error["sub_msg"]
    assert whole_state(world) == before
    assert _add_picture(call, exchange.dispute_id, b"GIF89a0002")[0] != "error_response"
    assert (
        "results"
        in top.result(
            "tmall.exchange.message.add", dispute_id=exchange.dispute_id, content="x", fields="id"
        )["result"]
    )
    world.restore("before")
    world.patch_rules(limits)
    assert _add_picture(call, exchange.dispute_id, b"GIF89a0003")[0] != "error_response"


def test_pictures_at_their_limit_are_taken(world, send, signed, multipart):
    """Pictures of exactly as many bytes as a sandbox keeps are kept; one byte more is not."""
    [exchange] = world.open({})
    world.patch_rules({"pictures_max_bytes": 30})
    call = (send, signed, multipart)
    assert _add_picture(call, exchange.dispute_id, b"GIF89a".ljust(20, b"0"))[0] != "error_response"
    assert _add_picture(call, exchange.dispute_id, b"GIF89a".ljust(11, b"0"))[0] == "error_response"
    assert _add_picture(call, exchange.dispute_id, b"GIF89a".ljust(10, b"0"))[0] != "error_response"


def test_pictures_of_every_kind(world, top, send, signed, multipart):
    """JPEG, PNG, GIF, BMP and WebP are pictures by their content, each with a URL of its own."""
    [exchange] = world.open({})
    contents = [
        b"\xff\xd8\xff\xe0" + b"0" * 9,
        b"\x89PNG\r\n\x1a\n" + b"0" * 9,
        b"GIF89a" + b"0" * 9,
        b"BM" + b"0" * 30,
        b"RIFF\x20\0\0\0WEBPVP8 " + b"0" * 9,
    ]
    urls = []
    for content in contents:
        texts = signed(
            "tmall.exchange.message.add",
            dispute_id=exchange.dispute_id,
            content="图",
            fields="pic_urls",
        )
        body, kind = multipart(texts, message_pics=content)
        reply = json.loads(send(body=body, kind=kind).body)["tmall_exchange_message_add_response"][
            "result"
        ]
        urls += [
            picture["url"]
            for picture in reply["results"]["refund_message"][0]["pic_urls"]["pic_url"]
        ]
    assert len(set(urls)) == 5
    assert sorted(world._state.pictures.values()) == sorted(contents)


def test_evidence_of_a_refusal_is_a_picture(world, top, send, signed, multipart, png):
    """returngoods.refuse takes a picture, which its message shows."""
    [exchange] = world.open({"status": 3})
    texts = signed(
        "tmall.exchange.returngoods.refuse",
        dispute_id=exchange.dispute_id,
        seller_refuse_reason_id=103,
        leave_message="破损",
    )
    body, kind = multipart(texts, leave_message_pics=png)
    assert (
        json.loads(send(body=body, kind=kind).body)["tmall_exchange_returngoods_refuse_response"][
            "result"
        ]["success"]
        is True
    )
    thread = top.result(
        "tmall.exchange.messages.get",
        dispute_id=exchange.dispute_id,
        fields="content,pic_urls",
        page_size=1,
    )["result"]
    [row] = thread["results"]["refund_message"]
    assert row["content"] == "破损"
    assert len(row["pic_urls"]["pic_url"]) == 1


def test_refused_picture_leaves_nothing(world, send, signed, multipart, png, whole_state):
    """A picture that comes with a refused move is not kept."""
    [exchange] = world.open({"status": 5})
    before = whole_state(world)
    texts = signed(
        "tmall.exchange.message.add", dispute_id=exchange.dispute_id, content="x", fields="id"
    )
    body, kind = multipart(texts, message_pics=png)
    send(body=body, kind=kind)
    assert whole_state(world) == before
