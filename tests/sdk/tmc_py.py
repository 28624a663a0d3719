"""Runs tmcpy unmodified; prints each message that it hands to its user as a line of JSON.

In (JSON on stdin): {url, app_key, app_secret, group}.
"""

import json
import sys

from tmcpy import TmcClient
from tornado.ioloop import IOLoop


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
