"""The document that opens an exchange, its statuses, and the history that leads to a status."""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from msgspec import UNSET, Struct, UnsetType

from ..domain.moves import AskCs, Judge, LeaveMessage, Modify
from ..domain.play import rows_from
from ..domain.rules import RuleValues
from ..domain.table import Row
from ..domain.table_index import SHIPPED_TABLE, TableIndex
from ..domain.vocabulary import Actor, Ruleset, Status
from .document import BadDocument, WorldDocument

__all__ = [
    "OPEN_AT_MOST",
    "OpenDocument",
    "Text",
    "find_excess",
    "history_of",
    "open_at_first",
    "read_status",
    "status_texts",
]

OPEN_AT_MOST = 20_000
Text = str | int | float | UnsetType
_SKIPPED = (AskCs, Judge, LeaveMessage, Modify)


class OpenDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `POST S/exchanges` takes: the fields of tmall.exchange.get and a few of our own."""

    dispute_id: str | int | UnsetType = UNSET
    biz_order_id: str | int | UnsetType = UNSET
    bizorder_id: str | int | UnsetType = UNSET
    alipay_no: str | int | UnsetType = UNSET
    tid: str | int | UnsetType = UNSET
    oid: str | int | UnsetType = UNSET
    status: str | int = 1
    created: str | UnsetType = UNSET
    modified: str | UnsetType = UNSET
    time_out: str | UnsetType = UNSET
    title: Text = UNSET
    num: str | int = 1
    price: Text = UNSET
    payment: Text = UNSET
    reason: str | UnsetType = UNSET
    desc: str | UnsetType = UNSET
    bought_sku: Text = UNSET
    exchange_sku: Text = UNSET
    good_status: str | UnsetType = UNSET
    buyer_nick: str | UnsetType = UNSET
    buyer_open_uid: str | UnsetType = UNSET
    buyer_name: str | UnsetType = UNSET
    buyer_phone: Text = UNSET
    buyer_address: str | UnsetType = UNSET
    oaid: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    seller_nick: str | UnsetType = UNSET
    buyer_logistic_name: str | UnsetType = UNSET
    buyer_logistic_no: Text = UNSET
    seller_logistic_name: str | UnsetType = UNSET
    seller_logistic_no: Text = UNSET
    new_bought_sku: Text = UNSET
    refund_phase: str | UnsetType = UNSET
    refund_version: int | str | UnsetType = UNSET
    advance_status: int | str | UnsetType = UNSET
    cs_status: int | str | UnsetType = UNSET
    operation_contraint: str | UnsetType = UNSET
    attributes: str | UnsetType = UNSET
    shop: str | UnsetType = UNSET
    ruleset: Ruleset | UnsetType = UNSET
    count: int = 1


def find_excess(openings: Sequence[Mapping[str, object]]) -> BadDocument | None:
    """Return why openings are too many together, which is above 20,000; None if they are not."""
    total = 0
    for index, raw in enumerate(openings):
        count = raw.get("count", 1)
        total += count if type(count) is int and 1 <= count <= OPEN_AT_MOST else 0
        if total > OPEN_AT_MOST:
            return BadDocument(
                f"exchanges[{index}].count",
                f"连同前面的项共超过 {OPEN_AT_MOST} 张换货单",
                f"with those before it there are more than {OPEN_AT_MOST} exchanges",
            )
    return None


def open_at_first(
    document: WorldDocument, open_: Callable[[Mapping[str, object], int], object]
) -> None:
    """Open what a new sandbox begins with: `samples`, one in every status, then `exchanges`.

    `open_` takes an opening document and how many exchanges to open with it.

    Raises:
        BadDocument: an opening cannot be, or together they are above 20,000; the field begins with
            its place, `exchanges[0].status`.  Of too many none is opened.
    """
    excess = find_excess(document.exchanges)
    if excess is not None:
        raise excess
    for status in Status if document.samples else ():
        open_({"status": status.value}, 1)
    for index, raw in enumerate(document.exchanges):
        count = raw.get("count", 1)
        try:
            if type(count) is not int:
                raise BadDocument("count", "应为整数", "a whole number is wanted")
            open_(raw, count)
        except BadDocument as error:
            raise BadDocument(f"exchanges[{index}].{error.field}", error.zh, error.en) from None


def status_texts(rules: RuleValues) -> dict[str, str]:
    """Return the text that the sandbox shows for each status number."""
    return {str(status.value): rules.text(f"text.{status.value}") for status in Status}


def read_status(value: str | int, texts: Mapping[str, str]) -> Status:
    """Return the status that a number or a Chinese text names.

    Raises:
        BadDocument: no such status; lists all.  A text with letters may be one that a rule sets.
    """
    also = {"换货单关闭,请退款": Status.TO_REFUND, "换货转退款": Status.TO_REFUND}
    by_text = {status.zh: status for status in Status}
    by_text |= {text: Status(int(code)) for code, text in texts.items()}
    by_text |= also
    if isinstance(value, str) and value.strip() in by_text:
        return by_text[value.strip()]
    try:
        return Status(int(value))
    except (ValueError, TypeError):
        choices = "、".join(f"{status.value} {status.zh}" for status in Status)
        raise BadDocument(
            "status",
            f"没有这个状态；可用：{choices}",
            f"no such status; use: {choices}",
            missing=isinstance(value, str) and re.search("[^0-9]", value) is not None,
        ) from None


def history_of(
    ruleset: Ruleset, status: Status, table: TableIndex = SHIPPED_TABLE
) -> tuple[Row, ...]:
    """Return the shortest path of rows from an application to `status` by buyer and seller alone.

    Raises:
        BadDocument: there is no such path.
    """
    queue: deque[tuple[Row, ...]] = deque((row,) for row in rows_from(ruleset, None, table))
    reached = {path[-1].target for path in queue}
    while queue:
        path = queue.popleft()
        if path[-1].target is status:
            return path
        for row in rows_from(ruleset, path[-1].target, table):
            if (
                row.by in (Actor.BUYER, Actor.SELLER)
                and row.move not in _SKIPPED
                and row.target not in reached
            ):
                reached.add(row.target)
                queue.append((*path, row))
    raise BadDocument(
        "status",
        f"{ruleset.zh}没有到达「{status.zh}」的路径",
        f"{ruleset} never reaches {status.value}",
    )
