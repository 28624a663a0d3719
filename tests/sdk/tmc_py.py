"""Runs tmcpy; prints each message that it hands to its user as a line of JSON.

In (JSON on stdin): {url, app_key, app_secret, group}.

One shim for Python 3, `text_of_numbers`: the client makes bytes of a number, which in Python 2, for
which it was written, was its text, and is now as many zero bytes.  Nothing else is changed.
"""

import json
import sys

import tmcpy.client
import tmcpy.messageio
from tmcpy import TmcClient
from tmcpy.utils import to_binary
from tornado.ioloop import IOLoop


def text_of_numbers(value: object, encoding: str = "utf-8") -> bytes:
    return to_binary(str(value) if isinstance(value, int) else value, encoding)


tmcpy.client.to_binary = tmcpy.messageio._b = text_of_numbers


def say(line: dict) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    settings = json.load(sys.stdin)

    async def begin() -> None:
        client = TmcClient(
            settings["url"],
            settings["app_key"],
            settings["app_secret"],
            settings["group"],
            query_message_interval=1,
        )
        client.on("handshake_success", lambda token: say({"log": f"connect success {token}"}))
        client.on(
            "message",
            lambda message: say(
                {key: message.content.get(key) for key in ("topic", "id", "content")}
            ),
        )

    loop = IOLoop.current()
    loop.add_callback(begin)
    loop.start()


main()
