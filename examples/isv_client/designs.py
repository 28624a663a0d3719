"""另外几种写法，都正确：只轮询、夜间批量、带自己的库、听消息。 Other designs, all of them correct.

它们与 `client.py` 只共用调用与办理；何时看、看什么、何时办，各不相同。
They share calls and moves with `client.py`, and differ in when they look and when they act.
"""

import json
from datetime import datetime, timedelta

from client import APPLIED, RECEIVED, RETURNED, RETURNING, IsvClient

WAITING = {APPLIED: 1, RETURNED: 3, RECEIVED: 12}  # 文字与数字 (the text and the number)


class BookKeeper(IsvClient):
    """`client.py` 的客户端，并说出它所知的状态。 The client, which says what it knows."""

    def known(self):
        """单号 → 状态，供状态机核对。 The statuses by dispute_id, for the machine to compare."""
        return dict(self.book)


class PollOnly(IsvClient):
    """什么都不记：每轮查全部待办，照查到的办。 Keeps nothing: asks for what waits, and does it."""

    def step(self):
        """丢了应答也不要紧，下一轮再看。 After a lost reply the next round looks again."""
        rows = {}
        failures = self.attempt(self.read_waiting, rows)
        for dispute_id, row in rows.items():
            failures += self.attempt(self.do, dispute_id, row)
        return failures

    def read_waiting(self, rows):
        """从第一页翻到最后一页；漏掉的行下一轮还在。 Read all pages; a lost row comes again."""
        fields = "dispute_id,status,attributes"
        more = True
        number = 1
        while more:
            page = {"dispute_status_array": "1,3,12", "page_no": number, "fields": fields}
            reply = self.call("tmall.exchange.receive.get", page_size=self.page_size, **page)
            for row in reply.get("results", {}).get("exchange", []):
                rows[str(row["dispute_id"])] = row
            more = reply["has_next"]
            number += 1

    def do(self, dispute_id, row):
        """按列表里的状态办，不再查详情。 Act by the status in the list, without another look."""
        upgraded = "newExchangeRepair" in row.get("attributes", "")
        if row["status"] == APPLIED:
            address_id = self.return_address()
            self.write("tmall.exchange.agree", dispute_id, RETURNING, address_id=address_id)
        elif row["status"] == RETURNED and not upgraded:
            self.write("tmall.exchange.returngoods.agree", dispute_id, RECEIVED)
        elif row["status"] in (RETURNED, RECEIVED):
            self.ship(
                "consigngoods" if row["status"] == RECEIVED else "confirm.consign", dispute_id
            )


class NightBatch(BookKeeper):
    """一轮是一夜：取上次以来的变更，同类的一起办。 A round is a night: all changes, by kind."""

    overlap = timedelta(hours=1)

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.carried = set()  # 昨夜没办成的 (what failed last night)

    def step(self):
        """先全部取完，再一类一类地办。 Fetch everything first, then work kind by kind."""
        failures = self.attempt(self.sync)
        for dispute_id in sorted(self.carried):
            failures += self.attempt(self.look, dispute_id)
        ready = sorted(self.book.keys() - self.carried)  # 看不清的今夜不办 (unsure: not tonight)
        for status in WAITING:
            for dispute_id in ready:
                if self.book[dispute_id] == status:
                    self.carried.add(dispute_id)
                    failures += self.attempt(self.do, dispute_id, status)
        return failures

    def look(self, dispute_id):
        """昨夜结果不明的，先看今天的状态。 What is unsure since last night is looked at first."""
        fields = "dispute_id,status"
        result = self.get_result("tmall.exchange.get", dispute_id=dispute_id, fields=fields)
        self.book[dispute_id] = result["exchange"]["status"]
        self.carried.discard(dispute_id)

    def do(self, dispute_id, status):
        """办一单；成功了就不用再看。 Do one; what succeeded needs no other look."""
        if status == APPLIED:
            address_id = self.return_address()
            self.write("tmall.exchange.agree", dispute_id, RETURNING, address_id=address_id)
        elif status == RETURNED:
            self.write("tmall.exchange.returngoods.agree", dispute_id, RECEIVED)
        else:
            self.ship("consigngoods", dispute_id)
        self.carried.discard(dispute_id)


