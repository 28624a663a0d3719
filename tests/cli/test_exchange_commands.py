"""Exchanges from the shell: open, list, show, and the moves of every party."""

import json
import re

import pytest


def open_one(at, *args: str) -> str:
    """Open an exchange and return its id, as `$(…)` would take it."""
    ended = at("open", "--quiet", *args)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_a_whole_exchange_from_the_shell(at) -> None:
    """Buyer, seller and the system take an exchange from the application to its success."""
    dispute_id = open_one(at, "reason=尺码不合适")
    assert re.fullmatch(r"\d{18}", dispute_id)
    assert at("seller", "agree", dispute_id, "address_id=10000002").returncode == 0
    shipped = at("buyer", "ship_back", dispute_id, "logistics_no=SF1", "--json")
    assert json.loads(shipped.stdout)["status"] == 3
    assert at("move", "seller", "returngoods_agree", dispute_id, "--sub").returncode == 0
    assert at("seller", "consigngoods", dispute_id).returncode == 0
    assert "13 待买家收货" in at("show", dispute_id).stdout
    assert "换货成功" in at("system", "expire", dispute_id).stdout


def test_a_move_that_is_not_possible_is_exit_1_and_says_what_is(at) -> None:
    """A refused move ends with exit 1 and names the moves that are possible now."""
    dispute_id = open_one(at)
    refused = at("buyer", "ship_back", dispute_id)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "同意换货申请" in refused.stderr
    english = at("--lang", "en", "buyer", "ship_back", dispute_id)
    assert "seller agree" in english.stderr
    assert english.stderr.isascii()


def test_show_says_what_to_type_next(at) -> None:
    """The command lines for what each party can do now stand below the history."""
    dispute_id = open_one(at, "--status", "待买家退货")
    text = at("show", dispute_id).stdout
    assert f"tmall-mockserver buyer ship_back | cancel | leave_message {dispute_id}" in text
    assert re.search(r"seller +agree +1 → 2", text)


def test_list_filters_and_counts(at) -> None:
    """--status and --limit choose, a cut list says so, --quiet prints ids, --json the reply."""
    assert "open" in at("list").stdout  # nothing yet: it says how to open one
    ids = open_one(at, "--count", "3").split()
    other = open_one(at, "--status", "12")
    assert set(at("list", "--quiet").stdout.split()) == {*ids, other}
    assert at("list", "--quiet", "--status", "12").stdout.strip() == other
    assert json.loads(at("list", "--limit", "2", "--json").stdout)["total"] == 4
    text = at("list", "--limit", "2").stdout
    assert len(text.splitlines()) == 4  # headings, two exchanges, the count
    assert "4" in text.splitlines()[-1]


def test_columns_line_up_where_chinese_stands_in_them(at) -> None:
    """The deadline begins in the same terminal column in every line, two for a Chinese character.

    The widths are counted here from the bytes that GB18030 needs: two for a wide character.
    """
    at("open", "--status", "买家已退货，待收货")
    at("open")
    lines = at("list").stdout.splitlines()[1:]
    columns = {
        len(line[: line.index(re.search(r"20\d\d-", line)[0])].encode("gb18030")) for line in lines
    }
    assert len(lines) == 2
    assert len(columns) == 1


@pytest.mark.parametrize("command", [("show",), ("buyer", "cancel"), ("move", "cs", "step_in")])
def test_an_unknown_exchange_suggests_one_that_exists(at, command: tuple[str, ...]) -> None:
    """A mistyped id is exit 2 with the id that was probably meant."""
    dispute_id = open_one(at)
    refused = at(*command, dispute_id[:-1])
    assert refused.returncode == 2
    assert dispute_id in refused.stderr


def test_an_unknown_exchange_where_there_is_none(at) -> None:
    """Without any exchange the refusal says that there is none."""
    refused = at("--lang", "en", "show", "5")
    assert refused.returncode == 2
    assert "there are none" in refused.stderr


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        (("open", "resaon=x"), "reason"),
        (("buyer", "shipback", "ID"), "ship_back"),
        (("buyer", "leave_message", "ID", "contnt=x"), "content"),
        (("open", "--status", "待买家"), "待买家退货"),
        (("open", "oops"), "k=v"),
        (("move", "bayer", "cancel", "ID"), "buyer"),
        (("seler", "agree", "ID"), "seller"),
    ],
)
def test_wrong_words_are_exit_2_and_name_the_right_ones(
    at, args: tuple[str, ...], meant: str
) -> None:
    """Unknown fields, moves, statuses, parties and commands name what was probably meant."""
    dispute_id = open_one(at)
    refused = at(*(dispute_id if word == "ID" else word for word in args))
    assert refused.returncode == 2
    assert meant in refused.stderr
    assert "Traceback" not in refused.stderr
