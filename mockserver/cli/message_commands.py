"""Commands about the message channel (TMC): what is in it, and sending a message again."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import click

from .console import Link, translate
from .localized import option
from .remote_command import Candidates, remote_command, remote_group
from .table import format_table

__all__ = ["messages"]

_COLOURS = {"queued": "cyan", "confirmed": "green", "failed": "red", "lost": "magenta"}
_STATES = {
    "queued": ("等待确认", "queued"),
    "confirmed": ("已确认", "confirmed"),
    "failed": ("处理失败", "failed"),
    "lost": ("丢失(故障)", "lost (a fault)"),
}


def _view_messages(reply: Mapping[str, Any]) -> Iterator[str]:
    """Show messages: which, about which exchange, what became of each."""
    items = reply.get("items", [reply])
    if not items:
        yield translate(
            "通道里没有消息；open 开一张换货单就会有", "no messages; open makes an exchange and one"
        )
        return
    headings = (
        translate("消息", "message"),
        translate("主题", "topic"),
        translate("换货单", "exchange"),
        translate("分组", "group"),
        translate("状态", "state"),
        translate("已发次数", "sent"),
        translate("时间", "published"),
    )
    yield from format_table(
        headings,
        [
            (
                item["id"],
                item["topic"],
                item["dispute_id"] or "-",
                item["group"],
                (translate(*_STATES[item["state"]]), _COLOURS[item["state"]]),
                str(item["deliveries"]),
                item["published"],
            )
            for item in items
        ],
    )


def _names_of(reply: Mapping[str, Any]) -> list[str]:
    return [item["id"] for item in reply.get("items", [reply])]


def _list(link: Link, **filters: str | None) -> Any:
    return link.ask("GET", "messages", **filters)


@remote_group(
    zh="消息通道(TMC)：不带子命令时列出全部消息。",
    en="The message channel (TMC): all messages without a command of its own.",
    view=_view_messages,
)
def messages(link: Link) -> Any:
    """List messages."""
    return _list(link)


@remote_command(
    "list",
    zh="列出消息，旧的在前；可按主题、分组、状态、换货单筛选。",
    en="List messages, oldest first; by topic, group, state, exchange.",
    view=_view_messages,
    names=_names_of,
    parent=messages,
)
@option("--topic", default=None, zh="只列这个主题", en="those of this topic only")
@option("--group", default=None, zh="只列这个分组", en="those of this group only")
@option(
    "--state",
    type=click.Choice(list(_STATES)),
    default=None,
    zh="只列这个状态",
    en="those in this state only",
)
@option("--exchange", "dispute_id", default=None, zh="只列这张换货单", en="of this exchange only")
def _list_messages(
    link: Link, topic: str | None, group: str | None, state: str | None, dispute_id: str | None
) -> Any:
    return _list(link, topic=topic, group=group, state=state, dispute_id=dispute_id)


def _list_message_ids(link: Link) -> list[str]:
    return _names_of(link.ask("GET", "messages"))


@remote_command(
    "resend",
    zh="立刻重发一条消息，不论它已确认还是失败。",
    en="Send a message again at once, whatever became of it.",
    view=_view_messages,
    names=_names_of,
    candidates=Candidates("message_id", _list_message_ids),
    parent=messages,
)
@click.argument("message_id", metavar="ID")
def _resend(link: Link, message_id: str) -> Any:
    return link.ask("POST", f"messages/{quote(message_id, safe='')}/resend")
