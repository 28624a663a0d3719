"""Mistakes of clients that read: what is overlooked or misread, and what it costs."""

from .client_mistake import ClientMistake
from .lint_rules import Severity

__all__ = ["READING_MISTAKES"]

READING_MISTAKES = (
    ClientMistake(
        id="left_lying",
        severity=Severity.ERROR,
        title_zh="换货单没有办理",
        title_en="An exchange is left lying",
        zh="换货单停在程序负责的状态，程序看得到，却一直没有操作。",
        en=(
            "An exchange waits at a status that the program handles. It could see it, and does "
            "nothing."
        ),
        cost_zh="到期后系统替卖家决定：自动同意、自动确认收货或自动退款。",
        cost_en=(
            "When the deadline passes the system decides for the seller: it agrees, confirms or "
            "refunds."
        ),
        change_zh="列出程序负责的每个状态，每一轮都查一遍；没有办成的记下原因并报警。",
        change_en=(
            "List every status that the program handles and look at each in every round; note "
            "why something was not done, and inform a person."
        ),
        wrong='if status == "换货待处理": agree(id)     # 3 and 12: nobody',
        right=(
            'work = {"换货待处理": agree, "买家已退货，待收货": confirm, "待发出换货商品": ship}'
        ),
        checks=("left_lying",),
        scenarios=(
            "classic/whole-exchange",
            "upgraded/whole-exchange",
            "stock/whole-way",
            "time/waiting-for-a-client",
            "opening/at-any-status",
            "opening/to-a-status",
        ),
    ),
    ClientMistake(
        id="rows_missed",
        severity=Severity.ERROR,
        title_zh="漏单：列表里的行没有读到",
        title_en="Rows of a list are missed",
        zh=(
            "从前往后翻页时有单被修改，后面的行前移一页；或时间窗口首尾相接，晚到列表的修改再也"
            "看不到。"
        ),
        en=(
            "While pages are read forward a row is modified and others move up; or windows "
            "touch, so what is listed late is never read."
        ),
        cost_zh="偶尔少一单，日志里没有任何错误；买家投诉时才发现已经超时。",
        cost_en=(
            "Now and then one exchange is missing, without any error in a log. It is noticed "
            "when the buyer complains, after the deadline."
        ),
        change_zh="从最后一页往前翻，直到没有新行；窗口之间重叠几分钟；全部读完才移动水位。",
        change_en=(
            "Read from the last page to the first until nothing is new; let windows overlap by "
            "minutes; move the mark only when all was read."
        ),
        wrong="for page in 1..n: read(page)\nsince = until + 1s",
        right=(
            "for page in n..1: read(page)          # again until nothing is new\n"
            "since = until - 5min"
        ),
        scenarios=(
            "clients/rows-move-between-pages",
            "clients/change-listed-late",
            "lists/row-slips-between-pages",
            "lists/row-leaves-the-window",
        ),
    ),
    ClientMistake(
        id="pages_unfinished",
        severity=Severity.WARNING,
        title_zh="没有翻完页",
        title_en="Pages are not read to the end",
        zh="应答的 has_next 是 true，程序没有请求后面的页。",
        en="A reply says has_next, and the other pages are never asked for.",
        cost_zh="大促时一页装不下：后面的换货单和留言没有人看到。",
        cost_en=(
            "On busy days one page is not enough: what stands on the others is seen by nobody."
        ),
        change_zh="has_next 为 true 就继续；页数上限要报警，不能默默停下。",
        change_en=(
            "Go on while has_next is true. A limit of pages has to raise an alarm, not to stop "
            "silently."
        ),
        wrong="rows = receive(page_no=1)",
        right="while has_next: rows += receive(page_no=n)",
        findings=("pages_unfinished",),
        scenarios=("lists/pages", "messages/pages"),
    ),
    ClientMistake(
        id="no_window",
        severity=Severity.WARNING,
        title_zh="轮询没有时间范围",
        title_en="Polling without a time window",
        zh="轮询列表不给修改时间，每次都翻完全部历史。",
        en=(
            "A list is polled without a window of modified time, so all history is read each time."
        ),
        cost_zh="单量一大就慢，调用配额先用完，新单反而看不到。",
        cost_en=(
            "With many exchanges it is slow and the quota is used up before the new ones are seen."
        ),
        change_zh=(
            "给 start_gmt_modified_time 与 end_gmt_modifed_time（官方就少一个 i），按修改时间增"
            "量查询。"
        ),
        change_en=(
            "Give start_gmt_modified_time and end_gmt_modifed_time (the official spelling) and "
            "ask for changes only."
        ),
        wrong="receive(page_no=n)",
        right="receive(start_gmt_modified_time=since, end_gmt_modifed_time=until, page_no=n)",
        findings=("no_window",),
        scenarios=("lists/filters", "lists/nothing-found"),
    ),
    ClientMistake(
        id="ids_rounded",
        severity=Severity.ERROR,
        title_zh="编号丢了末位",
        title_en="Ids lose their last digits",
        zh="换货单号有 18 位，超出双精度浮点数；JavaScript、PHP、Excel 读成数字就变了。",
        en=(
            "A dispute_id has 18 digits, more than a double holds. Read as a number in "
            "JavaScript, PHP or a spreadsheet it changes."
        ),
        cost_zh="查不到单，或操作到别人的单。",
        cost_en="The exchange is not found, or another one is acted upon.",
        change_zh="编号按文本读、按文本存；JSON 解析用能保留大整数的库。",
        change_en="Read and store ids as text; use a JSON parser that keeps large integers.",
        wrong="id = JSON.parse(body).dispute_id        // 1.2345678901234567e17",
        right='id = parseKeepingDigits(body).dispute_id  // "123456789012345678"',
        findings=("ids_rounded",),
        scenarios=("opening/ids-beyond-a-double", "opening/captured-exchange"),
    ),
    ClientMistake(
        id="unknown_status_text",
        severity=Severity.ERROR,
        title_zh="只认一种状态文字",
        title_en="Only one text of a status is known",
        zh="状态 14 在资料里有两种文字（请退款；换货关闭,请退款）；程序只认一种，其余的行丢掉。",
        en=(
            "Status 14 has two texts in the sources (请退款; 换货关闭,请退款). The program knows "
            "one and drops other rows."
        ),
        cost_zh="该退款的单没有退，买家投诉；自己的账还停在前一个状态。",
        cost_en=(
            "A refund that is due is not paid and the buyer complains; your own book stays at "
            "the status before."
        ),
        change_zh="不认识的文字要记录并报警，不能丢行；同一状态的几种文字都要认。",
        change_en=(
            "Record and report an unknown text, never drop the row; accept every text of a status."
        ),
        wrong="rows = [row for row in rows if row.status in TEXTS]",
        right="status = BY_TEXT.get(row.status) or report(row)",
        scenarios=(
            "clients/second-text-of-14",
            "rules/text-of-status-14",
            "classic/seller-turns-into-refund",
        ),
    ),
    ClientMistake(
        id="unread_content",
        severity=Severity.ERROR,
        title_zh="内容一特别，程序就中止",
        title_en="The program ends at unusual content",
        zh="地址按一个 ^ 拆，留言以为只有一行，字段以为一定有：遇到别的内容就抛异常退出。",
        en=(
            "Addresses are split at one ^, a message is taken for one line, a field for always "
            "there; other content ends the program."
        ),
        cost_zh="一位买家的一条留言让整个店铺的换货都停下，直到有人重启。",
        cost_en=(
            "One message of one buyer stops all exchanges of the shop until somebody restarts "
            "the program."
        ),
        change_zh="地址按 ^^^ 拆成四段；字段可能没有；一单出错只影响这一单。",
        change_en=(
            "Split addresses at ^^^ into four parts; expect that fields are missing; let one "
            "exchange's error stop that exchange only."
        ),
        wrong='province, city, district, detail = address.split("^")',
        right='parts = address.split("^^^")          # and: try each exchange by itself',
        checks=("exception",),
        scenarios=(
            "clients/address-in-parts",
            "clients/message-of-several-lines",
            "messages/everybody-writes",
            "messages/in-every-status",
            "messages/in-every-status-upgraded",
            "messages/not-a-picture",
            "messages/system-notices",
            "rules/fields-may-be-missing",
            "messages/reply-of-a-new-message",
            "opening/buyers-wishes",
        ),
    ),
    ClientMistake(
        id="confirmed_unhandled",
        severity=Severity.WARNING,
        title_zh="消息没处理就确认",
        title_en="Messages are confirmed unhandled",
        zh="取到消息先确认，再处理；处理时程序中断，消息不会再来。",
        en=(
            "Messages are confirmed first and handled later; if the program stops in between "
            "they never come again."
        ),
        cost_zh="发布、重启时丢消息，丢了哪些也不知道。",
        cost_en="Messages are lost at each deployment, and nobody knows which.",
        change_zh="先处理，或可靠地存下，再确认；同一消息可能来两次，要能重复处理。",
        change_en=(
            "Handle the message, or store it safely, then confirm; be ready for the same message "
            "twice."
        ),
        wrong="confirm(ids); handle(messages)",
        right="store(messages); confirm(ids); handle(stored)",
        findings=("confirmed_unhandled",),
    ),
)
