"""Planned faults without any gateway.

How they are written, which calls they match, and that they replay.

Source: docs/faults.md, the issue (ordered, first match, nth call, probability from the
seed, times, until).
"""

import json
import threading
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.api.methods import METHODS
from mockserver.world.document import BadDocument, WorldDocument
from mockserver.world.faults.fault_kinds import FAULTS
from mockserver.world.faults.fault_matching import (
    FaultCandidate,
    chance,
    read_fault,
    read_faults,
    serialize_fault,
)
from mockserver.world.faults.fault_sets import SETS
from mockserver.world.snapshot import read_snapshot, write_snapshot

GET, AGREE, LIST, TIME = (
    "tmall.exchange.get",
    "tmall.exchange.agree",
    "tmall.exchange.receive.get",
    "taobao.time.get",
)


def make_call(method=GET, dispute_id="1", session="main", **arguments):
    """What a plan knows of a call."""
    return FaultCandidate(method, METHODS.get(method), dispute_id, session, arguments)


def next_fault(world, call):
    """Return the fault that disturbs a call, as the gateway asks for it."""
    with world.unit_of_work() as work:
        return work.next_fault(call)


def struck(world, *calls):
    """The name of the fault that strikes each call, or None."""
    hits = [next_fault(world, call) for call in calls]
    return [hit and hit.fault.kind for hit in hits]


def test_nothing_is_planned_at_first(world):
    """A sandbox without faults strikes nobody."""
    assert world._state.faults == {}
    assert struck(world, make_call()) == [None]


def test_once_by_default(world):
    """A fault strikes the first call that it meets, and no other."""
    world.plan_faults({"fault": "reset"})
    assert struck(world, make_call(), make_call()) == ["reset", None]
    [fault_document] = world.planned_faults()
    assert {name: fault_document[name] for name in ("id", "met", "hits", "left")} == {
        "id": "f1",
        "met": 1,
        "hits": 1,
        "left": 0,
    }


@pytest.mark.parametrize(
    ("keys", "strikes"),
    [
        ({"method": GET}, [True, False, False, False]),
        ({"method": "tmall.exchange.*"}, [True, True, True, False]),
        ({"method": [AGREE, TIME]}, [False, True, False, True]),
        ({"method": []}, [True] * 4),
        ({"method": None}, [True] * 4),
        ({"dispute_id": 1}, [True, False, True, False]),
        ({"dispute_id": "2"}, [False, True, False, False]),
        ({"session": "sub"}, [False, True, False, False]),
        ({"method": "tmall.*", "session": "main"}, [True, False, True, False]),
    ],
)
def test_matching(world, keys, strikes):
    """Method by name, glob or list, exchange and session: all that are given have to fit."""
    world.plan_faults({"fault": "latency", "times": None, **keys})
    calls = [
        make_call(GET),
        make_call(AGREE, "2", "sub"),
        make_call(LIST, "1", page_no=1),
        make_call(TIME, "", ""),
    ]
    assert [bool(fault) for fault in struck(world, *calls)] == strikes


def test_a_session_is_known_by_label_nick_or_token(world):
    """However a session is named, the fault keeps its label and never its token."""
    session = next(session for session in world._state.sessions.values() if session.label == "sub")
    for name in (session.label, session.nick, session.token):
        [fault] = world.plan_faults({"fault": "reset", "session": name})
        assert fault.session == "sub"
    assert session.token not in json.dumps(world.planned_faults())


def test_an_unknown_session_is_not_repeated(world):
    """What was given as session may be a secret, so the refusal names those there are instead."""
    with pytest.raises(BadDocument) as refused:
        world.plan_faults({"fault": "reset", "session": "6100some-token"})
    assert refused.value.field == "session" and "6100some-token" not in str(refused.value)
    assert "main" in refused.value.zh and "main" in refused.value.en


def test_the_nth_call(world):
    """`after` calls are let go, then so many are struck."""
    world.plan_faults({"fault": "reset", "after": 2, "times": 2})
    assert struck(world, *[make_call()] * 6) == [None, None, "reset", "reset", None, None]
    assert [(fault["met"], fault["hits"], fault["left"]) for fault in world.planned_faults()] == [
        (4, 2, 0)
    ]


def test_ordered_first_match(world):
    """The first fault that strikes is the only one.

    Those that let a call go leave it to the next.
    """
    for raw in (
        {"fault": "reset", "after": 1},
        {"fault": "garbled", "times": 2},
        {"fault": "latency", "times": None},
    ):
        world.plan_faults(raw)
    assert struck(world, *[make_call()] * 5) == [
        "garbled",
        "reset",
        "garbled",
        "latency",
        "latency",
    ]
    assert [fault["met"] for fault in world.planned_faults()] == [2, 2, 2]


