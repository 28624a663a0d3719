"""Commands about one sandbox's world: stock, rules, faults, quotas, robots; and about sandboxes.

Each shows without arguments and changes with them.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from ..service.control_function import sandbox_path
from .console import WRONG_USE, Link, fail, parse_pairs
from .localized import option
from .remote_command import Candidates, remote_command, remote_group
from .views import (
    view_fault_kinds,
    view_faults,
    view_mapping,
    view_nothing,
    view_quotas,
    view_sandbox,
    view_sandboxes,
    view_stock,
)

__all__ = ["faults", "quotas", "robots", "rules", "sandboxes", "stock"]

_TEXT_FIELDS = ("dispute_id", "session", "fault", "set", "method", "until", "sub_code")


def _read_number(name: str, text: str) -> int:
    """Return a whole number; another text ends the command with exit 2."""
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        fail(
            WRONG_USE,
            f"{name} 应为最多九位的整数：{text}",
            f"{name} is a whole number of at most nine digits: {text}",
        )
    return int(text)


def _read_scalar(text: str) -> object:
    """Return a number, true, false or null as JSON spells them; any other text as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, str | list | dict) else value


def _list_goods(link: Link) -> list[str]:
    items = link.ask("GET", "stock")["items"]
    return [text for item in items for text in (item["name"], item["sku_id"])]


@remote_command(
    zh="库存：不带参数时显示，wanted=0 设定可用数量。",
    en="Stock: shown without arguments; wanted=0 sets what is available.",
    view=view_stock,
    candidates=Candidates("levels", _list_goods),
)
@click.argument("levels", nargs=-1, metavar="[NAME=N]...")
def stock(link: Link, levels: tuple[str, ...]) -> Any:
    """Show the stock, or set available units by name or SKU id."""
    levels_by_name = {name: _read_number(name, text) for name, text in parse_pairs(levels).items()}
    for name, available in levels_by_name.items():
        link.ask("PUT", f"stock/{quote(name, safe='')}", {"available": available})
    return link.ask("GET", "stock")


def _list_rules(link: Link) -> list[str]:
    return list(link.ask("GET", "rules"))


@remote_command(
    zh="规则：不带参数时显示全部，deadline.2=1d 修改，deadline 只显示这样开头的。",
    en="Rules: all without arguments; deadline.2=1d changes one, deadline shows those of a kind.",
    view=view_mapping,
    candidates=Candidates("words", _list_rules),
)
@click.argument("words", nargs=-1, metavar="[NAME=V|NAME]...")
def rules(link: Link, words: tuple[str, ...]) -> Any:
    """Show or change rules; a value is read as the kind of value that the rule has now."""
    current: Mapping[str, Any] = link.ask("GET", "rules")
    changes = parse_pairs(word for word in words if "=" in word)
    if changes:
        body = {
            name: text if isinstance(current.get(name), str) else _read_scalar(text)
            for name, text in changes.items()
        }
        current = link.ask("PATCH", "rules", body)
    prefixes = [word.partition("=")[0] for word in words]
    if not prefixes:
        return current
    matching = {
        name: value for name, value in current.items() if any(map(name.startswith, prefixes))
    }
    if not matching:
        fail(
            WRONG_USE,
            f"没有以 {'、'.join(prefixes)} 开头的规则；不带参数时列出全部",
            f"no rule begins with {', '.join(prefixes)}; without arguments all are listed",
        )
    return matching


@remote_group(
    zh="故障：不带子命令时列出计划的。", en="Faults: those that are planned.", view=view_faults
)
def faults(link: Link) -> Any:
    """List planned faults."""
    return link.ask("GET", "faults")


@remote_command(
    "names",
    zh="可用的故障与故障集。",
    en="The faults and sets of faults that there are.",
    view=view_fault_kinds,
    parent=faults,
)
def _fault_names(link: Link) -> Any:
    return link.control("GET", "faults/names")


@remote_command(
    "add",
    zh="计划一个故障或故障集：faults add reply_lost method=tmall.exchange.agree times=2。",
    en="Plan a fault, or a set: faults add reply_lost method=tmall.exchange.agree times=2.",
    view=view_faults,
    parent=faults,
)
@click.argument("name")
@click.argument("fields", nargs=-1, metavar="[K=V]...")
def _add_fault(link: Link, name: str, fields: tuple[str, ...]) -> Any:
    body = {
        key: text if key in _TEXT_FIELDS else _read_scalar(text)
        for key, text in parse_pairs(fields).items()
    }
    sets = {item["name"] for item in link.control("GET", "faults/names")["sets"]}
    return link.ask("POST", "faults", {"set" if name in sets else "fault": name, **body})


