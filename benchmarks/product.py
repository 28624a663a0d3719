"""The product as its own process, served by the embedded `Server`.

Prints its address and token as one line of JSON and serves until its input is closed.
"""

import sys

import msgspec

from mockserver.client.server import Server

__all__: list[str] = []


def main(port: int) -> None:
    """Serves until standard input ends."""
    with Server(port=port) as server:
        print(msgspec.json.encode({"url": server.url, "token": server.token}).decode(), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
