"""The look at a TLS service, for tls-alpn-01 above all."""

import contextlib
import datetime
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.test_doors.servers import serving
from toolkit.errors import ChallengeFailed
from toolkit.probe import CannotLook, tls

DIGEST = "ab" * 32
GOOD = b"\x04\x20" + bytes.fromhex(DIGEST)
NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def service(tmp_path):
    """A service with a certificate that has such an acmeIdentifier; None: none."""

    @contextlib.contextmanager
    def start(value=GOOD, critical=True, protocols=("acme-tls/1",)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(tmp_path / "pem", value, critical))
        if protocols:
            context.set_alpn_protocols(protocols)
        names = []
        context.sni_callback = lambda sock, name, _: names.append(name)

        def talk(client, number):
            with context.wrap_socket(client, server_side=True) as secured:
                secured.recv(1)

        with serving(talk) as port:
            yield port, names

    return start


def certificate(path, value, critical):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.test")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + datetime.timedelta(days=1))
    if value is not None:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31"), value)
        builder = builder.add_extension(extension, critical)
    made = builder.sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_digest_and_server_name(service, ca):
    with service() as (port, names):
        assert tls.alpn_digest("www.example.test", port, ca.dns) == DIGEST
        assert tls.alpn_digest("127.0.0.1", port, None) == DIGEST
    assert names == ["www.example.test", "1.0.0.127.in-addr.arpa"]


@pytest.mark.parametrize("value", [b"", GOOD[2:], GOOD + b"\0", b"\x04\x1f" + GOOD[3:], b"\x03\x20" + GOOD[2:]])
def test_broken_identifier(service, value):
    with service(value) as (port, _), pytest.raises(ChallengeFailed, match="broken acmeIdentifier"):
        tls.alpn_digest("127.0.0.1", port, None)


def test_identifier_that_is_not_critical(service):
    with service(critical=False) as (port, _), pytest.raises(ChallengeFailed, match="broken acmeIdentifier"):
        tls.alpn_digest("127.0.0.1", port, None)


def test_certificate_of_a_web_server(service):
    with service(None) as (port, _), pytest.raises(ChallengeFailed, match="no certificate for tls-alpn-01"):
        tls.alpn_digest("127.0.0.1", port, None)


@pytest.mark.parametrize("protocols", [(), ("h2",)])
def test_server_that_does_not_know_the_protocol(service, protocols):
    with service(protocols=protocols) as (port, _), pytest.raises(ChallengeFailed, match="acme-tls/1"):
        tls.alpn_digest("127.0.0.1", port, None)


def test_no_tls_at_all():
    with serving(lambda client, number: client.sendall(b"\x1b[2J\n")) as port:
        with pytest.raises(ChallengeFailed) as caught:
            tls.alpn_digest("127.0.0.1", port, None)
        assert caught.value.message.isprintable()


def test_name_that_cannot_be_found():
    with pytest.raises(CannotLook):
        tls.alpn_digest("www.example.invalid", 1, "127.0.0.1:9")
