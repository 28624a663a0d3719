"""Measure what a wrong sign costs its caller before the reply, and what finding the mistake costs.

    python benchmarks/refused_calls.py [CALLS]

The gateway is called in process, without sockets.  "before the reply" is the time of
`Gateway.answer`, the journal entry included; "diagnosis" the time that the first reader of an entry
waits.  Each row is the median and the worst of CALLS calls (default 200).
"""

import sys
from collections.abc import Callable
from datetime import datetime
from statistics import median
from time import process_time
from urllib.parse import urlencode

from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.messages import Inbound
from mockserver.protocol.shapes import BEIJING, format_time
from mockserver.protocol.signing import sign
from mockserver.world.default_world import APP_KEY, APP_SECRET
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.world import World

FORM = "application/x-www-form-urlencoded;charset=utf-8"
LIMIT_MS = 2.0  # that a wrong sign may cost its caller


def main() -> None:
    """Print one line for each kind of call; exit 1 when a wrong sign costs more than LIMIT_MS."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    directory = Directory(lambda: datetime.now(BEIJING))
    for name in ("default", *(f"other-{number}" for number in range(200))):
        directory.add(World(directory, read_document({}, WorldDocument), id=name))
    world = directory.all()[0]
    gateway = Gateway(SandboxLookup(directory))
    worst = 0.0
    for title, change in KINDS.items():
        bodies = [change(_params(world)) for _ in range(calls)]
        before = [_time(lambda body=body: gateway.answer(_inbound(body))) for body in bodies]
        entries = world.journal.select({}, min(calls, 20))[1]
        after = [_time(entry.serialize) for entry in entries]
        print(
            f"{title:<28} before the reply {median(before):7.3f} ms, worst {max(before):7.3f} ms"
            f"    diagnosis {median(after):7.2f} ms"
        )
        worst = max(worst, median(before))
    if worst > LIMIT_MS:
        sys.exit(f"a call costs {worst:.1f} ms, {LIMIT_MS} are allowed")


def _params(world: World) -> dict[str, str]:
    session = next(iter(world.view.sessions())).token
    return {
        "method": "tmall.exchange.receive.get",
        "app_key": APP_KEY,
        "session": session,
        "timestamp": format_time(datetime.now(BEIJING)),
        "v": "2.0",
        "format": "json",
        "sign_method": "md5",
        "buyer_nick": "桂花 拿铁+01",
        "fields": "dispute_id,status,modified",
    }


def _signed(params: dict[str, str], secret: str = APP_SECRET) -> bytes:
    return urlencode({**params, "sign": sign(params, secret)}).encode()


def _late(params: dict[str, str]) -> bytes:
    whole = _signed(params)
    return whole + b"&partner_id=late&simplify=true"


KINDS: dict[str, Callable[[dict[str, str]], bytes]] = {
    "right sign": _signed,
    "wrong secret": lambda params: _signed(params, "x" * 32),
    "two parameters added later": _late,
    "900 parameters": lambda params: _signed(
        {**params, **{f"extra_{number}": "1" for number in range(900)}}, "x" * 32
    ),
    "unknown app_key": lambda params: _signed({**params, "app_key": "1012345679"}),
    "unknown session": lambda params: _signed({**params, "session": "6100" + "0" * 52}),
    "unknown method": lambda params: _signed({**params, "method": "tmall.exchange.gett"}),
}


def _inbound(body: bytes) -> Inbound:
    return Inbound("POST", b"", FORM, body)


def _time(call: Callable[[], object]) -> float:
    """Return how many milliseconds of processor time the call took."""
    started = process_time()
    call()
    return (process_time() - started) * 1000


if __name__ == "__main__":
    main()
