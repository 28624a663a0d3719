"""Which methods need a session: what the official SDKs do, for every declared method.

The pages say `session required`, the SDKs call `executeWithSession`; both stand in docs/spec.
Source: docs/spec/evidence-2026-11.md#evidence-3.5.
"""

import pytest

from mockserver.api.methods import METHODS

CHANNEL = {  # evidence-3.5: none of tmc.* but tmc.user.permit needs a session
    f"taobao.tmc.{name}"
    for name in (
        "user.cancel",
        "user.get",
        "user.topics.get",
        "messages.consume",
        "messages.confirm",
        "queue.get",
        "group.add",
        "group.delete",
        "groups.get",
        "topic.group.add",
        "topic.group.delete",
        "message.produce",
        "messages.produce",
    )
}
WITHOUT_SESSION = {
    "taobao.httpdns.get",  # of the page's list, not among the neighbours
    "taobao.item.sku.get",  # optional
    "taobao.logistics.companies.get",
    "taobao.time.get",
    *CHANNEL,
    "taobao.top.auth.token.create",
    "taobao.top.auth.token.refresh",
}


@pytest.fixture
def session_needs(reference, neighbours):
    """Method to whether its page or SDK demands a session, of both machine-readable pages."""
    exchange = {
        name: entry["auth"].startswith("session required")
        for name, entry in reference["methods"].items()
    }
    related = {
        name: entry["session"].startswith("required")
        for name, entry in neighbours.items()
        if name in METHODS
    }
    return exchange | related | {"taobao.httpdns.get": False} | dict.fromkeys(CHANNEL, False)


def test_every_method_needs_a_session_as_in_the_official_sdks(session_needs):
    """No method is left out, and none differs from the pages."""
    assert {name: method.session for name, method in METHODS.items()} == session_needs
    assert {name for name, needed in session_needs.items() if not needed} == WITHOUT_SESSION


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("name", METHODS)
def test_a_call_without_a_session(top, name, form):
    """Who needs one is refused with 26 before the parameters are read; who does not is not."""
    body = top.send(top.params(name, session=None, format=form)).body.decode()
    refusal = {
        "json": '{"error_response":{"code":26,"msg":"Missing session"',
        "xml": "<error_response><code>26</code><msg>Missing session</msg>",
    }[form]

    assert (refusal in body) is (name not in WITHOUT_SESSION)


@pytest.mark.parametrize("session", ["nobodys", "", " ", "x" * 5_000, "会话"])
@pytest.mark.parametrize("name", sorted(WITHOUT_SESSION - CHANNEL))
def test_a_session_that_is_not_needed_is_ignored(top, name, session):
    """Any session, and an empty one, passes where none is needed."""
    if ".top.auth." in name:  # a code is needed there; nobody's session is not what is wrong
        return
    arguments = {"fields": "id"}
    if name == "taobao.item.sku.get":
        arguments["sku_id"] = next(iter(top.world.view.goods())).sku_id
    assert "error_response" not in top(name, session=session, **arguments)
