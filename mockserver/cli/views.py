"""How replies of the control API look on a terminal: one function for each kind of reply.

A view turns the decoded reply into lines.  Columns line up also where Chinese stands in them.
Colours are left out by `say` where the output is no terminal.  What others may have written
(nicks, reasons, titles) is escaped.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..domain.vocabulary import Actor, Status
from .console import escape, paint, translate
from .table import format_table

__all__ = [
    "view_clock",
    "view_exchange",
    "view_exchanges",
    "view_fault_kinds",
    "view_faults",
    "view_mapping",
    "view_new_token",
    "view_nothing",
    "view_opened",
    "view_quotas",
    "view_sandbox",
    "view_sandboxes",
    "view_snapshots",
    "view_stock",
    "view_tokens",
]

_COLOURS = {Status.SUCCESS: "green", Status.CLOSED: "bright_black", Status.TO_REFUND: "magenta"}
_WAITING_COLOUR = "cyan"
_ENGLISH_STATUS = {status.value: status.en.partition(";")[0] for status in Status}


def _say_empty(zh: str, en: str) -> Iterator[str]:
    yield translate(zh, en)


def _status_text(document: Mapping[str, Any]) -> str:
    """Return code and text of a status; the text on the wire is Chinese and may be changed."""
    code = document["status"]
    return f"{code} {translate(document['status_text'], _ENGLISH_STATUS[code])}"


def view_exchanges(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show a list of exchanges: where each stands, until when, and what the seller can do."""
    if not reply["items"]:
        yield from _say_empty(
            "没有换货单；tmall-mockserver open 开一张",
            "no exchanges; tmall-mockserver open makes one",
        )
        return
    headings = (
        translate("换货单", "exchange"),
        translate("状态", "status"),
        translate("时限", "deadline"),
        translate("卖家可以", "the seller may"),
    )
    rows = [
        (
            item["dispute_id"],
            _status_text(item),
            item["deadline"] or "-",
            " ".join(move for move in item["possible"].get("seller", ()) if move != _MESSAGE),
        )
        for item in reply["items"]
    ]
    yield from format_table(headings, rows)
    if reply["total"] > len(rows):
        yield translate(
            f"共 {reply['total']} 张，显示 {len(rows)} 张；--limit 可多看",
            f"{reply['total']} in all, {len(rows)} here; --limit shows more",
        )


_MESSAGE = "leave_message"


