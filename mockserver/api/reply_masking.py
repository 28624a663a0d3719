"""Personal data as replies show it under the rule `personal_data: masked`: 林**, *******2001,
文三****.

The platform masks the receiver of a trade since 2022, and a client gets the whole by `oaid`.  The
exact form in exchanges is unknown.  A masked text stays as it is when it is masked again, so that
a captured reply can be opened and read back.

Source: docs/spec/evidence-2026-11.md#evidence-1.
"""

__all__ = ["mask_address", "mask_name", "mask_phone"]

_SEPARATOR = "^^^"  # 省^^^市^^^区^^^详细
_PLAIN_ADDRESS_CHARACTERS = 2
_PLAIN_PHONE_DIGITS = 4


def mask_name(name: str) -> str:
    """Return the first character and two asterisks; "" for an empty name."""
    return f"{name[:1]}**" if name else ""


def mask_phone(phone: str) -> str:
    """Return the last four characters behind asterisks for the others, at least one; "" for ""."""
    if not phone:
        return ""
    hidden = max(len(phone) - _PLAIN_PHONE_DIGITS, 1)
    return "*" * hidden + phone[hidden:]


def mask_address(address: str) -> str:
    """Return the place as it is, of the detail the first two characters and four asterisks."""
    place, separator, detail = address.rpartition(_SEPARATOR)
    if detail:
        detail = f"{detail[:_PLAIN_ADDRESS_CHARACTERS]}****"
    return f"{place}{separator}{detail}"
