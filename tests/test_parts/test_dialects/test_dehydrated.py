"""dehydrated's table: operations, their arguments in order, the variables, what the client does beside the hook."""

import subprocess

import pytest

from tests.test_parts.test_dialects.given import PLACE, THUMBPRINT, TOKEN, VALUE, event, issued, one, order, passing
from toolkit.dialects import Answer
from toolkit.dialects.dehydrated import UNKNOWN, Dehydrated

HOOK = Dehydrated("/hooks/hook.sh")
CHAIN = Dehydrated("/hooks/hook.sh", chain=True)
LIVE = tuple(f"/config/live/shop/{kind}.pem" for kind in ("privkey", "cert", "fullchain", "chain"))
OF_RUN = {
    "BASEDIR": "/config",
    "CERTDIR": "/config/live",
    "ALPNCERTDIR": "/state/hooks/x/alpn-certs",
    "WELLKNOWN": "/state/hooks/x",
    "CONFIG": "/state/hooks/x/config",
    "COMMAND": "sign_domains",
}
OF_CERTIFICATE = {
    **OF_RUN,
    "alias": "shop",
    "altnames": "example.test *.example.test www.example.test",
    "KEY_ALGO": "prime256v1",
    "PRIVATE_KEY_ROLLOVER": "no",
}


def argv(invocations):
    return [invocation.argv[1:] for invocation in invocations]


def test_challenges_one_by_one():
    events = order()
    expected = [
        ("deploy_challenge", "example.test", TOKEN, VALUE),
        ("deploy_challenge", "example.test", "w" * 22, events[1].validation),
        ("deploy_challenge", "www.example.test", "x" * 22, events[2].validation),
    ]
    assert argv(HOOK.auth(events, PLACE)) == expected
    cleaned = [("clean_challenge", *arguments[1:]) for arguments in expected]
    assert argv(HOOK.cleanup(events, PLACE, "output", True)) == cleaned
    assert argv(HOOK.cleanup(events, PLACE, "", False)) == cleaned


def test_chain_is_one_call_with_all_triples():
    triples = [text for e in order() for text in (e.identifier, e.token, e.validation)]
    assert argv(CHAIN.auth(order(), PLACE)) == [("deploy_challenge", *triples)]
    assert argv(CHAIN.cleanup(order(), PLACE, "", True)) == [("clean_challenge", *triples)]
    assert CHAIN.chained
    assert not HOOK.chained


def test_chain_is_a_call_for_each_type_of_challenge():
    mixed = [event("http-01", "a.test"), event("dns-01", "b.test"), event("http-01", "c.test")]
    calls = CHAIN.auth(mixed, PLACE)
    assert [call.variables["CHALLENGETYPE"] for call in calls] == ["http-01", "dns-01"]
    assert [call.argv[2::3] for call in calls] == [("a.test", "c.test"), ("b.test",)]


def test_every_call_is_as_the_client_makes_it():
    calls = [
        *HOOK.auth(order(), PLACE),
        *HOOK.refused(event(), PLACE, "{}"),
        *HOOK.deploy(issued(), PLACE),
        *HOOK.unchanged(issued(), PLACE),
        *HOOK.begin(PLACE),
        *HOOK.end(PLACE, ""),
        *HOOK.lint(PLACE),
    ]
    for call in calls:
        assert call.argv[0] == "/hooks/hook.sh"
        assert call.umask == 0o077
        assert call.fallback == "bash"
        assert (call.stdin, call.directory) == (None, None)
        assert (call.outcomes, call.otherwise) == ({0: "done"}, "failed")
        # Scripts source it.
        assert ("/state/hooks/x/config", b"") in call.writes
    assert not HOOK.alone


@pytest.mark.parametrize("kind", ["dns-01", "http-01"])
def test_variables_of_challenges(kind):
    call = one(HOOK.auth([event(kind)], PLACE))
    assert call.variables == {**OF_CERTIFICATE, "CHALLENGETYPE": kind}


def test_variables_when_the_order_is_not_known():
    call = one(HOOK.auth([event(cert_name="", names=())], PLACE))
    assert call.variables["altnames"] == "example.test www.example.test"
    assert call.variables["alias"] == "example.test"


