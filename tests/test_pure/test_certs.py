"""What may become live, and what must not."""

import datetime
import time

import pytest

from tests.test_pure.chains import DAY, NOW, Authority, certificate, new_key, pem
from toolkit import certs, keys
from toolkit.errors import BadCertificate

NAMES = ["a.example", "*.a.example", "192.0.2.7", "2001:db8::1"]
CA = Authority()
KEY = new_key()
LEAF = CA.leaf(KEY, NAMES)


def check(text, names=NAMES, key=KEY, now=NOW):
    certs.check_chain(certs.read_chain(text), names, keys.public_name(key), now)


@pytest.mark.parametrize(
    "text",
    [
        pem(LEAF),
        pem(LEAF, CA.intermediate),
        pem(LEAF, CA.intermediate, CA.root),
        "\n\n" + pem(LEAF) + "\r\n" + pem(CA.intermediate) + "\n",
        pem(LEAF, CA.intermediate).replace("\n", "\r\n"),
    ],
)
def test_good_chain(text):
    check(text)


def test_names_may_come_in_any_order_and_in_capitals():
    check(pem(CA.leaf(KEY, ["B.Example", "a.example"])), ["a.example", "b.example"])


OTHER = new_key()
PRIVATE = keys.to_pem(KEY).decode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (pem(CA.leaf(OTHER, NAMES), CA.intermediate), "another key"),
        (pem(CA.leaf(KEY, [*NAMES, "b.example"]), CA.intermediate), "b.example"),
        (pem(CA.leaf(KEY, NAMES[:-1]), CA.intermediate), "2001:db8::1"),
        (pem(CA.leaf(KEY, ["b.example"]), CA.intermediate), "not for the names"),
        (pem(CA.leaf(KEY, []), CA.intermediate), "not for the names"),
        (pem(CA.leaf(KEY, NAMES, start=NOW - 9 * DAY, end=NOW - DAY)), "clock"),
        (pem(CA.leaf(KEY, NAMES, start=NOW + DAY)), "clock"),
        (pem(CA.leaf(KEY, NAMES, ca=True), CA.intermediate), "one of a CA"),
        (pem(CA.intermediate, LEAF), "another key"),
        (pem(LEAF, LEAF), "chain is broken"),
        (pem(LEAF, CA.root), "chain is broken"),
        (pem(LEAF, CA.intermediate, LEAF), "chain is broken"),
        (pem(LEAF, Authority().intermediate), "chain is broken"),
        (pem(LEAF, CA.root, CA.intermediate), "chain is broken"),
        (pem(LEAF) + PRIVATE, "something else"),
        (PRIVATE + pem(LEAF), "something else"),
        ("text\n" + pem(LEAF), "something else"),
        (pem(LEAF) + "text", "something else"),
        (pem(LEAF) + "# comment\n" + pem(CA.intermediate), "something else"),
        (keys.make_csr(KEY, ["a.example"]), "something else"),
        (pem(LEAF).replace("CERTIFICATE", "TRUSTED CERTIFICATE"), "something else"),
        ("", "something else"),
        ("\n", "something else"),
        ("\ufffd", "something else"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
        (pem(LEAF)[:-30], "something else"),
        (pem(LEAF, *[CA.intermediate] * 10), "11 certificates"),
        (pem(LEAF) + " " * 300000, "longer"),
    ],
)
def test_must_not_become_live(text, says):
    with pytest.raises(BadCertificate) as caught:
        check(text)
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_a_name_in_the_subject_alone_does_not_count():
    text = pem(certificate("a.example", KEY, "middle", CA.key))
    with pytest.raises(BadCertificate, match="names"):
        check(text, ["a.example"])


@pytest.mark.parametrize("offset", [datetime.timedelta(0), 89 * DAY])
def test_validity_is_closed_at_both_ends(offset):
    leaf = CA.leaf(KEY, NAMES, start=NOW, end=NOW + 89 * DAY)
    check(pem(leaf), now=NOW + offset)


def test_a_text_made_to_be_slow_is_refused_at_once():
    began = time.monotonic()
    for evil in ("-----BEGIN CERTIFICATE----- " + " " * 200000, "-----BEGIN CERTIFICATE----- " * 9000):
        with pytest.raises(BadCertificate):
            certs.read_chain(evil)
    assert time.monotonic() - began < 2


def test_facts():
    facts = certs.read_chain(pem(LEAF, CA.intermediate)).facts()
    assert facts["chain"] == pem(LEAF, CA.intermediate)
    assert facts["not_before"] == "2030-05-31T00:00:00Z"
    assert facts["not_after"] == "2030-08-29T00:00:00Z"
    assert facts["names"] == sorted(NAMES)
    assert int(facts["serial"], 16) == LEAF.serial_number
    assert len(facts["fingerprint_sha256"]) == 64


def test_timestamp_is_in_utc():
    there = datetime.timezone(datetime.timedelta(hours=9))
    assert certs.timestamp(datetime.datetime(2030, 1, 1, 8, tzinfo=there)) == "2029-12-31T23:00:00Z"
