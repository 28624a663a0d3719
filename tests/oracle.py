"""What the documents say of an exchange, as data, written by hand, once.

The expectations of the suite.

Tests compare the product with these literals, and with nothing that the product derives from its
own table: a wrong row of `mockserver/domain/table.py` must fail here.  So this file imports nothing
of `mockserver`, and nobody generates it.  A value changes only when a document in `docs/spec` is
read anew.

Use: `from tests.oracle import DEADLINES, LEGAL_MOVES`.  pytest puts the project's folder on the
path (`pythonpath` in pyproject.toml), so the import works in every test and `conftest.py`, whatever
started pytest. Statuses are the numbers of the API, actors are "buyer", "seller", "cs" and
"system", moves have the names that users type.

Sources: docs/spec/exchange-guide.md 3, 5, 6, 7, 8; docs/spec/rules.md (Rulesets, Stock, Business
failure codes); docs/spec/exchange-api.md 5; docs/spec/top-protocol.md 4 (error codes).
"""

from datetime import timedelta
from typing import Any, NamedTuple

# The statuses: texts, who waits how long, and what silence does.

STATUS_TEXTS = {
    1: "换货待处理",
    2: "待买家退货",
    3: "买家已退货，待收货",
    4: "换货关闭",
    5: "换货成功",
    6: "待买家修改",
    12: "待发出换货商品",
    13: "待买家收货",
    14: "请退款",
}
STATUSES = tuple(STATUS_TEXTS)
OPEN_STATUSES = (1, 2, 3, 6, 12, 13)
END_STATUSES = (4, 5, 14)
DEADLINES = {
    1: timedelta(days=2),
    2: timedelta(days=7),
    3: timedelta(days=10),
    6: timedelta(days=5),
    12: timedelta(hours=72),
    13: timedelta(days=10),
}
DEADLINE_TEXTS = {1: "2d", 2: "7d", 3: "10d", 6: "5d", 12: "3d", 13: "10d"}
TIMEOUT_TARGETS = {1: 2, 2: 4, 3: 14, 6: 4, 12: 14, 13: 5}  # with stock of the wanted goods
TIMEOUT_TARGETS_WITHOUT_STOCK = {**TIMEOUT_TARGETS, 1: 4}

# The parties.

ROLE_TEXTS = {1: "卖家主账户", 2: "卖家子账户", 3: "小二", 4: "买家", 5: "系统", 6: "系统超时"}
ROLE_ACTORS = {1: "seller", 2: "seller", 3: "cs", 4: "buyer", 5: "system", 6: "system"}
CS_STATUS_TEXTS = {
    1: "不需客服介入",
    2: "需要客服介入",
    3: "客服已经介入",
    4: "客服初审完成",
    5: "客服主管复审失败",
    6: "客服处理完成",
    7: "维权撤销",
    8: "支持买家",
    9: "支持卖家",
    10: "举证中",
    11: "开放申诉",
}
MOVES_BY_ACTOR = {
    "buyer": ("ship_back", "modify", "cancel", "ask_cs", "confirm_receipt", "leave_message"),
    "seller": (
        "agree",
        "refuse",
        "returngoods_agree",
        "returngoods_refuse",
        "consigngoods",
        "confirm_consign",
        "turn_to_refund",
        "leave_message",
    ),
    "cs": ("step_in", "judge", "leave_message"),
}

# Who may move an exchange, from where to where, with what stock.


class StockEntry(NamedTuple):
    """`num` units of `sku` go from one account to another.

    "W" is the wanted SKU, "B" the bought one.
    """

    sku: str
    num: int
    source: str
    target: str


class LegalMove(NamedTuple):
    """One case that the documents allow: an exchange of two units, the move, and what follows.

    `start` has the status, and where they decide `came_from` (what was refused) and `cs` (customer
    service's status).  `how` has what decides besides: units `available`, the `verdict`, `rules`,
    changed goods. `grades` is the best evidence of the rule, one for each of `rulesets`.
    """

    rulesets: tuple[str, ...]
    start: dict[str, int]
    move: str
    by: str
    how: dict[str, Any]
    target: int
    entries: tuple[StockEntry, ...]
    grades: tuple[str, ...]