@pytest.mark.parametrize("until", ["2026-03-01 11:00:00", "1h"])
def test_until(world, until):
    """A fault ends at an instant of the sandbox, or that long after it was planned.

    Ageing does not end it.
    """
    [fault] = world.plan_faults({"fault": "latency", "times": None, "until": until})
    assert serialize_fault(fault)["until"] == "2026-03-01 11:00:00"
    world.age(timedelta(days=1))
    world.advance(timedelta(minutes=59, seconds=59))
    assert struck(world, make_call()) == ["latency"]
    world.advance(timedelta(seconds=1))
    assert struck(world, make_call()) == [None]


def test_a_fault_matches_only_what_it_can(world):
    """Faults of reads, lists, sessions and failures leave other calls alone."""
    for name in ("stale_read", "late_rows", "session_expired", "business_failure"):
        world.plan_faults({"fault": name})
    assert struck(
        world, make_call(TIME), make_call(AGREE), make_call("x.y"), make_call(LIST, page_no=1)
    ) == ["stale_read", "session_expired", None, "late_rows"]


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9, 1])
def test_probability(add_world, probability):
    """About so many calls are struck, and the same ones in every sandbox of the same seed."""

    def play(seed):
        world = add_world(seed=seed)
        world.plan_faults({"fault": "reset", "times": None, "probability": probability})
        return [bool(fault) for fault in struck(world, *[make_call()] * 2000)]

    assert play(7) == play(7)
    assert abs(sum(play(7)) / 2000 - probability) < 0.04
    assert (play(7) == play(8)) is (probability in (0, 1))


def test_two_faults_draw_apart(world):
    """Two faults of the same probability do not match the same calls."""
    world.plan_faults({"fault": "reset", "times": None, "probability": 0.5, "method": GET})
    world.plan_faults({"fault": "reset", "times": None, "probability": 0.5, "method": AGREE})
    pairs = [struck(world, make_call(GET), make_call(AGREE)) for _ in range(100)]
    assert {(bool(one), bool(other)) for one, other in pairs} == {
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    }


@settings(derandomize=True, database=None, deadline=None)
@given(st.text(max_size=50))
def test_chance_lies_between_0_and_1(seed):
    """Whatever the seed, chance is at least 0, below 1, and the same again."""
    assert 0 <= chance(seed) < 1
    assert chance(seed) == chance(seed)


def test_reset_replays(add_world):
    """After a reset the faults of the document match the same calls again.

    Those planned later are gone.
    """
    world = add_world(seed=3, faults=[{"fault": "reset", "times": None, "probability": 0.4}])
    first = struck(world, *[make_call()] * 50)
    world.plan_faults({"fault": "garbled", "times": None})
    world.reset()
    assert [fault["fault"] for fault in world.planned_faults()] == ["reset"]
    assert struck(world, *[make_call()] * 50) == first


def test_restore_goes_on_where_the_snapshot_was(world):
    """A snapshot keeps what was planned and how far it had come."""
    world.plan_faults({"fault": "reset", "times": None, "probability": 0.5})
    struck(world, *[make_call()] * 20)
    world.snapshot("kept")
    then = struck(world, *[make_call()] * 50)
    world.drop_faults()
    world.restore("kept")
    assert struck(world, *[make_call()] * 50) == then


def test_snapshot_documents_hold_the_plan(world):
    """Faults in their order, with ids and counts, survive as a document.

    One of an earlier release has none.
    """
    for number in range(12):
        world.plan_faults(
            {
                "fault": "latency",
                "seconds": number,
                "after": number,
                "until": "2h",
                "method": ["tmall.*", TIME],
            }
        )
    struck(world, *[make_call()] * 5)
    document = json.loads(write_snapshot(world._state))
    state = read_snapshot(document)
    assert list(state.faults.items()) == list(world._state.faults.items())
    assert state.fault_counters == world._state.fault_counters
    for key in ("faults", "tallies"):
        del document[key]
    assert read_snapshot(document).faults == {}


