"""Forms of moves, made from the classes of the moves: a field of a move is a field of its form.

A field of pictures takes files, which go to the control API as it wants them: as `data:` addresses.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ..domain.exchange import Exchange
from ..domain.moves import MOVES, PICTURES_FIELD, Move
from ..domain.near_miss import describe_near_miss, find_near_miss
from ..domain.play import possible
from ..domain.vocabulary import Actor
from ..protocol.shapes import format_time
from ..world.view import WorldView

__all__ = ["FormField", "MoveForm", "build_move_forms", "read_move_form"]

_PICTURES = (PICTURES_FIELD, "pics")
_LONG_TEXTS = ("content", "leave_message", "desc")
_VERDICTS_ZH = {"buyer": "支持买家", "seller": "支持卖家", "refund": "退款"}
_VERDICTS_EN = {"buyer": "for the buyer", "seller": "for the seller", "refund": "refund"}
_PEOPLE = (Actor.BUYER, Actor.SELLER, Actor.CS)


class FormField(Struct, frozen=True):
    """A field of a form: `kind` is text, area, number, pictures, or select with `choices`."""

    name: str
    kind: str
    default: str
    choices: tuple[tuple[str, str], ...] = ()


class MoveForm(Struct, frozen=True):
    """A move by a party: its fields, or why it is not possible now (empty: it is)."""

    by: Actor
    move: str
    zh: str
    en: str
    fields: tuple[FormField, ...]
    why_zh: str = ""
    why_en: str = ""

    @property
    def takes_pictures(self) -> bool:
        """Whether the form uploads files."""
        return any(field.kind == "pictures" for field in self.fields)


def build_move_forms(exchange: Exchange, view: WorldView, lang: str) -> list[MoveForm]:
    """Return a form for each move of buyer, seller and customer service, possible ones first.

    Moves of another ruleset than the exchange's are left out.
    """
    now_possible = possible(exchange, view.rules, view.table)
    forms = [_build_form((by, move), exchange, view, lang) for by, move in now_possible]
    for by in _PEOPLE:
        for move in view.table.moves_by_actor[by]:
            belongs = exchange.ruleset in view.table.rulesets_by_move[move]
            if belongs and (by, move) not in now_possible and move.name() != "apply":
                miss = find_near_miss(exchange, move, by, view.rules, table=view.table)
                zh, en = describe_near_miss(miss, lambda at: format_time(view.clock.show(at)))
                forms.append(MoveForm(by, move.name(), move.zh, move.en, (), zh, en))
    return forms


def _build_form(
    play: tuple[Actor, type[Move]], exchange: Exchange, view: WorldView, lang: str
) -> MoveForm:
    by, move = play
    fields = tuple(
        _build_field(field, exchange, view, lang) for field in msgspec.structs.fields(move)
    )
    return MoveForm(by, move.name(), move.zh, move.en, fields)


def _build_field(
    field: msgspec.structs.FieldInfo, exchange: Exchange, view: WorldView, lang: str
) -> FormField:
    name = field.encode_name
    if name in _PICTURES:
        return FormField(name, "pictures", "")
    default = "" if field.default in (None, msgspec.NODEFAULT) else str(field.default)
    choices = _find_choices(name, exchange, view)
    if name == "for":
        verdicts = _VERDICTS_EN if lang == "en" else _VERDICTS_ZH
        return FormField(name, "select", "buyer", tuple(verdicts.items()))
    if choices:
        return FormField(name, "select", default, (("", "—"), *choices))
    if field.type in (int, int | None):
        return FormField(name, "number", "" if default == "0" else default)
    return FormField(name, "area" if name in _LONG_TEXTS else "text", default)


def _find_choices(name: str, exchange: Exchange, view: WorldView) -> tuple[tuple[str, str], ...]:
    """Return the values that the sandbox has for a field, each with its words."""
    if name == "exchange_sku":
        return tuple((goods.sku_id, f"{goods.sku_id} {goods.title}") for goods in view.goods())
    if name == "address_id":
        addresses = view.shop(exchange.shop).addresses
        return tuple((str(a.contact_id), f"{a.contact_id} {a.city}{a.addr}") for a in addresses)
    if name == "seller_refuse_reason_id":
        return tuple(
            (str(reason.reason_id), f"{reason.reason_id} {reason.reason_text}")
            for reason in view.reasons
        )
    if name == "logistics_company_name":
        return tuple((carrier.name, carrier.name) for carrier in view.carriers)
    return ()


def read_move_form(
    form: Mapping[str, Sequence[str]], files: Mapping[str, Sequence[bytes]]
) -> dict[str, Any]:
    """Return the body of the control call that makes the move of a form; `files` by field.

    Fields that are empty are left out, so that they have their defaults.
    """
    texts = {name: values[0].strip() for name, values in form.items() if values}
    body: dict[str, Any] = {"by": texts.get("by", ""), "move": texts.get("move", "")}
    if texts.get("sub"):
        body["sub"] = True
    kind = MOVES.get(body["move"])
    names = [] if kind is None else [field.encode_name for field in msgspec.structs.fields(kind)]
    body |= {name: texts[name] for name in names if texts.get(name)}
    for name in _PICTURES:
        if name in names and files.get(name):
            body[name] = [f"data:image;base64,{b64encode(file).decode()}" for file in files[name]]
    return body
