"""示例客户端的测试：一测一个独立环境。 The suite of the example client: a new sandbox each."""

import pytest
from client import APPLIED, CLOSED, RECEIVED, RETURNED, RETURNING, SHIPPED, IsvClient


@pytest.fixture
def client(sandbox):
    """正确的客户端，连到这个独立环境。 The correct client, for this sandbox."""
    return IsvClient(sandbox.env)


def book_agrees(client, sandbox):
    """账本与平台是否一致。 Whether the book agrees with the platform."""
    return client.book == {
        exchange.dispute_id: exchange.status_text for exchange in sandbox.exchanges
    }


def test_whole_flow(sandbox, client):
    """同意、确认收货、发货，直到买家收到。 From the application to the buyer's receipt."""
    exchange = sandbox.open(reason="尺码不合适")
    assert client.step() == []
    assert exchange.status_text == RETURNING
    sandbox.buyer.ship_back(exchange)
    assert client.step() == client.step() == []
    assert exchange.status_text == SHIPPED
    sandbox.buyer.confirm_receipt(exchange)
    assert client.step() == []
    assert client.book == {exchange.dispute_id: "换货成功"}


@pytest.mark.sandbox(ruleset="upgraded")
def test_upgraded_flow_ships_in_one_step(sandbox, client):
    """升级流程：确认收货并发货，一次调用。 The upgraded flow: receipt and shipment in one call."""
    exchange = sandbox.open(status=RETURNED)
    assert client.step() == []
    assert exchange.status_text == SHIPPED
    assert exchange.document["exchange"]["seller_logistic_no"] == f"SF{exchange.dispute_id}"


def test_refuses_by_its_own_stock_rule(sandbox):
    """自己的库存规则说没有：用平台的理由拒绝。 Refuses with a listed reason."""
    exchange = sandbox.open()
    assert IsvClient(sandbox.env, in_stock=lambda exchange: False).step() == []
    assert exchange.status_text == CLOSED


@pytest.mark.sandbox(goods={"wanted": {"stock": 1}})
def test_last_unit(sandbox, client):
    """最后一件：另一单等到补货。 The exchange that got no stock waits until there is some."""
    first, second = sandbox.open(), sandbox.open()
    (failure,) = client.step()
    assert "EXCHANGE_STOCK_NOT_ENOUGH" in failure
    assert sorted([first.status_text, second.status_text]) == sorted([APPLIED, RETURNING])
    assert book_agrees(client, sandbox)
    sandbox.stock["wanted"] = 1
    assert client.step() == []
    assert first.status_text == second.status_text == RETURNING


@pytest.mark.sandbox(faults=[{"fault": "reply_lost", "method": "tmall.exchange.agree"}])
def test_reply_lost(sandbox, client):
    """同意的应答丢了：先查再办，不会同意两次。 It looks first, and agrees once."""
    exchange = sandbox.open()
    (failure,) = client.step()
    assert "tmall.exchange.agree" in failure
    assert client.step() == []
    assert book_agrees(client, sandbox)
    assert exchange.status_text == RETURNING
    sandbox.requests.assert_once_per_exchange("tmall.exchange.agree")


@pytest.mark.parametrize("row", ["seen", "unseen"])
def test_rows_that_move_between_pages(sandbox, client, row):
    """翻页途中有单被修改：一单不漏。 No row is lost though some change between two pages."""
    sandbox.faults.add("moving_rows", row=row, times=3)
    client.page_size = 2
    opened = sandbox.open_many(7)
    client.step()
    sandbox.clock.advance("1m")
    client.step()
    assert set(client.book) == {exchange.dispute_id for exchange in opened}
    assert book_agrees(client, sandbox)


def test_time_passes(sandbox, client):
    """买家没有寄回，系统关闭了换货：账本也知道。 The system closes an exchange; the book knows."""
    exchange = sandbox.open()
    client.step()
    sandbox.clock.advance("7d")
    assert client.step() == []
    assert client.book == {exchange.dispute_id: CLOSED}


def test_scenario(scenario, sandbox, client):
    """一段场景演到买家寄回，其余由客户端办。 A scenario up to the return; the client goes on."""
    result = scenario(
        {
            "scenario": "退货已寄回",
            "steps": [{"buyer": "apply"}, {"seller": "agree"}, {"buyer": "ship_back"}],
        }
    )
    client.step()
    assert client.book == {result.exchanges["it"]: RECEIVED}


@pytest.mark.sandbox(allow=["bad_sign"])
def test_wrong_secret(sandbox):
    """密钥不对：什么也没做，说明原因。 A wrong secret does nothing and says why."""
    exchange = sandbox.open()
    failures = IsvClient({**sandbox.env, "TOP_APP_SECRET": "wrong"}).step()
    assert failures
    assert exchange.status_text == APPLIED
