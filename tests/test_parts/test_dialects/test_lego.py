"""lego's table: exec in both modes, and the variables of certificate hooks, old names and new."""

from tests.test_parts.test_dialects.given import PLACE, THUMBPRINT, TOKEN, VALUE, event, issued, one, order
from toolkit.dialects.lego import Lego

HOOK = Lego("/hooks/dns")
RAW = Lego("/hooks/dns", raw=True)


def test_default_mode_has_the_name_with_its_dot():
    call = one(HOOK.auth([event()], PLACE))
    assert call.argv == ("/hooks/dns", "present", "_acme-challenge.example.test.", VALUE)
    assert call.variables == {"EXEC_PATH": "/hooks/dns"}
    assert one(HOOK.cleanup([event()], PLACE, "", False)).argv == ("/hooks/dns", "cleanup", *call.argv[2:])


def test_default_mode_follows_cnames():
    call = one(HOOK.auth([event(target="example.test.acme.elsewhere.test")], PLACE))
    assert call.argv[2] == "example.test.acme.elsewhere.test."


def test_raw_mode_has_the_base_name_and_a_guard():
    arguments = ("--", "example.test", TOKEN, f"{TOKEN}.{THUMBPRINT}")
    call = one(RAW.auth([event(target="elsewhere.test")], PLACE))
    assert call.argv == ("/hooks/dns", "present", *arguments)
    assert call.variables == {"EXEC_PATH": "/hooks/dns", "EXEC_MODE": "RAW"}
    assert one(RAW.cleanup([event()], PLACE, "", True)).argv == ("/hooks/dns", "cleanup", *arguments)


def test_wildcard_comes_as_its_base_name_and_an_a_label_as_it_is():
    apex, wildcard, _ = order()
    assert one(HOOK.auth([apex], PLACE)).argv[2] == one(HOOK.auth([wildcard], PLACE)).argv[2]
    assert one(RAW.auth([wildcard], PLACE)).argv[3] == "example.test"
    assert one(HOOK.auth([event(name="xn--mller-kva.test")], PLACE)).argv[2] == "_acme-challenge.xn--mller-kva.test."


def test_every_call_is_as_the_client_makes_it():
    for call in (*HOOK.auth(order(), PLACE), *HOOK.cleanup(order(), PLACE, "", True), *HOOK.deploy(issued(), PLACE)):
        assert (call.stdin, call.directory, call.umask, call.writes, call.removes) == (None, None, None, (), ())
        # A script without #! is an error there.
        assert call.fallback is None
        assert (call.outcomes, call.otherwise) == ({0: "done"}, "failed")


def test_one_at_a_time_and_dns_only():
    for hook in (HOOK, RAW):
        assert hook.alone
        assert hook.types == ("dns-01",)
        assert hook.events == ("auth", "cleanup", "deploy")


def test_deploy_has_the_names_of_both_versions():
    call = one(HOOK.deploy(issued(), PLACE))
    live = "/config/live/shop"
    assert call.argv == ("/hooks/dns",)
    assert call.variables == {
        "LEGO_ACCOUNT_EMAIL": "me@example.test",
        "LEGO_CERT_DOMAIN": "example.test",
        "LEGO_CERT_PATH": f"{live}/fullchain.pem",
        "LEGO_CERT_KEY_PATH": f"{live}/privkey.pem",
        "LEGO_ISSUER_CERT_PATH": f"{live}/chain.pem",
        "LEGO_HOOK_ACCOUNT_ID": "me@example.test",
        "LEGO_HOOK_ACCOUNT_EMAIL": "me@example.test",
        "LEGO_HOOK_ACCOUNT_SERVER": "https://ca.test/dir",
        "LEGO_HOOK_CERT_NAME": "shop",
        "LEGO_HOOK_CERT_NAME_SANITIZED": "shop",
        "LEGO_HOOK_CERT_DOMAINS": "example.test,*.example.test,www.example.test",
        "LEGO_HOOK_CERT_PATH": f"{live}/fullchain.pem",
        "LEGO_HOOK_CERT_KEY_PATH": f"{live}/privkey.pem",
        "LEGO_HOOK_ISSUER_CERT_PATH": f"{live}/chain.pem",
    }
