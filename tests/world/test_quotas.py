"""Quotas and bans, without any gateway.

Source: protocol page 6, rules.md (Clocks), docs/control-api.md.
"""

import threading
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.world.document import (
    BadDocument,
    QuotaDocument,
    WorldDocument,
    read_document,
    read_world,
)
from mockserver.world.quotas import QuotaCounters, read_quotas
from mockserver.world.snapshot import read_snapshot, write_snapshot

GET, AGREE, LIST = "tmall.exchange.get", "tmall.exchange.agree", "tmall.exchange.receive.get"
APP, OTHER = "12345678", "23456789"
BY_APP, BY_API, BY_BOTH, DYNAMIC = (
    f"accesscontrol.limited-by-{what}-access-count" for what in ("app", "api", "app-api", "dynamic")
)


@pytest.fixture
def limited(add_world):
    """Makes a world of two apps with quotas."""
    return lambda *quotas, **more: add_world(
        apps=[{"app_key": APP}, {"app_key": OTHER}], quotas=list(quotas), **more
    )


def consume(world, app_key, method):
    """Count a call as the gateway does."""
    with world.unit_of_work() as work:
        return work.consume_quota(app_key, method)


def left(world, app_key=APP, method=GET):
    """Seconds of the ban that stops a call; None where it passes."""
    ban = consume(world, app_key, method)
    return None if ban is None else ban.seconds


def test_off_by_default(world):
    """A sandbox has no quotas unless they are given."""
    assert world._state.quotas == ()


def test_a_second_excess_bans_for_one_second(limited, machine):
    """The call above the limit is banned for one second, and then a new second is counted."""
    world = limited({"per": "second", "limit": 2})
    assert [left(world) for _ in range(4)] == [None, None, 1, 1]
    machine.wait(milliseconds=999)
    assert left(world) == 1
    machine.wait(milliseconds=1)
    assert [left(world) for _ in range(3)] == [None, None, 1]


def test_a_quiet_second_is_forgotten(limited, machine):
    """Calls of a second that is over do not count."""
    world = limited({"per": "second", "limit": 2})
    for _ in range(3):
        assert [left(world), left(world)] == [None, None]
        machine.wait(seconds=1)


def test_a_day_excess_bans_until_midnight(limited, machine):
    """The daily ban falls second by second and ends at 24:00 of the sandbox's day."""
    world = limited({"per": "day", "limit": 1})  # frozen at 10:00:00
    assert [left(world), left(world)] == [None, 14 * 3600]
    machine.wait(seconds=90)
    assert left(world) == 14 * 3600 - 90
    machine.wait(hours=13, minutes=58, seconds=29, milliseconds=500)
    assert left(world) == 1
    machine.wait(milliseconds=500)
    assert [left(world), left(world)] == [None, 24 * 3600]


def test_advancing_counts_as_time(limited):
    """An advance of the frozen clock ends a ban; ageing does not."""
    world = limited({"per": "day", "limit": 1})
    assert [left(world), left(world)] == [None, 14 * 3600]
    world.advance(timedelta(hours=4))
    assert left(world) == 10 * 3600
    world.age(timedelta(days=3))
    assert left(world) == 10 * 3600
    world.advance(timedelta(hours=10))
    assert left(world) is None


@pytest.mark.parametrize("hours", [-30, 30])
def test_setting_the_clock_moves_the_day(limited, world, hours):
    """A clock set to another day, earlier or later, begins that day's count."""
    world = limited({"per": "day", "limit": 1})
    assert [left(world), left(world)] == [None, 14 * 3600]
    world.set_clock(running=False, now=world.now + timedelta(hours=hours))
    assert left(world) is None


def test_freezing_lifts_no_ban(limited):
    """A clock that is frozen or let run where it stands keeps counts and bans."""
    world = limited({"per": "day", "limit": 1})
    assert [left(world), left(world)] == [None, 14 * 3600]
    world.set_clock(running=True, now=None)
    assert left(world) == 14 * 3600


