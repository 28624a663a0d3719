"""The calls that a step comes to: control calls below a sandbox, and signed calls of the seller.

Runner and machine send them (`step_executor.py`), the machine's curl script writes them.  Building
a control call needs nothing but the step; a signed call looks up what its method requires, as a
careful client would.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from ..api.methods import METHODS
from ..domain.moves import (
    DEFAULT_CARRIER,
    PICTURES_FIELD,
    LeaveMessage,
    Move,
    SellerRefusal,
    Shipment,
)
from ..protocol.shapes import parse_time
from .target import ScenarioTarget

__all__ = [
    "METHOD_OF_MOVE",
    "SandboxCall",
    "build_advance_calls",
    "build_age_calls",
    "build_fault_calls",
    "build_move_call",
    "build_opening_call",
    "build_resend_calls",
    "build_restore_calls",
    "build_rights_calls",
    "build_rules_calls",
    "build_signed_call",
    "build_snapshot_calls",
    "build_stock_calls",
    "convert_pictures",
    "names_an_instant",
]

_FILE_PARAMETERS = (PICTURES_FIELD, "message_pics")
_CARRIER_CODE = 200  # logistics_type of a shipment by a carrier
_DEFAULT_MESSAGE = "请尽快处理，谢谢。"
METHOD_OF_MOVE: Mapping[type[Move], str] = {
    method.move: method.name for method in METHODS.values() if method.move is not None
}


class SandboxCall(Struct, frozen=True):
    """A call of the control API.

    `path` is relative to the sandbox and escaped, `body` becomes JSON.
    """

    verb: str
    path: str
    body: Any = None


# control calls


def build_opening_call(fields: Mapping[str, Any]) -> SandboxCall:
    """Return the call that opens an exchange with these fields."""
    return SandboxCall("POST", "exchanges", fields)


def build_move_call(
    dispute_id: str, by: str, move: str, fields: Mapping[str, Any], *, sub: bool = False
) -> SandboxCall:
    """Return the call by which the party `by` moves an exchange.

    `sub` means by the seller's sub-account.
    """
    body = {"by": by, "move": move, **fields, **({"sub": True} if sub else {})}
    return SandboxCall("POST", f"exchanges/{dispute_id}/moves", body)


def build_advance_calls(by: str, info: Mapping[str, Any]) -> Iterator[SandboxCall]:
    """Yield the call that lets time pass by a duration, or to an instant or deadline."""
    to = names_an_instant(by) or by.startswith("deadline:")
    yield SandboxCall("POST", "clock/advance", {"to" if to else "by": by})


def build_age_calls(by: str, info: Mapping[str, Any]) -> Iterator[SandboxCall]:
    """Yield the call that makes data older by a duration."""
    yield SandboxCall("POST", "clock/age", {"by": by})


def names_an_instant(by: str) -> bool:
    """Return True for `next`, `deadline` or a time, False for a duration.

    A time is such as `2026-03-08 10:00:00`.
    """
    return by in ("next", "deadline") or parse_time(by) is not None


def build_rules_calls(rules: Mapping[str, Any], info: Mapping[str, Any]) -> Iterator[SandboxCall]:
    """Yield the call that changes rules."""
    yield SandboxCall("PATCH", "rules", rules)


def build_stock_calls(stock: Mapping[str, Any], info: Mapping[str, Any]) -> Iterator[SandboxCall]:
    """Yield a call for the available units of each of the goods, by name or SKU id."""
    for name, units in stock.items():
        yield SandboxCall("PUT", f"stock/{quote(name, safe='')}", {"available": units})


def build_rights_calls(rights: Mapping[str, Any], info: Mapping[str, Any]) -> Iterator[SandboxCall]:
    """Yield the call that changes the rights of a session, or of the sandbox's app."""
    kind = "session" if "session" in rights else "app"
    name = str(rights[kind] if kind == "session" else info["app_key"])
    changes = {key: value for key, value in rights.items() if key != kind}
    yield SandboxCall("PATCH", f"{kind}s/{quote(name, safe='')}", changes)


