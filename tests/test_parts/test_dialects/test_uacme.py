"""uacme's table: five arguments, the same as variables, and a decline that is none of a signal."""

import base64
import hashlib

import pytest

from tests.test_parts.test_dialects.given import PLACE, THUMBPRINT, TOKEN, VALUE, event, one
from toolkit.dialects.uacme import Uacme

HOOK = Uacme("/hooks/uacme.sh")
KEYAUTH = f"{TOKEN}.{THUMBPRINT}"
DIGEST = base64.urlsafe_b64encode(hashlib.sha256(KEYAUTH.encode()).digest()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("kind", "auth"), [("http-01", KEYAUTH), ("dns-01", VALUE), ("tls-alpn-01", DIGEST)], ids=lambda text: text[:11]
)
def test_begin(kind, auth):
    call = one(HOOK.auth([event(kind)], PLACE))
    assert call.argv == ("/hooks/uacme.sh", "begin", kind, "example.test", TOKEN, auth)
    assert call.variables == {
        "UACME_METHOD": "begin",
        "UACME_TYPE": kind,
        "UACME_IDENT": "example.test",
        "UACME_TOKEN": TOKEN,
        "UACME_AUTH": auth,
        "UACME_CONFDIR": "/config",
        "UACME_VERBOSE": "0",
    }
    assert (call.stdin, call.directory, call.umask, call.fallback) == (None, None, None, None)


def test_the_digest_is_not_dehydrateds_hex():
    assert len(DIGEST) == 43
    assert DIGEST == VALUE


@pytest.mark.parametrize(("valid", "method"), [(True, "done"), (False, "failed")])
def test_end(valid, method):
    call = one(HOOK.cleanup([event()], PLACE, "output", valid))
    assert call.argv[1:] == (method, "dns-01", "example.test", TOKEN, VALUE)
    assert call.variables["UACME_METHOD"] == method
    assert (call.outcomes, call.otherwise) == ({0: "done"}, "failed")


def outcome(call, status):
    return call.outcomes.get(status, call.otherwise)


def test_begin_declines_above_zero_and_fails_by_a_signal():
    call = one(HOOK.auth([event()], PLACE))
    assert outcome(call, 0) == "done"
    assert {outcome(call, status) for status in range(1, 256)} == {"declined"}
    assert {outcome(call, -number) for number in range(1, 65)} == {"failed"}


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1", "xn--mller-kva.test"])
def test_identifiers_as_the_ca_has_them(name):
    assert one(HOOK.auth([event("http-01", name)], PLACE)).argv[3] == name


def test_lint_is_a_type_that_nobody_accepts():
    call = one(HOOK.lint(PLACE))
    assert call.argv[1:3] == ("begin", "bogus-01")
    assert {outcome(call, status) for status in range(1, 256)} == {"done"}
    assert {outcome(call, status) for status in (0, -9)} == {"failed"}


def test_one_at_a_time_whatever_the_type():
    assert HOOK.alone
    assert HOOK.types == ("http-01", "dns-01", "tls-alpn-01")
    assert HOOK.deploy(None, PLACE) == ()
