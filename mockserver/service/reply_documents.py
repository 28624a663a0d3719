"""What the control API replies with, key by key: its JSON documents as typed dictionaries.

Handles return them, and the OpenAPI document describes them.

Times are texts, `yyyy-MM-dd HH:mm:ss` in GMT+8.  Ids of exchanges are texts of digits.  A test
compares each document with what the control API sends.
"""

from typing import Any, Literal, NotRequired, TypedDict

__all__ = [
    "ActorName",
    "AuditDocument",
    "CoverageDocument",
    "DeadlineDocument",
    "DiagnosisDocument",
    "EventDocument",
    "ExchangeDocument",
    "FaultDocument",
    "FindingDocument",
    "JsonObject",
    "MessageDocument",
    "PictureDocument",
    "PlannedMoveDocument",
    "QuotaDocument",
    "ReportCounts",
    "ReportDocument",
    "RequestDocument",
    "RequestFaultDocument",
    "RequestFindingDocument",
    "RobotsDocument",
    "RulesetCoverageDocument",
    "ScenarioFailureDocument",
    "ScenarioResultDocument",
    "ShopDocument",
    "StockEntryDocument",
    "SubAccountDocument",
]

JsonObject = dict[str, Any]  # a record of the gateway, whose keys depend on method and fields
ActorName = Literal["buyer", "seller", "cs", "system"]


class StockEntryDocument(TypedDict):
    """Units of a SKU that an event moved from one account to another."""

    sku: str
    num: int
    source: str
    target: str


EventDocument = TypedDict(
    "EventDocument",
    {
        "number": int,
        "dispute_id": str,
        "at": str,
        "by": ActorName,
        "sub": bool,
        "role": str,
        "move": str,
        "from": int | None,
        "to": int,
        "rule": str,
        "stock": list[StockEntryDocument],
        "cs_status": list[int],
    },
)
EventDocument.__doc__ = """One move that happened: an item of `timeline`, `fired`, `events`.

`number` counts the events of a sandbox.  `from` is None for the application.  `rule` names the row
of the table, `cs_status` the states of customer service that the move led through.
"""


class ExchangeDocument(TypedDict):
    """An exchange as the control API describes it.

    `exchange` is the record as tmall.exchange.get replies with it.  `status` and `cs_status` are
    numbers; `deadline` is when the system will move by itself, None for never.
    """

    dispute_id: str
    status: int
    status_text: str
    ruleset: str
    shop: str
    tid: str
    oid: str
    cs_status: int
    created: str
    modified: str
    deadline: str | None
    possible: dict[ActorName, list[str]]
    timeline: list[EventDocument]
    exchange: JsonObject
    warnings: NotRequired[list[str]]


class DeadlineDocument(TypedDict):
    """A coming deadline; `rule` is its name among the rules, e.g. `deadline.2`."""

    at: str
    dispute_id: str
    rule: str


class PlannedMoveDocument(TypedDict):
    """What a robot is going to do; `dispute_id` is None for a new application."""

    at: str
    dispute_id: str | None
    by: str
    move: str


class PictureDocument(TypedDict):
    """A picture of a message."""

    url: str


class MessageDocument(TypedDict):
    """A message as tmall.exchange.messages.get replies with it.

    `message_type` is 100 or 111 (system).
    """

    id: int
    refund_id: str
    owner_id: int
    owner_nick: str
    owner_role: str
    content: str
    pic_urls: NotRequired[list[PictureDocument]]
    created: str
    message_type: str
    open_uid: NotRequired[str]


class RequestFindingDocument(TypedDict):
    """What the doctor found in a refused call: the name that `explain` knows, and two sentences.

    `at` is the place: its keys depend on the finding.
    """

    id: str
    zh: str
    en: str
    at: NotRequired[JsonObject]


class DiagnosisDocument(TypedDict):
    """Why a call was refused or failed; empty texts for a call that was answered well."""

    zh: str
    en: str
    findings: list[RequestFindingDocument]


class RequestFaultDocument(TypedDict):
    """The fault that a call met; `lost` if its caller got no reply."""

    id: str
    name: str
    effect: str
    lost: bool


class RequestDocument(TypedDict):
    """One call that a client made, with its reply and why it was refused.

    `at` is the sandbox's time, `real_time` the computer's.  `micros` is how long the answer took.
    Secrets in `params` are masked.
    """

    number: int
    request_id: str
    sandbox: str
    at: str
    real_time: str
    verb: str
    method: str
    caller: str
    dispute_id: str
    outcome: Literal["ok", "failed", "refused"]
    code: int
    sub_code: str
    msg_code: str
    rule: str
    micros: int
    params: JsonObject
    files: list[JsonObject]
    reply: JsonObject
    warnings: list[str]
    diagnosis: DiagnosisDocument
    fault: RequestFaultDocument | None


