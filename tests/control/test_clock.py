"""A sandbox's clock: frozen or running, advanced or aged.

Sources: docs/control-api.md, rules.md (Clocks).
"""

import pytest


def window(call, start, end, **more):
    """What a poller sees that asks for a window of `modified`."""
    page = call(
        "tmall.exchange.receive.get",
        fields="dispute_id,status,modified,created",
        start_gmt_modified_time=start,
        end_gmt_modifed_time=end,
        **more,
    )
    return [
        (row["dispute_id"], row["status"]) for row in page.get("results", {}).get("exchange", [])
    ]


def test_get(api, opened):
    """The clock shows mode, now and the coming deadlines, earliest first."""
    later = api("POST", "exchanges", {"status": 2})["dispute_id"]
    clock = api("GET", "clock")
    assert (clock["mode"], clock["now"]) == ("frozen", "2026-03-01 10:00:00")
    assert [(due["at"], due["dispute_id"]) for due in clock["deadlines"]] == [
        ("2026-03-03 10:00:00", opened),
        ("2026-03-08 10:00:00", later),
    ]
    assert all(due["rule"] for due in clock["deadlines"])


def test_a_frozen_clock_stands(api, machine):
    """Real time does not move a frozen sandbox."""
    machine.pass_by(days=30)
    assert api("GET", "clock")["now"] == "2026-03-01 10:00:00"


def test_a_running_clock_runs(api, machine):
    """Set running, the clock goes on from what it shows; frozen again, it stands."""
    assert api("POST", "clock", {"mode": "running"})["now"] == "2026-03-01 10:00:00"
    machine.pass_by(minutes=5)
    assert api("GET", "clock")["now"] == "2026-03-01 10:05:00"
    api("POST", "clock", {"mode": "frozen"})
    machine.pass_by(minutes=5)
    assert api("GET", "clock")["now"] == "2026-03-01 10:05:00"


def test_set_now(api, opened):
    """A clock set beyond a deadline fires it at its own instant."""
    clock = api("POST", "clock", {"mode": "frozen", "now": "2026-03-05 00:00:00"})
    assert clock["now"] == "2026-03-05 00:00:00"
    last = api("GET", f"exchanges/{opened}")["timeline"][-1]
    assert (last["at"], last["by"], last["from"], last["to"]) == (
        "2026-03-03 10:00:00",
        "system",
        1,
        2,
    )


def test_a_running_clock_fires_without_being_asked(api, machine, opened):
    """Deadlines of a running sandbox have fired whenever it is read."""
    api("POST", "clock", {"mode": "running"})
    machine.pass_by(days=2, seconds=1)
    assert api("GET", f"exchanges/{opened}")["status"] == 2


@pytest.mark.parametrize(("span", "status"), [("1d23h59m59s", 1), ("2d", 2), ("2d1s", 2)])
def test_advance_around_a_deadline(api, opened, span, status):
    """A deadline fires at its instant, not a second before."""
    api("POST", "clock/advance", {"by": span})
    assert api("GET", f"exchanges/{opened}")["status"] == status


def test_advance_past_two_deadlines(api, opened):
    """A jump past two deadlines stamps each move with its own instant, in order."""
    clock = api("POST", "clock/advance", {"by": "30d"})
    assert clock["now"] == "2026-03-31 10:00:00"
    assert [(event["at"], event["from"], event["to"]) for event in clock["fired"]] == [
        ("2026-03-03 10:00:00", 1, 2),
        ("2026-03-10 10:00:00", 2, 4),
    ]
    assert clock["deadlines"] == []
    assert api("GET", f"exchanges/{opened}")["modified"] == "2026-03-10 10:00:00"


def test_deadlines_of_two_exchanges_fire_in_order(api, opened):
    """Deadlines of different exchanges fire in the order of their instants."""
    other = api("POST", "exchanges", {"status": 12})["dispute_id"]
    fired = api("POST", "clock/advance", {"by": "8d"})["fired"]
    assert [(event["at"], event["dispute_id"], event["to"]) for event in fired] == [
        ("2026-03-03 10:00:00", opened, 2),
        ("2026-03-04 10:00:00", other, 14),
    ]


def test_advance_by_nothing(api, opened):
    """A step that reaches no deadline fires nothing."""
    assert api("POST", "clock/advance", {"by": "1h"})["fired"] == []


