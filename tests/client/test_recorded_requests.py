"""What a client has called, verified by its user.

Source: issue (Verification without races), docs/test-your-client.md.
"""

import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import Sandbox, Server

GET, AGREE = "tmall.exchange.get", "tmall.exchange.agree"
LATE = 20.0  # seconds that nothing here is meant to take


@pytest.fixture(params=["in process", "over http"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A fresh sandbox, with and without a socket."""
    if request.param == "in process":
        yield Sandbox()
        return
    with Server() as server:
        yield server.sandbox()


@pytest.fixture
def get(sandbox: Sandbox) -> Callable[[object], object]:
    """Reads an exchange as a client does."""
    client = sandbox.client()
    return lambda dispute_id: client.call(GET, dispute_id=dispute_id, fields="status")


@pytest.fixture
def later(sandbox: Sandbox) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Does something in another thread, a little later."""
    threads = []

    def start(action: Callable[[], object]) -> None:
        timer = threading.Timer(0.05, action)
        threads.append(timer)
        timer.start()

    yield start
    for timer in threads:
        timer.join(LATE)


def test_it_is_a_list_a_sequence_and_a_count(sandbox, get):
    """Called it is the filtered list, newest first; iterated all calls, oldest first.

    Counted how many there are.
    """
    get(1)
    get(2)
    sandbox.client().call("taobao.time.get")
    assert [call["method"] for call in sandbox.requests()] == ["taobao.time.get", GET, GET]
    assert [call["dispute_id"] for call in sandbox.requests(method=GET, limit=1)] == ["2"]
    assert [call["dispute_id"] for call in sandbox.requests] == ["1", "2", ""]
    assert len(sandbox.requests) == 3
    sandbox.requests.clear()
    assert list(sandbox.requests) == []


def test_called(sandbox, get):
    """Calls are counted by method, exchange and outcome: exactly, at least, or at least once.

    The calls come back in order.
    """
    exchange = sandbox.open()
    get(exchange.dispute_id)
    get(5)
    get(5)
    assert [call["dispute_id"] for call in sandbox.requests.assert_called(GET)] == [
        exchange.dispute_id,
        "5",
        "5",
    ]
    sandbox.requests.assert_called(GET, times=3)
    sandbox.requests.assert_called(GET, at_least=2, dispute_id=5)
    sandbox.requests.assert_called(GET, times=1, dispute_id=exchange)
    sandbox.requests.assert_called(GET, times=2, outcome="failed", msg_code="DISPUTE_NOT_EXIST")
    assert sandbox.requests.assert_called(AGREE, times=0) == []


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"times": 3}, ("3 次", "实际 2 次", "called 2 times, wanted 3")),
        ({"times": 1}, ("1 次", "wanted 1")),
        ({"at_least": 3}, ("至少 3 次", "wanted at least 3")),
        ({"times": 1, "dispute_id": 77}, ("dispute_id=77", "实际 0 次")),
        ({"outcome": "ok"}, ("outcome=ok", "实际 0 次")),
        ({"times": 0}, ("0 次", "wanted 0")),
    ],
)
def test_a_wrong_count_says_what_was_called(sandbox, get, expected, message):
    """A count that does not hold is reported in both languages, with what was called instead."""
    get(5)
    get(5)
    with pytest.raises(AssertionError) as failed:
        sandbox.requests.assert_called(GET, **expected)
    text = str(failed.value)
    assert all(name in text for name in (GET, *message))
    assert f"{GET}  5  failed  DISPUTE_NOT_EXIST ×2" in text


def test_nothing_called_says_so(sandbox):
    """When nothing was called at all, the failure says so."""
    with pytest.raises(AssertionError, match="nothing was called"):
        sandbox.requests.assert_called(GET)


@pytest.mark.parametrize(
    ("called", "asserted"),
    [
        ("tmall.exchange.recieve.get", "tmall.exchange.receive.get"),
        ("tmall.exchange.receive.get", "tmall.exchange.recieve.get"),
    ],
)
def test_near_names_are_suggested(sandbox, called, asserted):
    """A name that the client or the test has mistyped is reported."""
    sandbox.client().send(called, fields="dispute_id")
    with pytest.raises(AssertionError, match=f"did you mean {called}"):
        sandbox.requests.assert_called(asserted)


def test_a_called_sibling_is_no_typing_mistake(sandbox, get):
    """A method that exists and was not called is not taken for another that was."""
    get(5)
    with pytest.raises(AssertionError) as failed:
        sandbox.requests.assert_called("tmall.exchange.refuse")
    assert "did you mean" not in str(failed.value)