@pytest.mark.parametrize(
    ("faults", "field"),
    [
        ([{"fault": "reset"}], "faults[0].id"),
        ([{"id": "x", "fault": "reset"}], "faults[0].id"),
        ([{"id": "f1", "fault": "reset"}] * 2, "faults[1].id"),
        ([{"id": "f1", "fault": "rest"}], "faults[0].fault"),
        ([{"id": "f1", "fault": "reset", "until": "1h"}], "faults[0].until"),
    ],
)
def test_wrong_plans_of_documents_are_named(world, faults, field):
    """A snapshot document whose faults cannot be is refused by the place."""
    document = json.loads(write_snapshot(world._state))
    with pytest.raises(BadDocument) as refused:
        read_snapshot({**document, "faults": faults})
    assert refused.value.field == field


def test_a_wrong_fault_of_a_world_is_named(add_world):
    """A world document with a wrong fault makes no sandbox, and the fault is named by its place."""
    with pytest.raises(BadDocument) as refused:
        add_world(faults=[{"fault": "reset"}, {"fault": "reset", "byts": 1}])
    assert refused.value.field == "faults[1].byts"
    assert "bytes" in refused.value.zh and "did you mean bytes?" in refused.value.en


def test_changing_keeps_counts(world):
    """A changed fault goes on counting; its kind stays."""
    world.plan_faults({"fault": "latency", "times": 2})
    struck(world, make_call())
    world.change_fault("f1", {"times": 3, "seconds": 9, "method": AGREE})
    [fault_document] = world.planned_faults()
    assert (
        fault_document["hits"],
        fault_document["left"],
        fault_document["seconds"],
        fault_document["method"],
    ) == (1, 2, 9, AGREE)
    with pytest.raises(BadDocument) as refused:
        world.change_fault("f1", {"fault": "reset"})
    assert refused.value.field == "fault"
    assert world.change_fault("f9", {}) is None


def test_dropping(world):
    """One fault is dropped by its id, or all; ids are never used again."""
    for name in ("reset", "garbled", "latency"):
        world.plan_faults({"fault": name})
    assert (world.drop_faults(["f2"]), world.drop_faults(["f2"]), world.drop_faults()) == (1, 0, 2)
    assert [fault.id for fault in world.plan_faults({"fault": "reset"})] == ["f4"]


@pytest.mark.parametrize("name", SETS)
def test_sets(world, name):
    """A set plans all its faults in order.

    What is said beside it holds for each of them that can meet such calls.
    """
    planned = world.plan_faults({"set": name, "session": "main", "until": "1d"})
    assert [fault.kind for fault in planned] == [
        document["fault"] for document in SETS[name].faults
    ]
    assert {(fault.session, fault.times) for fault in planned} == {("main", None)}
    assert sum(bool(fault) for fault in struck(world, *[make_call(session="main")] * 300)) > 50


@pytest.mark.parametrize(
    ("raw", "field", "meant"),
    [
        ({"set": "bad_days"}, "set", "bad_day"),
        ({"set": None}, "set", "bad_day"),
        ({"set": "bad_day", "seconds": 3}, "seconds", "session"),
        ({"set": "bad_day", "fault": "reset"}, "fault", ""),
    ],
)
def test_wrong_sets_are_named(raw, field, meant):
    """An unknown set or key beside it is named, with what was probably meant."""
    with pytest.raises(BadDocument) as refused:
        read_faults(raw)
    assert refused.value.field == field
    assert meant in refused.value.zh and meant in refused.value.en


