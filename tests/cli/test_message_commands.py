"""The message channel from the shell: what is in it, and sending a message again."""

import json

import pytest


def reply(ended):
    """Return the JSON that a command printed; it ended well."""
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture
def dispute_id(at) -> str:
    """An exchange that was opened from the shell."""
    return at("open", "--quiet").stdout.strip()


def test_messages_are_a_table(at, dispute_id) -> None:
    """Topic, exchange, group and state of each stand in one line."""
    [heading, line] = at("messages").stdout.splitlines()
    assert "主题" in heading
    for word in ("taobao_dispute_RefundCreated", dispute_id, "default", "等待确认"):
        assert word in line
    assert "queued" in at("--lang", "en", "messages").stdout


def test_no_messages_are_a_sentence(at) -> None:
    """An empty channel says how a message comes about."""
    assert "open" in at("messages").stdout


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--topic", "taobao_dispute_RefundCreated"), 1),
        (("--topic", "taobao_dispute_ExchangeAgree"), 0),
        (("--state", "queued"), 1),
        (("--state", "confirmed"), 0),
        (("--group", "default"), 1),
        (("--group", "nothing"), 0),
        (("--exchange", "1"), 0),
    ],
)
def test_a_list_can_be_narrowed(at, dispute_id, words, count) -> None:
    """By topic, state, group and exchange; `--quiet` prints ids alone."""
    assert reply(at("messages", "list", *words, "--json"))["total"] == count
    assert len(at("messages", "list", *words, "--quiet").stdout.split()) == count


def test_an_unknown_state_is_wrong_use(at) -> None:
    """A state that does not exist is exit 2 and names those that do."""
    refused = at("messages", "list", "--state", "lots")
    assert refused.returncode == 2
    assert "confirmed" in refused.stderr


def test_a_message_is_sent_again(at, dispute_id) -> None:
    """What was confirmed waits again after `resend`."""
    message_id = at("messages", "list", "--exchange", dispute_id, "-q").stdout.strip()
    at("call", "taobao.tmc.messages.confirm", f"s_message_ids={message_id}")
    assert reply(at("messages", "--json"))["items"][0]["state"] == "confirmed"
    assert reply(at("messages", "resend", message_id, "--json"))["state"] == "queued"


@pytest.mark.parametrize("message_id", ["1", "x", "9" * 30, "../clock"])
def test_an_unknown_message_suggests(at, dispute_id, message_id) -> None:
    """An id that is not in the channel is exit 2, with those that are."""
    refused = at("messages", "resend", message_id)
    assert refused.returncode == 2
    assert at("messages", "list", "-q").stdout.strip() in refused.stderr
