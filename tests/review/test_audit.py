"""The idempotency audit against clients that repeat writes, with and without looking.

Source: issue (idempotency audit).
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import Sandbox
from mockserver.review.audit import audit
from mockserver.review.review_findings import decode_calls

AGREE, ADD, SHIP = (
    "tmall.exchange.agree",
    "tmall.exchange.message.add",
    "tmall.exchange.consigngoods",
)
GET, MESSAGES, LIST = (
    "tmall.exchange.get",
    "tmall.exchange.messages.get",
    "tmall.exchange.receive.get",
)
CARRIER = {"logistics_type": 200, "logistics_company_name": "顺丰快递"}


class Client:
    """Writes and reads one exchange of a world."""

    def __init__(self, top, exchange):
        self.top, self.dispute_id = top, exchange.dispute_id

    def agree(self, **more):
        self.top(AGREE, dispute_id=self.dispute_id, address_id=10000002, fields="status", **more)

    def ship(self, waybill, method=SHIP):
        self.top(
            method, dispute_id=self.dispute_id, logistics_no=waybill, fields="status", **CARRIER
        )

    def say(self, content):
        self.top(ADD, dispute_id=self.dispute_id, content=content, fields="id")

    def look(self, fields="dispute_id,status"):
        self.top(GET, dispute_id=self.dispute_id, fields=fields)

    def look_at_messages(self):
        self.top(MESSAGES, dispute_id=self.dispute_id, fields="id,content")


@pytest.fixture
def client(world, top):
    """Makes a client of a fresh exchange at a status."""
    return lambda status=1, **fields: Client(top, world.open({"status": status, **fields})[0])


@pytest.fixture
def audited(world):
    """The audit of all that was called.

    What was found, and the counts of writes, safe and unsafe repeats.
    """

    def run():
        result = audit(decode_calls(world.journal.recent()[1]))
        assert all(finding.zh and finding.en for finding in result.findings)
        return (
            [finding.rule.id for finding in result.findings],
            (result.writes, result.repeats - result.unsafe, result.unsafe),
            result.findings,
        )

    return run


def test_a_client_that_repeats_nothing(client, audited):
    """Writes made once, reads made often, and messages that differ are no findings."""
    one, two = client(), client()
    one.agree()
    two.agree()
    for _ in range(3):
        one.look()
    one.say("请寄回")
    one.say("请尽快寄回")
    two.say("请寄回")
    assert audited()[:2] == ([], (5, 0, 0))


def test_a_blind_repetition_is_unsafe(client, audited):
    """A successful write that is repeated blindly is found, with both calls and the exchange."""
    one = client()
    one.agree()
    one.agree()
    ids, counts, [finding] = audited()
    assert (ids, counts) == (["unsafe_repeat"], (2, 0, 1))
    assert [entry.outcome for entry in finding.entries] == ["ok", "failed"]
    assert finding.serialize()["request_ids"] == [entry.request_id for entry in finding.entries]
    assert all(
        entry.request_id in finding.zh and entry.request_id in finding.en
        for entry in finding.entries
    )
    assert str(one.dispute_id) in finding.zh


@pytest.mark.parametrize(
    "look",
    [
        lambda one: one.look(),
        lambda one: one.look("modified"),
        lambda one: one.top(LIST, fields="dispute_id,status"),
        lambda one: one.top.send(one.top.params(LIST, fields="dispute_id,status", format="xml")),
        lambda one: one.top(LIST, fields="status", refund_id_array=one.dispute_id),
    ],
    ids=["get", "modified", "list", "xml", "by id"],
)
def test_a_repetition_after_a_look_is_safe(client, audited, look):
    """Who reads the exchange, or a list that shows it, before the retry repeats safely."""
    one = client()
    one.agree()
    look(one)
    one.agree()
    assert audited()[:2] == ([], (2, 1, 0))


@pytest.mark.parametrize(
    "look",
    [
        lambda one, two: two.look(),
        lambda one, two: one.look("title"),
        lambda one, two: one.look_at_messages(),
        lambda one, two: one.top(GET, dispute_id=one.dispute_id),
        lambda one, two: one.top("taobao.time.get"),
        lambda one, two: one.top(LIST, fields="dispute_id,status", dispute_status_array="5"),
        lambda one, two: one.top(LIST, fields="dispute_id,title"),
    ],
    ids=[
        "another exchange",
        "no status",
        "messages",
        "refused",
        "time",
        "list without it",
        "list without status",
    ],
)
def test_a_look_elsewhere_does_not_help(client, audited, look):
    """What does not show how the exchange stands makes no retry safe."""
    one, two = client(), client()
    one.agree()
    look(one, two)
    one.agree()
    assert audited()[0] == ["unsafe_repeat"]


def test_one_look_lasts_until_the_next_success(client, audited):
    """After a look the client knows; refusals that follow are nothing new to it."""
    one = client()
    one.agree()
    one.look()
    one.agree()
    one.agree()
    assert audited()[:2] == ([], (3, 2, 0))


def test_a_retry_of_what_failed_is_no_repetition(world, client, audited):
    """A write that was refused or failed may be sent again: nothing had happened."""
    one = client()
    world.put_stock("wanted", 0)
    one.agree()
    one.agree(sign="wrong")
    world.put_stock("wanted", 5)
    one.agree()
    assert audited()[:2] == ([], (3, 0, 0))


def test_a_refused_repetition_counts(client, audited):
    """A repetition that the gateway refuses was sent all the same."""
    one = client()
    one.agree()
    one.agree(sign="wrong")
    assert audited()[0] == ["unsafe_repeat"]


def test_a_new_round_is_no_repetition(client, audited, world):
    """A move that succeeds again after the buyer has modified is a new round."""
    from mockserver.domain.moves import Modify, ShipBack
    from mockserver.domain.vocabulary import Role

    one = client()
    one.agree()
    world.move(one.dispute_id, ShipBack(logistics_no="SF0000000001"), Role.BUYER)
    one.top(
        "tmall.exchange.returngoods.refuse", dispute_id=one.dispute_id, seller_refuse_reason_id=118
    )
    world.move(one.dispute_id, Modify(), Role.BUYER)
    one.agree()
    assert world.exchange(one.dispute_id).status == 2
    assert audited()[:2] == ([], (3, 0, 0))


def test_a_second_shipment_with_another_waybill(client, audited):
    """A second shipment with another waybill is found, though the client has read in between."""
    one = client(12)
    one.ship("SF1111111111")
    one.look()
    one.ship("SF2222222222")
    ids, counts, [finding] = audited()
    assert (ids, counts) == (["double_shipment"], (2, 0, 1))
    assert "SF1111111111" in finding.zh and "SF2222222222" in finding.en


def test_the_same_waybill_is_a_repetition(client, audited):
    """The same waybill again, however written, is a repeated write and no second parcel."""
    one = client(12)
    one.ship("SF1111111111")
    one.ship(" sf1111111111 ")
    assert audited()[0] == ["unsafe_repeat"]


def test_both_shipping_methods_ship_once(client, audited):
    """Confirming and shipping, then shipping with another waybill, is a second shipment too."""
    one = client(3, ruleset="upgraded")
    one.ship("SF1111111111", "tmall.exchange.confirm.consign")
    one.ship("SF2222222222")
    assert audited()[0] == ["double_shipment"]


def test_another_waybill_after_a_failure_is_fine(client, audited):
    """A shipment that failed may be made with another waybill."""
    one = client(2)
    one.ship("SF1111111111")
    two = client(12)
    two.ship("SF2222222222")
    assert audited()[0] == []


def test_the_same_message_twice(client, audited):
    """The same words said again without reading the messages are found, though they are masked.

    After reading they are safe.
    """
    one, two = client(), client()
    one.say("请寄回")
    one.look()
    one.say("请寄回")
    two.say("请寄回")
    two.look_at_messages()
    two.say("请寄回")
    ids, counts, [finding] = audited()
    assert (ids, counts) == (["double_message"], (4, 1, 1))
    assert "请寄回" not in finding.zh


def test_a_replaced_state_begins_anew(world, client, audited):
    """After a restored snapshot the same write is no repetition."""
    one = client()
    world.snapshot("before")
    one.agree()
    world.restore("before")
    one.agree()
    assert audited()[:2] == ([], (1, 0, 0))


@pytest.fixture
def lose(world):
    """Plans that the next call of a method loses its reply, carried out or not."""
    return lambda fault, method: world.plan_faults(
        {"fault": fault, "as": "isp.remote-service-timeout", "method": method}
    )


@pytest.mark.parametrize("fault", ["reply_lost", "refused_reply_lost"])
@pytest.mark.parametrize("look", [True, False])
def test_a_write_without_reply(client, audited, lose, fault, look):
    """Carried out or not, the client cannot know.

    Sent again without a look it is unsafe, even if it then succeeds; after one it is safe.
    """
    one = client()
    lose(fault, AGREE)
    one.agree()
    if look:
        one.look()
    one.agree()
    ids, counts, findings = audited()
    assert (ids, counts) == (([], (2, 1, 0)) if look else (["unsafe_repeat"], (2, 0, 1)))
    if findings:
        assert ("应答丢失" if fault == "reply_lost" else "没有收到应答") in findings[0].zh


def test_a_look_without_reply_is_none(client, audited, lose):
    """A read whose reply was lost shows the client nothing."""
    one = client()
    one.agree()
    lose("reply_lost", GET)
    one.look()
    one.agree()
    assert audited()[0] == ["unsafe_repeat"]


@pytest.mark.parametrize("fault", ["reply_lost", "refused_reply_lost"])
def test_a_message_without_reply(client, audited, lose, fault):
    """A message repeated blindly after a lost reply is found; after reading it is safe.

    It is said twice, or might have been.
    """
    one, two = client(), client()
    lose(fault, ADD)
    one.say("请寄回")
    one.say("请寄回")
    lose(fault, ADD)
    two.say("请寄回")
    two.look_at_messages()
    two.say("请寄回")
    assert audited()[:2] == (
        ["double_message" if fault == "reply_lost" else "unsafe_repeat"],
        (4, 1, 1),
    )


@pytest.mark.parametrize(
    ("fault", "look", "is_unsafe"),
    [
        ("reply_lost", False, True),
        ("reply_lost", True, True),
        ("refused_reply_lost", False, True),
        ("refused_reply_lost", True, False),
    ],
)
def test_another_waybill_after_a_lost_reply(client, audited, lose, fault, look, is_unsafe):
    """Another waybill after a lost reply is a second parcel.

    Unless a read has shown that nothing was shipped.
    """
    one = client(12)
    lose(fault, SHIP)
    one.ship("SF1111111111")
    if look:
        one.look()
    one.ship("SF2222222222")
    assert audited()[0] == (["double_shipment"] if is_unsafe else [])


@pytest.mark.parametrize("method", [AGREE, ADD, GET])
def test_a_second_delivery_is_not_the_clients(world, client, audited, method):
    """What a planned fault delivers twice was sent once.

    Neither a repetition, nor two messages, nor a look that never came.
    """
    one = client()
    one.agree()
    world.plan_faults({"fault": "duplicate_delivery", "method": method})
    if method == GET:
        one.look()
        one.agree()
    elif method == ADD:
        one.say("请寄回")
    else:
        client().agree()
    assert audited()[0] == []


STEPS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["agree", "ship A", "say x", "say y", "buyer"])),
    max_size=14,
)
LOSSES = st.lists(
    st.sampled_from(
        ["", "", "reply_lost", "refused_reply_lost", "platform_error", "duplicate_delivery"]
    ),
    max_size=20,
)


def play(steps, careful, losses=()):
    """What the audit finds when a client does these steps.

    A careful one looks, until it gets a reply, before it repeats a write.
    """
    sandbox = Sandbox()
    client = sandbox.client()
    exchanges, tried = [sandbox.open(), sandbox.open(status=12)], set()
    for place, fault in enumerate(losses):
        if fault:
            more = (
                {"as": "isp.remote-service-timeout"}
                if "lost" in fault
                else {"code": 10}
                if fault == "platform_error"
                else {}
            )
            sandbox._ask("POST", "faults", {"fault": fault, "after": place, **more})
    for which, step in steps:
        dispute_id, (verb, _, what) = exchanges[which].dispute_id, step.partition(" ")
        if verb == "buyer":
            if "ship_back" in exchanges[which].possible.get("buyer", ()):
                sandbox.buyer.ship_back(dispute_id)
            continue
        while careful and (which, step) in tried:
            text, _ = client.send(MESSAGES if verb == "say" else GET, dispute_id=dispute_id)
            if "error_response" not in text:
                break
        tried.add((which, step))
        more = {
            "agree": {"address_id": 10000002},
            "ship": {"logistics_no": "SF00000000" + str(which), **CARRIER},
            "say": {"content": what},
        }[verb]
        client.send({"agree": AGREE, "ship": SHIP, "say": ADD}[verb], dispute_id=dispute_id, **more)
    calls = sandbox.requests()[::-1]
    return sandbox.report()["audit"], calls


@settings(derandomize=True, database=None, deadline=None, max_examples=60)
@given(STEPS, LOSSES)
def test_who_looks_before_each_retry_is_never_found(steps, losses):
    """A client that reads before it repeats any write gets no finding.

    Whatever it writes, the buyer does and the network loses.
    """
    report, _ = play(steps, True, losses)
    assert (report["findings"], report["unsafe"]) == ([], 0)


@settings(derandomize=True, database=None, deadline=None, max_examples=60)
@given(STEPS)
def test_who_never_looks_is_found_for_each_repetition(steps):
    """Every write repeated after a success without a read is unsafe, and no other.

    Except in a new round.
    """
    report, calls = play(steps, False)
    done, expected_count, writes = set(), 0, 0
    for call, step in zip(
        calls, [planned for planned in steps if planned[1] != "buyer"], strict=True
    ):
        if step in done and (call["outcome"] == "ok") == step[1].startswith("say"):
            expected_count += 1
        if call["outcome"] == "ok":
            done.add(step)
        writes += 1
    assert (report["unsafe"], report["safe"], report["writes"]) == (expected_count, 0, writes)