@remote_command(
    "drop",
    zh="删除故障；不给编号时删除全部。",
    en="Drop faults by id; without ids all of them.",
    view=view_faults,
    parent=faults,
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
def _drop_faults(link: Link, ids: tuple[str, ...]) -> Any:
    for path in [f"faults/{quote(id_, safe='')}" for id_ in ids] or ["faults"]:
        link.ask("DELETE", path)
    return link.ask("GET", "faults")


@remote_group(zh="配额：不带子命令时列出。", en="Quotas: those that are set.", view=view_quotas)
def quotas(link: Link) -> Any:
    """List quotas."""
    return link.ask("GET", "quotas")


@remote_command(
    "add",
    zh="加一条配额，计数从零开始：quotas add per=second limit=5 method=tmall.exchange.get。",
    en="Add a quota; counts begin anew: quotas add per=second limit=5 method=tmall.exchange.get.",
    view=view_quotas,
    parent=quotas,
)
@click.argument("fields", nargs=-1, required=True, metavar="K=V...")
def _add_quota(link: Link, fields: tuple[str, ...]) -> Any:
    quota: dict[str, object] = dict(parse_pairs(fields))
    if "limit" in quota:
        quota["limit"] = _read_number("limit", str(quota["limit"]))
    return link.ask("PUT", "quotas", [*link.ask("GET", "quotas"), quota])


@remote_command("drop", zh="删除全部配额。", en="Drop all quotas.", view=view_quotas, parent=quotas)
def _drop_quotas(link: Link) -> Any:
    return link.ask("PUT", "quotas", [])


@remote_command(
    zh="机器人：不带参数时显示，buyer=prompt cs=slow applies=2h 设定，buyer= 改回手动。",
    en="Robots: shown without arguments; buyer=prompt cs=slow applies=2h sets, buyer= unsets.",
    view=view_mapping,
)
@click.argument("changes", nargs=-1, metavar="[PARTY=BEHAVIOUR]...")
def robots(link: Link, changes: tuple[str, ...]) -> Any:
    """Show or set who acts by itself; parties that are not named stay as they are."""
    current = link.ask("GET", "robots")
    if not changes:
        return current
    behaviours = {party: text or None for party, text in parse_pairs(changes).items()}
    return link.ask("PUT", "robots", {**current, **behaviours})


@remote_group(
    zh="独立环境：不带子命令时列出。", en="Sandboxes: those of the server.", view=view_sandboxes
)
def sandboxes(link: Link) -> Any:
    """List sandboxes."""
    return link.control("GET", "sandboxes")


@remote_command(
    "list", zh="列出独立环境。", en="List sandboxes.", view=view_sandboxes, parent=sandboxes
)
def _list_sandboxes(link: Link) -> Any:
    return link.control("GET", "sandboxes")


@remote_command(
    "make",
    zh="新建独立环境：--file 世界文档(JSON 或 TOML)，k=v 覆盖其中的项，例如 name=dev-a。",
    en="Make a sandbox; --file is a world document (JSON, TOML), k=v such as name=dev-a win.",
    view=view_sandbox,
    names=lambda reply: [reply["id"]],
    parent=sandboxes,
)
@click.argument("fields", nargs=-1, metavar="[K=V]...")
@option("--file", "path", default="", zh="世界文档", en="the world document")
def _make_sandbox(link: Link, fields: tuple[str, ...], path: str) -> Any:
    document = read_document_file(path) if path else {}
    typed = {name: _read_scalar(text) for name, text in parse_pairs(fields).items()}
    return link.control("POST", "sandboxes", {**document, **typed})


def _list_sandbox_ids(link: Link) -> list[str]:
    return [item["id"] for item in link.control("GET", "sandboxes")["items"]]


@remote_command(
    "drop",
    zh="删除独立环境。",
    en="Drop sandboxes.",
    view=view_nothing,
    candidates=Candidates("ids", _list_sandbox_ids),
    parent=sandboxes,
)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
def _drop_sandboxes(link: Link, ids: tuple[str, ...]) -> Any:
    for id_ in ids:  # all are there, or none is dropped
        link.control("GET", sandbox_path(id_))
    for id_ in ids:
        link.control("DELETE", sandbox_path(id_))


def read_document_file(path: str) -> dict[str, Any]:
    """Return the JSON or TOML document in a file; anything else ends the command with exit 2."""
    try:
        text = Path(path).read_text("utf-8-sig")
        if path.endswith(".toml"):
            import tomllib

            return tomllib.loads(text)
        document = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        fail(WRONG_USE, f"读不了 {path}：{error}", f"cannot read {path}: {error}")
    if not isinstance(document, dict):
        fail(WRONG_USE, f"{path} 应为一个对象", f"{path} should hold an object")
    return document
