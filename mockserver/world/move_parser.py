"""Read a move as users write it: who, which, with what fields.

Seller's moves take the parameters of their method; numbers may be written as text and waybills as
numbers.  Pictures are `data:` URLs, which are stored, or addresses, which are kept.
"""

from base64 import b64decode
from collections.abc import Mapping
from enum import StrEnum
from typing import get_type_hints

import msgspec
from msgspec import Struct

from ..domain.moves import PICTURES_FIELD, LeaveMessage, Move
from ..domain.rules import RuleValues
from ..domain.table_index import SHIPPED_TABLE, TableIndex
from ..domain.vocabulary import Actor, Role
from ..protocol.pictures import detect_picture_type, is_usual_picture, name_picture
from .document import BadDocument, translate_message, unknown_name

__all__ = ["ACTOR_MOVES", "TEXT_FIELDS", "ParsedMove", "parse_move"]

ACTOR_MOVES: Mapping[Actor, tuple[str, ...]] = {
    actor: tuple(move.name() for move in moves)
    for actor, moves in SHIPPED_TABLE.moves_by_actor.items()
}


class ParsedMove(Struct, frozen=True):
    """A move, the role that makes it, and the pictures to store, content by name."""

    move: Move
    role: Role
    pictures: Mapping[str, bytes]


def parse_move(
    by: str,
    name: str,
    fields: Mapping[str, object],
    rules: RuleValues,
    *,
    sub: bool = False,
    table: TableIndex = SHIPPED_TABLE,
) -> ParsedMove:
    """Return the move that `by` makes, with its role.

    `sub` is True for the seller's sub-account.  `table` says which moves an actor has.

    Raises:
        BadDocument: unknown actor, move or field (with what was probably meant), a wrong type,
            or words or a picture longer than the sandbox's rules allow.
    """
    if by not in set(Actor):
        raise unknown_name("by", by, tuple(Actor))
    actor = Actor(by)
    moves = {move.name(): move for move in table.moves_by_actor[actor]}
    if name not in moves:
        raise unknown_name("move", name, tuple(moves))
    if sub and actor is not Actor.SELLER:
        raise BadDocument("sub", "只有卖家有子账号", "only the seller has sub-accounts")
    kind = moves[name]
    sent = {key: value for key, value in fields.items() if key != "fields"}
    names = kind.__struct_encode_fields__
    for key in sent:
        if key not in names:
            raise unknown_name(key, key, names, what="字段")
    pictures: dict[str, bytes] = {}
    for key in (PICTURES_FIELD, "pics"):
        if key in sent:
            sent[key] = _pictures(key, sent[key], pictures, rules)
    texts = {
        key: str(value) if type(value) is int and key in TEXT_FIELDS else value
        for key, value in sent.items()
    }
    try:
        move = msgspec.convert(texts, kind, strict=False)
    except msgspec.ValidationError as wrong:
        message, _, path = str(wrong).partition(" - at `$.")
        first = message.split()[0]
        field = path.rstrip("`") or (first if first in names else "body")
        choices = _choices_of(kind, field)
        if choices:
            raise unknown_name(field, str(sent[field]), choices) from None
        raise BadDocument(field, translate_message(message), message) from None
    if isinstance(move, LeaveMessage) and not move.content.strip():
        raise BadDocument("content", "留言不能为空", "a message needs content")
    most = rules.number("message_max_bytes")
    for key in ("content", "leave_message", "desc", "reason"):
        if len(str(sent.get(key, "")).encode()) > most:
            raise BadDocument(key, f"最多 {most} 字节(UTF-8)", f"at most {most} bytes of UTF-8")
    return ParsedMove(move, Role.SELLER_SUB if sub else actor.main_role, pictures)


def _choices_of(kind: type[Move], field: str) -> tuple[str, ...]:
    """Return what may stand in a field that is a choice of words; nothing for any other."""
    spelt = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    hint = get_type_hints(kind).get(spelt.get(field, ""))
    return tuple(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else ()


TEXT_FIELDS = frozenset(
    (
        "logistics_no",
        "logistics_company_name",
        "exchange_sku",
        "content",
        "leave_message",
        "reason",
        "desc",
        "mobile",
        "post",
        "complete_address",
        "buyer_address",
    )
)


def _pictures(
    field: str, urls: object, pictures: dict[str, bytes], rules: RuleValues
) -> tuple[str, ...]:
    """Return the names of the pictures; put the content of `data:` URLs into `pictures`.

    Raises:
        BadDocument: no address and no picture, or more bytes than the rules allow for the field.
    """
    if not isinstance(urls, list | tuple) or not all(isinstance(url, str) for url in urls):
        raise BadDocument(field, "应为图片列表", "a list of pictures is wanted")
    most = rules.number("message_picture_max_bytes" if field == "pics" else "picture_max_bytes")
    names = []
    for url in urls:
        if url.startswith(("http://", "https://")):
            names.append(url)
            continue
        head, _, coded = url.partition(",")
        try:
            content = b64decode(coded, validate=True) if head.startswith("data:") else b""
        except ValueError:  # no Base64, or characters that are not ASCII
            content = b""
        if not detect_picture_type(content):
            raise BadDocument(
                field,
                "应为 http(s) 地址，或 data:image/…;base64, 形式的图片",
                "an http(s) address, or a picture as data:image/…;base64,",
            )
        if rules["picture_limits"] == "refuse" and not is_usual_picture(content):
            raise BadDocument(field, "应为 JPG、GIF 或 PNG", "JPG, GIF or PNG")
        if len(content) > most:
            raise BadDocument(field, f"图片最大 {most} 字节", f"a picture has at most {most} bytes")
        names.append(name_picture(content))
        pictures[names[-1]] = content
    return tuple(names)
