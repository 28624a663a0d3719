"""Lists of exchanges against a naive model: filters, windows, order, pages."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.shapes import BEIJING
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument
from mockserver.world.world import World

ZERO = datetime(2026, 2, 27, 10, 0, 0)  # noqa: DTZ001  # a wall time of the wire
TEXT = "%Y-%m-%d %H:%M:%S"
STATUSES = (1, 2, 3, 4, 5, 6, 12, 13, 14)
moment = st.integers(0, 12).map(lambda minutes: ZERO + timedelta(minutes=minutes))
optional_moment = st.none() | moment
rows = st.lists(
    st.tuples(
        st.integers(1, 60),
        moment,
        moment,
        st.sampled_from(STATUSES),
        st.sampled_from(["甲", "乙"]),
        st.integers(1, 3),
        st.sampled_from(["", "SFAA01", "SFAA02"]),
    ),
    max_size=25,
    unique_by=lambda row: row[0],
)


def no_more(text):
    """The text of a moment, None for none."""
    return None if text is None else text.strftime(TEXT)


def wanted_rows(rows, ask):
    """The naive model: walk, filter, sort."""
    keys = []
    for dispute_id, one, two, status, nick, oid, waybill in rows:
        created, modified = min(one, two), max(one, two)
        ok = (
            (ask["mod_from"] is None or modified >= ask["mod_from"])
            and (ask["mod_to"] is None or modified <= ask["mod_to"])
            and (ask["cre_from"] is None or created >= ask["cre_from"])
            and (ask["cre_to"] is None or created <= ask["cre_to"])
            and (not ask["statuses"] or status in ask["statuses"])
            and (not ask["ids"] or dispute_id in ask["ids"])
            and (ask["oid"] is None or oid == ask["oid"])
            and (not ask["waybill"] or waybill == ask["waybill"])
            and (not ask["nick"] or nick == ask["nick"])
        )
        if ok:
            keys.append((-modified.timestamp(), dispute_id))
    return [str(number) for _, number in sorted(keys)]


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=rows,
    ask=st.fixed_dictionaries(
        {
            "mod_from": optional_moment,
            "mod_to": optional_moment,
            "cre_from": optional_moment,
            "cre_to": optional_moment,
            "statuses": st.lists(st.sampled_from(STATUSES), max_size=3),
            "ids": st.lists(st.integers(1, 60), max_size=20),
            "oid": st.none() | st.integers(1, 3),
            "waybill": st.sampled_from(["", "", "SFAA01"]),
            "nick": st.sampled_from(["", "", "甲"]),
        }
    ),
    narrow=st.sets(
        st.sampled_from(["cre_from", "cre_to", "statuses", "ids", "oid", "waybill", "nick"])
    ),
    page_size=st.integers(1, 7),
)
def test_list_equals_the_naive_model(top, rows, ask, narrow, page_size):
    """Every filter, both window ends, every page and has_next agree with a walk over all rows."""
    nothing = {
        "cre_from": None,
        "cre_to": None,
        "statuses": [],
        "ids": [],
        "oid": None,
        "waybill": "",
        "nick": "",
    }
    ask = {**ask, **{name: value for name, value in nothing.items() if name not in narrow}}
    directory = Directory(lambda: datetime(2026, 3, 1, 12, 0, 0, tzinfo=BEIJING))
    world = World(directory, WorldDocument(), id="default")
    directory.add(world)
    for dispute_id, one, two, status, nick, oid, waybill in rows:
        world.open(
            {
                "dispute_id": dispute_id,
                "created": min(one, two).strftime(TEXT),
                "modified": max(one, two).strftime(TEXT),
                "status": status,
                "buyer_nick": nick,
                "oid": oid,
                "tid": 1000 + oid,
                "buyer_logistic_no": waybill,
            }
        )
    caller = type(top)(Gateway(SandboxLookup(directory)), world)
    expected = wanted_rows(rows, ask)
    pages, page_no = [], 1
    while True:
        reply = caller.result(
            "tmall.exchange.receive.get",
            fields="dispute_id",
            page_no=page_no,
            page_size=page_size,
            start_gmt_modified_time=no_more(ask["mod_from"]),
            end_gmt_modifed_time=no_more(ask["mod_to"]),
            start_created_time=no_more(ask["cre_from"]),
            end_created_time=no_more(ask["cre_to"]),
            dispute_status_array=",".join(map(str, ask["statuses"])) or None,
            refund_id_array=",".join(map(str, ask["ids"])) or None,
            biz_order_id=ask["oid"],
            logistic_no=ask["waybill"] or None,
            buyer_nick=ask["nick"] or None,
        )
        page = [row["dispute_id"] for row in reply.get("results", {}).get("exchange", [])]
        assert page == expected[(page_no - 1) * page_size : page_no * page_size]
        assert (reply["total_results"], reply["page_results"]) == (len(expected), len(page))
        assert reply["has_next"] is (page_no * page_size < len(expected))
        assert ("results" in reply) is bool(page)
        pages += page
        if not reply["has_next"]:
            break
        page_no += 1
    assert pages == expected
