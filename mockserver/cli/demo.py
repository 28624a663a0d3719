"""The demo: a whole exchange as signed HTTP calls, told step by step."""

from collections.abc import Callable

from ..client.server import Server
from ..domain.moves import DEFAULT_CARRIER

__all__ = ["run_demo"]

_BRIEF = "dispute_id,bizorder_id,status,modified"


def run_demo(server: Server, say: Callable[[str], None], words: Callable[[str, str], str]) -> None:
    """Apply, agree, return, confirm, ship, receive; every seller's step is a signed call over HTTP."""
    sandbox = server.sandbox()
    seller = sandbox.client()
    say(words(f"网关 {sandbox.gateway_url}", f"gateway {sandbox.gateway_url}"))
    exchange = sandbox.open(reason="尺码不合适")

    def step(zh: str, en: str, call: str = "") -> None:
        stock = sandbox.stock["wanted"]
        line = f"{sandbox.clock.now:%m-%d %H:%M}  {exchange.status:>2} {exchange.status_text}  {words(zh, en)}"
        held = words(
            f"可用 {stock.available} 预占 {stock.reserved} 已发 {stock.shipped}",
            f"available {stock.available} reserved {stock.reserved} shipped {stock.shipped}",
        )
        say(f"{line}  [{held}]" + (f"  {call}" if call else ""))

    step("买家申请换货", "the buyer applies")
    addresses = seller.call("taobao.logistics.address.search", rdef="cancel_def")
    address = addresses["addresses"]["address_result"][0]["contact_id"]
    seller.call(
        "tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=address, fields=_BRIEF
    )
    step("卖家同意，预占库存", "the seller agrees, stock is reserved", "tmall.exchange.agree")
    sandbox.clock.advance("1d")
    sandbox.buyer.ship_back(exchange)
    step("买家寄回商品", "the buyer ships the goods back")
    sandbox.clock.advance("2d")
    seller.call("tmall.exchange.returngoods.agree", dispute_id=exchange.dispute_id, fields=_BRIEF)
    step("卖家确认收到退货", "the seller confirms receipt", "tmall.exchange.returngoods.agree")
    seller.call(
        "tmall.exchange.consigngoods",
        dispute_id=exchange.dispute_id,
        logistics_no="SF1234567890",
        logistics_type=200,
        logistics_company_name=DEFAULT_CARRIER,
        fields=_BRIEF,
    )
    step("卖家发出换货商品", "the seller ships the replacement", "tmall.exchange.consigngoods")
    sandbox.clock.advance("2d")
    sandbox.buyer.confirm_receipt(exchange)
    step("买家确认收货，换货成功", "the buyer receives it: success")
    reply = seller.call(
        "tmall.exchange.get", dispute_id=exchange.dispute_id, fields="dispute_id,status,modified"
    )
    say(f"tmall.exchange.get → {reply['result']['exchange']}")