RESERVE = StockEntry("W", 2, "available", "reserved")
RELEASE = StockEntry("W", 2, "reserved", "available")
SHIP = StockEntry("W", 2, "reserved", "shipped")
RETURN = StockEntry("B", 2, "outside", "returned")
BOTH = ("classic", "upgraded")
CLASSIC, UPGRADED = BOTH[:1], BOTH[1:]
DOC, INF, ASM = "documented", "inferred", "assumed"

LEGAL_MOVES = (
    LegalMove(BOTH, {"status": 1}, "apply", "buyer", {}, 1, (), (DOC, DOC)),
    LegalMove(BOTH, {"status": 1}, "agree", "seller", {}, 2, (RESERVE,), (DOC, DOC)),
    LegalMove(CLASSIC, {"status": 1}, "refuse", "seller", {}, 4, (), (DOC,)),
    LegalMove(UPGRADED, {"status": 1}, "refuse", "seller", {}, 6, (), (INF,)),
    LegalMove(BOTH, {"status": 1}, "expire", "system", {"available": 2}, 2, (RESERVE,), (DOC, DOC)),
    LegalMove(BOTH, {"status": 1}, "expire", "system", {"available": 1}, 4, (), (DOC, DOC)),
    LegalMove(BOTH, {"status": 1}, "cancel", "buyer", {}, 4, (), (INF, INF)),
    LegalMove(BOTH, {"status": 1}, "modify", "buyer", {}, 1, (), (INF, INF)),
    LegalMove(BOTH, {"status": 1}, "modify", "buyer", {"exchange_sku": "V"}, 1, (), (INF, INF)),
    LegalMove(
        BOTH,
        {"status": 2},
        "modify",
        "buyer",
        {"rules": {"modify_after_agreement": True}, "exchange_sku": "V"},
        1,
        (RELEASE,),
        (ASM, ASM),
    ),
    LegalMove(BOTH, {"status": 2}, "ship_back", "buyer", {}, 3, (), (DOC, DOC)),
    LegalMove(BOTH, {"status": 2}, "cancel", "buyer", {}, 4, (RELEASE,), (INF, INF)),
    LegalMove(BOTH, {"status": 2}, "expire", "system", {}, 4, (RELEASE,), (INF, INF)),
    LegalMove(BOTH, {"status": 3}, "returngoods_agree", "seller", {}, 12, (RETURN,), (DOC, ASM)),
    LegalMove(BOTH, {"status": 3}, "returngoods_refuse", "seller", {}, 6, (), (DOC, DOC)),
    LegalMove(UPGRADED, {"status": 3}, "confirm_consign", "seller", {}, 13, (RETURN, SHIP), (INF,)),
    LegalMove(BOTH, {"status": 3}, "turn_to_refund", "seller", {}, 14, (RELEASE,), (INF, INF)),
    LegalMove(BOTH, {"status": 3}, "expire", "system", {}, 14, (RELEASE,), (INF, INF)),
    LegalMove(
        BOTH, {"status": 6, "came_from": 3}, "modify", "buyer", {}, 1, (RELEASE,), (INF, INF)
    ),
    LegalMove(UPGRADED, {"status": 6, "came_from": 1}, "modify", "buyer", {}, 1, (), (INF,)),
    LegalMove(
        BOTH,
        {"status": 6, "came_from": 3},
        "modify",
        "buyer",
        {"rules": {"modify_to": 3}},
        3,
        (),
        (INF, INF),
    ),
    LegalMove(
        BOTH,
        {"status": 6, "came_from": 3},
        "modify",
        "buyer",
        {"rules": {"modify_to": 3}, "exchange_sku": "V"},
        1,
        (RELEASE,),
        (INF, INF),
    ),
    LegalMove(
        UPGRADED,
        {"status": 6, "came_from": 1},
        "modify",
        "buyer",
        {"rules": {"modify_to": 3}},
        1,
        (),
        (INF,),
    ),
    LegalMove(
        BOTH, {"status": 6, "came_from": 3}, "cancel", "buyer", {}, 4, (RELEASE,), (INF, INF)
    ),
    LegalMove(
        BOTH,
        {"status": 6, "came_from": 3, "cs": 2},
        "cancel",
        "buyer",
        {},
        4,
        (RELEASE,),
        (INF, INF),
    ),
    LegalMove(
        BOTH,
        {"status": 6, "came_from": 3, "cs": 3},
        "cancel",
        "buyer",
        {},
        4,
        (RELEASE,),
        (INF, INF),
    ),
    LegalMove(UPGRADED, {"status": 6, "came_from": 1}, "cancel", "buyer", {}, 4, (), (INF,)),
    LegalMove(
        BOTH, {"status": 6, "came_from": 3}, "expire", "system", {}, 4, (RELEASE,), (INF, INF)
    ),
    LegalMove(UPGRADED, {"status": 6, "came_from": 1}, "expire", "system", {}, 4, (), (INF,)),
    LegalMove(BOTH, {"status": 6, "came_from": 3}, "ask_cs", "buyer", {}, 6, (), (DOC, DOC)),
    LegalMove(BOTH, {"status": 6, "came_from": 3, "cs": 2}, "step_in", "cs", {}, 6, (), (INF, INF)),
    LegalMove(
        BOTH,
        {"status": 6, "came_from": 3, "cs": 2},
        "judge",
        "cs",
        {"verdict": "buyer"},
        12,
        (RETURN,),
        (ASM, ASM),
    ),
    LegalMove(
        BOTH,
        {"status": 6, "came_from": 3, "cs": 3},
        "judge",
        "cs",
        {"verdict": "buyer"},
        12,
        (RETURN,),
        (ASM, ASM),
    ),
    LegalMove(
        UPGRADED,
        {"status": 6, "came_from": 1, "cs": 2},
        "judge",
        "cs",
        {"verdict": "buyer"},
        2,
        (RESERVE,),
        (ASM,),
    ),
    LegalMove(
        BOTH,
        {"status": 6, "came_from": 3, "cs": 3},
        "judge",
        "cs",
        {"verdict": "seller"},
        4,
        (RELEASE,),
        (ASM, ASM),
    ),
    LegalMove(
        BOTH,
        {"status": 6, "came_from": 3, "cs": 3},
        "judge",
        "cs",
        {"verdict": "refund"},
        14,
        (RELEASE,),
        (ASM, ASM),
    ),
    LegalMove(
        UPGRADED,
        {"status": 6, "came_from": 1, "cs": 3},
        "judge",
        "cs",
        {"verdict": "seller"},
        4,
        (),
        (ASM,),
    ),
    LegalMove(
        UPGRADED,
        {"status": 6, "came_from": 1, "cs": 3},
        "judge",
        "cs",
        {"verdict": "refund"},
        14,
        (),
        (ASM,),
    ),
    LegalMove(BOTH, {"status": 12}, "consigngoods", "seller", {}, 13, (SHIP,), (DOC, ASM)),
    LegalMove(BOTH, {"status": 12}, "turn_to_refund", "seller", {}, 14, (RELEASE,), (INF, INF)),
    LegalMove(BOTH, {"status": 12}, "expire", "system", {}, 14, (RELEASE,), (ASM, ASM)),
    LegalMove(BOTH, {"status": 13}, "confirm_receipt", "buyer", {}, 5, (), (DOC, DOC)),
    LegalMove(BOTH, {"status": 13}, "expire", "system", {}, 5, (), (ASM, ASM)),
    *(
        LegalMove(BOTH, {"status": status}, "leave_message", actor, {}, status, (), (DOC, DOC))
        for status in OPEN_STATUSES
        for actor in ("buyer", "seller", "cs")
    ),
)
# the only statuses that a move can leave, whoever was asked for help and whatever was refused
MOVE_SOURCES = {
    ("agree", "seller"): (1,),
    ("refuse", "seller"): (1,),
    ("ship_back", "buyer"): (2,),
    ("returngoods_agree", "seller"): (3,),
    ("returngoods_refuse", "seller"): (3,),
    ("consigngoods", "seller"): (12,),
    ("turn_to_refund", "seller"): (3, 12),
    ("modify", "buyer"): (1, 6),
    ("cancel", "buyer"): (1, 2, 6),
    ("ask_cs", "buyer"): (6,),
    ("step_in", "cs"): (6,),
    ("judge", "cs"): (6,),
    ("confirm_receipt", "buyer"): (13,),
    ("expire", "system"): (1, 2, 3, 6, 12, 13),
    ("apply", "buyer"): (1,),
}
MESSAGES = {("buyer", "leave_message"), ("seller", "leave_message"), ("cs", "leave_message")}
# What people can do in the classic flow: status, customer service's status, {(actor, move)}.
CLASSIC_POSSIBLE = (
    (
        1,
        1,
        {("buyer", "modify"), ("buyer", "cancel"), ("seller", "agree"), ("seller", "refuse")}
        | MESSAGES,
    ),
    (2, 1, {("buyer", "ship_back"), ("buyer", "cancel")} | MESSAGES),
    (
        3,
        1,
        {
            ("seller", "returngoods_agree"),
            ("seller", "returngoods_refuse"),
            ("seller", "turn_to_refund"),
        }
        | MESSAGES,
    ),
    (6, 1, {("buyer", "modify"), ("buyer", "cancel"), ("buyer", "ask_cs")} | MESSAGES),
    (6, 2, {("buyer", "cancel"), ("cs", "step_in"), ("cs", "judge")} | MESSAGES),
    (6, 3, {("buyer", "cancel"), ("cs", "judge")} | MESSAGES),
    (6, 6, {("buyer", "modify"), ("buyer", "cancel")} | MESSAGES),
    (12, 1, {("seller", "consigngoods"), ("seller", "turn_to_refund")} | MESSAGES),
    (12, 6, {("seller", "consigngoods"), ("seller", "turn_to_refund")} | MESSAGES),
    (13, 1, {("buyer", "confirm_receipt")} | MESSAGES),
    (4, 1, set()),
    (5, 1, set()),
    (14, 1, set()),
    (5, 6, set()),
    (4, 2, set()),
)
# (move, verdict): the statuses of customer service that it writes, replies show the last
CS_STATUS_WRITES = {
    ("ask_cs", ""): [2],
    ("step_in", ""): [3],
    ("judge", "buyer"): [8, 6],
    ("judge", "refund"): [8, 6],
    ("judge", "seller"): [9, 6],
}