@pytest.mark.parametrize(
    ("raw", "field", "meant"),
    [
        ({}, "fault", "platform_error"),
        ({"fault": "replylost"}, "fault", "reply_lost"),
        ({"fault": 7}, "fault", "platform_error"),
        ({"fault": ["reset"]}, "fault", "reset"),
        ([], "fault", ""),
        (None, "fault", ""),
        ("reset", "fault", ""),
        ({"fault": "reset", "metod": GET}, "metod", "method"),
        ({"fault": "reset", "id": "f1"}, "id", ""),
        ({"fault": "reset", "method": "tmall.exchange.agre"}, "method", AGREE),
        ({"fault": "reset", "method": 5}, "method", ""),
        ({"fault": "reset", "method": [GET, ""]}, "method", ""),
        ({"fault": "reset", "method": ["x.*"]}, "method", ""),
        ({"fault": "reset", "method": [GET] * 51}, "method", "50"),
        ({"fault": "stale_read", "method": AGREE}, "method", "stale_read"),
        ({"fault": "late_rows", "method": GET}, "method", LIST),
        ({"fault": "business_failure", "method": LIST}, "method", LIST),
        ({"fault": "session_expired", "method": TIME}, "method", "session"),
        ({"fault": "reset", "dispute_id": "abc"}, "dispute_id", ""),
        ({"fault": "reset", "dispute_id": True}, "dispute_id", ""),
        ({"fault": "reset", "dispute_id": 1.5}, "dispute_id", ""),
        ({"fault": "reset", "dispute_id": "9" * 30}, "dispute_id", ""),
        ({"fault": "reset", "session": 5}, "session", ""),
        ({"fault": "reset", "after": -1}, "after", "0"),
        ({"fault": "reset", "after": True}, "after", "0"),
        ({"fault": "reset", "after": 10**10}, "after", "0"),
        ({"fault": "reset", "times": 0}, "times", "1"),
        ({"fault": "reset", "times": 1.5}, "times", "1"),
        ({"fault": "reset", "probability": 1.1}, "probability", "1"),
        ({"fault": "reset", "probability": -0.1}, "probability", "0"),
        ({"fault": "reset", "probability": float("nan")}, "probability", "0"),
        ({"fault": "reset", "probability": "1"}, "probability", "0"),
        ({"fault": "reset", "until": "soon"}, "until", "yyyy"),
        ({"fault": "reset", "until": 5}, "until", "yyyy"),
        ({"fault": "reset", "bytes": -1}, "bytes", "0"),
        ({"fault": "reset", "bytes": 1.5}, "bytes", ""),
        ({"fault": "reset", "executed": 1}, "executed", "true"),
        ({"fault": "latency", "seconds": 61}, "seconds", "60"),
        ({"fault": "latency", "seconds": float("inf")}, "seconds", "60"),
        ({"fault": "latency", "distribution": "normal"}, "distribution", "log_normal"),
        (
            {"fault": "latency", "distribution": "uniform", "seconds": 1, "shortest": 2},
            "shortest",
            "seconds",
        ),
        ({"fault": "reply_lost", "as": "hung"}, "as", "hang"),
        ({"fault": "reply_lost", "as": ["hang"]}, "as", "hang"),
        ({"fault": "gateway_5xx", "status": 500}, "status", "502"),
        ({"fault": "gateway_5xx", "status": "502"}, "status", "502"),
        ({"fault": "gateway_5xx", "status": True}, "status", "502"),
        ({"fault": "truncated", "part": 1}, "part", "0.99"),
        ({"fault": "platform_error", "code": 0}, "code", "1"),
        ({"fault": "platform_error", "code": "15"}, "code", "1"),
        ({"fault": "platform_error", "code": 9000}, "msg", "9000"),
        ({"fault": "platform_error", "msg": "two\nlines"}, "msg", "500"),
        ({"fault": "platform_error", "sub_msg": "x" * 501}, "sub_msg", "500"),
        ({"fault": "limited", "seconds": 0}, "seconds", "1"),
        (
            {"fault": "limited", "sub_code": "by-app"},
            "sub_code",
            "accesscontrol.limited-by-app-access-count",
        ),
        ({"fault": "wrong_content_type", "content_type": "文字"}, "content_type", "ASCII"),
        ({"fault": "wrong_content_type", "content_type": ""}, "content_type", "ASCII"),
        ({"fault": "stale_read", "ago": "0.5s"}, "ago", "365d"),
        ({"fault": "stale_read", "writes": 0}, "writes", "1"),
        ({"fault": "late_rows", "by": "0s"}, "by", "1s"),
        ({"fault": "late_rows", "by": 30}, "by", "1s"),
        ({"fault": "slow_body", "pieces": 1}, "pieces", "2"),
        ({"fault": "garbled", "bytes": 0}, "bytes", "1"),
    ],
)
def test_wrong_faults_are_named(raw, field, meant):
    """A wrong name, key or value is refused with the key and what is possible, in zh and en."""
    with pytest.raises(BadDocument) as refused:
        read_fault(raw)
    assert refused.value.field == field
    assert meant in refused.value.zh and meant in refused.value.en


def _options(kind):
    """Any values that the options of a kind can take."""

    def values(option):
        if option.among:
            return st.sampled_from(option.among)
        if isinstance(option.default, bool):
            return st.booleans()
        if isinstance(option.default, timedelta):
            return st.integers(int(option.least), int(option.most)).map(
                lambda seconds: f"{seconds}s"
            )
        if isinstance(option.default, str):
            return (
                st.text("abc-. 中", min_size=1, max_size=20)
                if option.name != "content_type"
                else st.just("text/plain")
            )
        return (
            st.integers(int(option.least), int(option.most))
            if isinstance(option.default, int)
            else st.floats(option.least, option.most)
        )

    return st.fixed_dictionaries(
        {"fault": st.just(kind.name)},
        optional={option.name: values(option) for option in kind.options},
    )