@pytest.mark.parametrize("to", ["next", "2026-03-03 10:00:00", "deadline"])
def test_advance_to(api, opened, to):
    """`to` takes the next deadline, an instant, or an exchange's deadline."""
    clock = api("POST", "clock/advance", {"to": f"deadline:{opened}" if to == "deadline" else to})
    assert clock["now"] == "2026-03-03 10:00:00"
    assert [event["to"] for event in clock["fired"]] == [2]


def test_next_takes_one_deadline(api, opened):
    """`next` goes to the earliest deadline only."""
    api("POST", "exchanges", {"status": 12})
    assert api("POST", "clock/advance", {"to": "next"})["now"] == "2026-03-03 10:00:00"
    assert api("POST", "clock/advance", {"to": "next"})["now"] == "2026-03-04 10:00:00"


def test_advance_a_running_clock(api, machine):
    """An advanced running clock runs on from there."""
    api("POST", "clock", {"mode": "running"})
    api("POST", "clock/advance", {"by": "1d"})
    machine.pass_by(seconds=7)
    assert api("GET", "clock")["now"] == "2026-03-02 10:00:07"


def test_time_get_follows(api, call):
    """taobao.time.get gives the sandbox's time."""
    api("POST", "clock/advance", {"by": "1d2h3m4s"})
    assert call("taobao.time.get")["time"] == "2026-03-02 12:03:04"


def test_age_keeps_now(api, opened):
    """Aging makes what is recorded older and leaves now where it is."""
    clock = api("POST", "clock/age", {"by": "1d"})
    exchange = api("GET", f"exchanges/{opened}")
    assert (clock["now"], clock["fired"]) == ("2026-03-01 10:00:00", [])
    assert (exchange["created"], exchange["modified"], exchange["deadline"]) == (
        "2026-02-28 10:00:00",
        "2026-02-28 10:00:00",
        "2026-03-02 10:00:00",
    )
    assert exchange["timeline"][0]["at"] == "2026-02-28 10:00:00"
    assert exchange["exchange"]["created"] == "2026-02-28 10:00:00"
    assert clock["deadlines"][0]["at"] == "2026-03-02 10:00:00"
    messages = api("GET", f"exchanges/{opened}/messages")["items"]
    assert {message["created"] for message in messages} == {"2026-02-28 10:00:00"}


def test_age_fires_what_becomes_due(api, opened):
    """What aging makes due fires at its own instant, in the past."""
    clock = api("POST", "clock/age", {"by": "2d1h"})
    assert [(event["at"], event["to"]) for event in clock["fired"]] == [("2026-03-01 09:00:00", 2)]
    assert api("GET", f"exchanges/{opened}")["modified"] == "2026-03-01 09:00:00"


@pytest.mark.parametrize("to", ["next", "deadline"])
def test_age_to_a_deadline(api, opened, to):
    """Aged to its deadline, an exchange has moved exactly now."""
    clock = api("POST", "clock/age", {"to": f"deadline:{opened}" if to == "deadline" else to})
    assert clock["now"] == "2026-03-01 10:00:00"
    assert [event["at"] for event in clock["fired"]] == ["2026-03-01 10:00:00"]


def test_a_poller_sees_what_age_made_due(machine, call, api):
    """A poller that reads the last minute by its own clock meets the exchange that aging moved."""
    api("POST", "clock", {"mode": "running", "now": machine.now.strftime("%Y-%m-%d %H:%M:%S")})
    opened = api("POST", "exchanges", {})["dispute_id"]
    machine.pass_by(hours=1)
    ask = [(f"2026-05-06 08:{at - 1:02}:09", f"2026-05-06 08:{at:02}:09") for at in (8, 9)]
    assert window(call, *ask[0]) == []

    api("POST", "clock/age", {"to": f"deadline:{opened}"})
    machine.pass_by(seconds=30)

    assert window(call, *ask[0]) == [(opened, "待买家退货")]
    machine.pass_by(seconds=90)
    assert window(call, *ask[1]) == [(opened, "待买家退货")]
    assert window(call, "2026-05-06 08:09:10", "2026-05-06 08:10:09") == []


def test_windows_include_both_ends_after_aging(api, call, opened):
    """A window's ends are compared with the instants as shown, after aging too."""
    api("POST", "clock/age", {"by": "1h"})
    assert window(call, "2026-03-01 09:00:00", "2026-03-01 09:00:00") == [(opened, "换货待处理")]
    assert window(call, "2026-03-01 09:00:01", "2026-03-01 10:00:00") == []


