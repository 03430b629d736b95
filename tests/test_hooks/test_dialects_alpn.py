"""tls-alpn-01 by a hook of uacme, which tells a TLS server what to show (RFC 8737 §3)."""

import base64
import contextlib
import datetime
import socketserver
import ssl
import threading
import uuid

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.ca.certs import common_name, key_pem, pem
from tests.test_hooks.shop import ROOT, Shop

ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
SPEC = f"uacme:{ROOT}/tests/hooks/dialects/uacme/alpn.sh"
NAMES = ("example.test", "www.example.test")


@pytest.fixture
def alpn(tmp_path, monkeypatch):
    directory = tmp_path / "alpn"
    directory.mkdir()
    monkeypatch.setenv("ALPN", str(directory))
    return directory


@pytest.fixture
def shop(tmp_path, ca, monkeypatch):
    return Shop(tmp_path, ca, monkeypatch)


def context(name, auth, directory):
    """A self-signed certificate for the name alone, with the digest in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    digest = base64.urlsafe_b64decode(auth + "=")
    made = x509.CertificateBuilder(common_name(name), common_name(name), key.public_key(), x509.random_serial_number())
    now = datetime.datetime.now(datetime.UTC)
    made = made.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    extension = x509.UnrecognizedExtension(ACME_IDENTIFIER, b"\x04\x20" + digest)
    # The CA looks from several places at once.
    file = directory / f"{uuid.uuid4()}.pem"
    file.write_bytes(pem(made.add_extension(extension, critical=True).sign(key, hashes.SHA256())) + key_pem(key))
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(file)
    found.set_alpn_protocols(["acme-tls/1"])
    return found


@contextlib.contextmanager
def serving(port, alpn, directory):
    directory.mkdir()

    def choose(connection, name, _):
        file = alpn / str(name)
        if not name or not file.exists():
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = context(name, file.read_text(), directory)
        return None

    base = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    base.set_alpn_protocols(["acme-tls/1"])
    base.sni_callback = choose

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.settimeout(5)
            with contextlib.suppress(OSError), base.wrap_socket(self.request, server_side=True) as connection:
                connection.recv(1)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True

    with Server(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_certificate_by_tls_alpn_01(shop, alpn, tmp_path):
    with serving(shop.ca.tls_port, alpn, tmp_path / "certs"):
        shop.issue(SPEC, "--hook-env", "ALPN", names=NAMES, check="skip")
    assert shop.certificate_names() == set(NAMES)
    accepted = [line.split()[:3] for line in shop.calls("begin tls-alpn-01", "done")]
    assert sorted(line[2] for line in accepted) == sorted(NAMES * 2)
    assert [line[0] for line in accepted] == ["begin", "done"] * 2
    assert list(alpn.iterdir()) == []


def test_server_that_shows_something_else(shop, alpn, tmp_path):
    script = tmp_path / "other.sh"
    text = (ROOT / "tests/hooks/dialects/uacme/alpn.sh").read_text()
    script.write_text(text.replace('printf %s "$AUTH"', f"printf %s {'A' * 43}"))
    script.chmod(0o755)
    with serving(shop.ca.tls_port, alpn, tmp_path / "certs"):
        (found,) = shop.issue(f"uacme:{script}", "--hook-env", "ALPN", names=NAMES[:1], check="skip", status=1)
    # It has connected, and seen another digest than it asked for.
    assert "connect" not in found["error"]["detail"]
    assert [line.split()[0] for line in shop.calls("begin tls-alpn-01", "failed")] == ["begin", "failed"]
