"""`GET S/revision`: a number that changes with state, clock and journal."""


def test_the_revision_changes_with_state_clock_and_journal(api, call):
    """An opened exchange, a second that passes and a call each give another number."""
    numbers = [api("GET", "revision")["revision"]]
    api("POST", "exchanges", {})
    numbers.append(api("GET", "revision")["revision"])
    api("POST", "clock/advance", {"by": "1s"})
    numbers.append(api("GET", "revision")["revision"])
    call("taobao.time.get")
    numbers.append(api("GET", "revision")["revision"])

    assert len(set(numbers)) == 4
    assert api("GET", "revision")["revision"] == numbers[-1]


def test_an_unchanged_revision_is_204(api):
    """`since` with the present number gives no content, with another one the present number."""
    revision = api("GET", "revision")["revision"]

    unchanged = api.ask("GET", f"revision?since={revision}")
    waited = api.ask("GET", f"revision?since={revision}&wait=0.01")
    changed = api.ask("GET", f"revision?since={revision ^ 1}&wait=5")

    assert (unchanged.status, unchanged.text) == (204, "")
    assert waited.status == 204
    assert (changed.status, changed.json) == (200, {"revision": revision})


def test_wrong_parameters_are_named(api):
    """A `since` that is no revision and a `wait` that is too long are refused by name."""
    for query, field in (
        ("since=x", "since"),
        ("since=281474976710656", "since"),
        ("since=-1", "since"),
        ("since=1&wait=31", "wait"),
        ("wait=abc", "wait"),
        ("after=1", "after"),
    ):
        answer = api.ask("GET", f"revision?{query}")
        assert (answer.status, answer.json["field"]) == (400, field)
