"""The seller's moves as signed calls: which method, and the parameters that a careful client would send."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from ..api.methods import METHODS
from ..domain.moves import (
    DEFAULT_CARRIER,
    PICTURES_FIELD,
    LeaveMessage,
    Move,
    SellerRefusal,
    Shipment,
)
from .target import ScenarioTarget

__all__ = ["METHOD_OF_MOVE", "convert_pictures", "make_signed_call"]

_FILES = (PICTURES_FIELD, "message_pics")
METHOD_OF_MOVE: Mapping[type[Move], str] = {
    method.move: method.name for method in METHODS.values() if method.move is not None
}


def make_signed_call(
    move: type[Move],
    dispute_id: str,
    fields: Mapping[str, Any],
    stage: ScenarioTarget,
    session: str,
) -> tuple[str, dict[str, object]] | None:
    """Method and parameters of a seller's move; None where the platform has no method for it.

    What the method requires and the story leaves open is looked up as a client of this session would.
    """
    method = METHOD_OF_MOVE.get(move)
    if method is None:
        return None
    given = {name: value for name, value in fields.items() if name not in (PICTURES_FIELD, "pics")}
    pictures = fields.get(PICTURES_FIELD) or fields.get("pics") or ()
    found = _defaults(move, given, dispute_id, (stage, session))
    params: dict[str, object] = {"dispute_id": dispute_id, **found, **given}
    for picture in pictures:
        params["message_pics" if move is LeaveMessage else PICTURES_FIELD] = str(picture)
    return method, convert_pictures(params)


def convert_pictures(params: Mapping[str, object]) -> dict[str, object]:
    """The parameters with pictures given as `data:` URLs turned into files."""
    return {
        name: _content(value) if name in _FILES and isinstance(value, str) else value
        for name, value in params.items()
    }


def _defaults(
    move: type[Move], given: Mapping[str, Any], dispute_id: str, who: tuple[ScenarioTarget, str]
) -> dict[str, object]:
    names = move.__struct_fields__
    found: dict[str, object] = {}
    if "address_id" in names and "address_id" not in given:
        found["address_id"] = _return_address(*who)
    if issubclass(move, SellerRefusal) and "seller_refuse_reason_id" not in given:
        found["seller_refuse_reason_id"] = _first_reason(dispute_id, *who)
    if issubclass(move, Shipment):
        found |= {
            "logistics_no": f"SF{int(dispute_id) % 10**12:012}2",
            "logistics_company_name": DEFAULT_CARRIER,
            "logistics_type": 200,
        }
    if move is LeaveMessage:
        found["content"] = "请尽快处理，谢谢。"
    return found


def _return_address(stage: ScenarioTarget, session: str) -> int | None:
    """The default return address of the session's shop."""
    shops = stage.info["shops"]
    own = [
        shop
        for shop in shops
        if session in (shop["session"], *(sub["session"] for sub in shop["subs"]))
    ] or shops
    chosen = next(
        (address for shop in own for address in shop["addresses"] if address["cancel_def"]), None
    )
    return None if chosen is None else int(chosen["contact_id"])


def _first_reason(dispute_id: str, stage: ScenarioTarget, session: str) -> object:
    reply = stage.call("tmall.exchange.refusereason.get", {"dispute_id": dispute_id}, session)
    reasons = reply.inner.get("result", {}).get("results", {}).get("reason", [])
    return reasons[0]["reason_id"] if reasons else None


def _content(picture: str) -> bytes | str:
    """The bytes of a `data:` URL; anything else stays text."""
    head, _, coded = picture.partition(",")
    try:
        return b64decode(coded, validate=True) if head.startswith("data:") else picture
    except binascii.Error:
        return picture
