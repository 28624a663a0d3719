"""The command `tokens`."""

import json


def test_tokens_are_made_listed_and_dropped(at) -> None:
    """`make` prints the secret once, the list shows names, `drop` revokes."""
    assert "tokens make" in at("tokens").stdout
    secret = at("tokens", "make", "dashboard", "scope=read", "-q").stdout.strip()
    assert len(secret) == 43
    assert at("--token", secret, "stock").returncode == 0
    refused = at("--token", secret, "stock", "wanted=3")
    assert refused.returncode == 2
    assert "scope: read" in refused.stderr
    made = at("tokens", "make", "pipeline", "scope=sandbox", "sandbox=default")
    assert len(made.stdout.splitlines()[0]) == 43
    listed = at("tokens", "list").stdout
    assert "dashboard" in listed and "pipeline" in listed and secret not in listed
    assert at("tokens", "drop", "dashboard").returncode == 0
    assert at("--token", secret, "stock").returncode == 2
    assert json.loads(at("tokens", "--json").stdout)["total"] == 1


def test_tokens_that_cannot_be(at) -> None:
    """A wrong scope and an unknown name are exit 2; a name that is taken is exit 1."""
    assert at("tokens", "make", "x", "scope=write").returncode == 2
    assert at("tokens", "make", "pipeline", "scope=all").returncode == 0
    assert at("tokens", "make", "pipeline", "scope=all").returncode == 1
    refused = at("tokens", "drop", "pipelin")
    assert refused.returncode == 2
    assert "pipeline" in refused.stderr
