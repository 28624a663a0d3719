"""What a seller does to a refund after 14: review, pay back, refuse, write; and what is refused."""

import pytest

DISPUTE, REFUND = 880000000000000042, 980000000000000042
REVIEW, AGREE = "taobao.rp.refund.review", "taobao.rp.refunds.agree"
REFUSE, ADD = "taobao.refund.refuse", "taobao.refund.message.add"
GET = "taobao.refund.get"
PNG_FORM = "multipart/form-data; boundary=b"


@pytest.fixture
def refund(world, top):
    """A refund that waits for the seller: its version and its money in fen."""
    exchange = world.open({"dispute_id": DISPUTE, "status": 14})[0]
    version = top.result(GET, refund_id=REFUND, fields="refund_version")["refund"]["refund_version"]
    return version, exchange.payment


@pytest.fixture
def review(top, refund):
    """Reviews the refund; keywords replace arguments."""

    def call(**arguments):
        defaults = {
            "refund_id": REFUND,
            "operator": "小王",
            "refund_phase": "aftersale",
            "refund_version": refund[0],
            "message": "同意退款",
            "result": "true",
        }
        return top(REVIEW, **{**defaults, **arguments})

    return call


@pytest.fixture
def agree(top, refund):
    """Pays back with the sub-account."""

    def call(infos=None, **arguments):
        version, fen = refund
        infos = infos or f"{REFUND}|{fen}|{version}|aftersale"
        return top(AGREE, **{"refund_infos": infos, "session": top.sub_session, **arguments})

    return call


@pytest.fixture
def status(top):
    """The refund's status now."""
    return lambda: top.result(GET, refund_id=REFUND, fields="status")["refund"]["status"]


@pytest.fixture
def send_picture(top):
    """Sends a call with a picture as multipart."""
    import json

    from mockserver.protocol.messages import Inbound

    def send(method, name, picture, **arguments):
        parts = [
            f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}'.encode()
            for key, value in top.params(method, **arguments).items()
        ]
        head = f'Content-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'
        parts.append(head.encode() + picture)
        body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
        inbound = Inbound("POST", b"", PNG_FORM, body, "http://mock:8420")
        return json.loads(top.gateway.answer(inbound).body)

    return send


def refusal(reply):
    """Code and sub_code of an error."""
    return reply["error_response"]["code"], reply["error_response"].get("sub_code")


def test_reviewed_then_paid_back_by_the_sub_account(review, agree, status):
    """Main reviews, sub agrees: SUCCESS, and the reply says so for each refund."""
    assert review()["rp_refund_review_response"]["is_success"] is True

    reply = agree()["rp_refunds_agree_response"]

    assert (reply["succ"], reply["msg_code"]) == (True, "OP_SUCC")
    [row] = reply["results"]["refund_mapping_result"]
    assert (row["refund_id"], row["succ"]) == (str(REFUND), True)
    assert status() == "SUCCESS"


def test_a_main_account_cannot_pay_back(review, agree, top, status):
    """The refusal that was captured, and nothing has changed."""
    review()

    assert refusal(agree(session=top.session)) == (15, "isv.invalid-permission:not_sub_user")
    assert status() == "WAIT_SELLER_CONFIRM_GOODS"


def test_unreviewed_refunds_are_not_paid_back(agree, status):
    """A batch without a review fails as a whole, in the reply and not as an error."""
    reply = agree()["rp_refunds_agree_response"]

    assert (reply["succ"], reply["msg_code"]) == (False, "OP_FAILURE_UE")
    assert status() == "WAIT_SELLER_CONFIRM_GOODS"


def test_a_rejecting_review_takes_the_permission_back(review, agree, status):
    """After result=false the refund is not paid back."""
    review()
    review(result="false")

    assert agree()["rp_refunds_agree_response"]["succ"] is False
    assert status() == "WAIT_SELLER_CONFIRM_GOODS"


def test_one_of_two_is_paid_back(review, agree, refund):
    """A wrong one beside a right one: SOME_OP_SUCC."""
    review()
    version, fen = refund

    reply = agree(f"{REFUND}|{fen}|{version}|aftersale,77|1|1|onsale")["rp_refunds_agree_response"]

    assert (reply["succ"], reply["msg_code"]) == (True, "SOME_OP_SUCC")
    assert [row["succ"] for row in reply["results"]["refund_mapping_result"]] == [True, False]


@pytest.mark.parametrize(
    "wrong", [{"refund_version": 1}, {"refund_phase": "onsale"}, {"refund_id": DISPUTE}]
)
def test_a_review_of_something_else(review, wrong):
    """Another version, phase, or the exchange itself: 2101 as captured."""
    assert refusal(review(**wrong)) == (15, "2101")


def test_reviews_of_what_is_over(review, agree, top, refund):
    """Paid back, or refused: U with its text."""
    review()
    agree()
    assert review()["error_response"]["sub_msg"] == "退款单已完结，无需审核"


def test_a_review_after_a_refusal(review, top, refund):
    """A refused refund cannot be reviewed."""
    top.result(REFUSE, refund_id=REFUND, refuse_message="商品影响二次销售")

    reply = review()
    assert refusal(reply) == (15, "U")
    assert reply["error_response"]["sub_msg"] == "当前退款状态不允许审核"


