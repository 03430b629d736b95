"""Keys and signing requests."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests.test_pure.chains import new_key
from toolkit import keys
from toolkit.errors import BadCertificate, BadName, UsageError
from toolkit.keys import KeyType

NAMES = ["a.example", "*.a.example", "192.0.2.7", "2001:db8::1"]
KEY = new_key()


@pytest.mark.parametrize(
    "wanted", [KeyType(), KeyType(curve="secp384r1"), KeyType(curve="secp521r1"), KeyType("rsa")], ids=str
)
def test_key_goes_to_pem_and_back(wanted):
    key = keys.generate(wanted)
    again = keys.from_pem(keys.to_pem(key), "here")
    assert str(keys.type_of(again)) == str(wanted)
    assert keys.public_name(again) == keys.public_name(key)
    pem, names = keys.read_csr(keys.make_csr(key, NAMES).encode(), "here")
    assert names == NAMES
    assert keys.csr_public_name(pem) == keys.public_name(key)


@pytest.mark.parametrize(
    "wanted", [KeyType("rsa", bits=1024), KeyType("rsa", bits=99999), KeyType(curve="secp192r1"), KeyType("dsa")]
)
def test_key_no_ca_takes(wanted):
    with pytest.raises(UsageError):
        keys.generate(wanted)


ENCRYPTED = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
)
ED25519 = ed25519.Ed25519PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\xff\0", keys.to_pem(KEY)[:-40], ENCRYPTED, ED25519, keys.make_csr(KEY, NAMES).encode()]
)
def test_no_private_key(data):
    with pytest.raises(BadCertificate, match="here"):
        keys.from_pem(data, "here")


def csr(names, key=KEY):
    builder = x509.CertificateSigningRequestBuilder(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cn.example")])
    )
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
    return builder.sign(key, hashes.SHA256())


def test_der_is_read_and_becomes_pem():
    der = csr(["a.example"]).public_bytes(serialization.Encoding.DER)
    pem, names = keys.read_csr(der, "here")
    assert names == ["a.example"]
    assert keys.csr_der(pem) == der


def broken(data):
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", UsageError),
        (b"garbage", UsageError),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", UsageError),
        (csr(None).public_bytes(serialization.Encoding.DER), UsageError),
        (csr([]).public_bytes(serialization.Encoding.DER), BadName),
        (csr(["a_b.example"]).public_bytes(serialization.Encoding.DER), BadName),
        (broken(csr(["a.example"]).public_bytes(serialization.Encoding.DER)), UsageError),
        (keys.to_pem(KEY), UsageError),
        (b"x" * 300000, UsageError),
    ],
)
def test_bad_signing_request(data, error):
    with pytest.raises(error) as caught:
        keys.read_csr(data, "here")
    assert caught.value.message.isprintable()


def test_key_does_not_show_in_its_name():
    assert len(keys.public_name(KEY)) == 64
    assert keys.public_name(KEY) != keys.public_name(ec.generate_private_key(ec.SECP256R1()))