class ErpStore(BookKeeper):
    """像 ERP：同步入库，单据先排队，下一轮才执行。 Like an ERP: stores, queues, acts a round later.

    执行时按上一轮看到的状态；结果不明的单先查再排。
    It acts by what the round before saw; what is unsure is looked up before it is queued again.
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.jobs = {}  # 单号 → 排队时的状态 (the status when it was queued)
        self.unsure = set()

    def step(self):
        """执行、核对、同步、排队。 Execute, verify, sync, queue."""
        failures = []
        jobs, self.jobs = self.jobs, {}
        for dispute_id, status in jobs.items():
            failures += self.attempt(self.execute, dispute_id, status)
        for dispute_id in sorted(self.unsure):
            failures += self.attempt(self.verify, dispute_id)
        synced = self.attempt(self.sync)
        waiting = {number: status for number, status in self.book.items() if status in WAITING}
        self.jobs = {number: waiting[number] for number in waiting if number not in self.unsure}
        return failures + synced

    def execute(self, dispute_id, status):
        """失败或不明的单都要核对。 What failed or is unsure has to be verified."""
        self.unsure.add(dispute_id)
        if status == APPLIED:
            address_id = self.return_address()
            self.write("tmall.exchange.agree", dispute_id, RETURNING, address_id=address_id)
        elif status == RETURNED:
            self.write("tmall.exchange.returngoods.agree", dispute_id, RECEIVED)
        else:
            self.ship("consigngoods", dispute_id)
        self.unsure.discard(dispute_id)

    def verify(self, dispute_id):
        """以平台为准。 The platform is right."""
        fields = "dispute_id,status"
        result = self.get_result("tmall.exchange.get", dispute_id=dispute_id, fields=fields)
        self.book[dispute_id] = result["exchange"]["status"]
        self.unsure.discard(dispute_id)

    def read_changes(self, until):
        """从前往后翻，直到两遍一样。 Page forward until two passes agree."""
        rows = {}
        while True:
            latest = {}
            number = pages = 1
            while number <= pages:
                page, pages = self.read_page(number, until)
                latest |= {str(row["dispute_id"]): row for row in page}
                number += 1
            if latest.items() <= rows.items():
                return rows
            rows |= latest


class PushOnly(BookKeeper):
    """只听消息，从不查列表。 Goes by the message channel alone; it never asks for a list.

    消息只说哪一单变了：状态一律再查。办完才确认，没办成的平台会重发。
    A message only says which exchange has changed: its status is always looked up.  Confirmed is
    what was worked; the rest comes again.
    """

    nick = None

    def step(self):
        """取消息，逐单看一眼再办，最后确认。 Take messages, work their exchanges, confirm."""
        failures = []
        ids = []
        failures += self.attempt(self.listen, ids)
        return failures + (self.attempt(self.confirm, ids) if ids else [])

    def listen(self, ids):
        """办取到的消息，可确认的放进 ids。 Work the messages; ids is what can be confirmed."""
        reply = self.call("taobao.tmc.messages.consume", quantity=100)
        for message in reply.get("messages", {}).get("tmc_message", []):
            if message["user_nick"] != self.own_nick():  # 同一队列里有别的店 (other shops' too)
                continue
            dispute_id = json.loads(message["content"]).get("refund_id")
            failures = self.attempt(self.work, str(dispute_id)) if dispute_id else []
            if not failures:
                ids.append(message["id"])

    def work(self, dispute_id):
        """一条消息之后把能办的都办完：同意收货之后还要发货。 Work on while there is more to do."""
        before = ""
        while before != self.book.get(dispute_id):
            before = self.book.get(dispute_id)
            super().work(dispute_id)

    def own_nick(self):
        """返回本店的昵称，只查一次。 Return the shop's nick; ask once."""
        if self.nick is None:
            self.nick = self.call("taobao.user.seller.get", fields="nick")["user"]["nick"]
        return self.nick

    def confirm(self, ids):
        """确认办完的。 Confirm what is done."""
        self.call("taobao.tmc.messages.confirm", s_message_ids=",".join(map(str, ids)))


class PushFirst(PushOnly):
    """消息为主，轮询兜底。 Messages first; a poll now and then finds what no message tells of."""

    pause = timedelta(minutes=10)
    next_poll = "2010-01-01 00:00:00"

    def step(self):
        """先听，到点再轮询。 Listen, and poll when it is time."""
        failures = super().step()
        return failures + self.attempt(self.poll)

    def poll(self):
        """买家寄回没有消息，只能查。 The buyer's return has no message: it has to be asked for."""
        now = self.call("taobao.time.get")["time"]
        if now < self.next_poll:
            return
        self.sync()
        for dispute_id, status in list(self.book.items()):
            if status in WAITING:
                self.attempt(self.work, dispute_id)
        self.next_poll = str(datetime.fromisoformat(now) + self.pause)
