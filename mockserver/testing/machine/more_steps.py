"""Steps of more plays, from lists to messages: what makes a client's life hard.

All are within what an honest client bears.  Lists lag by less than the windows of such a client
overlap; each disturbance is planned once at a time; people beside the client act between rounds.
"""

from collections.abc import Mapping
from itertools import product
from types import MappingProxyType

from ...domain.exchange import Exchange
from ...domain.moves import LeaveMessage, Modify, ReturngoodsRefuse, ShipBack
from ...domain.vocabulary import Actor, Ruleset, Status
from ...world.faults.fault_matching import Fault
from .message_steps import list_message_keys, list_message_steps
from .step_context import Option, OptionKey, Options, StepContext, StepDocument

__all__ = ["MAX_MORE_OPENINGS", "list_more_keys", "list_more_openings", "list_more_steps"]

MAX_MORE_OPENINGS = 8
_MAX_OTHER_SHOPS = 2
_LIST = "tmall.exchange.receive.get"
# Within what an honest client bears: it reads windows again that overlap by some minutes.
_LIST_FAULTS: tuple[StepDocument, ...] = (
    {"fault": "moving_rows", "row": "seen"},
    {"fault": "late_rows", "by": "30s"},
    {"fault": "moving_rows"},
    {"fault": "exclusive_end"},
    {"fault": "same_second"},
    {"fault": "clock_skew", "seconds": -5},
)
_TIMEOUT = "isp.remote-service-timeout"
_TROUBLES: tuple[StepDocument, ...] = (
    {"fault": "platform_error", "sub_code": _TIMEOUT, "sub_msg": "API调用服务超时"},
    {"fault": "reply_lost", "as": _TIMEOUT},
    {"fault": "refused_reply_lost"},
    {"fault": "gateway_5xx", "status": 502},
    {"fault": "truncated"},
    {"fault": "slow_body", "seconds": 0.02, "pieces": 4},
    {"fault": "limited", "seconds": 1},
)
_MAX_TROUBLES = 2  # planned at a time: one may wait for a call that the client never makes
_TROUBLED = (  # no more: what people beside the client call is not to be disturbed
    "taobao.*",
    _LIST,
    "tmall.exchange.get",
    "tmall.exchange.agree",
    "tmall.exchange.consigngoods",
)
_OPENINGS_OF_TEXTS: tuple[StepDocument, ...] = (
    {"buyer_address": "浙江省 杭州市 余杭区 文一西路 969 号"},  # no carets
    {"buyer_address": "浙江省^^^杭州市^^^^^^文一西路 969 号"},  # no district
    {"reason": "尺码不合适，" * 30, "buyer_nick": "买家'\"<&>😀"},
)
_OTHER_TEXTS: tuple[StepDocument, ...] = (
    {"rules": {"text.14": "换货单关闭,请退款"}},  # docs/spec/rules.md
    {"rules": {"text.14": "请退款"}},
)
_LINES = "第一行\n第二行\r\n第三行：{}、[]、&amp;"


def list_more_keys(max_open: int) -> Mapping[str, tuple[OptionKey, ...]]:
    """Return every key that these options can have, by kind; at most `max_open` are open."""
    slots = range(max_open)
    troubles = product(range(len(_TROUBLES)), _TROUBLED)
    return MappingProxyType(
        {
            "list": tuple(("list", place) for place in range(len(_LIST_FAULTS))),
            "trouble": tuple(("trouble", *plan) for plan in troubles),
            "text": (
                *(("text", place) for place in range(len(_OTHER_TEXTS))),
                *(("text", slot, "lines") for slot in slots),
            ),
            "round": tuple(("round", slot) for slot in slots),
            **list_message_keys(),
        }
    )


def list_more_steps(context: StepContext, exchanges: list[Exchange]) -> Mapping[OptionKey, Option]:
    """Return the steps of these plays, applications aside, that are possible now."""
    options: dict[OptionKey, Option] = {}
    # What a list hides and then gets older leaves the windows of a client by its own clock.
    if "lists" in context.plays and context.names and not context.ages:
        options |= _list_list_faults(context)
    if "trouble" in context.plays and context.names:
        options |= _list_troubles(context)
    if "texts" in context.plays:
        options |= _list_texts(context, exchanges)
    if "rounds" in context.plays:
        options |= _list_rounds(context, exchanges)
    if "messages" in context.plays:
        options |= list_message_steps(context)
    return options