@pytest.mark.parametrize("change", [(0, 1), (1, 0)])
def test_money_and_version_have_to_be_right(review, agree, refund, change, status):
    """A fen too much or a version of yesterday is not paid back."""
    review()
    version, fen = refund

    reply = agree(f"{REFUND}|{fen + change[0]}|{version - change[1]}|aftersale")
    assert reply["rp_refunds_agree_response"]["succ"] is False
    assert status() == "WAIT_SELLER_CONFIRM_GOODS"


@pytest.mark.parametrize(
    "infos",
    [
        "1",
        "1|2|3",
        "1|2|3|4|5",
        "a|2|3|onsale",
        "1|-2|3|onsale",
        "1|2|³|onsale",
        ",",
        "1|2|3|onsale,1|2|3|onsale",
        ",".join(f"{number}|1|1|onsale" for number in range(31)),
        "1|1000001|1|onsale",
        f"1|{'9' * 200}|1|onsale",
    ],
)
def test_infos_that_cannot_be(agree, infos):
    """Not four parts, no numbers, one twice, more than 30, more than 10,000 yuan: error 41."""
    assert refusal(agree(infos)) == (41, "isv.invalid-parameter:refund_infos")


def test_a_refusal(top, refund, status):
    """The reply shows the refund; its modified and version are new, a second one is 2101."""
    from datetime import timedelta

    top.world.advance(timedelta(hours=1))

    reply = top.result(
        REFUSE, refund_id=REFUND, refuse_message="商品影响二次销售", refund_version=refund[0]
    )

    assert reply["refund"] == {
        "modified": "2026-03-01 11:00:00",
        "refund_id": str(REFUND),
        "status": "SELLER_REFUSE_BUYER",
    }
    assert status() == "SELLER_REFUSE_BUYER"
    again = top(REFUSE, refund_id=REFUND, refuse_message="商品影响二次销售")
    assert refusal(again) == (15, "2101")


@pytest.mark.parametrize("message", ["短", "长" * 201])
def test_refusals_have_a_length(top, refund, message, status):
    """2 to 200 characters."""
    reply = top(REFUSE, refund_id=REFUND, refuse_message=message)

    assert refusal(reply) == (41, "isv.invalid-parameter:refuse_message")
    assert status() == "WAIT_SELLER_CONFIRM_GOODS"


def test_a_reason_that_nobody_has(top, refund):
    """Error 41 names the parameter."""
    reply = top(REFUSE, refund_id=REFUND, refuse_message="不同意", refuse_reason_id=987654)

    assert refusal(reply) == (41, "isv.invalid-parameter:refuse_reason_id")


def test_a_message_with_its_picture(send_picture, top, png, refund):
    """It is the newest message of the refund, with the picture's address; the exchange has none."""
    reply = send_picture(ADD, "image", png, refund_id=REFUND, content="凭证见图")
    number = reply["refund_message_add_response"]["refund_message"]["id"]

    [newest, *_] = top.result(
        "taobao.refund.messages.get", refund_id=REFUND, fields="id,content,pic_urls"
    )["refund_messages"]["refund_message"]
    assert (newest["id"], newest["content"]) == (number, "凭证见图")
    assert newest["pic_urls"]["pic_url"][0]["url"].startswith("http://mock:8420/pictures/")
    exchange = top.result("taobao.refund.messages.get", refund_id=DISPUTE, fields="id")
    assert number not in {row["id"] for row in exchange["refund_messages"]["refund_message"]}


def test_a_message_needs_its_picture(top, refund):
    """Without a file it is error 40."""
    assert refusal(top(ADD, refund_id=REFUND, content="x")) == (40, "isv.missing-parameter:image")


@pytest.mark.parametrize(
    ("method", "name", "size"), [(ADD, "image", 500 * 1024), (REFUSE, "refuse_proof", 130_000)]
)
def test_pictures_have_a_size(send_picture, png, refund, method, name, size):
    """One byte more than the page allows is error 41; exactly as many pass."""
    texts = {"refund_id": REFUND, "content": "图", "refuse_message": "凭证"}
    large = png + b"\0" * (size + 1 - len(png))

    assert refusal(send_picture(method, name, large, **texts))[0] == 41
    assert "error_response" not in send_picture(method, name, large[:-1], **texts)


def test_refunds_are_in_snapshots(world, review, agree, status):
    """Stored, changed, restored: the refund waits again; a reset has none."""
    review()
    world.snapshot("before")
    agree()
    assert status() == "SUCCESS"

    world.restore("before")

    assert status() == "WAIT_SELLER_CONFIRM_GOODS"


def test_a_snapshot_document_holds_refunds(world, review, agree):
    """Written and read again, the document is the same; a refund of no exchange is refused."""
    import json

    from mockserver.world.document import BadDocument
    from mockserver.world.snapshot import read_snapshot, write_snapshot

    review()
    agree()
    text = write_snapshot(world.snapshot("paid"))
    document = json.loads(text)

    assert write_snapshot(read_snapshot(document)) == text
    assert document["refunds"][str(DISPUTE)]["status"] == "SUCCESS"
    document["refunds"]["77"] = document["refunds"][str(DISPUTE)]
    with pytest.raises(BadDocument, match="refunds"):
        read_snapshot(document)
