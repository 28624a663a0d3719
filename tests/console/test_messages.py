"""The page of the message channel: what the platform said, and saying it again."""

import pytest


def test_a_move_leaves_its_message(browser, words):
    """The page lists the platform's message about an application, still to be confirmed."""
    number = browser.open()

    page = words(browser.get("/s/default/messages"))

    (message,) = browser.control("GET", "messages")["items"]
    assert message["topic"] == "taobao_dispute_RefundCreated"
    for text in (message["id"], message["topic"], number, "等待确认 1", message["published"]):
        assert text in page


def test_filters_show_a_part(browser, words):
    """State, topic, group and exchange in the address each leave others out."""
    first, second = browser.open(), browser.open()

    assert "共 1 ·" in words(browser.get(f"/s/default/messages?dispute_id={first}"))
    assert "共 2 ·" in words(browser.get("/s/default/messages?state=queued&group=default"))
    for query in ("state=failed", "topic=none", "group=none", f"dispute_id={second}0"):
        assert "共 0 ·" in words(browser.get(f"/s/default/messages?{query}"))


def test_a_message_is_sent_again(browser):
    """What was sent or confirmed waits in the queue again after the button."""
    browser.open()
    world = browser.context.directory.get("default")
    with world.unit_of_work() as work:
        (message,) = work.channel.notifications()
        work.channel.take(message.app_key, message.group, 10)
        work.channel.confirm(message.app_key, message.group, [message.number])
    assert browser.control("GET", "messages")["items"][0]["state"] == "confirmed"

    reply = browser.post("/s/default/messages/resend", message_id=str(message.number))

    assert (reply.status_code, reply.headers["Location"]) == (303, "/console/s/default/messages")
    assert browser.control("GET", "messages")["items"][0]["state"] == "queued"


@pytest.mark.parametrize("number", ["", "0", "999", "x", "../faults", "１", "9" * 5000])
def test_a_message_that_is_not_there(browser, words, number):
    """Another number is refused with the reason, in the same page."""
    reply = browser.post("/s/default/messages/resend", message_id=number)

    assert reply.status_code == 404
    assert "没有消息" in words(reply)
    assert browser.faults == []


def test_many_messages_come_in_pages(browser, words):
    """The newest 50 stand first; a number beyond the last page shows the last page."""
    browser.control("POST", "exchanges", {"count": 60})

    first, last = browser.get("/s/default/messages"), browser.get("/s/default/messages?page=99")

    assert first.text.count('id="message-') == 50
    assert last.text.count('id="message-') == 10
    assert "2 / 2" in words(last)


def test_a_fault_of_messages_is_planned(browser, words):
    """The form plans the fault for one topic; the message that it meets is lost, and says so."""
    page = browser.get("/s/default/messages").text
    assert '<option value="message_lost">' in page
    topic = "taobao_dispute_RefundCreated"

    browser.post("/s/default/faults/plan", fault="message_lost", topic=topic, times="1")
    number = browser.open()

    (fault,) = browser.control("GET", "faults")["items"]
    assert (fault["fault"], fault["topic"], fault["hits"]) == ("message_lost", topic, 1)
    assert "丢失" in words(browser.get(f"/s/default/messages?dispute_id={number}&state=lost"))