# The neighbours: the captured carriers (evidence-2026-11 3.2) and the marks of addresses (same, 1).

CARRIERS = (  # id, code, name in the order of the capture, the newest name of each
    (505, "SF", "顺丰速运"),
    (100, "STO", "申通快递"),
    (2, "EMS", "EMS"),
    (102, "YUNDA", "韵达快递"),
    (502, "HTKY", "极兔速递"),
    (101, "YTO", "圆通速递"),
    (504, "TTKDEX", "天天快递"),
    (1216, "QFKD", "全峰快递"),
    (1207, "UC", "优速快递"),
    (5_000_000_110_730, "DBKD", "德邦快递"),
    (201_174, "SURE", "速尔快递"),
    (106, "FEDEX", "联邦快递"),
    (108, "SHQ", "华强物流"),
    (1259, "UAPEX", "全一快递"),
    (1191, "HOAU", "天地华宇"),
    (105, "BEST", "百世物流"),
    (1195, "LB", "龙邦速递"),
    (1186, "XB", "新邦物流"),
    (500, "ZTO", "中通快递"),
    (200_143, "GTO", "国通快递"),
    (1204, "FAST", "快捷快递"),
    (1192, "NEDA", "能达速递"),
    (100_034_107, "BJRFD-001", "如风达配送"),
    (3, "EYB", "邮政电商标快EYB"),
    (202_855, "XFWL", "信丰物流"),
    (1269, "GDEMS", "广东EMS"),
    (200_734, "POSTB", "邮政快递包裹"),
    (107, "DBL", "德邦物流"),
    (1185, "YCT", "黑猫宅急便"),
    (1214, "LTS", "联昊通"),
    (200_740, "ESB", "E速宝"),
    (105_031, "BESTQJT", "百世快运"),
    (1208, "QRT", "增益速递"),
    (103, "ZJS", "宅急送"),
    (1, "POST", "中国邮政"),
    (-1, "OTHER", "其他"),
    (1121, "HZABC", "飞远(爱彼西)配送"),
    (1056, "CNEX", "佳吉快递"),
)
WAYBILLS = {  # reg_mail_no by code; captured for these carriers only
    "EYB": ("^[A-Z]{2}[0-9]{9}[A-Z]{2}$|^(10|11)[0-9]{11}$|^(50|51)[0-9]{11}$|^(95|97)[0-9]{11}$"),
    "TTKDEX": "^[0-9]{12}$",
    "FEDEX": "^[0-9]{12}$",
    "DBKD": r"^[0-9]{8,10}$|^\d{15,}[-\d]+$",
    "UAPEX": r"^\d{12}|\d{11}$",
}
CARRIER_SPELLINGS = ("顺丰快递", "邮政EMS", "EMS经济快递", "百世快递")  # sent, but no rows
ADDRESS_KINDS = {  # the marks of the three addresses of a made-up shop; send_def has no effect
    "pickup": {"get_def": True, "cancel_def": False, "send_def": False},
    "return": {"get_def": False, "cancel_def": True, "send_def": False},
    "other": {"get_def": False, "cancel_def": False, "send_def": False},
}