def view_opened(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show what was opened: one exchange, or the list of several."""
    return view_exchanges(reply) if "items" in reply else view_exchange(reply)


def view_exchange(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show an exchange: where it stands, its history, and what each party can do now."""
    colour = _COLOURS.get(reply["status"], _WAITING_COLOUR)
    yield f"{translate('换货单', 'exchange')} {reply['dispute_id']}  " + paint(
        _status_text(reply), colour
    )
    if reply["deadline"]:
        yield f"{translate('时限', 'deadline')}  {reply['deadline']}"
    for warning in reply.get("warnings", ()):
        yield escape(str(warning))
    yield ""
    headings = tuple(
        translate(zh, en)
        for zh, en in (("时间", "time"), ("谁", "by"), ("操作", "move"), ("状态", "status"))
    )
    rows = [
        (event["at"], event["by"], event["move"], f"{event['from'] or 0} → {event['to']}")
        for event in reply["timeline"]
    ]
    yield from format_table(headings, rows)
    possible = {actor: moves for actor, moves in reply["possible"].items() if moves}
    if possible:
        yield ""
        yield translate("现在可以：", "possible now:")
    for actor, moves in possible.items():
        if actor != Actor.SYSTEM:
            yield f"  tmall-mockserver {actor} {' | '.join(moves)} {reply['dispute_id']}"


def view_stock(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show the stock accounts of all goods."""
    accounts = (
        ("available", "可用"),
        ("reserved", "预占"),
        ("shipped", "已发"),
        ("returned", "退回"),
    )
    headings = (
        translate("名称", "name"),
        "sku_id",
        *(translate(zh, en) for en, zh in accounts),
        translate("标题", "title"),
    )
    rows = [
        (
            item["name"],
            item["sku_id"],
            *(str(item[account]) for account, _ in accounts),
            item["title"],
        )
        for item in reply["items"]
    ]
    yield from format_table(headings, rows)


def view_mapping(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show names with their values, as they are set: a switch is true or false."""
    yield from format_table((), [(name, _format_value(value)) for name, value in reply.items()])


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "-" if value is None else str(value)


_OWN_COLUMNS = ("id", "fault", "method", "hits", "left")


def view_faults(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show planned faults in the order in which they are asked."""
    items = reply.get("items", [reply])
    if not items:
        yield from _say_empty(
            "没有计划的故障；tmall-mockserver faults names 列出可用的",
            "no planned faults; tmall-mockserver faults names shows what there is",
        )
        return
    headings = (
        "id",
        translate("故障", "fault"),
        translate("方法", "method"),
        translate("命中", "hits"),
        translate("剩余", "left"),
        translate("其他", "other"),
    )
    rows = [
        (
            item["id"],
            item["fault"],
            _format_globs(item.get("method", "*")),
            str(item["hits"]),
            "∞" if item["left"] is None else str(item["left"]),
            " ".join(
                f"{name}={_format_value(value)}"
                for name, value in item.items()
                if name not in _OWN_COLUMNS
            ),
        )
        for item in items
    ]
    yield from format_table(headings, rows)


def _format_globs(method: str | Sequence[str]) -> str:
    return method if isinstance(method, str) else ",".join(method)


def view_fault_kinds(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show the faults that can be planned, and the sets of faults."""
    lang = translate("zh", "en")
    for heading, items in (
        (translate("故障", "fault"), reply["faults"]),
        (translate("故障集", "set"), reply["sets"]),
    ):
        yield from format_table(
            (heading, translate("作用", "what it does")),
            [(item["name"], item[lang]) for item in items],
        )


def view_quotas(reply: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Show the quotas."""
    if not reply:
        yield from _say_empty("没有配额，调用不限", "no quotas, nothing is limited")
        return
    headings = (
        translate("每", "per"),
        translate("次数", "limit"),
        translate("方法", "method"),
        "app_key",
        "sub_code",
    )
    yield from format_table(
        headings,
        [
            (
                item["per"],
                str(item["limit"]),
                item.get("method") or "-",
                item.get("app_key") or "-",
                item["sub_code"],
            )
            for item in reply
        ],
    )


def view_sandboxes(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show the sandboxes of a server."""
    headings = (
        translate("独立环境", "sandbox"),
        translate("流程", "flow"),
        translate("现在", "now"),
        "app_key",
        "session",
        translate("换货单", "exchanges"),
        translate("请求", "requests"),
        translate("最后使用", "last used"),
    )
    yield from format_table(
        headings,
        [
            (
                item["id"],
                item["ruleset"],
                item["now"],
                item["app_key"],
                item["session"],
                str(item["size"]["exchanges"]),
                str(item["size"]["requests"]),
                item["last_used"] or "-",
            )
            for item in reply["items"]
        ],
    )


def view_sandbox(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show what a client needs of a sandbox."""
    names = ("id", "gateway", "app_key", "app_secret", "session", "sub_session", "now")
    return view_mapping({name: reply[name] for name in names})


def view_tokens(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show named tokens: how far each reaches, since when, and when it was used last."""
    if not reply["items"]:
        yield from _say_empty(
            "没有令牌；tmall-mockserver tokens make NAME scope=read 新建一个",
            "no named tokens; tmall-mockserver tokens make NAME scope=read makes one",
        )
        return
    headings = (
        translate("令牌", "token"),
        translate("范围", "scope"),
        translate("独立环境", "sandbox"),
        translate("创建于", "made"),
        translate("最后使用", "last used"),
    )
    yield from format_table(
        headings,
        [
            (item["name"], item["scope"], item["sandbox"] or "-", item["made"], item["used"] or "-")
            for item in reply["items"]
        ],
    )


def view_new_token(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show the secret of a new token, alone on the first line."""
    yield reply["token"]
    yield translate(
        "请现在保存：之后不再显示，服务只存它的摘要",
        "keep it now: it is not shown again, the server has its digest only",
    )


def view_snapshots(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show the names of snapshots."""
    if not reply["items"]:
        yield from _say_empty("没有快照", "no snapshots")
    yield from map(escape, reply["items"])


def view_clock(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show the now of a sandbox, what has fired, and what is coming."""
    mode = translate(*_MODES[reply["mode"]])
    yield f"{translate('现在', 'now')} {reply['now']}  {mode}"
    if "fired" in reply:
        fired = reply["fired"]
        yield translate(f"触发 {len(fired)} 次", f"{len(fired)} fired")
        if fired:
            yield from format_table(
                (
                    translate("时间", "time"),
                    translate("换货单", "exchange"),
                    translate("谁", "by"),
                    translate("操作", "move"),
                    translate("状态", "status"),
                ),
                [
                    (
                        event["at"],
                        event["dispute_id"],
                        event["by"],
                        event["move"],
                        f"{event['from'] or 0} → {event['to']}",
                    )
                    for event in fired
                ],
            )
    coming = [(item["at"], item["dispute_id"], item["rule"]) for item in reply["deadlines"]]
    coming += [
        (plan["at"], plan["dispute_id"] or "-", f"{plan['by']} {plan['move']}")
        for plan in reply.get("planned", ())
    ]
    if coming:
        yield ""
        yield from format_table(
            (
                translate("将到期", "coming"),
                translate("换货单", "exchange"),
                translate("规则", "rule"),
            ),
            sorted(coming),
        )


_MODES = {"frozen": ("停住", "frozen"), "running": ("走动", "running")}


def view_nothing(reply: object) -> Iterator[str]:
    """Show nothing: the command has done what it says."""
    return iter(())
