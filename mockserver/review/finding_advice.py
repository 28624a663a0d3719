"""What a finding about a client costs in production, with a wrong and a right form of the call.

The guide docs/client-findings.md and the HTML pages of `exec --report` and `--client-report` are
made of this one table.  A lint rule more takes one literal here.  The forms are short notes, not a
language: `agree(id)` is `tmall.exchange.agree` with `dispute_id`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

__all__ = ["FINDING_ADVICE", "FindingAdvice"]


class FindingAdvice(Struct, frozen=True, kw_only=True):
    """A finding in a sentence, its cost in production, a wrong and a right form.

    `id` is that of the lint rule.
    """

    id: str
    zh: str
    en: str
    cost_zh: str
    cost_en: str
    wrong: str
    right: str


FINDING_ADVICE: Mapping[str, FindingAdvice] = MappingProxyType(
    {
        advice.id: advice
        for advice in (
            FindingAdvice(
                id="double_shipment",
                zh="一张换货单发了两件。",
                en="Two parcels for one exchange.",
                cost_zh=(
                    "第二件离开仓库，买家收到两件：损失货款与运费；有纠纷时，平台上的运单号还"
                    "是另一件的。"
                ),
                cost_en=(
                    "A second parcel leaves the warehouse. The buyer keeps both; the goods "
                    "and the freight are lost, and the waybill at the platform is the wrong "
                    "one in a dispute."
                ),
                wrong=(
                    "waybill = new_waybill()\n"
                    "consigngoods(id, waybill)      # no reply: called again with a newer waybill"
                ),
                right=(
                    "waybill = saved.setdefault(id, new_waybill())\n"
                    "consigngoods(id, waybill)      # a retry sends the same one"
                ),
            ),
            FindingAdvice(
                id="unsafe_repeat",
                zh="没有查询就重复写操作。",
                en="A write is repeated without a look.",
                cost_zh=(
                    "第一次其实成功了，只是应答丢了。第二次遇到的是下一个状态：失败并惊动人工"
                    "；若买家刚修改过，就同意了没人看过的申请。"
                ),
                cost_en=(
                    "The first write had succeeded, only its reply was lost. The second "
                    "meets the next status: it fails and alarms people, or, after a "
                    "modification, agrees to something nobody has read."
                ),
                wrong=("try: agree(id)\nexcept Timeout: agree(id)"),
                right=(
                    "try: agree(id)\n"
                    "except Timeout:\n"
                    '    if get(id).status == "换货待处理": agree(id)'
                ),
            ),
            FindingAdvice(
                id="double_message",
                zh="买家看到两遍同样的留言。",
                en="The buyer reads the same message twice.",
                cost_zh="买家反感，小二也会认为卖家在催促。",
                cost_en="The buyer is annoyed, and customer service counts a nagging seller.",
                wrong=("try: message_add(id, text)\nexcept Timeout: message_add(id, text)"),
                right=(
                    "try: message_add(id, text)\n"
                    "except Timeout:\n"
                    "    if text not in messages_get(id): message_add(id, text)"
                ),
            ),
            FindingAdvice(
                id="call_in_ban",
                zh="封禁期间继续调用。",
                en="Calling on during a ban.",
                cost_zh=(
                    "这个应用在所有店铺的调用都被拒，继续调用还可能延长封禁；其间时限到了，系"
                    "统替卖家同意或退款。"
                ),
                cost_en=(
                    "Every call of the app is refused for all shops, and calling on can make "
                    "bans longer. Meanwhile deadlines pass: the system agrees or refunds for "
                    "the seller."
                ),
                wrong="while refused(code 7): call_again()",
                right=(
                    'seconds = number_in(sub_msg)      # "This ban will last for 59 more seconds"\n'
                    "sleep(seconds); call_again()"
                ),
            ),
            FindingAdvice(
                id="ids_rounded",
                zh="编号丢了末位。",
                en="Digits of ids are lost.",
                cost_zh=(
                    "查询、同意或发货的是别的买家的换货单，或根本不存在。18 位的编号大约每两"
                    "个就有一个出错。"
                ),
                cost_en=(
                    "The client asks for, agrees to or ships another buyer's exchange, or "
                    "none. With 18 digits about every other id is hit."
                ),
                wrong=(
                    "id = JSON.parse(reply).dispute_id      // 300000000000020021 becomes "
                    "...020030 elsewhere"
                ),
                right=(
                    "id = String(row.dispute_id) of a parser that keeps long numbers "
                    "(json-bigint, long, decimal text)"
                ),
            ),
            FindingAdvice(
                id="failure_ignored",
                zh="把失败当成成功。",
                en="A failure is taken for success.",
                cost_zh=(
                    "仓库发了货、系统记了账，平台却没有接受。换货单一直停到时限，然后退款给买家。"
                ),
                cost_en=(
                    "The warehouse ships, or the system books, what the platform has "
                    "refused. The exchange waits until its deadline, then the buyer gets the "
                    "money back."
                ),
                wrong="if http_status == 200: mark_done(id)",
                right=(
                    'if "error_response" not in reply and reply.result.success is true:\n'
                    "    mark_done(id)\n"
                    "else: read the exchange, then decide"
                ),
            ),
            FindingAdvice(
                id="confirmed_unhandled",
                zh="消息未处理就确认。",
                en="Messages are confirmed before they are handled.",
                cost_zh="程序在中间停了，这些换货单再也没有人看，直到时限。",
                cost_en=(
                    "When the program stops in between, these exchanges are never looked at "
                    "again: nobody acts until the deadline."
                ),
                wrong="messages = consume(); confirm(messages); handle(messages)",
                right="messages = consume(); store_or_handle(messages); confirm(messages)",
            ),
            FindingAdvice(
                id="unknown_parameter",
                zh="平台不认识的参数。",
                en="A parameter that the platform ignores.",
                cost_zh="以为有的筛选其实没有：列表翻遍全部历史，发货没有运单号。",
                cost_en=(
                    "The filter that you think is there is not: a list goes through all "
                    "history, a shipment has no waybill."
                ),
                wrong=(
                    "end_gmt_modified_time=...      (list)      logistic_no=...      (shipment)"
                ),
                right=(
                    "end_gmt_modifed_time=...       (list)      logistics_no=...     (shipment)"
                ),
            ),
            FindingAdvice(
                id="no_window",
                zh="轮询列表没有时间范围。",
                en="A list without a time window.",
                cost_zh="每一轮都读整个店铺的历史，一天比一天多，直到中午就用完当天的额度。",
                cost_en=(
                    "Each round reads the whole history of the shop. It grows every day "
                    "until the quota is used up by noon."
                ),
                wrong="receive_get(page_no=1..n)",
                right=(
                    "receive_get(start_gmt_modified_time=mark - 5 minutes, "
                    "end_gmt_modifed_time=now, page_no=n..1)"
                ),
            ),
            FindingAdvice(
                id="pages_unfinished",
                zh="没有翻完页。",
                en="Pages are left unread.",
                cost_zh="忙的日子里第一页之后的换货单被漏掉，平时却看不出来。",
                cost_en=(
                    "On a busy day the exchanges behind the first page are missed, and only then."
                ),
                wrong="rows = receive_get(page_no=1).results",
                right=(
                    "read pages until has_next is false, from the last page to the first, "
                    "until nothing is new"
                ),
            ),
            FindingAdvice(
                id="fields_missing",
                zh="没有给 fields。",
                en="No fields.",
                cost_zh="调用被拒(code 40)：什么也没读到，什么也没办成。",
                cost_en="The call is refused with code 40: nothing is read, nothing is written.",
                wrong='call("tmall.exchange.get", dispute_id=id)',
                right=(
                    'call("tmall.exchange.get", dispute_id=id, fields="dispute_id,status,modified")'
                ),
            ),
            FindingAdvice(
                id="version_missing",
                zh="没有给 v。",
                en="No v.",
                cost_zh="调用被拒：v 是必填的系统参数。",
                cost_en="The call is refused: v is a required system parameter.",
                wrong="method=...&app_key=...&timestamp=...",
                right="method=...&app_key=...&timestamp=...&v=2.0",
            ),
            FindingAdvice(
                id="polling_fast",
                zh="轮询太快。",
                en="Polling without a pause.",
                cost_zh="当天的额度用完，然后这个应用的所有店铺被封禁几分钟。",
                cost_en=(
                    "The quota of the day is used up, then every shop of the app is banned "
                    "for minutes."
                ),
                wrong="while true: receive_get(...)",
                right="every 1 to 5 minutes: receive_get(window since the last round)",
            ),
            FindingAdvice(
                id="hopeless_retry",
                zh="重复不可能成功的调用。",
                en="A call that cannot succeed is repeated.",
                cost_zh="浪费额度，日志里看不到真正的错误，换货单一直停着。",
                cost_en=(
                    "It burns the quota and hides the real mistake in the log; the exchange "
                    "waits meanwhile."
                ),
                wrong="while failed: call(the same parameters)      # isv.invalid-parameter",
                right=("retry isp.* and lost replies only, after a look; report isv.* to a person"),
            ),
            FindingAdvice(
                id="session_in_url",
                zh="session 写在 URL 里。",
                en="The session stands in a URL.",
                cost_zh="代理和服务器会把 URL 写进日志，看到日志的人都能以店铺的身份操作。",
                cost_en=(
                    "URLs are logged by proxies and servers. Whoever reads a log can act as "
                    "the shop."
                ),
                wrong="GET /router/rest?session=6100...&sign=...",
                right="POST /router/rest      (session in the form body, https)",
            ),
            FindingAdvice(
                id="unknown_field",
                zh="文档没有的字段。",
                en="A field that does not exist.",
                cost_zh="应答里没有它；程序当成空值，就凭空做了决定。",
                cost_en="The reply lacks it. A program that reads it as empty decides on nothing.",
                wrong="fields=dispute_id,state",
                right="fields=dispute_id,status",
            ),
            FindingAdvice(
                id="every_field",
                zh="取了全部字段。",
                en="All fields are asked for.",
                cost_zh="应答慢；买家的姓名、电话、地址留在了本不需要它们的缓存与日志里。",
                cost_en=(
                    "Replies are slow, and the buyer's name, number and address lie in "
                    "caches and logs that nobody has asked for."
                ),
                wrong="fields=<all names of the page>",
                right="fields=dispute_id,status,modified      (what the step uses)",
            ),
            FindingAdvice(
                id="md5_sign",
                zh="用 md5 签名。",
                en="Signing by md5.",
                cost_zh="现在还能用；文档里有更强的方法，安全检查会要求改用。",
                cost_en=(
                    "It works today. A stronger method is documented, and reviews of "
                    "security ask for it."
                ),
                wrong="sign_method=md5",
                right="sign_method=hmac-sha256",
            ),
        )
    }
)