def build_fault_calls(plan: Mapping[str, Any], info: Mapping[str, Any]) -> Iterator[SandboxCall]:
    """Yield the call that plans a fault; an empty plan ends all that are planned."""
    yield SandboxCall("POST", "faults", plan) if plan else SandboxCall("DELETE", "faults")


def build_resend_calls(message_id: str, info: Mapping[str, Any]) -> Iterator[SandboxCall]:
    """Yield the call that lets a message of the channel be sent again."""
    yield SandboxCall("POST", f"messages/{quote(str(message_id), safe='')}/resend")


def build_snapshot_calls(name: str, info: Mapping[str, Any]) -> Iterator[SandboxCall]:
    """Yield the call that keeps the state under a name."""
    yield SandboxCall("PUT", f"snapshots/{quote(name, safe='')}")


def build_restore_calls(name: str, info: Mapping[str, Any]) -> Iterator[SandboxCall]:
    """Yield the call that restores a snapshot, or `baseline` or `empty`."""
    yield SandboxCall("POST", "reset", {"to": name})


# signed calls


def build_signed_call(
    move: type[Move],
    dispute_id: str,
    fields: Mapping[str, Any],
    target: ScenarioTarget,
    session: str,
) -> tuple[str, dict[str, object]] | None:
    """Return `(method, parameters)` of a seller's move.

    None if the platform has no method for it.

    What the method requires and the fields leave open is looked up as a client of this session
    would do it.
    """
    method = METHOD_OF_MOVE.get(move)
    if method is None:
        return None
    own = {name: value for name, value in fields.items() if name not in (PICTURES_FIELD, "pics")}
    pictures = fields.get(PICTURES_FIELD) or fields.get("pics") or ()
    defaults = _look_up_defaults(move, own, dispute_id, (target, session))
    params: dict[str, object] = {"dispute_id": dispute_id, **defaults, **own}
    for picture in pictures:
        params["message_pics" if move is LeaveMessage else PICTURES_FIELD] = str(picture)
    return method, convert_pictures(params)


def convert_pictures(params: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters with pictures written as `data:` URLs turned into bytes."""
    return {
        name: _decode_picture(value)
        if name in _FILE_PARAMETERS and isinstance(value, str)
        else value
        for name, value in params.items()
    }


def _look_up_defaults(
    move: type[Move], own: Mapping[str, Any], dispute_id: str, caller: tuple[ScenarioTarget, str]
) -> dict[str, object]:
    names = move.__struct_fields__
    defaults: dict[str, object] = {}
    if "address_id" in names and "address_id" not in own:
        defaults["address_id"] = _find_return_address(*caller)
    if issubclass(move, SellerRefusal) and "seller_refuse_reason_id" not in own:
        defaults["seller_refuse_reason_id"] = _find_first_reason(dispute_id, *caller)
    if issubclass(move, Shipment):
        defaults |= {
            "logistics_no": f"SF{int(dispute_id) % 10**12:012}2",
            "logistics_company_name": DEFAULT_CARRIER,
            "logistics_type": _CARRIER_CODE,
        }
    if move is LeaveMessage:
        defaults["content"] = _DEFAULT_MESSAGE
    return defaults


def _find_return_address(target: ScenarioTarget, session: str) -> int | None:
    """Return the default return address of the session's shop."""
    shops = target.info["shops"]
    own = [
        shop
        for shop in shops
        if session in (shop["session"], *(sub["session"] for sub in shop["subs"]))
    ] or shops
    chosen = next(
        (address for shop in own for address in shop["addresses"] if address["cancel_def"]), None
    )
    return None if chosen is None else int(chosen["contact_id"])


def _find_first_reason(dispute_id: str, target: ScenarioTarget, session: str) -> object:
    reply = target.call("tmall.exchange.refusereason.get", {"dispute_id": dispute_id}, session)
    reasons = reply.inner.get("result", {}).get("results", {}).get("reason", [])
    return reasons[0]["reason_id"] if reasons else None


def _decode_picture(picture: str) -> bytes | str:
    """Return the bytes of a `data:` URL; anything else unchanged."""
    head, _, encoded = picture.partition(",")
    try:
        return b64decode(encoded, validate=True) if head.startswith("data:") else picture
    except ValueError:  # no Base64, or characters that are not ASCII
        return picture