@settings(derandomize=True, database=None, deadline=None)
@given(
    raw=st.sampled_from(sorted(FAULTS)).flatmap(lambda name: _options(FAULTS[name])),
    more=st.fixed_dictionaries(
        {},
        optional={
            "after": st.integers(0, 10**9),
            "times": st.none() | st.integers(1, 10**9),
            "probability": st.floats(0, 1),
            "dispute_id": st.integers(1, 2**63 - 1),
            "until": st.sampled_from(["90s", "3d12h", "2026-03-01 10:00:00"]),
        },
    ),
)
def test_what_is_shown_can_be_planned_again(raw, more):
    """Reading a fault and showing it are each other's inverse."""
    if raw.get("distribution") == "uniform":
        raw["shortest"] = min(raw.get("shortest", 0), raw.get("seconds", 1))
    if raw["fault"] == "platform_error":
        raw.setdefault("msg", "a text")
    fault = read_fault({**raw, **more})
    fault_document = serialize_fault(fault)
    assert read_fault(fault_document) == fault
    assert serialize_fault(read_fault(fault_document)) == fault_document
    json.dumps(fault_document)


def test_exact_under_sixteen_threads(world, eager_switches):
    """Of 16 threads' calls exactly `times` are hit after `after`, and each is counted once."""
    world.plan_faults({"fault": "reset", "after": 100, "times": 200})
    world.plan_faults({"fault": "latency", "times": None, "probability": 0.5})
    hits = []

    def call():
        hits.extend(struck(world, *[make_call()] * 50))

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = world.planned_faults()
    assert (hits.count("reset"), first["met"], first["hits"], first["left"]) == (200, 300, 200, 0)
    assert (second["met"], second["hits"]) == (600, hits.count("latency"))
    again = type(world)(world.directory, WorldDocument(seed=world.document.seed))
    again.plan_faults({"fault": "reset", "after": 100, "times": 200})
    again.plan_faults({"fault": "latency", "times": None, "probability": 0.5})
    assert struck(again, *[make_call()] * 800).count("latency") == hits.count("latency")


def test_at_most_a_thousand(world):
    """A sandbox refuses more than a thousand faults."""
    for _ in range(1000):
        world.plan_faults({"fault": "reset"})
    with pytest.raises(BadDocument) as refused:
        world.plan_faults({"fault": "reset"})
    assert "1000" in refused.value.zh
    assert len(world._state.faults) == 1000


@pytest.mark.parametrize("until", ["3000-01-01 00:00:00", "36500d"])
def test_until_stays_within_the_years(add_world, until):
    """An end beyond the years that a sandbox can be in is refused by name."""
    world = add_world(clock="2950-01-01 00:00:00")
    with pytest.raises(BadDocument) as refused:
        world.plan_faults({"fault": "reset", "until": until})
    assert refused.value.field == "until"


def test_a_ban_is_one_match(add_world, machine):
    """`limited` bans for so long.

    Calls meanwhile are struck without counting, and the seconds fall in real time.
    """
    world = add_world()
    world.plan_faults({"fault": "limited", "seconds": 10, "method": GET})
    assert [next_fault(world, make_call()).ban for _ in range(2)] == [10, 10]
    machine.wait(seconds=3.5)
    assert next_fault(world, make_call()).ban == 7
    assert struck(world, make_call(AGREE)) == [None]
    world.advance(timedelta(seconds=6))
    assert next_fault(world, make_call()).ban == 1
    machine.wait(seconds=1)
    assert struck(world, make_call()) == [None]
    assert [(fault["met"], fault["hits"]) for fault in world.planned_faults()] == [(1, 1)]


@pytest.mark.parametrize("end", ["reset", "drop"])
def test_a_ban_ends_with_its_fault(add_world, end):
    """A reset or a dropped fault lifts its ban; after a reset it can match again."""
    world = add_world(faults=[{"fault": "limited", "seconds": 3600}])
    assert struck(world, *[make_call()] * 2) == ["limited"] * 2
    if end == "drop":
        world.drop_faults(["f1"])
        assert struck(world, make_call()) == [None]
    else:
        world.reset()
        assert next_fault(world, make_call()).ban == 3600
        world.set_clock(running=False, now=world.now - timedelta(days=300))
        assert struck(world, make_call()) == [None]