@pytest.mark.parametrize(
    ("keys", "sub_code", "shared"),
    [
        ({}, BY_APP, {(APP, GET), (APP, AGREE)}),
        ({"app_key": APP}, BY_APP, {(APP, GET), (APP, AGREE)}),
        ({"app_key": "*"}, BY_APP, {(APP, GET), (APP, AGREE)}),
        ({"method": GET}, BY_API, {(APP, GET), (OTHER, GET)}),
        ({"method": "tmall.exchange.*"}, BY_API, {(APP, GET), (OTHER, GET)}),
        ({"method": GET, "app_key": APP}, BY_BOTH, {(APP, GET)}),
        ({"method": "*", "app_key": "*"}, BY_BOTH, {(APP, GET)}),
    ],
)
def test_scopes(limited, keys, sub_code, shared):
    """The keys say what is counted together, and with which sub_code it is refused."""
    stopped = set()
    for call in ((APP, GET), (APP, AGREE), (OTHER, GET), (OTHER, AGREE)):
        world = limited({**keys, "per": "day", "limit": 1})
        assert consume(world, APP, GET) is None
        ban = consume(world, *call)
        if ban is not None:
            assert ban.sub_code == sub_code
            stopped.add(call)
    assert stopped == shared


@pytest.mark.parametrize("sub_code", [BY_APP, BY_API, BY_BOTH, DYNAMIC])
def test_a_given_sub_code_is_answered(limited, sub_code):
    """Any of the four sub_codes can be asked for."""
    world = limited({"per": "second", "limit": 0, "sub_code": sub_code})
    assert consume(world, APP, GET).sub_code == sub_code


def test_a_refused_call_counts_nowhere(limited):
    """A call that one quota stops is counted by no other."""
    world = limited({"per": "day", "limit": 3}, {"method": GET, "per": "day", "limit": 1})
    assert [left(world, APP, GET) is None for _ in range(5)] == [True, False, False, False, False]
    assert [left(world, APP, AGREE) is None for _ in range(3)] == [True, True, False]


def test_reset_and_restore(limited):
    """A reset brings back the quotas as made, a restore those of the snapshot.

    Neither brings counts or bans.
    """
    world = limited({"per": "day", "limit": 1})
    made = world._state.quotas
    assert [left(world) is None for _ in range(2)] == [True, False]
    world.set_quotas([QuotaDocument(per="second", limit=5)])
    world.snapshot("five")
    assert world._state.quotas != made
    world.reset()
    assert world._state.quotas == made
    assert [left(world) is None for _ in range(2)] == [True, False]
    world.restore("five")
    assert [left(world) is None for _ in range(6)] == [True] * 5 + [False]


def test_snapshot_documents_hold_quotas(limited):
    """Quotas survive as a document; one of an earlier release has none."""
    world = limited(
        {"method": "tmall.*", "app_key": APP, "per": "day", "limit": 9},
        {"per": "second", "limit": 1},
    )
    import json

    document = json.loads(write_snapshot(world._state))
    assert read_snapshot(document).quotas == world._state.quotas
    del document["quotas"]
    assert read_snapshot(document).quotas == ()


