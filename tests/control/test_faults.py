"""Quotas over the control API.  Source: interfaces.md (control API), protocol page 6."""

import pytest

QUOTA = {"method": "tmall.exchange.get", "per": "day", "limit": 2}
KEPT = {**QUOTA, "sub_code": "accesscontrol.limited-by-api-access-count"}


def test_no_quota_limits_nothing(api):
    """A new sandbox has no quotas."""
    assert api("GET", "quotas") == []


def test_quotas_are_put_and_shown(api, call, opened):
    """Quotas hold at once; what is shown can be put again, and begins the count anew."""
    assert api("PUT", "quotas", [QUOTA]) == api("GET", "quotas") == [KEPT]
    codes = [call("tmall.exchange.get", dispute_id=opened, fields="status").get("code") for _ in range(3)]
    assert codes == [None, None, 7]
    assert api("PUT", "quotas", api("GET", "quotas")) == [KEPT]
    assert "code" not in call("tmall.exchange.get", dispute_id=opened, fields="status")


def test_bans_fall_in_real_time_and_by_advancing(api, call, machine, opened):
    """The seconds of a ban fall as real time passes and as the sandbox's clock is advanced."""
    api("PUT", "quotas", [{"per": "day", "limit": 0}])

    def left():
        return call("taobao.time.get")["sub_msg"]

    assert left() == "This ban will last for 50400 more seconds"
    machine.pass_by(seconds=10)
    assert left() == "This ban will last for 50390 more seconds"
    api("POST", "clock/advance", {"by": "1h"})
    assert left() == "This ban will last for 46790 more seconds"


def test_quotas_of_the_world_document_come_back(make_api):
    """A reset brings back the quotas that the sandbox was made with."""
    api = make_api(quotas=[QUOTA])
    api("PUT", "quotas", [])
    assert api("GET", "quotas") == []
    api("POST", "reset")
    assert api("GET", "quotas") == [KEPT]


@pytest.mark.parametrize(("body", "field"), [
    ([{"per": "week", "limit": 1}], "quotas[0].per"), ([QUOTA, {"per": "day", "limit": -5}], "quotas[1].limit"),
    ([{**QUOTA, "metod": "x"}], "[0].metod"), ([{**QUOTA, "method": "tmall.exchange.gett"}], "quotas[0].method"),
    ({}, "body"), (None, "body"), ("x", "body"), ([1], "[0]"), ([QUOTA] * 101, "quotas"),
])
def test_wrong_quotas_change_nothing(api, body, field):
    """A wrong quota is a 400 that names the place; those that were set stay."""
    api("PUT", "quotas", [QUOTA])
    problem = api.problem("PUT", "quotas", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert api("GET", "quotas") == [KEPT]


def test_a_stubbed_method_can_have_a_quota(api, call):
    """A method that the mock only knows by its stub is limited like any other."""
    assert api.problem("PUT", "quotas", [{**QUOTA, "method": "taobao.user.seller.get"}])["status"] == 400
    api("PUT", "stubs/taobao.user.seller.get", {"reply": {"ok": True}})
    api("PUT", "quotas", [{"method": "taobao.user.seller.get", "per": "second", "limit": 1}])
    assert [call("taobao.user.seller.get").get("code") for _ in range(2)] == [None, 7]