RECEIPT_REASONS = (  # captured of the sibling refund.refusereason.get (evidence-2026-11 1)
    (118, "已经影响商品完好"),
    (103, "买家使用到付或平邮"),
    (1040, "退货商品不全、空包"),
    (106, "与买家协商换货"),
    (1047, "退货商品与订单商品不一致"),
    (104, "未收到退货，快递还在途中"),
    (105, "买家退货单号错误或无走件记录"),
)

# Failures: of the business (a reply with `success` false), and of the platform (an
# `error_response`).

FAILURE_CODES = {
    "not_exist": "DISPUTE_NOT_EXIST",
    "wrong_state": "EXCHANGE_STATUS_ERROR",
    "no_stock": "EXCHANGE_STOCK_NOT_ENOUGH",
    "unknown_address": "ADDRESS_NOT_EXIST",
    "unknown_reason": "REFUSE_REASON_NOT_EXIST",
    "bad_waybill": "LOGISTICS_NO_INVALID",
    "wrong_flow": "EXCHANGE_FLOW_NOT_SUPPORT",
    "flow_over": "EXCHANGE_CLOSED",
    "unknown_carrier": "LOGISTICS_COMPANY_NOT_EXIST",
}
ERRORS_SEEN = {  # spelt as recorded on the wire
    1: "Platform System error",
    7: "App Call Limited",
    11: "Insufficient isv permissions",
    15: "Remote service error",
    21: "Missing method",
    22: "Invalid method",
    25: "Invalid signature",
    26: "Missing session",
    27: "Invalid session",
    28: "Missing app key",
    29: "Invalid app Key",
    31: "Invalid timestamp",
    40: "Missing required arguments",
    41: "Invalid arguments",
    42: "Insufficient session permissions",
}
ERRORS_INFERRED = {  # spelt by the pattern of the recorded ones
    23: "Invalid format",
    24: "Missing signature",
    30: "Missing timestamp",
    32: "Missing version",
    33: "Invalid version",
    34: "Unsupported version",
}
ERRORS_NEVER_SEEN = {  # the words of the documents; their capitals are a guess
    3: "Upload Fail",
    4: "User Call Limited",
    5: "Session Call Limited",
    6: "Partner Call Limited",
    8: "App Call Exceeds Limited Frequency",
    9: "Http Action Not Allowed",
    10: "Service Currently Unavailable",
    12: "Insufficient User Permissions",
    13: "Insufficient Partner Permissions",
    43: "Parameter Error",
    44: "Invalid access token",
    47: "Invalid encoding",
}
SIBLING_SUB_CODES = {  # captured of sibling methods, always with code 15 (evidence-2026-11 2.3)
    "wrong_state": ("2101", "操作状态错误"),
    "shipped_already": (
        "isv.logistics-offline-service-error:B04",
        "订单状态不对该物流订单已经发货或者已关闭，不能重复发货",
    ),
    "unknown_address": ("PY-101", "查询物流信息出错"),
    "bad_waybill": ("isv.logistics-offline-service-error:B60", "运单号不符合规则或已经被使用"),
}

# the parameters of every call, docs/spec/top-protocol.md, 1.2
SYSTEM_PARAMETERS = (
    "method",
    "app_key",
    "session",
    "timestamp",
    "format",
    "v",
    "sign",
    "sign_method",
    "partner_id",
    "target_app_key",
    "simplify",
)
