"""Mistakes of clients that write: what goes wrong when a move is made, and what it costs."""

from .client_mistake import ClientMistake
from .lint_rules import Severity

__all__ = ["WRITING_MISTAKES"]

WRITING_MISTAKES = (
    ClientMistake(
        id="double_shipment",
        severity=Severity.ERROR,
        title_zh="一单发出两个包裹",
        title_en="Two parcels for one exchange",
        zh="应答丢失后，程序又打一张新面单再发一次货。",
        en="After a lost reply the program prints a new waybill and ships again.",
        cost_zh="买家收到两件商品，货和运费都收不回来；平台上记的运单号还可能是错的那一个。",
        cost_en=(
            "The buyer gets two parcels. Goods and freight are lost, and the waybill that the "
            "platform keeps may be the wrong one."
        ),
        change_zh="发货前先按换货单号存下运单号，重试只用存下的那一个。",
        change_en=(
            "Store the waybill under the dispute_id before you ship. A retry uses the stored one "
            "only."
        ),
        wrong="consigngoods(id, new_waybill())\n# no reply: the same line again",
        right="waybill = saved.setdefault(id, new_waybill())\nconsigngoods(id, waybill)",
        findings=("double_shipment",),
    ),
    ClientMistake(
        id="repeated_write",
        severity=Severity.ERROR,
        title_zh="没看结果就重复写操作",
        title_en="A write is repeated without a look",
        zh="同意、发货、留言等没有收到应答，程序原样再发一次，没有先查询。",
        en=(
            "A write got no reply, and the program sends it again without reading the exchange "
            "first."
        ),
        cost_zh=(
            "第一次其实已经成功：第二次失败并报警，或者同意了买家刚改过的申请；留言则让买家看到"
            "两遍。"
        ),
        cost_en=(
            "The first write had succeeded. The second fails and alarms people, or agrees to "
            "what the buyer has just changed; a message is read twice."
        ),
        change_zh="超时后先查 tmall.exchange.get（留言查 messages.get），还没有成功才再发。",
        change_en=(
            "After a timeout read tmall.exchange.get (for messages: messages.get), and write "
            "again only if it has not succeeded."
        ),
        wrong="try: agree(id)\nexcept Timeout: agree(id)",
        right=('try: agree(id)\nexcept Timeout:\n    if get(id).status == "换货待处理": agree(id)'),
        findings=("unsafe_repeat", "double_message"),
        checks=("repeats",),
        scenarios=(
            "faults/agreed-but-the-reply-was-lost",
            "faults/refused-and-the-reply-was-lost",
            "refused/repeated-write",
        ),
    ),
    ClientMistake(
        id="failure_ignored",
        severity=Severity.ERROR,
        title_zh="没有看失败的应答",
        title_en="A failed reply is not read",
        zh="HTTP 200、没有 error_response，但 result.success 是 false；程序当作办成了。",
        en=(
            "HTTP 200 and no error_response, but result.success is false; the program takes it "
            "for done."
        ),
        cost_zh="没有库存的换货单被当作已同意，到期后系统替你决定；或者没有预占的商品被发出去。",
        cost_en=(
            "An exchange without stock counts as agreed. Its deadline passes and the system "
            "decides for you, or goods leave that were never reserved."
        ),
        change_zh=(
            "先看 error_response，再看 result.success；false 时按 msg_code 处理，留到下一轮。"
        ),
        change_en=(
            "Look at error_response, then at result.success. If it is false, act by msg_code and "
            "keep the exchange for the next round."
        ),
        wrong='if "error_response" not in reply: book[id] = "agreed"',
        right='if reply["result"]["success"] is True: book[id] = "agreed"',
        findings=("failure_ignored",),
        checks=("unread",),
        scenarios=(
            "stock/no-stock-notice",
            "stock/fewer-than-wanted",
            "stock/last-unit",
            "stock/restocked-in-between",
            "stock/goods-that-nobody-has",
            "stock/sold-out-after-refused-receipt",
            "refused/error15",
            "refused/not-exist-beside",
        ),
    ),
    ClientMistake(
        id="stale_status",
        severity=Severity.ERROR,
        title_zh="按旧状态操作",
        title_en="A move by an old status",
        zh="买家已经修改、撤销或超时，程序还按自己库里的旧状态去同意或发货。",
        en=(
            "The buyer has modified or cancelled, or time ran out, and the program still acts by "
            "the status in its own store."
        ),
        cost_zh="平台拒绝这次操作，单据卡住；人工介入前没有人处理，换货单可能超时。",
        cost_en=(
            "The platform refuses the move and the exchange is stuck until a person looks; its "
            "deadline may pass meanwhile."
        ),
        change_zh="每次写之前查一次详情，只按查到的状态操作；被拒后以平台的状态为准。",
        change_en=(
            "Read the exchange right before each write and act by what it says. After a refusal "
            "take over the platform's status."
        ),
        wrong="for row in table: agree(row.id)       # synced an hour ago",
        right='if get(id).status == "换货待处理": agree(id)',
        checks=("offences", "converged"),
        scenarios=(
            "classic/buyer-cancels",
            "upgraded/buyer-cancels",
            "customer-service/clock-stops",
            "customer-service/no-modifying-meanwhile",
            "refused/wrong-status",
            "refused/buyer-out-of-turn",
            "refused/wrong-flow",
            "time/snapshot-and-restore",
        ),
    ),
    ClientMistake(
        id="wrong_address",
        severity=Severity.ERROR,
        title_zh="退货地址取错",
        title_en="The wrong return address",
        zh="同意时取了地址列表的第一个，而不是默认退货地址。",
        en=(
            "To agree, the program takes the first address of the list, not the default return "
            "address."
        ),
        cost_zh="买家把商品寄到别处：仓库收不到货，也就不会确认，换货停在那里。",
        cost_en=(
            "The buyer sends the goods elsewhere: the warehouse never has them, so nobody "
            "confirms and the exchange stops there."
        ),
        change_zh="用 rdef=cancel_def 查询，或取 cancel_def 为 true 的地址。",
        change_en="Ask with rdef=cancel_def, or take the address whose cancel_def is true.",
        wrong='address_id = search()["address_result"][0]["contact_id"]',
        right='address_id = search(rdef="cancel_def")["address_result"][0]["contact_id"]',
        checks=("wrong_target",),
        scenarios=("classic/return-address", "clients/default-return-address"),
    ),
    ClientMistake(
        id="wrong_parcel",
        severity=Severity.ERROR,
        title_zh="物流公司或运单号填错",
        title_en="A wrong carrier or waybill",
        zh="物流公司填了编码（SF），不是名称（顺丰速运）；或者发货填了买家寄回的运单号。",
        en=(
            "The carrier's code (SF) stands where its name (顺丰速运) belongs, or the shipment "
            "carries the waybill of the buyer's own parcel."
        ),
        cost_zh="查不到物流，买家收不到货也说不清；纠纷里卖家没有发货凭证。",
        cost_en=(
            "The parcel cannot be traced, and in a dispute the seller has no proof that it was "
            "sent."
        ),
        change_zh=(
            "名称取自 taobao.logistics.companies.get；运单号取自自己的面单，不取 "
            "buyer_logistic_no。"
        ),
        change_en=(
            "Take the name from taobao.logistics.companies.get, and the waybill from your own "
            "label, never from buyer_logistic_no."
        ),
        wrong='logistics_company_name="SF", logistics_no=exchange["buyer_logistic_no"]',
        right='logistics_company_name="顺丰速运", logistics_no=own_waybill',
        scenarios=(
            "clients/carrier-by-name",
            "clients/own-waybill-for-the-shipment",
            "lists/carriers",
            "refused/own-waybill-again",
            "refused/lenient-logistics",
        ),
    ),
    ClientMistake(
        id="gave_up",
        severity=Severity.ERROR,
        title_zh="一次失败后再也不管",
        title_en="Given up after one failure",
        zh="遇到 isp.* 或丢失的应答，程序把这一单标为出错，以后不再查询。",
        en=(
            "After isp.* or a lost reply the program marks the exchange as broken and never "
            "looks at it again."
        ),
        cost_zh="写操作也许已执行，也许没有，没有人知道；到期后系统替卖家决定。",
        cost_en=(
            "The write may have been carried out or not, and nobody knows. When the deadline "
            "passes the system decides for the seller."
        ),
        change_zh="把结果不明的单留在队列里，下一轮先查询，再决定。",
        change_en=(
            "Keep an exchange of unknown outcome in the queue; read it in the next round, then "
            "decide."
        ),
        wrong="except Exception: mark_failed(id)",
        right="except Unsure: queue.append(id)        # read it next round",
        checks=("gave_up",),
    ),
    ClientMistake(
        id="second_round_skipped",
        severity=Severity.ERROR,
        title_zh="第二次回来的单没有再办",
        title_en="What comes back is not worked again",
        zh="同一单同一状态只办一次；买家修改后再次申请，或拒收后又寄回，程序跳过。",
        en=(
            "The program works an exchange once at each status. When the buyer modifies and it "
            "comes back, it is skipped."
        ),
        cost_zh="买家在等，程序以为办过了：超时后系统按同意或关闭处理。",
        cost_en=(
            "The buyer waits while the program thinks it is done; when the deadline passes the "
            "system agrees or closes."
        ),
        change_zh="按 modified 或轮次判断是否办过，不只按单号加状态。",
        change_en=(
            "Decide by modified, or by the round, whether it was worked; dispute_id and status "
            "are not enough."
        ),
        wrong="if (id, status) in done: continue",
        right="if (id, status, modified) in done: continue",
        checks=("unhandled",),
        scenarios=(
            "clients/second-round",
            "classic/receipt-refused-second-round",
            "upgraded/receipt-refused-second-round",
            "classic/modified-back-to-receipt",
            "classic/modified-for-other-goods",
            "upgraded/application-refused-then-modified",
            "orders/exchanged-twice",
        ),
    ),
)