def test_advance_and_age_together(api, opened):
    """An hour advanced and an hour aged bring a deadline two hours nearer."""
    api("POST", "clock/advance", {"by": "1h"})
    api("POST", "clock/age", {"by": "1h"})
    exchange = api("GET", f"exchanges/{opened}")
    assert (exchange["created"], exchange["deadline"], api("GET", "clock")["now"]) == (
        "2026-03-01 09:00:00",
        "2026-03-03 09:00:00",
        "2026-03-01 11:00:00",
    )


def test_opened_after_aging(api, opened):
    """An exchange opened after aging is created now, with whole deadlines."""
    api("POST", "clock/age", {"by": "5h"})
    exchange = api("POST", "exchanges", {"created": "2026-03-01 10:00:00"})
    assert (exchange["created"], exchange["deadline"]) == (
        "2026-03-01 10:00:00",
        "2026-03-03 10:00:00",
    )


@pytest.mark.parametrize("verb", ["advance", "age"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "by"),
        (None, "by"),
        ({"by": "1d", "to": "next"}, "by"),
        ({"by": "soon"}, "by"),
        ({"by": ""}, "by"),
        ({"by": "-1d"}, "by"),
        ({"by": 3600}, "by"),
        ({"by": "1w"}, "by"),
        ({"by": "999999999d"}, "by"),
        ({"by": "9" * 400 + "d"}, "by"),
        ({"to": "yesterday"}, "to"),
        ({"to": "2026-02-30 10:00:00"}, "to"),
        ({"to": "2026-03-01"}, "to"),
        ({"to": "deadline:x"}, "to"),
        ({"to": "deadline:"}, "to"),
        ({"to": 5}, "to"),
        ({"too": "next"}, "too"),
    ],
)
def test_wrong_span(api, opened, verb, body, field):
    """A wrong span is a 400 that names its field, and time stands."""
    before = api("GET", "clock")
    problem = api.problem("POST", f"clock/{verb}", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert api("GET", "clock") == before


@pytest.mark.parametrize("verb", ["advance", "age"])
@pytest.mark.parametrize(
    ("to", "detail"),
    [("2026-02-01 00:00:00", "earlier than"), ("3000-01-01 00:00:00", "beyond the years")],
)
def test_an_instant_out_of_reach(api, opened, verb, to, detail):
    """An instant before now, or after all years, is a 409: another now could reach it."""
    before = api("GET", "clock")
    problem = api.problem("POST", f"clock/{verb}", {"to": to})
    assert problem["status"] == 409
    assert detail in problem["detail"]
    assert api("GET", "clock") == before


@pytest.mark.parametrize("verb", ["advance", "age"])
def test_nothing_to_wait_for(api, verb):
    """Without a coming deadline `next` is a 409, and an unknown exchange a 404."""
    assert api.problem("POST", f"clock/{verb}", {"to": "next"})["status"] == 409
    closed = api("POST", "exchanges", {"status": 4})["dispute_id"]
    assert api.problem("POST", f"clock/{verb}", {"to": f"deadline:{closed}"})["status"] == 409
    assert api.problem("POST", f"clock/{verb}", {"to": "deadline:42"})["status"] == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mode": "fast"}, "mode"),
        ({"mode": 1}, "mode"),
        ({"mode": "frozen", "now": "noon"}, "now"),
        ({"now": 5}, "now"),
        ({"mode": "frozen", "now": ""}, "now"),
        ({"speed": 3}, "speed"),
        ({"mode": "frozen", "now": "0001-01-01 00:00:00 "}, "now"),
    ],
)
def test_wrong_clock(api, body, field):
    """A wrong clock names its field and nothing changes."""
    before = api("GET", "clock")
    problem = api.problem("POST", "clock", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert api("GET", "clock") == before


@pytest.mark.parametrize(
    "now", ["0001-01-01 00:00:00", "9999-12-31 23:59:59", "1970-01-01 00:00:00"]
)
def test_clock_at_the_ends_of_time(api, opened, now):
    """A clock at the ends of representable time is refused, or works."""
    answer = api.ask("POST", "clock", {"mode": "frozen", "now": now})
    assert answer.status in (200, 400)
    for path in ("clock", "exchanges", f"exchanges/{opened}", "events"):
        assert api.ask("GET", path).status == 200, path
    assert api.ask("POST", "exchanges", {}).status in (201, 400)
    assert api.ask("POST", "clock/advance", {"by": "1d"}).status in (200, 409)
    assert api.ask("POST", "clock/age", {"by": "1d"}).status in (200, 409)
    assert api.faults == []
