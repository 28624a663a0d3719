"""`S/coverage`: what a sandbox's clients have met, read and cleared."""


def test_coverage_is_read_and_cleared(api, opened, agree) -> None:
    """A client's agreement shows; DELETE empties the counts and nothing else."""
    agree(opened)
    before = api("GET", "coverage")
    assert api("DELETE", "coverage", status=204) is None
    after = api("GET", "coverage")

    assert before["calls"] == 1
    assert before["rulesets"]["classic"]["rows"] == {"0-apply-1": 1, "1-agree-2": 1}
    assert (after["calls"], after["rulesets"]) == (0, {})
    assert api("GET", "exchanges")["total"] == 1
    assert api("GET", "requests")["total"] == 1


def test_a_reset_leaves_the_counts(api, opened) -> None:
    """Coverage belongs to the client's session: a reset does not take it away."""
    api("POST", "reset", {"to": "baseline"})

    assert api("GET", "coverage")["rulesets"]["classic"]["rows"] == {"0-apply-1": 1}


def test_calls_of_nobody_are_in_no_sandbox(api, call) -> None:
    """A call whose app key is unknown counts in no sandbox."""
    call("taobao.time.get", {"app_key": "404", "app_secret": "x", "session": "y"})

    assert api("GET", "coverage")["calls"] == 0


def test_an_unknown_sandbox_is_404(api) -> None:
    """The problem names the sandboxes there are."""
    assert api.problem("GET", "/_sandbox/sandboxes/none-such/coverage")["field"] == "id"
