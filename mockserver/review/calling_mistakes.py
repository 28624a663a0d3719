"""Mistakes of the calls themselves: signs, times, parameters, limits, and what they cost."""

from .client_mistake import ClientMistake
from .lint_rules import Severity

__all__ = ["CALLING_MISTAKES"]

CALLING_MISTAKES = (
    ClientMistake(
        id="wrong_sign",
        severity=Severity.ERROR,
        title_zh="签名算错",
        title_en="A wrong sign",
        zh="签名的内容与发送的内容不同：编码、排序、漏掉的参数、签名后又加的参数。",
        en=(
            "What is signed is not what is sent: encoding, order, a parameter left out or added "
            "after signing."
        ),
        cost_zh="code 25：一次也调不通；或者只在有中文、表情的单上失败。",
        cost_en="Code 25: no call works, or only those fail that hold Chinese or emoji.",
        change_zh="把 UTF-8 的全部参数（除 sign 和文件）按名排序后签名；用 doctor 看差在哪里。",
        change_en=(
            "Sign all parameters but sign and files, in UTF-8, sorted by name; the command "
            "doctor says where it differs."
        ),
        wrong='sign(params); params["fields"] = "…"',
        right='params["fields"] = "…"; sign(params)',
        checks=("offences",),
        codes=(25,),
        scenarios=("platform/signature",),
    ),
    ClientMistake(
        id="wrong_clock",
        severity=Severity.ERROR,
        title_zh="时间戳不对",
        title_en="A wrong timestamp",
        zh="timestamp 用了本机时区或不准的钟，与北京时间差 10 分钟以上。",
        en=(
            "The timestamp follows the machine's own zone, or a clock that is more than ten "
            "minutes off Beijing's."
        ),
        cost_zh="code 31：部署到国外机房或容器里（UTC）就全部失败。",
        cost_en=(
            "Code 31: everything fails as soon as it runs in a container or a data centre on UTC."
        ),
        change_zh="按 GMT+8 格式化时间，与机器时区无关；用 NTP，或用 taobao.time.get 校准。",
        change_en=(
            "Format the time in GMT+8 whatever the machine's zone; use NTP, or taobao.time.get."
        ),
        wrong="timestamp = datetime.now()",
        right="timestamp = datetime.now(timezone(timedelta(hours=8)))",
        codes=(30, 31),
    ),
    ClientMistake(
        id="required_left_out",
        severity=Severity.WARNING,
        title_zh="漏了必填参数",
        title_en="A required parameter is left out",
        zh="没有给 fields、v 或方法的必填参数。",
        en="fields, v or a required parameter of the method is not given.",
        cost_zh="code 40：有的旧方法不检查，换一个方法或平台升级后才失败。",
        cost_en=(
            "Code 40. Some old methods do not check it, so it fails with the next method or "
            "after a change of the platform."
        ),
        change_zh="照接口页逐个核对；公共参数放在同一处加。",
        change_en="Compare with the method's page, and add the system parameters in one place.",
        wrong='call("tmall.exchange.get", dispute_id=id)',
        right=('call("tmall.exchange.get", dispute_id=id, fields="dispute_id,status", v="2.0")'),
        findings=("fields_missing", "version_missing"),
        codes=(40,),
        scenarios=("platform/arguments",),
    ),
    ClientMistake(
        id="misspelt_names",
        severity=Severity.WARNING,
        title_zh="参数或字段写错",
        title_en="A name is misspelt",
        zh="参数名或 fields 里的字段文档里没有；平台忽略它，不报错。",
        en=(
            "A parameter, or a name in fields, stands on no page. The platform ignores it "
            "without an error."
        ),
        cost_zh="查询条件没有起作用，字段读到空值，程序按空值做决定。",
        cost_en=(
            "A filter has no effect, a field reads as empty, and the program decides by nothing."
        ),
        change_zh="照官方拼写：end_gmt_modifed_time，查询用 logistic_no，发货用 logistics_no。",
        change_en=(
            "Use the official spelling: end_gmt_modifed_time; logistic_no to search, "
            "logistics_no to ship."
        ),
        wrong="receive(end_gmt_modified_time=until)",
        right="receive(end_gmt_modifed_time=until)",
        findings=("unknown_parameter", "unknown_field"),
        codes=(41,),
    ),
    ClientMistake(
        id="call_in_ban",
        severity=Severity.ERROR,
        title_zh="封禁期间继续调用",
        title_en="Calling on in a ban",
        zh="code 7 说明封禁还剩几秒，程序不读，接着调用。",
        en=(
            "Code 7 says for how many seconds a ban lasts; the program does not read it and "
            "calls on."
        ),
        cost_zh=(
            "封禁期间的调用全部失败，时间可能延长，应用的配额被降低；同一应用的其他店铺也受影响。"
        ),
        cost_en=(
            "Every call in the ban fails, it may last longer, the app may lose quota, and its "
            "other shops suffer too."
        ),
        change_zh="从 sub_msg 读出秒数，等够再调用；各店铺共用这个等待。",
        change_en=(
            "Read the seconds from sub_msg and wait; let all shops of the app share the wait."
        ),
        wrong="except Limited: retry()",
        right="except Limited as ban: sleep(ban.seconds); retry()",
        findings=("call_in_ban",),
        checks=("pressed_on",),
        codes=(7,),
        scenarios=("faults/limited-for-a-while",),
    ),
    ClientMistake(
        id="hopeless_retry",
        severity=Severity.WARNING,
        title_zh="重试不可能成功的调用",
        title_en="A call that cannot succeed is retried",
        zh="isv.* 是调用方自己的错误，原样重试不会成功。",
        en="isv.* is the caller's own mistake; the same call cannot succeed.",
        cost_zh="日志刷屏，配额用完，真正的错误没有人看。",
        cost_en="Logs fill, the quota is used up, and nobody reads the real error.",
        change_zh="只重试 isp.* 和丢失的应答，而且先查询；isv.* 报给人。",
        change_en="Retry isp.* and lost replies only, after a look; report isv.* to a person.",
        wrong="for _ in range(5): call()",
        right='if sub_code.startswith("isp."): look_then_retry()',
        findings=("hopeless_retry",),
        scenarios=(
            "platform/session",
            "platform/session-expires",
            "platform/permission-of-the-app",
            "platform/refused-leaves-no-trace",
            "refused/another-sellers-exchange",
        ),
    ),
    ClientMistake(
        id="polling_fast",
        severity=Severity.WARNING,
        title_zh="同一查询过于频繁",
        title_en="The same query too often",
        zh="一秒内把同一个查询重复多次。",
        en="The same query is sent several times within a second.",
        cost_zh="调用配额很快用完，之后连发货也调不通。",
        cost_en="The quota is used up, and then not even a shipment goes through.",
        change_zh="几十秒一轮，或改用消息通知；同一轮里同一单只查一次。",
        change_en="Poll every half minute or use messages; read an exchange once in a round.",
        wrong="while True: receive()",
        right="while True: receive(); sleep(30)",
        findings=("polling_fast",),
    ),
    ClientMistake(
        id="exposed_secrets",
        severity=Severity.WARNING,
        title_zh="session 或个人信息外露",
        title_en="Sessions or personal data are exposed",
        zh=(
            "session 放在明文 URL 里；用 md5 签名；fields 取了全部字段，把用不到的姓名、电话、地"
            "址也取回来。"
        ),
        en=(
            "The session stands in a plain URL, signs use md5, or all fields are asked for, with "
            "names, numbers and addresses that nobody needs."
        ),
        cost_zh="代理和日志里留下 session 和个人信息：看到日志的人就能操作店铺；安全审核不通过。",
        cost_en=(
            "Sessions and personal data stay in logs and proxies: who reads a log can act as the "
            "shop, and a security review fails."
        ),
        change_zh="用 https 的 POST 表单；hmac-sha256；fields 只写这一步要用的字段。",
        change_en=(
            "Use a POST form over https, hmac-sha256, and only the fields that the step needs."
        ),
        wrong="GET http://…/router/rest?session=6100…&fields=*",
        right="POST https://…/router/rest   fields=dispute_id,status,modified",
        findings=("session_in_url", "md5_sign", "every_field"),
    ),
)
