"""The typed documents have exactly the keys that the control API sends."""

from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import pytest

from mockserver import ControlRefused, Sandbox, TopRefused
from mockserver.service import reply_documents
from mockserver.world.faults.fault_kinds import FAULTS


def check(value: Any, hint: Any, place: str) -> None:
    """Assert that a JSON value has the type of the hint, key by key."""
    if get_origin(hint) is NotRequired:
        hint = get_args(hint)[0]
    if is_typeddict(hint):
        assert isinstance(value, dict), place
        assert value.keys() >= hint.__required_keys__, place
        hints = get_type_hints(hint)
        assert value.keys() <= hints.keys(), place
        for key, item in value.items():
            check(item, hints[key], f"{place}.{key}")
    elif get_origin(hint) is list:
        assert isinstance(value, list), place
        for item in value:
            check(item, get_args(hint)[0], f"{place}[]")
    elif get_origin(hint) is dict:
        assert isinstance(value, dict), place
        for key, item in value.items():
            check(key, get_args(hint)[0], f"{place} key")
            check(item, get_args(hint)[1], f"{place}.{key}")
    elif get_origin(hint) is Literal:
        assert value in get_args(hint), place
    elif get_origin(hint) is not None or isinstance(hint, type(int | None)):
        assert get_origin(hint) in (Union, type(int | None)), place
        assert any(fits(value, option) for option in get_args(hint)), (place, value, hint)
    elif hint is float:
        assert type(value) in (int, float), place
    elif hint is type(None):
        assert value is None, place
    elif hint is not Any:
        assert type(value) is hint, (place, value, hint)


def fits(value: Any, hint: Any) -> bool:
    """Return True if `check` passes."""
    try:
        check(value, hint, "")
    except AssertionError:
        return False
    return True


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """A sandbox in which every document has something to say."""
    sandbox = Sandbox(robots={"buyer": "prompt"}, goods={"wanted": {"stock": 5}})
    exchange = sandbox.open()
    client = sandbox.client()
    sandbox.faults.add("platform_error", method="tmall.exchange.get")
    sandbox.faults.add("reply_lost", method=["tmall.exchange.refuse"], session="main", until="1d")
    sandbox.quotas.add(per="day", limit=50, method="tmall.exchange.get")
    for fields in ("dispute_id", "dispute_id", "status"):
        try:
            client.call("tmall.exchange.get", dispute_id=exchange.dispute_id, fields=fields)
        except TopRefused:
            continue
    with pytest.raises(TopRefused):
        sandbox.client(sign_method="md5").call("tmall.exchange.agree", dispute_id="1", fields="x")
    picture = "https://img.example/a.png"
    sandbox.buyer.leave_message(exchange, content="看图", pics=[picture])
    client.app_secret = "wrong"
    with pytest.raises(TopRefused):
        client.call("tmall.exchange.get", dispute_id="1", fields="dispute_id")
    return sandbox


@pytest.mark.parametrize(
    ("read", "hint"),
    [
        (lambda s: s.exchanges[0].document, reply_documents.ExchangeDocument),
        (lambda s: s.exchanges[0].messages, list[reply_documents.MessageDocument]),
        (lambda s: s.clock.deadlines, list[reply_documents.DeadlineDocument]),
        (lambda s: s.clock.planned, list[reply_documents.PlannedMoveDocument]),
        (lambda s: s.events(), list[reply_documents.EventDocument]),
        (lambda s: s.requests(), list[reply_documents.RequestDocument]),
        (lambda s: s.report(), reply_documents.ReportDocument),
        (lambda s: s.coverage(), reply_documents.CoverageDocument),
        (lambda s: list(s.faults), list[reply_documents.FaultDocument]),
        (lambda s: list(s.quotas), list[reply_documents.QuotaDocument]),
        (lambda s: s.robots, reply_documents.RobotsDocument),
        (lambda s: s.shops, list[reply_documents.ShopDocument]),
        (lambda s: Sandbox().clock.advance("0s"), list[reply_documents.EventDocument]),
        (lambda s: Sandbox(samples=True).clock.advance("9d"), list[reply_documents.EventDocument]),
    ],
)
def test_a_document_is_as_typed(sandbox: Sandbox, read: Any, hint: Any) -> None:
    """What a handle returns has the keys and the types of its document."""
    value = read(sandbox)
    assert value is not None
    check(value, hint, "")


def test_the_result_of_a_scenario_is_as_typed() -> None:
    """`play` returns the keys and types of its document, also where the scenario fails."""
    call = "{call: tmall.exchange.get, with: {dispute_id: $it}, expect: {result.exchange.num: 2}}"
    text = f"scenario: x\nsteps:\n  - buyer: apply\n  - {call}\n"
    result = Sandbox().play(text)
    assert result["trouble"] is not None
    check(result, reply_documents.ScenarioResultDocument, "")


def test_a_fault_has_the_options_of_its_kind() -> None:
    """Each kind of fault, planned without options, is as the document of faults says."""
    sandbox = Sandbox()
    for name in FAULTS:
        try:
            sandbox.faults.add(name)
        except ControlRefused as refused:
            raise AssertionError(name) from refused
    check(list(sandbox.faults), list[reply_documents.FaultDocument], "")
    options = {option.name for kind in FAULTS.values() for option in kind.options}
    assert options <= reply_documents.FaultDocument.__annotations__.keys()
