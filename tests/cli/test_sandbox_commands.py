"""A sandbox's world from the shell: stock, rules, faults, quotas, robots, snapshots, sandboxes."""

import json

import pytest


def reply(ended):
    """Return the JSON that a command printed; it ended well."""
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_stock_is_shown_and_set(at) -> None:
    """`stock` lists the accounts, `stock NAME=N` sets what is available."""
    assert "wanted" in at("stock").stdout
    items = reply(at("stock", "wanted=3", "kettle=0", "--json"))["items"]
    assert {item["name"]: item["available"] for item in items} == {
        "bought": 100,
        "wanted": 3,
        "shoes": 100,
        "kettle": 0,
    }


@pytest.mark.parametrize(
    ("words", "meant"), [("wnated=3", "wanted"), ("wanted=many", "整数"), ("wanted", "k=v")]
)
def test_stock_that_cannot_be_set(at, words: str, meant: str) -> None:
    """An unknown name suggests, a number that is none and a bare word are exit 2."""
    refused = at("stock", words)
    assert refused.returncode == 2
    assert meant in refused.stderr


def test_rules_are_shown_and_changed(at) -> None:
    """A value is read as the kind of value that the rule has: text, number, switch."""
    assert reply(at("rules", "--json"))["deadline.1"] == "2d"
    assert at("rules", "deadline.2").stdout.split() == ["deadline.2", "7d"]
    changed = reply(
        at("rules", "deadline.2=1d", "modify_to=3", "fields_required=false", "text.14=5", "--json")
    )
    assert changed == {"deadline.2": "1d", "modify_to": 3, "fields_required": False, "text.14": "5"}


@pytest.mark.parametrize(
    ("word", "meant"),
    [("deadlin.2=1d", "deadline.2"), ("deadline.2=soon", "deadline.2"), ("nonsense", "规则")],
)
def test_rules_that_cannot_be(at, word: str, meant: str) -> None:
    """Unknown rules suggest, impossible values are named; both are exit 2."""
    refused = at("rules", word)
    assert refused.returncode == 2
    assert meant in refused.stderr


def test_faults_are_planned_listed_and_dropped(at) -> None:
    """`add` plans a fault or a set, the list shows it, `drop` removes one or all."""
    assert "faults names" in at("faults").stdout
    assert "reply_lost" in at("faults", "names").stdout
    planned = reply(
        at("faults", "add", "limited", "method=tmall.*", "times=2", "seconds=5", "--json")
    )
    assert (planned["times"], planned["seconds"], planned["method"]) == (2, 5, "tmall.*")
    assert at("call", "tmall.exchange.receive.get").returncode == 1
    assert reply(at("faults", "add", "bad_day", "--json"))["total"] > 3
    assert "limited" in at("faults").stdout
    assert "limited" not in at("faults", "drop", planned["id"]).stdout
    assert reply(at("faults", "drop", "--json"))["total"] == 0


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        (("add", "limted"), "limited"),
        (("add", "limited", "secnds=3"), "seconds"),
        (("drop", "f9"), "f9"),
        (("ad", "limited"), "ad"),
    ],
)
def test_faults_that_cannot_be(at, args: tuple[str, ...], meant: str) -> None:
    """Unknown kinds, options, ids and subcommands are exit 2."""
    refused = at("faults", *args)
    assert refused.returncode == 2
    assert meant in refused.stderr


def test_quotas_are_added_and_dropped(at) -> None:
    """Each `add` keeps the quotas before it."""
    at("quotas", "add", "per=day", "limit=100")
    added = reply(
        at("quotas", "add", "per=second", "limit=1", "method=tmall.exchange.get", "--json")
    )
    assert [(quota["per"], quota["limit"]) for quota in added] == [("day", 100), ("second", 1)]
    assert "tmall.exchange.get" in at("quotas").stdout
    assert reply(at("quotas", "drop", "--json")) == []
    refused = at("quotas", "add", "per=secnd", "limit=1")
    assert (refused.returncode, "second" in refused.stderr) == (2, True)


def test_robots_are_set_one_by_one(at) -> None:
    """A party that is not named stays as it is; an empty behaviour gives it back to the hand."""
    at("robots", "buyer=prompt")
    assert reply(at("robots", "cs=slow", "--json"))["buyer"] == "prompt"
    assert reply(at("robots", "buyer=", "--json")) == {
        "buyer": None,
        "courier": None,
        "cs": "slow",
        "applies": None,
    }
    refused = at("robots", "buyer=promt")
    assert (refused.returncode, "prompt" in refused.stderr) == (2, True)


def test_sandboxes_are_made_listed_and_dropped(at, tmp_path) -> None:
    """`make` takes a document from a file, `k=v` goes over it; `--quiet` prints the id alone."""
    (tmp_path / "world.toml").write_text('name = "dev-b"\n[goods.wanted]\nstock = 7\n')
    assert at("sandboxes", "make", "name=dev-a", "seed=3", "-q").stdout == "dev-a\n"
    assert reply(at("sandboxes", "make", "--file", "world.toml", "--json"))["id"] == "dev-b"
    assert " 7 " in at("--sandbox", "dev-b", "stock").stdout
    assert "dev-a" in at("sandboxes").stdout
    assert at("sandboxes", "drop", "dev-a", "nowhere").returncode == 2
    assert "dev-a" in at("sandboxes", "list").stdout  # all or none
    assert at("sandboxes", "drop", "dev-a", "dev-b").returncode == 0
    assert reply(at("sandboxes", "--json"))["total"] == 1
    refused = at("sandboxes", "make", "--file", "nothing.json")
    assert (refused.returncode, "nothing.json" in refused.stderr) == (2, True)


def test_a_snapshot_travels_in_a_file(at, tmp_path) -> None:
    """export writes a file that import reads back: restored, the exchange is there again."""
    dispute_id = at("open", "-q").stdout.strip()
    at("snapshot", "save", "before")
    assert at("snapshot", "export", "before", "before.json").returncode == 0
    assert reply(at("snapshot", "export", "before"))["version"] == 2
    assert reply(at("reset", "--json"))["id"] == "default"
    at("snapshot", "drop", "before")
    assert at("snapshot", "import", "again", "before.json").returncode == 0
    assert at("snapshot", "restore", "again").returncode == 0
    assert at("show", dispute_id).returncode == 0
    (tmp_path / "broken.json").write_text("[")
    assert at("snapshot", "import", "again", "broken.json").returncode == 2
    assert "again" in at("snapshot", "show", "agin").stderr


def test_clock_shows_what_is_coming_and_what_fired(at) -> None:
    """The clock is a table of deadlines; --json is the document of the control API."""
    at("open")
    assert "deadline.1" in at("clock").stdout
    advanced = at("clock", "advance", "next").stdout
    assert "expire" in advanced
    assert "1 → 2" in advanced
    assert reply(at("clock", "--json"))["mode"] == "running"


def test_a_huge_number_is_called_too_long(at) -> None:
    """A stock of twenty digits is whole, but too long: the refusal says so."""
    ended = at("--lang", "en", "stock", "wanted=99999999999999999999")
    assert ended.returncode == 2
    assert "at most nine digits" in ended.stderr