def test_never(sandbox, get):
    """What was not called passes, by either name; what was is reported."""
    sandbox.requests.assert_not_called(GET)
    get(5)
    sandbox.requests.assert_never(GET, dispute_id=6)
    with pytest.raises(AssertionError, match="wanted 0"):
        sandbox.requests.assert_not_called(GET)


def test_order(sandbox, get):
    """Steps hold in their order, others between them allowed; a step may name its exchange."""
    first, second = sandbox.open(), sandbox.open()
    get(first.dispute_id)
    sandbox.client().call(AGREE, dispute_id=first.dispute_id, address_id=10000002)
    get(second.dispute_id)
    matches = sandbox.requests.assert_order([GET, AGREE, GET])
    assert [call["dispute_id"] for call in matches] == [
        first.dispute_id,
        first.dispute_id,
        second.dispute_id,
    ]
    sandbox.requests.assert_order([(GET, first), (GET, second.dispute_id)])
    assert sandbox.requests.assert_order([]) == []
    with pytest.raises(AssertionError) as failed:
        sandbox.requests.assert_order([AGREE, (GET, first)])
    assert f"第 2 步 {GET}(dispute_id={first.dispute_id})" in str(failed.value)
    assert "step 2 is missing" in str(failed.value)
    with pytest.raises(AssertionError, match="step 3 is missing"):
        sandbox.requests.assert_order([GET, GET, GET])


def test_once_per_exchange(sandbox, get):
    """Each exchange got the call exactly once; those that must have got it can be named."""
    first, second = sandbox.open(), sandbox.open()
    with pytest.raises(AssertionError, match="nothing was called"):
        sandbox.requests.assert_once_per_exchange(GET)
    get(first.dispute_id)
    sandbox.requests.assert_once_per_exchange(GET)
    with pytest.raises(AssertionError, match=f"{second.dispute_id} ×0"):
        sandbox.requests.assert_once_per_exchange(GET, exchanges=[first, second])
    get(second.dispute_id)
    assert len(sandbox.requests.assert_once_per_exchange(GET, exchanges=[first, second])) == 2
    get(second.dispute_id)
    with pytest.raises(AssertionError, match=f"{second.dispute_id} ×2"):
        sandbox.requests.assert_once_per_exchange(GET)


def test_a_client_at_work_is_waited_for(sandbox, get, later):
    """Each assertion waits for a call that comes later, and goes on as soon as it does."""
    exchange = sandbox.open()
    later(lambda: get(exchange.dispute_id))
    sandbox.requests.assert_called(GET, times=1, within=LATE)
    later(lambda: sandbox.client().call(AGREE, dispute_id=exchange.dispute_id, address_id=10000002))
    sandbox.requests.assert_order([GET, AGREE], within=LATE)
    other = sandbox.open()
    later(lambda: get(other.dispute_id))
    sandbox.requests.assert_once_per_exchange(GET, exchanges=[exchange, other], within=LATE)


def test_never_waits_all_the_time_and_fails_at_once(sandbox, get, later):
    """A call that must not come fails the assertion when it comes, long before the time is up.

    Another method's does not.
    """
    later(lambda: get(5))
    sandbox.requests.assert_not_called(AGREE, within=0.2)
    later(lambda: sandbox.client().send(AGREE))
    with pytest.raises(AssertionError, match="wanted 0"):
        sandbox.requests.assert_not_called(AGREE, within=LATE)


def test_waiting_ends(sandbox):
    """A call that never comes fails when the time is up."""
    with pytest.raises(AssertionError):
        sandbox.requests.assert_called(GET, within=0.05)


@pytest.mark.parametrize("wrong", [{"times": 1, "at_least": 1}, {"limit": 5}])
def test_what_makes_no_sense_is_refused(sandbox, wrong):
    """Two counts, or a limit, are a TypeError that says why."""
    with pytest.raises(TypeError):
        sandbox.requests.assert_called(GET, **wrong)


@settings(derandomize=True, database=None, deadline=None, max_examples=30)
@given(
    calls=st.lists(st.integers(1, 3), max_size=6), expected=st.lists(st.integers(1, 3), max_size=3)
)
def test_order_is_that_of_a_subsequence(calls, expected):
    """An order holds exactly if its steps can be picked from the calls from left to right."""
    sandbox = Sandbox()
    client = sandbox.client()
    for number in calls:
        client.call(GET, dispute_id=number, fields="status")
    rest = iter(calls)
    holds = all(number in rest for number in expected)
    steps = [(GET, number) for number in expected]
    if holds:
        assert [call["dispute_id"] for call in sandbox.requests.assert_order(steps)] == [
            str(number) for number in expected
        ]
    else:
        with pytest.raises(AssertionError):
            sandbox.requests.assert_order(steps)