def list_more_openings(context: StepContext) -> tuple[StepDocument, ...]:
    """Return the applications of texts and world; at most MAX_MORE_OPENINGS."""
    texts = _OPENINGS_OF_TEXTS if "texts" in context.plays else ()
    return (*texts, *(_list_world_openings(context) if "world" in context.plays else ()))


def _list_world_openings(context: StepContext) -> tuple[StepDocument, ...]:
    """Return applications beside the usual: other goods, all that there is, the other flow.

    And at other shops, if there are any.
    """
    view = context.world.view
    goods = view.goods_named("shoes")
    units = view.accounts(goods.sku_id).available if goods is not None else 0
    others = [ruleset.value for ruleset in Ruleset if ruleset is not view.ruleset]
    return (
        *({"exchange_sku": "shoes", "num": number} for number in {1, units} - {0}),
        *({"ruleset": other, "status": 3} for other in others),
        *({"shop": shop.nick} for shop in tuple(view.shops())[1 : 1 + _MAX_OTHER_SHOPS]),
    )


def _list_list_faults(context: StepContext) -> Options:
    """Yield disturbances of the next list, each kind once at a time."""
    planned = {fault.kind for fault in _list_waiting_faults(context)}
    for place, step in enumerate(_LIST_FAULTS):
        if step["fault"] not in planned:
            yield ("list", place), Option({**step, "method": _LIST})


def _list_troubles(context: StepContext) -> Options:
    """Yield disturbances of the client's next call, or the next of a method; few at a time."""
    planned = {fault.kind for fault in _list_waiting_faults(context)}
    if len(planned.intersection(step["fault"] for step in _TROUBLES)) >= _MAX_TROUBLES:
        return
    for (place, step), method in product(enumerate(_TROUBLES), _TROUBLED):
        if step["fault"] not in planned:
            yield ("trouble", place, method), Option({**step, "method": method})


def _list_waiting_faults(context: StepContext) -> list[Fault]:
    """Return the planned faults that have not acted yet."""
    view = context.world.view
    return [fault for fault in view.faults() if not view.fault_counters(fault.id).triggered]


def _list_texts(context: StepContext, exchanges: list[Exchange]) -> Options:
    """Yield the other text of a status, and messages of several lines."""
    rules = context.world.view.rules
    for place, step in enumerate(_OTHER_TEXTS):
        if any(rules[name] != text for name, text in step["rules"].items()):
            yield ("text", place), Option(step)
    for slot, exchange in enumerate(exchanges):
        if "buyer" in context.plays and not context.has_written(exchange, Actor.BUYER):
            name = context.names[exchange.dispute_id]
            step = {"buyer": LeaveMessage.name(), "on": name, "content": _LINES}
            yield ("text", slot, "lines"), Option(step)


def _list_rounds(context: StepContext, exchanges: list[Exchange]) -> Options:
    """Yield what brings an exchange back to the seller, a step at a time.

    The buyer returns the goods, people refuse the receipt, the buyer changes the number: then the
    exchange waits for the seller's agreement once more.
    """
    for slot, exchange in enumerate(exchanges):
        change = Modify(num=exchange.num % 3 + 1)
        step: StepDocument | None = None
        if exchange.status is Status.WAIT_BUYER_RETURN:
            step = {Actor.BUYER.value: ShipBack.name()}
        elif exchange.status is Status.WAIT_SELLER_CONFIRM:
            step = {Actor.SELLER.value: ReturngoodsRefuse.name()}
        elif context.find_row(exchange, change, Actor.BUYER):
            step = {Actor.BUYER.value: change.name(), "num": change.num}
        if step is not None:
            name = context.names[exchange.dispute_id]
            yield ("round", slot), Option({**step, "on": name})
