"""The command `tokens`: named tokens of a running server."""

from typing import Any
from urllib.parse import quote

import click

from .console import Link, parse_pairs
from .remote_command import Candidates, remote_command, remote_group
from .views import view_new_token, view_nothing, view_tokens

__all__ = ["tokens"]


@remote_group(
    zh="令牌：不带子命令时列出。", en="Named tokens: those that there are.", view=view_tokens
)
def tokens(link: Link) -> Any:
    """List named tokens."""
    return link.control("GET", "tokens")


@remote_command("list", zh="列出令牌。", en="List named tokens.", view=view_tokens, parent=tokens)
def _list_tokens(link: Link) -> Any:
    return link.control("GET", "tokens")


@remote_command(
    "make",
    zh="新建令牌，只显示这一次：tokens make dashboard scope=read，或 scope=sandbox sandbox=dev-a。",
    en="Make a token, shown this once: tokens make dashboard scope=read, or scope=sandbox"
    " sandbox=dev-a.",
    view=view_new_token,
    names=lambda reply: [reply["token"]],
    parent=tokens,
)
@click.argument("name")
@click.argument("fields", nargs=-1, metavar="[K=V]...")
def _make_token(link: Link, name: str, fields: tuple[str, ...]) -> Any:
    return link.control("POST", "tokens", {"name": name, **parse_pairs(fields)})


def _list_names(link: Link) -> list[str]:
    return [item["name"] for item in link.control("GET", "tokens")["items"]]


@remote_command(
    "drop",
    zh="撤销令牌。",
    en="Revoke tokens.",
    view=view_nothing,
    candidates=Candidates("names", _list_names),
    parent=tokens,
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def _drop_tokens(link: Link, names: tuple[str, ...]) -> Any:
    for name in names:
        link.control("DELETE", f"tokens/{quote(name, safe='')}")