def test_http_01_is_written_by_the_client_and_removed_after_the_hook():
    keyauth = f"{TOKEN}.{THUMBPRINT}"
    place = passing(WELLKNOWN="/srv/acme", CONFIG="/etc/dehydrated/config", OTHER="x")
    deployed = one(HOOK.auth([event("http-01")], place))
    assert deployed.argv[1:] == ("deploy_challenge", "example.test", TOKEN, keyauth)
    assert deployed.writes == ((f"/srv/acme/{TOKEN}", keyauth.encode()),)
    assert deployed.removes == ()
    cleaned = one(HOOK.cleanup([event("http-01")], place, "", True))
    assert (cleaned.writes, cleaned.removes) == ((), (f"/srv/acme/{TOKEN}",))
    # What the user passes is the user's, and not told a second time under another name.
    assert deployed.variables["WELLKNOWN"] == "/srv/acme"
    assert deployed.variables["CONFIG"] == "/etc/dehydrated/config"
    assert "OTHER" not in deployed.variables


def test_http_01_without_a_directory_is_for_the_hook_to_copy():
    call = one(HOOK.auth([event("http-01")], PLACE))
    assert call.variables["WELLKNOWN"] == "/state/hooks/x"
    assert (f"/state/hooks/x/{TOKEN}", f"{TOKEN}.{THUMBPRINT}".encode()) in call.writes


def test_chained_http_01_writes_all_files():
    call = one(CHAIN.auth(order("http-01"), passing(WELLKNOWN="/srv/acme", CONFIG="/c")))
    assert [path for path, _ in call.writes] == [f"/srv/acme/{e.token}" for e in order("http-01")]
    cleaned = one(CHAIN.cleanup(order("http-01"), passing(WELLKNOWN="/srv/acme", CONFIG="/c"), "", True))
    assert cleaned.removes == tuple(path for path, _ in call.writes)


def test_dns_01_writes_no_proof():
    call = one(HOOK.auth([event()], passing(WELLKNOWN="/srv/acme", CONFIG="/c")))
    assert (call.writes, call.removes) == ((), ())


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1", "xn--mller-kva.test"])
def test_identifiers_as_the_ca_has_them(name):
    assert one(HOOK.auth([event("http-01", name)], PLACE)).argv[2] == name


def test_refused_names_the_identifier_that_was_refused():
    problem = '{"type":"urn:ietf:params:acme:error:unauthorized","detail":"two\\nlines"}'
    call = one(HOOK.refused(event(), PLACE, problem))
    assert call.argv[1:] == ("invalid_challenge", "example.test", problem)
    assert call.variables == {**OF_CERTIFICATE, "CHALLENGETYPE": "dns-01"}


def test_deploy_is_synced_first():
    sync, deploy = HOOK.deploy(issued(), PLACE)
    archive = tuple(f"/config/archive/shop/{kind}7.pem" for kind in ("privkey", "cert", "fullchain", "chain"))
    assert sync.argv[1:] == ("sync_cert", *archive, "/state/hooks/x/request.csr")
    assert ("/state/hooks/x/request.csr", b"") in sync.writes
    assert deploy.argv[1:] == ("deploy_cert", "example.test", *LIVE, "1700000000")
    assert sync.variables == deploy.variables == OF_CERTIFICATE


def test_unchanged():
    assert one(HOOK.unchanged(issued(), PLACE)).argv[1:] == ("unchanged_cert", "example.test", *LIVE)


def test_runs_begin_and_end():
    assert argv(HOOK.begin(PLACE)) == [("startup_hook",)]
    assert argv(HOOK.end(PLACE, "")) == [("exit_hook",)]
    assert argv(HOOK.end(PLACE, "it failed")) == [("exit_hook", "it failed")]
    assert one(HOOK.begin(PLACE)).variables == OF_RUN


def test_signing_request():
    call = one(HOOK.csr("shop", ("*.example.test", "example.test"), PLACE))
    arguments = ("*.example.test", "/config/live/shop", "*.example.test example.test")
    assert call.argv[1:] == ("generate_csr", *arguments)


def test_failed_request_without_what_no_argument_can_hold():
    answer = Answer("POST", 429, "HTTP/2 429\r\nretry-after: 5\r\n", "\0" + "x" * 200_000)
    status, body, method, headers = one(HOOK.request_failure(answer, PLACE)).argv[2:]
    assert (status, method, headers) == ("429", "post", answer.headers)
    assert set(body) == {"x"}
    subprocess.run(["/bin/true", body], check=True)


def test_lint_is_the_unknown_operation():
    assert one(HOOK.lint(PLACE)).argv[1:] == (UNKNOWN,)


def test_events():
    both = {"auth", "cleanup", "refused", "deploy", "unchanged", "begin", "end", "csr", "request_failure"}
    assert set(HOOK.events) == set(CHAIN.events) == both
    assert HOOK.types == ("http-01", "dns-01")
