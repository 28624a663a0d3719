"""一个小而老实的 ISV 换货客户端，只用标准库。 A small, honest ISV client of the standard library alone.

每一轮 (`step`)：按修改时间增量同步换货单，再逐单办理：有货则同意、无货则拒绝、确认收到退货、发出换货商品。
Each round syncs by modified time, then works each exchange: agrees or refuses by its own stock rule, confirms receipt, ships.
"""

import hashlib
import http.client
import itertools
import json
import os
import time
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
EVER = "2010-01-01 00:00:00"
CARRIER = "顺丰速运"
APPLIED, RETURNING, RETURNED = (
    "换货待处理",
    "待买家退货",
    "买家已退货，待收货",
)  # 全角逗号 (a full-width comma)
RECEIVED, SHIPPED, CLOSED = "待发出换货商品", "待买家收货", "换货关闭"


class Refused(Exception):
    """没有执行：平台报错，或业务失败 (success 为 false)。 Not done: a platform error, or a business failure."""


class Unsure(Exception):
    """没有可用的应答：可能已执行，也可能没有。 No usable reply: it may have been done or not."""


class IsvClient:
    """一家店铺的换货客户端；`env` 是 TOP_* 环境变量。 The client of one shop.

    `in_stock(exchange)` 是自己的库存规则；`post` 可替换网络。 `in_stock` is your own rule; `post` replaces the network.
    """

    page_size = 50
    overlap = timedelta(
        minutes=5
    )  # 窗口重叠：晚到的修改也不漏 (changes that show late are met all the same)

    def __init__(self, env, in_stock=lambda exchange: True, post=None):
        self.key, self.secret, self.session = (
            env["TOP_APP_KEY"],
            env["TOP_APP_SECRET"],
            env["TOP_SESSION"],
        )
        self.in_stock = in_stock
        self.url, self.post = env["TOP_SERVER_URL"], post or self.over_http
        self.book = {}  # 单号 → 状态：本端所知 (dispute_id → status: what this side believes)
        self.since = EVER
        self.address = None

    def over_http(self, body):
        """把请求体 POST 到网关，返回应答体。 Posts a body to the gateway; the reply's body."""
        with urllib.request.urlopen(self.url, body, timeout=10) as reply:
            return reply.read()

    def call(self, method, **business):
        """一次签名调用，返回根节点里的内容。 One signed call; what stands inside the reply's root."""
        params = {
            "method": method,
            "app_key": self.key,
            "session": self.session,
            "v": "2.0",
            "format": "json",
            "sign_method": "md5",
            "timestamp": datetime.now(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            **{name: str(value) for name, value in business.items()},
        }
        text = self.secret + "".join(name + params[name] for name in sorted(params)) + self.secret
        params["sign"] = hashlib.md5(text.encode()).hexdigest().upper()
        try:
            ((root, inner),) = json.loads(
                self.post(urllib.parse.urlencode(params).encode())
            ).items()
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as lost:
            raise Unsure(f"{method}: {lost!r}") from lost
        if root != "error_response":
            return inner
        told = (
            f"{method}: {inner.get('code')} {inner.get('sub_code', '')} {inner.get('sub_msg', '')}"
        )
        # isp.* 是平台侧的错误，超时不说明是否执行 (isp.*: the platform's trouble; a timeout does not say what was done)
        raise Unsure(told) if str(inner.get("sub_code", "")).startswith("isp.") else Refused(told)

    def succeeded(self, result):
        """业务是否成功：HTTP 200 且没有 error_response 还不够。 A reply without an error is not yet a success."""
        return result.get("success") is True

    def asked(self, method, **business):
        """返回 result；业务失败则抛出。 The reply's result, raised when it is a failure."""
        result = self.call(method, **business).get("result", {})
        if not self.succeeded(result):
            raise Refused(f"{method}: {result.get('msg_code')} {result.get('message')}")
        return result

    def write(self, method, dispute_id, after, **business):
        """一次写操作；成功后记下新的状态。 One write; the book follows its reply."""
        result = self.asked(method, dispute_id=dispute_id, fields="dispute_id,status", **business)
        self.book[dispute_id] = result.get("exchange", {}).get("status", after)

    def ident(self, value):
        """单号保持文本：18 位超出双精度。 Ids stay text: 18 digits do not fit into a double."""
        return str(value)

    def now(self):
        """平台的当前时间；不用本机的钟算窗口。 The platform's time: windows do not go by this machine's clock."""
        return self.call("taobao.time.get")["time"]

    def page(self, number, until):
        """窗口 [since, until] 的一页，以及总页数。 One page of the window, and how many there are."""
        found = self.call(
            "tmall.exchange.receive.get",
            fields="dispute_id,status,modified",
            page_no=number,
            page_size=self.page_size,
            start_gmt_modified_time=self.since,
            end_gmt_modifed_time=until,  # 少一个 i，平台如此 (the platform's spelling)
        )
        return found.get("results", {}).get("exchange", []), -(
            -found["total_results"] // self.page_size
        )

    def changes(self, until):
        """窗口里的所有行，翻页途中有单移动也不漏。 Every row of the window, though rows move between pages.

        从最后一页往前翻：单子被修改后离开窗口，只会使后面的行前移，移到还没翻的页；同一秒里的变化，再翻一遍看有没有新的。
        From the last page to the first: rows that move up come to pages not read yet.  The window's last second needs another look.
        """
        met = {}
        while True:
            rows, pages = self.page(1, until)
            if pages > 1:
                rows = [
                    row for number in range(pages, 0, -1) for row in self.page(number, until)[0]
                ]
            fresh = {self.ident(row["dispute_id"]): row for row in rows}
            if pages <= 1 or all(met.get(number) == row for number, row in fresh.items()):
                return met | fresh
            met |= fresh

    def sync(self):
        """账本跟上平台；读全之后才移动水位。 The book catches up; the mark moves only when all was read."""
        until = self.now()
        for number, row in self.changes(until).items():
            self.book[number] = row["status"]
        self.since = str(datetime.fromisoformat(until) - self.overlap)

    def step(self):
        """一轮工作；返回没办成的事，下一轮再办。 One round; what went wrong, left for the next round."""
        troubles = self.trying(self.sync)
        for number, status in list(self.book.items()):
            if status in (APPLIED, RETURNED, RECEIVED):
                troubles += self.trying(self.work, number)
        return troubles

    def trying(self, deed, *given):
        """一件事的失败不妨碍别的事。 One failure does not stop the others."""
        try:
            deed(*given)
        except (Refused, Unsure) as trouble:
            return [str(trouble)]
        return []

    def work(self, number):
        """先读后写：丢了应答的写操作也许已经成功。 Reads before it writes: a write whose reply was lost may have been done."""
        found = self.asked(
            "tmall.exchange.get",
            dispute_id=number,
            fields="dispute_id,status,exchange_sku,num,attributes",
        )
        exchange = found["exchange"]
        status = self.book[number] = exchange["status"]
        if status == APPLIED and self.in_stock(exchange):
            self.write("tmall.exchange.agree", number, RETURNING, address_id=self.return_address())
        elif status == APPLIED:
            self.refuse(number)
        elif status == RETURNED and "newExchangeRepair" in exchange.get(
            "attributes", ""
        ):  # 天猫换货升级 (the upgraded flow)
            self.ship("tmall.exchange.confirm.consign", number)
        elif status == RETURNED:
            self.write("tmall.exchange.returngoods.agree", number, RECEIVED)
        elif status == RECEIVED:
            self.ship("tmall.exchange.consigngoods", number)

    def ship(self, method, number):
        """运单号由单号得出：重试也不会有两个包裹。 The waybill follows from the id: a retry ships nothing twice."""
        self.write(
            method,
            number,
            SHIPPED,
            logistics_no=f"SF{number}",
            logistics_type=200,
            logistics_company_name=CARRIER,
        )

    def refuse(self, number):
        """拒绝理由只能取自平台给出的列表。 With a reason of the platform's list, "无货" if it is there."""
        listed = self.call(
            "tmall.exchange.refusereason.get", dispute_id=number, fields="reason_id,reason_text"
        )
        reasons = listed["result"].get("results", {}).get("reason", [])
        if not reasons:
            raise Refused(f"{number}: 没有可选的拒绝理由 (no reason is listed)")
        reason = next((each for each in reasons if "无货" in each["reason_text"]), reasons[0])
        self.write(
            "tmall.exchange.refuse", number, CLOSED, seller_refuse_reason_id=reason["reason_id"]
        )

    def return_address(self):
        """默认退货地址的编号，只查一次。 The id of the default return address, asked for once."""
        if self.address is None:
            found = self.call("taobao.logistics.address.search", rdef="cancel_def").get(
                "addresses", {}
            )
            if not found.get("address_result"):
                raise Refused("没有默认退货地址 (no default return address)")
            self.address = found["address_result"][0]["contact_id"]
        return self.address


def main(kind=IsvClient):
    """ISV_ROUNDS 轮，每轮间隔 ISV_PAUSE 秒；不给轮数则一直运行。 Rounds with pauses; without a number until it is stopped."""
    client, rounds = kind(os.environ), int(os.environ.get("ISV_ROUNDS", "0"))
    for done in itertools.count(1):
        for trouble in client.step():
            print(trouble, flush=True)
        if done == rounds:
            break
        time.sleep(float(os.environ.get("ISV_PAUSE", "0.2")))
    print(json.dumps(client.book, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
