"""The page of one exchange: moves by forms, reasons, the API's own text."""

import hashlib
import json
import re
from html import unescape


def raw_text(page, name):
    """The text of the block `raw-json` or `raw-xml`."""
    block = re.search(rf'id="{name}".*?<code>(.*?)</code>', page.text, re.DOTALL)
    return unescape(block[1])


def ask_gateway(browser, number, document):
    """The gateway's reply about the exchange, asked for every field that the page shows."""
    sandbox = browser.control("GET", "")
    texts = {
        "method": "tmall.exchange.get",
        "app_key": sandbox["app_key"],
        "session": sandbox["session"],
        "timestamp": "2026-03-01 10:00:00",
        "format": "json",
        "v": "2.0",
        "sign_method": "md5",
        "dispute_id": number,
        "fields": ",".join(document["tmall_exchange_get_response"]["result"]["exchange"]),
    }
    secret, plain = sandbox["app_secret"], "".join(name + texts[name] for name in sorted(texts))
    texts["sign"] = hashlib.md5(f"{secret}{plain}{secret}".encode()).hexdigest().upper()
    return json.loads(browser.client.post("/router/rest", data=texts).text)


def test_a_move_is_made_by_its_form(browser, words):
    """The buyer's form moves the exchange with the fields that were typed."""
    number = browser.open(status=2)
    form = {"by": "buyer", "move": "ship_back", "logistics_no": "SF12345678901234"}

    reply = browser.post(f"/s/default/exchanges/{number}/moves", form)
    page = words(browser.get(f"/s/default/exchanges/{number}"))

    exchange = browser.control("GET", f"exchanges/{number}")
    assert reply.status_code == 303
    assert reply.headers["Location"] == f"/console/s/default/exchanges/{number}"
    assert exchange["status"] == 3
    assert exchange["exchange"]["buyer_logistic_no"] == "SF12345678901234"
    assert "已执行：现在是「买家已退货，待收货」" in page


PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
GIF = b"GIF89a" + bytes(100)


def test_pictures_are_uploaded(browser):
    """Files of a form stand in the message, can be read at their addresses, and are kept once."""
    number = browser.open()
    page = browser.get(f"/s/default/exchanges/{number}").text
    assert 'enctype="multipart/form-data"' in page
    assert 'type="file" name="pics" multiple' in page

    reply = browser.upload(
        f"/s/default/exchanges/{number}/moves",
        {"pics": [PNG, GIF]},
        by="buyer",
        move="leave_message",
        content="看图",
    )

    message = browser.control("GET", f"exchanges/{number}/messages")["items"][-1]
    addresses = [picture["url"].partition("localhost")[2] for picture in message["pic_urls"]]
    assert reply.status_code == 303
    assert [browser.client.get(address).data for address in addresses] == [PNG, GIF]
    page = browser.get(f"/s/default/exchanges/{number}").text
    assert all(f'<img src="{address}"' in page for address in addresses)


def test_a_refusal_takes_pictures(browser):
    """The seller's proof goes with the refusal, as leave_message_pics of the method."""
    number = browser.open()

    browser.upload(
        f"/s/default/exchanges/{number}/moves",
        {"leave_message_pics": [PNG]},
        by="seller",
        move="refuse",
        leave_message="不同意",
    )

    assert browser.control("GET", f"exchanges/{number}")["timeline"][-1]["move"] == "refuse"
    message = browser.control("GET", f"exchanges/{number}/messages")["items"][-1]
    assert len(message["pic_urls"]) == 1


def test_a_file_that_is_no_picture_is_refused(browser, words):
    """The reason names the field, nothing moves; a field without a choice is no picture."""
    number = browser.open()
    moves = f"/s/default/exchanges/{number}/moves"
    fields = {"by": "buyer", "move": "leave_message", "content": "看图"}

    wrong = browser.upload(moves, {"pics": [b"<svg onload=alert(1)>"]}, **fields)
    empty = browser.upload(moves, {"pics": [b""]}, **fields)
    large = browser.upload(moves, {"pics": [PNG + bytes(600_000)]}, **fields)
    huge = browser.upload(moves, {"pics": [PNG + bytes(21_000_000)]}, **fields)

    assert (wrong.status_code, empty.status_code, large.status_code) == (400, 303, 400)
    assert "pics" in words(wrong)
    assert "512000" in words(large)
    assert huge.status_code == 413
    assert browser.faults == []


def test_the_sub_account_moves(browser):
    """The box of the sub-account makes the seller's move its own."""
    number = browser.open()

    browser.post(
        f"/s/default/exchanges/{number}/moves", {"by": "seller", "move": "agree", "sub": "1"}
    )

    assert browser.control("GET", f"exchanges/{number}")["timeline"][-1]["sub"] is True


def test_an_impossible_move_shows_the_reason(make_browser, words):
    """A move that is not possible changes nothing; the page says why and what leads there."""
    browser = make_browser("en")
    number = browser.open()

    reply = browser.post(
        f"/s/default/exchanges/{number}/moves", {"by": "seller", "move": "consigngoods"}
    )

    assert reply.status_code == 409
    assert "status is 1, seller cannot consigngoods" in words(reply)
    assert browser.control("GET", f"exchanges/{number}")["status"] == 1


def test_impossible_moves_are_listed_with_the_way_there(browser, words):
    """Before anybody acts, the page says what must happen before the seller may ship."""
    number = browser.open()

    page = browser.get(f"/s/default/exchanges/{number}").text

    listed = page.split('id="impossible"')[1].split("</details>")[0]
    assert "卖家 · 发出换货商品" in listed
    assert "待发出换货商品" in listed


def test_all_possible_moves_have_a_form(browser):
    """Buyer, seller and customer service have exactly the forms that the control API names."""
    for status in (1, 2, 3, 4, 5, 6, 12, 13, 14):
        number = browser.open(status=status)
        possible = browser.control("GET", f"exchanges/{number}")["possible"]

        page = browser.get(f"/s/default/exchanges/{number}").text

        forms = set(re.findall(r'class="move" id="move-([a-z]+-[a-z_]+)"', page))
        assert forms == {f"{by}-{move}" for by, moves in possible.items() for move in moves}


def test_the_text_of_the_api_is_shown(browser):
    """JSON and XML are what the gateway would answer, with the platform's names."""
    number = browser.open(reason="尺码不合适")
    page = browser.get(f"/s/default/exchanges/{number}")

    text, xml = raw_text(page, "raw-json"), raw_text(page, "raw-xml")

    answer = ask_gateway(browser, number, json.loads(text))
    assert answer["tmall_exchange_get_response"].pop("request_id")
    assert json.loads(text) == answer
    assert answer["tmall_exchange_get_response"]["result"]["exchange"]["reason"] == "尺码不合适"
    assert xml.startswith('<?xml version="1.0"')
    assert f"<dispute_id>{number}</dispute_id>" in xml


def test_the_present_state_is_lit(browser):
    """The diagram marks one state, the one in which the exchange is."""
    number = browser.open(status=12)

    page = browser.get(f"/s/default/exchanges/{number}").text

    (present,) = re.findall(r'<g class="state [a-z]+ present">.*?</g>', page)
    assert ">12<" in present
