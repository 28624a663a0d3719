"""一个小而正确的 ISV 换货客户端，只用标准库。 A small, correct ISV client, standard library only.

每一轮 (`step`)：按修改时间同步换货单，再逐单办理：同意或拒绝、确认收到退货、发出换货商品。
Each round syncs by modified time, then works each exchange: agree or refuse, confirm receipt, ship.
"""

import hashlib
import http.client
import json
import os
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode
from urllib.request import urlopen

BEIJING = timezone(timedelta(hours=8))
RETURNING, RETURNED = "待买家退货", "买家已退货，待收货"  # 全角逗号 (a full-width comma)
APPLIED, RECEIVED, SHIPPED, CLOSED = "换货待处理", "待发出换货商品", "待买家收货", "换货关闭"


class Refused(Exception):
    """没有执行：平台报错，或业务失败。 Not done: a platform error, or a business failure."""


class Unsure(Exception):
    """isp.* 或没有可用的应答：可能已执行，也可能没有。 No usable reply: done or not."""


class IsvClient:
    """一家店铺的换货客户端；`env` 是 TOP_* 环境变量。 The client of one shop.

    `in_stock(exchange)` 是自己的库存规则 (your own stock rule)；`post(body)` 可替换网络 (network)。
    """

    page_size = 50
    overlap = timedelta(minutes=5)  # 窗口重叠，晚到的修改也不漏 (for changes that show late)

    def __init__(self, env, in_stock=lambda exchange: True, post=None):
        self.env = env
        self.in_stock = in_stock
        self.post = post or self.post_over_http
        self.book = {}  # 单号 → 本端所知的状态 (dispute_id → the status as this side knows it)
        self.since = "2010-01-01 00:00:00"
        self.address_id = None
        self.banned_until = 0  # 封禁结束，本机的时间 (the end of a ban, by this machine)

    def post_over_http(self, body):
        """把请求体 POST 到网关，返回应答体。 Post a body to the gateway and return the reply's."""
        with urlopen(self.env["TOP_SERVER_URL"], body, timeout=10) as reply:
            return reply.read()

    def call(self, method, **business):
        """一次签名调用，返回根节点的内容。 Make a signed call; return the content of its root."""
        params = {name: str(value) for name, value in business.items()}
        params |= {"method": method, "v": "2.0", "format": "json", "sign_method": "md5"}
        params |= {"app_key": self.env["TOP_APP_KEY"], "session": self.env["TOP_SESSION"]}
        params["timestamp"] = datetime.now(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        pairs = "".join(name + params[name] for name in sorted(params))
        secret = self.env["TOP_APP_SECRET"]
        params["sign"] = hashlib.md5(f"{secret}{pairs}{secret}".encode()).hexdigest().upper()
        try:
            ((root, content),) = json.loads(self.post(urlencode(params).encode())).items()
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            raise Unsure(f"{method}: {error!r}") from error
        if root != "error_response":
            return content
        text = f"{method}: {content.get('code')} {content.get('sub_code')} {content.get('sub_msg')}"
        if content.get("code") == 7:  # 封禁，文字里有秒数：等够再调用 (a ban: wait it out)
            numbers = [int(word) for word in text.split()[2:] if word.isdigit()]
            self.banned_until = time.monotonic() + max(numbers, default=1)
        raise Unsure(text) if content.get("sub_code", "").startswith("isp.") else Refused(text)

    def succeeded(self, result):
        """业务是否成功：没有 error_response 还不够。 Return whether the business succeeded."""
        return result.get("success") is True

    def get_result(self, method, **business):
        """返回 result；业务失败则抛出。 Return the result; raise when it is a failure."""
        result = self.call(method, **business).get("result", {})
        if not self.succeeded(result):
            raise Refused(f"{method}: {result.get('msg_code')} {result.get('message')}")
        return result

    def write(self, method, dispute_id, status_after, **business):
        """一次写操作；成功后记下新的状态。 Make a write; the book follows its reply."""
        fields = "dispute_id,status"
        result = self.get_result(method, dispute_id=dispute_id, fields=fields, **business)
        self.book[dispute_id] = result.get("exchange", {}).get("status", status_after)

    def read_id(self, value):
        """单号保持文本：18 位超出双精度。 Ids stay text: 18 digits do not fit into a double."""
        return str(value)

    def read_page(self, number, until):
        """返回窗口 [since, until] 的一页与总页数。 Return a page of the window, and the count."""
        window = {"start_gmt_modified_time": self.since, "end_gmt_modifed_time": until}  # sic
        page = {"fields": "dispute_id,status,modified", "page_no": number, **window}
        reply = self.call("tmall.exchange.receive.get", page_size=self.page_size, **page)
        pages = -(-reply["total_results"] // self.page_size)
        return reply.get("results", {}).get("exchange", []), pages

    def read_changes(self, until):
        """返回窗口里的所有行，翻页时有单移动也不漏。 Return every row, though rows move meanwhile.

        从最后一页往前翻：前移的行到了还没翻的页。再翻一遍，直到没有新的行。
        From the last page to the first: rows move up to pages not yet read.  Until nothing is new.
        """
        changes = {}
        while True:
            rows, pages = self.read_page(1, until)
            if pages > 1:
                numbers = range(pages, 0, -1)
                rows = [row for number in numbers for row in self.read_page(number, until)[0]]
            latest = {self.read_id(row["dispute_id"]): row for row in rows}
            if pages <= 1 or latest.items() <= changes.items():
                return changes | latest
            changes |= latest

    def sync(self):
        """账本跟上平台；读全之后才移动水位。 Update the book; move the mark when all was read."""
        until = self.call("taobao.time.get")["time"]  # 不用本机的钟 (not this machine's clock)
        self.book |= {number: row["status"] for number, row in self.read_changes(until).items()}
        self.since = str(datetime.fromisoformat(until) - self.overlap)

    def step(self):
        """一轮工作；返回没办成的事，下一轮再办。 Do one round; return what failed, for the next."""
        failures = self.attempt(self.sync)
        for dispute_id, status in list(self.book.items()):
            if status in (APPLIED, RETURNED, RECEIVED):
                failures += self.attempt(self.work, dispute_id)
        return failures

    def attempt(self, action, *arguments):
        """一件事的失败不妨碍别的事。 Return the failure of an action, so that others go on."""
        if time.monotonic() < self.banned_until:
            return ["封禁未结束 (still banned)"]
        try:
            action(*arguments)
        except (Refused, Unsure) as failure:
            return [str(failure)]
        return []

    def work(self, dispute_id):
        """先读后写：丢了应答的写操作也许已成功。 Read, then write: a lost write may be done."""
        fields = "dispute_id,status,exchange_sku,num,attributes"
        result = self.get_result("tmall.exchange.get", dispute_id=dispute_id, fields=fields)
        exchange = result["exchange"]
        status = self.book[dispute_id] = exchange["status"]
        upgraded = "newExchangeRepair" in exchange.get("attributes", "")  # 天猫换货升级
        if status == APPLIED and self.in_stock(exchange):
            address_id = self.return_address()
            self.write("tmall.exchange.agree", dispute_id, RETURNING, address_id=address_id)
        elif status == APPLIED:
            self.refuse(dispute_id)
        elif status == RETURNED and not upgraded:
            self.write("tmall.exchange.returngoods.agree", dispute_id, RECEIVED)
        elif status in (RETURNED, RECEIVED):
            self.ship("confirm.consign" if status == RETURNED else "consigngoods", dispute_id)

    def ship(self, method, dispute_id):
        """运单号由单号得出，重试不会发两次。 The waybill follows from the id: safe to retry."""
        parcel = {"logistics_no": f"SF{dispute_id}", "logistics_company_name": "顺丰速运"}
        self.write(f"tmall.exchange.{method}", dispute_id, SHIPPED, logistics_type=200, **parcel)

    def refuse(self, dispute_id):
        """拒绝理由只能取自平台的列表。 Refuse with a listed reason, "无货" if it is there."""
        fields = "reason_id,reason_text"
        reply = self.call("tmall.exchange.refusereason.get", dispute_id=dispute_id, fields=fields)
        reasons = reply["result"].get("results", {}).get("reason", [])
        if not reasons:
            raise Refused(f"{dispute_id}: 没有可选的拒绝理由 (no reason is listed)")
        reason = next((reason for reason in reasons if "无货" in reason["reason_text"]), reasons[0])
        reason_id = reason["reason_id"]
        self.write("tmall.exchange.refuse", dispute_id, CLOSED, seller_refuse_reason_id=reason_id)

    def return_address(self):
        """返回默认退货地址的编号，只查一次。 Return the default return address; ask once."""
        if self.address_id is None:
            reply = self.call("taobao.logistics.address.search", rdef="cancel_def")
            addresses = reply.get("addresses", {}).get("address_result")
            if not addresses:
                raise Refused("没有默认退货地址 (no default return address)")
            self.address_id = addresses[0]["contact_id"]
        return self.address_id


def main(kind=IsvClient):
    """运行 ISV_ROUNDS 轮，不给则不停。 Run ISV_ROUNDS rounds, ISV_PAUSE seconds apart."""
    client = kind(os.environ)
    rounds = int(os.environ.get("ISV_ROUNDS") or -1)  # -1: 不停 (without end)
    while rounds:
        for failure in client.step():
            print(failure, flush=True)
        rounds -= 1
        time.sleep(float(os.environ.get("ISV_PAUSE", "0.2")))
    print(json.dumps(client.book, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
