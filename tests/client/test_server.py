"""`Server`: TLS, the attached default sandbox, starting and stopping."""

from pathlib import Path

import pytest
import trustme

from mockserver import Server
from mockserver.embedded.server import CannotStart


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate and key for 127.0.0.1."""
    made = trustme.CA().issue_cert("127.0.0.1")
    paths = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    made.cert_chain_pems[0].write_to_path(paths[0])
    made.private_key_pem.write_to_path(paths[1])
    return paths


def test_tls_serves_the_gateway_and_the_control_api(certificate: tuple[str, str]) -> None:
    """With a certificate the whole flow runs over https."""
    with Server(tls=certificate) as server:
        sandbox = server.sandbox()
        exchange = sandbox.open()
        sandbox.client().call(
            "tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002
        )
        assert server.url.startswith("https://")
        assert exchange.status == 2


def test_a_certificate_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    """A missing certificate is CannotStart, and no thread is left."""
    with pytest.raises(CannotStart, match="TLS"):
        Server(tls=(str(tmp_path / "none.pem"), str(tmp_path / "none.pem"))).start()


def test_the_default_sandbox_is_attached_to(tmp_path: Path) -> None:
    """The default sandbox has its constants and runs from the real now."""
    with Server() as server:
        default = server.sandbox(attach="default")
        assert default.app_key == "1023456789"
        assert default._ask("GET", "clock")["mode"] == "running"


def test_stop_can_be_repeated() -> None:
    """Stopping twice, or before any start, does nothing more."""
    server = Server().start()
    server.stop()
    server.stop()
    Server().stop()


def test_a_stopped_server_leaves_its_port(certificate: tuple[str, str]) -> None:
    """Another server can listen on the port at once."""
    with Server() as first:
        port = first.port
    with Server(port=port) as second:
        assert second.port == port