def test_a_copied_sandbox_keeps_its_quotas(limited, directory):
    """A sandbox made from a snapshot has an app key of its own, and its quotas follow it."""
    from mockserver.world.world import World

    world = limited({"app_key": APP, "per": "day", "limit": 1})
    copy = World(directory, WorldDocument(), state=world.snapshot("kept"))
    (key,) = copy._state.apps
    assert [left(copy, key) is None for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("quota", "field", "meant"),
    [
        ({"per": "minute", "limit": 1}, "quotas[0].per", "second"),
        ({"per": "days", "limit": 1}, "quotas[0].per", "day"),
        ({"per": "day", "limit": -1}, "quotas[0].limit", "0"),
        ({"per": "day", "limit": 10**9 + 1}, "quotas[0].limit", "0"),
        (
            {"per": "day", "limit": 1, "method": "tmall.exchange.agre"},
            "quotas[0].method",
            "tmall.exchange.agree",
        ),
        ({"per": "day", "limit": 1, "method": "x.*"}, "quotas[0].method", "tmall.exchange.get"),
        ({"per": "day", "limit": 1, "method": "*" * 201}, "quotas[0].method", "200"),
        ({"per": "day", "limit": 1, "app_key": "1234567"}, "quotas[0].app_key", APP),
        ({"per": "day", "limit": 1, "app_key": 1}, "quotas[0].app_key", APP),
        (
            {"per": "day", "limit": 1, "sub_code": "limited-by-api-access-count"},
            "quotas[0].sub_code",
            BY_API,
        ),
    ],
)
def test_wrong_quotas_are_named(quota, field, meant):
    """A wrong quota is refused with place, key and what is possible, in both languages."""
    with pytest.raises(BadDocument) as refused:
        read_quotas([read_document(quota, QuotaDocument)], [GET, AGREE], [APP])
    assert refused.value.field == field
    assert meant in refused.value.zh and meant in refused.value.en


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"quotas": [{"per": "day", "limit": True}]}, "quotas[0].limit"),
        ({"quotas": [{"per": "day", "limit": 1.5}]}, "quotas[0].limit"),
        ({"quotas": [{"per": "day"}]}, "quotas[0].limit"),
        ({"quotas": {}}, "quotas"),
        ({"quotas": [{"limit": 1}]}, "quotas[0].per"),
    ],
)
def test_wrong_shapes_are_named(raw, field):
    """A key that is missing or of a wrong type is named."""
    with pytest.raises(BadDocument) as refused:
        read_world(raw)
    assert refused.value.field == field


def test_a_mistyped_key_is_reported_its_name():
    """An unknown key is answered with the one that was probably meant."""
    with pytest.raises(BadDocument) as refused:
        read_world({"quotas": [{"per": "day", "limits": 1}]})
    assert (
        "limit" in refused.value.zh.replace("limits", "")
        and "did you mean limit?" in refused.value.en
    )


def test_at_most_a_hundred():
    """More than a hundred quotas are refused."""
    with pytest.raises(BadDocument):
        read_quotas([QuotaDocument(per="day", limit=1)] * 101, [GET], [APP])


@pytest.mark.parametrize("per", ["second", "day"])
def test_exact_under_sixteen_threads(limited, per, eager_switches):
    """Of 16 threads' calls exactly as many as the limit pass."""
    world = limited({"per": per, "limit": 1500})
    passed = []

    def call():
        passed.extend(1 for _ in range(100) if left(world) is None)

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 1500


@settings(derandomize=True, database=None, deadline=None)
@given(limit=st.integers(0, 5), pauses=st.lists(st.integers(0, 1500), max_size=40))
def test_never_more_than_the_limit_between_bans(limit, pauses):
    """No second lets more than the limit through, and no ban exceeds a second."""
    from datetime import datetime

    from mockserver.protocol.shapes import BEIJING

    now = datetime(2026, 3, 1, 10, tzinfo=BEIJING)
    quota_counters = QuotaCounters(now, now)
    quotas = read_quotas([QuotaDocument(per="second", limit=limit)], [GET], [APP])
    passed, banned_until = [], now
    for pause in pauses:
        now += timedelta(milliseconds=pause)
        ban = quota_counters.consume_quota(quotas, APP, GET, now)
        if ban is None:
            assert now >= banned_until
            passed.append(now)
        else:
            assert ban.seconds == 1
            if now >= banned_until:
                banned_until = now + timedelta(seconds=1)
    starts = [
        at
        for place, at in enumerate(passed)
        if place == 0 or at - passed[place - 1] >= timedelta(seconds=1)
    ]
    for start in starts:
        assert sum(start <= at < start + timedelta(seconds=1) for at in passed) <= limit
