"""`demo`: a whole exchange as signed HTTP calls, printed step by step."""

from ..client.server import Server
from ..domain.moves import DEFAULT_CARRIER
from .console import own_command, say, translate
from .localized import command

__all__ = ["demo"]

_FIELDS = "dispute_id,bizorder_id,status,modified"


@command(
    zh="在空闲端口上跑完一次换货：申请、同意、退货、确认、发货、收货。",
    en="Play a whole exchange: apply, agree, return, confirm, ship, receive.",
)
def demo() -> None:
    """Play a whole exchange: apply, agree, return, confirm, ship, receive."""
    with Server() as server:
        _run_demo(server)


def _run_demo(server: Server) -> None:
    """Apply, agree, return, confirm, ship, receive; each seller's step is a signed HTTP call."""
    sandbox = server.sandbox()
    seller = sandbox.client()
    say(translate(f"网关 {sandbox.gateway_url}", f"gateway {sandbox.gateway_url}"))
    exchange = sandbox.open(reason="尺码不合适")
    dispute_id = exchange.dispute_id

    def report(zh: str, en: str, method: str = "") -> None:
        stock = sandbox.stock["wanted"]
        counts = translate(
            f"可用 {stock.available} 预占 {stock.reserved} 已发 {stock.shipped}",
            f"available {stock.available} reserved {stock.reserved} shipped {stock.shipped}",
        )
        status = f"{sandbox.clock.now:%m-%d %H:%M}  {exchange.status:>2} {exchange.status_text}"
        say(f"{status}  {translate(zh, en)}  [{counts}]" + (f"  {method}" if method else ""))

    report("买家申请换货", "the buyer applies")
    addresses = seller.call("taobao.logistics.address.search", rdef="cancel_def")
    address_id = addresses["addresses"]["address_result"][0]["contact_id"]
    seller.call(
        "tmall.exchange.agree", dispute_id=dispute_id, address_id=address_id, fields=_FIELDS
    )
    report("卖家同意，预占库存", "the seller agrees, stock is reserved", "tmall.exchange.agree")
    sandbox.clock.advance("1d")
    sandbox.buyer.ship_back(exchange)
    report("买家寄回商品", "the buyer ships the goods back")
    sandbox.clock.advance("2d")
    seller.call("tmall.exchange.returngoods.agree", dispute_id=dispute_id, fields=_FIELDS)
    report("卖家确认收到退货", "the seller confirms receipt", "tmall.exchange.returngoods.agree")
    seller.call(
        "tmall.exchange.consigngoods",
        dispute_id=dispute_id,
        logistics_no="SF1234567890",
        logistics_type=200,
        logistics_company_name=DEFAULT_CARRIER,
        fields=_FIELDS,
    )
    report("卖家发出换货商品", "the seller ships the replacement", "tmall.exchange.consigngoods")
    sandbox.clock.advance("2d")
    sandbox.buyer.confirm_receipt(exchange)
    report("买家确认收货，换货成功", "the buyer receives it: success")
    reply = seller.call(
        "tmall.exchange.get", dispute_id=dispute_id, fields="dispute_id,status,modified"
    )
    say(f"tmall.exchange.get → {reply['result']['exchange']}")
    name = own_command()
    say(
        translate(
            f"下一步：{name} serve --detach，然后 {name} open；停止：{name} stop",
            f"next: {name} serve --detach, then {name} open; to stop it: {name} stop",
        )
    )