class FindingDocument(TypedDict):
    """What calls show of their client: `count` calls, of which the first few are named.

    `page` is the place in this project's docs that says what it costs and how to do it right.
    """

    id: str
    severity: Literal["error", "warning", "hint"]
    title: str
    zh: str
    en: str
    evidence: str
    page: str
    count: int
    dispute_id: str
    at: str
    request_ids: list[str]


class AuditDocument(TypedDict):
    """Writes, and how many of them repeat an earlier one, safely or not."""

    writes: int
    repeats: int
    safe: int
    unsafe: int
    findings: list[FindingDocument]


class ReportCounts(TypedDict):
    """Findings by severity, those of the audit included."""

    error: int
    warning: int
    hint: int


class ReportDocument(TypedDict):
    """What a sandbox's calls show of their client.

    `dropped` calls are not in the journal any more.
    """

    calls: int
    dropped: int
    counts: ReportCounts
    audit: AuditDocument
    findings: list[FindingDocument]


class RulesetCoverageDocument(TypedDict):
    """How often each status, row, deadline and refusal of one ruleset was reached."""

    states: dict[str, int]
    rows: dict[str, int]
    client_rows: dict[str, int]
    deadlines: dict[str, int]
    refused: dict[str, int]


class CoverageDocument(TypedDict):
    """What clients reached of the state machine so far; every number counts occurrences."""

    calls: int
    errors: dict[str, int]
    sub_codes: dict[str, int]
    msg_codes: dict[str, int]
    messages: dict[str, int]
    rulesets: dict[str, RulesetCoverageDocument]


_FaultOptions = TypedDict(
    "_FaultOptions",
    {
        "ago": str,
        "as": str,
        "by": str,
        "bytes": int,
        "code": int,
        "content_type": str,
        "distribution": str,
        "executed": bool,
        "message": str,
        "msg": str,
        "msg_code": str,
        "part": float,
        "pieces": int,
        "row": str,
        "seconds": float,
        "shortest": float,
        "sigma": float,
        "status": int,
        "sub_code": str,
        "sub_msg": str,
        "topic": str,
        "within": str,
        "writes": int,
    },
    total=False,
)


class FaultDocument(_FaultOptions):
    """A planned fault; which of the other options it has depends on its kind.

    `met` counts the calls that it looked at, `hits` those that it disturbed; `left` is how many
    it will still disturb, None without end.
    """

    id: str
    fault: str
    method: NotRequired[str | list[str]]
    dispute_id: NotRequired[str]
    session: NotRequired[str]
    after: int
    times: int | None
    probability: float
    until: NotRequired[str]
    met: int
    hits: int
    left: int | None


class QuotaDocument(TypedDict):
    """A limit of calls for each second or day; without `method` and `app_key` for all."""

    per: Literal["second", "day"]
    limit: int
    sub_code: str
    method: NotRequired[str]
    app_key: NotRequired[str]


class RobotsDocument(TypedDict):
    """The behaviour by which each party acts; None for a party that is played by hand."""

    buyer: str | None
    courier: str | None
    cs: str | None
    applies: str | None


class SubAccountDocument(TypedDict):
    """A sub-account of a shop and its session key."""

    nick: str
    session: str


class ShopDocument(TypedDict):
    """A shop with its session keys and addresses, as tmall.exchange.… methods name them."""

    nick: str
    seller_id: int
    session: str
    subs: list[SubAccountDocument]
    addresses: list[JsonObject]


class ScenarioFailureDocument(TypedDict):
    """Where a scenario broke: line, sentence, expected and actual value, the exchange's history."""

    line: int
    column: int
    zh: str
    en: str
    wanted: Any
    actual: Any
    events: list[JsonObject]
    possible: JsonObject
    curl: str
    source: str
    log: str


class ScenarioResultDocument(TypedDict):
    """What came of a scenario: `exchanges` are dispute ids by the scenario's names.

    `ignored` are keys of its `given` that a sandbox which exists cannot take.  `client_steps`,
    `unmet` and the outcome `inapplicable` are for runs with a client under test.
    """

    title: str
    path: str
    outcome: Literal["passed", "failed", "broken", "inapplicable", "interrupted"]
    steps: int
    client_steps: int
    unmet: bool
    seconds: float
    sandbox: str
    exchanges: dict[str, str]
    stopped: bool
    trouble: ScenarioFailureDocument | None
    ignored: list[str]
