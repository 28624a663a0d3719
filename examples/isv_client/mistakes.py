"""真实的 ISV 客户端犯过的错误，每个一个子类。 Mistakes that real clients make, a subclass each.

`buggy.py` 里还有三个。 Three more are in `buggy.py`.
"""

import sys
from datetime import timedelta

from client import APPLIED, CLOSED, RECEIVED, RETURNED, RETURNING, SHIPPED, Refused, Unsure, main
from designs import BookKeeper

TEXTS = (
    APPLIED,
    RETURNING,
    RETURNED,
    RECEIVED,
    SHIPPED,
    CLOSED,
    "待买家修改",
    "换货成功",
    "请退款",
)


class ForgetsLateRows(BookKeeper):
    """窗口首尾相接：晚到列表的变更再也看不到。 Windows touch: what is listed late is never read."""

    overlap = timedelta(seconds=-1)


class KnowsOneText(BookKeeper):
    """14 只认「请退款」，另一种文字的单被当作没变。 Knows one text of 14 and skips the other."""

    def read_changes(self, until):
        """不认识的文字，整行丢掉。 Drop a row with an unknown text."""
        rows = super().read_changes(until)
        return {number: row for number, row in rows.items() if row["status"] in TEXTS}

    def get_result(self, method, **business):
        """详情里不认识的文字，也当作没变，接着办。 In a detail, too: it works on as before."""
        result = super().get_result(method, **business)
        exchange = result.get("exchange", {})
        if "status" in exchange and exchange["status"] not in TEXTS:
            exchange["status"] = self.book[business["dispute_id"]]
        return result


class GivesUp(BookKeeper):
    """isp.* 或丢了应答之后再也不管这一单。 Never touches an exchange again after isp.*."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.abandoned = set()

    def work(self, dispute_id):
        """放弃的单跳过。 Skip what was given up."""
        if dispute_id not in self.abandoned:
            super().work(dispute_id)

    def write(self, method, dispute_id, status_after, **business):
        """结果不明就放弃。 Give up when the outcome is unsure."""
        try:
            super().write(method, dispute_id, status_after, **business)
        except Unsure:
            self.abandoned.add(dispute_id)
            raise


class CallsOnInBan(BookKeeper):
    """不读封禁的秒数，接着调用。 Does not read the seconds of a ban and calls on."""

    banned_until = property(lambda self: 0, lambda self, value: None)


class FirstAddress(BookKeeper):
    """取地址列表的第一个，不是默认退货地址。 Takes the first address, not the return default."""

    def return_address(self):
        """没有用 rdef 筛选。 Ask without `rdef`."""
        reply = self.call("taobao.logistics.address.search")
        return reply["addresses"]["address_result"][0]["contact_id"]


class CodeAsName(BookKeeper):
    """把物流公司的编码填成名称。 Sends a carrier's code as its name."""

    def ship(self, method, dispute_id):
        """SF 是编码，名称是顺丰速运。 SF is the code of 顺丰速运."""
        parcel = {"logistics_no": f"SF{dispute_id}", "logistics_company_name": "SF"}
        self.write(f"tmall.exchange.{method}", dispute_id, SHIPPED, logistics_type=200, **parcel)


class SplitsMessages(BookKeeper):
    """以为一条留言只有一行。 Thinks that a message has one line."""

    def work(self, dispute_id):
        """按真正的换行拆，拆出几行就出错。 Break on a message of several lines."""
        fields = "id,content"
        method = "tmall.exchange.messages.get"
        result = self.get_messages(method, dispute_id=dispute_id, fields=fields)
        for row in result.get("results", {}).get("refund_message", []):
            (self.latest_line,) = row["content"].split("\n")
        super().work(dispute_id)

    def get_messages(self, method, **business):
        """返回一页留言。 Return a page of messages."""
        return self.call(method, **business).get("result", {})


class SplitsAtOneCaret(BookKeeper):
    """按一个 ^ 拆地址。 Splits addresses at one caret."""

    def work(self, dispute_id):
        """应按 ^^^ 拆成四段。 An address has four parts, separated by ^^^."""
        fields = "dispute_id,status,buyer_address"
        result = self.get_result("tmall.exchange.get", dispute_id=dispute_id, fields=fields)
        address = result["exchange"].get("buyer_address", "")
        self.province, self.city, self.district, self.detail = address.split("^")
        super().work(dispute_id)


class SkipsSecondRound(BookKeeper):
    """同一单同一状态只办一次。 Works an exchange once at each status and never again."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.done = set()

    def work(self, dispute_id):
        """办过就跳过；买家修改后又回来的也跳过。 Skip what was done, also when it comes back."""
        key = dispute_id, self.book[dispute_id]
        if key not in self.done:
            super().work(dispute_id)
            self.done.add(key)


class RetriesBlindly(BookKeeper):
    """应答丢失就原样重发。 Sends a write again at once when its reply is lost."""

    def write(self, method, dispute_id, status_after, **business):
        """没有先查询。 Repeat without a look."""
        try:
            super().write(method, dispute_id, status_after, **business)
        except Unsure:
            super().write(method, dispute_id, status_after, **business)


class NewWaybillEachTime(BookKeeper):
    """每次重试都打一张新面单。 Prints a new waybill for each try."""

    tries = 0

    def ship(self, method, dispute_id):
        """丢了应答后换个运单号再发。 Ship again with another waybill when the reply is lost."""
        for _ in range(2):
            self.tries += 1
            parcel = {"logistics_no": f"SF{self.tries:08}", "logistics_company_name": "顺丰速运"}
            business = {"logistics_type": 200, **parcel}
            try:
                self.write(f"tmall.exchange.{method}", dispute_id, SHIPPED, **business)
            except Unsure:
                continue
            break


class ShipsAnyway(BookKeeper):
    """同意失败也照样发货。 Ships although the agreement has failed."""

    def write(self, method, dispute_id, status_after, **business):
        """没看失败的应答就做下一步。 Take the next step without reading the failure."""
        try:
            super().write(method, dispute_id, status_after, **business)
        except Refused:
            if method.endswith(".agree"):
                self.ship("consigngoods", dispute_id)
            raise


class ReturnsOwnWaybill(BookKeeper):
    """发货用了买家寄回的运单号。 Ships with the waybill of the buyer's own parcel."""

    def ship(self, method, dispute_id):
        """取错了字段。 Read the wrong field."""
        fields = "dispute_id,status,buyer_logistic_no"
        result = self.get_result("tmall.exchange.get", dispute_id=dispute_id, fields=fields)
        number = result["exchange"].get("buyer_logistic_no") or f"SF{dispute_id}"
        parcel = {"logistics_no": number, "logistics_company_name": "顺丰速运"}
        self.write(f"tmall.exchange.{method}", dispute_id, SHIPPED, logistics_type=200, **parcel)


if __name__ == "__main__":
    main({kind.__name__: kind for kind in BookKeeper.__subclasses__()}[sys.argv[1]])
