"""The evil CA: honest without modes, and each mode changes the one thing it names."""

from __future__ import annotations

import base64
import datetime
import email.utils
import http.client
import itertools
import json
import ssl
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from tests.fakes.evil import EvilCA
from tests.fakes.issuer import CHAINS
from tests.fakes.modes import URLS
from tests.fakes.odd import REFUSALS, SPOILERS
from tests.fakes.proxy import FaultProxy
from tests.fakes.rules import Rule
from tests.test_ca.client import Answer, Client, csr

TESTS = Path(__file__).resolve().parents[1]
NAMES = ("www.example", "example")
NOW = datetime.datetime.now(datetime.UTC)


def client_of(ca: EvilCA) -> Client:
    return Client(ca.directory, ca.ca_bundle)


def ordered(**modes: Any) -> dict[str, Any]:
    """The order such a CA opens."""
    with EvilCA(**modes) as ca, client_of(ca) as client:
        client.register()
        return client.order(*NAMES).json()


def issued(kind: str) -> tuple[bytes, EvilCA]:
    with EvilCA(chain=kind) as ca, client_of(ca) as client:
        return client.issue(*NAMES).body, ca


def test_honest_by_default() -> None:
    with EvilCA() as ca, client_of(ca) as client:
        leaf, intermediate = x509.load_pem_x509_certificates(client.issue(*NAMES).body)
        client.kid = None
        assert client.register().status == 200
    leaf.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca.root))
    assert names_of(leaf) == set(NAMES)
    assert leaf.not_valid_before_utc < NOW < leaf.not_valid_after_utc
    assert not ca.strangers
    assert [request.path for request in ca.requests][:2] == ["/directory", "/new-nonce"]


def names_of(leaf: x509.Certificate) -> set[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return set(names.get_values_for_type(x509.DNSName))


def test_wildcard_and_deactivation() -> None:
    with EvilCA() as ca, client_of(ca) as client:
        client.register()
        order = client.order("*.example")
        url = order.json()["authorizations"][0]
        authz = client.post(url).json()
        assert authz["wildcard"] is True
        assert authz["identifier"]["value"] == "example"
        assert [challenge["type"] for challenge in authz["challenges"]] == ["dns-01"]
        assert client.post(url, {"status": "deactivated"}).json()["status"] == "deactivated"
        assert client.post(order.headers["Location"]).json()["status"] == "invalid"


@pytest.mark.parametrize(
    ("kind", "blocks"),
    [("reversed", 2), ("leafonly", 1), ("duplicate", 3), ("withroot", 3), ("unlinked", 2), ("fifty", 51), ("text", 2)],
)
def test_chains_of_other_lengths_and_orders(kind: str, blocks: int) -> None:
    body, _ = issued(kind)
    chain = x509.load_pem_x509_certificates(body)
    assert len(chain) == blocks
    first_is_leaf = names_of(chain[0]) == set(NAMES)
    assert first_is_leaf == (kind != "reversed")
    assert body.startswith(b"-----BEGIN CERTIFICATE") == (kind != "text")
    if kind == "fifty":
        for below, above in itertools.pairwise(chain):
            below.verify_directly_issued_by(above)


@pytest.mark.parametrize("kind", ["otherdomain", "extradomain", "cnonly", "expired", "notyet", "century", "ca_leaf"])
def test_leaves_that_differ(kind: str) -> None:
    leaf = x509.load_pem_x509_certificates(issued(kind)[0])[0]
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
    found = {
        "names": names_of(leaf) != set(NAMES),
        "now": not leaf.not_valid_before_utc <= NOW <= leaf.not_valid_after_utc,
        "life": life.days > 400,
        "ca": constraints.ca,
    }
    wrong = {"expired": "now", "notyet": "now", "century": "life", "ca_leaf": "ca"}.get(kind, "names")
    assert found == {name: name == wrong for name in found}


def test_the_key_may_be_another() -> None:
    request = csr(*NAMES)
    with EvilCA(chain="otherkey") as ca, client_of(ca) as client:
        client.register()
        order = client.order(*NAMES).json()
        for url in order["authorizations"]:
            client.post(client.challenge(url, "http-01")["url"], {})
        done = client.post(order["finalize"], {"csr": base64url(request)})
        leaf = x509.load_pem_x509_certificates(client.post(done.json()["certificate"]).body)[0]
    assert leaf.public_key() != x509.load_der_x509_csr(request).public_key()


@pytest.mark.parametrize(
    ("kind", "text"),
    [("withkey", b"PRIVATE KEY"), ("keyfirst", b"PRIVATE KEY"), ("withcsr", b"CERTIFICATE REQUEST"), ("empty", b"")],
)
def test_bodies_with_more_and_less(kind: str, text: bytes) -> None:
    body, _ = issued(kind)
    assert text in body
    assert (kind == "keyfirst") == body.startswith(b"-----BEGIN PRIVATE")
    assert (kind == "empty") == (body == b"")


@pytest.mark.parametrize("kind", sorted(CHAINS))
def test_every_chain_can_be_had(kind: str) -> None:
    body, _ = issued(kind)
    assert (len(body) > 9_000_000) == (kind == "huge")


@pytest.mark.parametrize(
    ("how", "values"),
    [
        ("dropped", ["www.example"]),
        ("added", ["www.example", "example", "added.invalid"]),
        ("upper", ["WWW.EXAMPLE", "EXAMPLE"]),
        ([{"type": "ip", "value": "127.0.0.1"}], ["127.0.0.1"]),
    ],
)
def test_identifiers_change(how: Any, values: list[str]) -> None:
    assert [one["value"] for one in ordered(identifiers=how)["identifiers"]] == values


def test_authorizations_lie() -> None:
    with (
        EvilCA(token="../../etc/cron.d/x\n$(id)\x00", authz_name="victim.invalid", challenges="unknown") as ca,
        client_of(ca) as client,
    ):
        client.register()
        authz = client.post(client.order(*NAMES).json()["authorizations"][0]).json()
    assert authz["identifier"]["value"] == "victim.invalid"
    tokens = {challenge["type"]: challenge.get("token") for challenge in authz["challenges"]}
    assert tokens["http-01"] == "../../etc/cron.d/x\n$(id)\x00"
    assert tokens["dns-persist-99"] is None
    assert "carrier-pigeon-07" in tokens


def test_only_unknown_challenges() -> None:
    with EvilCA(challenges="onlyunknown") as ca, client_of(ca) as client:
        client.register()
        authz = client.post(client.order(*NAMES).json()["authorizations"][0]).json()
    assert {challenge["type"] for challenge in authz["challenges"]} == {"dns-persist-99", "carrier-pigeon-07"}


@pytest.mark.parametrize("kind", [*URLS, "ftp://example/"])
def test_urls_lead_astray(kind: str) -> None:
    with EvilCA(urls=dict.fromkeys(("newNonce", "order", "authz", "finalize"), kind)) as ca, client_of(ca) as client:
        astray = client.directory["newNonce"]
        client.directory["newNonce"] = ca.directory.replace("directory", "new-nonce")
        client.register()
        order = client.order(*NAMES)
        urls = [order.headers["Location"], *order.json()["authorizations"], order.json()["finalize"], astray]
        own = urlsplit(ca.directory)
        for url in map(urlsplit, urls):
            assert (url.scheme, url.netloc) != (own.scheme, own.netloc)
    schemes = {"http": "http", "file": "file", "ftp://example/": "ftp"}
    assert {urlsplit(url).scheme for url in urls} == {schemes.get(kind, "https")}
    assert all("user:secret@" in url for url in urls) == (kind == "userinfo")


def test_later_urls_lead_astray_too() -> None:
    with EvilCA(urls={"challenge": "http", "certificate": "other"}) as ca, client_of(ca) as client:
        client.register()
        order = client.order("www.example").json()
        challenge = client.challenge(order["authorizations"][0], "http-01")["url"]
        assert challenge.startswith(ca.flow.elsewhere["http"])
        # This client takes only the path of a URL, so nobody comes to the other origins.
        client.post(challenge, {})
        done = client.post(order["finalize"], {"csr": base64url(csr("www.example"))}).json()
        assert done["certificate"].startswith(ca.flow.elsewhere["other"])
        assert ca.strangers == []


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_the_other_origins_record_who_calls() -> None:
    with EvilCA() as ca:
        for kind in ("other", "http"):
            parts = urlsplit(ca.flow.elsewhere[kind])
            connection = (
                http.client.HTTPConnection(parts.netloc)
                if kind == "http"
                else http.client.HTTPSConnection(
                    parts.netloc, context=ssl.create_default_context(cafile=str(ca.ca_bundle))
                )
            )
            connection.request("GET", "/directory")
            assert json.loads(connection.getresponse().read())["newOrder"].startswith(ca.flow.elsewhere[kind])
            connection.close()
        assert len(ca.strangers) == 2
        assert ca.requests == []


@pytest.mark.parametrize(("stuck", "shown"), [("pending", "pending"), ("processing", "processing")])
def test_stuck(stuck: str, shown: str) -> None:
    with EvilCA(stuck=stuck) as ca, client_of(ca) as client:
        client.register()
        order = client.order("www.example")
        client.post(client.challenge(order.json()["authorizations"][0], "http-01")["url"], {})
        request = base64url(csr("www.example"))
        client.post(order.json()["finalize"], {"csr": request})
        for _ in range(5):
            assert client.post(order.headers["Location"]).json()["status"] == shown


def test_slow() -> None:
    with EvilCA(slow=2) as ca, client_of(ca) as client:
        assert client.issue(*NAMES).status == 200
        assert len([request for request in ca.requests if request.path == "/order/0"]) == 4


def test_badnonce_a_few_times_and_always() -> None:
    with EvilCA(badnonce=2) as ca, client_of(ca) as client:
        answers = [client.register() for _ in range(3)]
        assert [answer.status for answer in answers] == [400, 400, 201]
        assert answers[0].json()["type"].endswith("badNonce")
        assert answers[0].json()["detail"].isascii() is False
        assert answers[0].headers["Replay-Nonce"]
    with EvilCA(badnonce="always") as ca, client_of(ca) as client:
        assert [client.register().status for _ in range(20)] == [400] * 20


def test_status_and_edits() -> None:
    error = {"type": "about:blank", "detail": "no"}
    order = ordered(status={"newOrder": "sleeping"}, edit={"newOrder": {"error": error, "expires": None}})
    assert order["status"] == "sleeping"
    assert order["error"] == error
    assert "expires" not in order


def asked(kind: str, resource: str = "newOrder") -> Answer:
    with EvilCA(answers={resource: [kind, 1]}) as ca, client_of(ca) as client:
        client.register()
        answer = client.order("www.example")
        assert client.order("www.example").status == 201, "only the first is odd"
        return answer


@pytest.mark.parametrize("kind", sorted(set(REFUSALS) - {"huge", "bomb"}))
def test_odd_answers_come_once_and_do_nothing(kind: str) -> None:
    answer = asked(kind)
    assert answer.status != 201
    assert answer.headers["Replay-Nonce"]


def test_rate_limits_tell_when() -> None:
    assert asked("limited").headers["Retry-After"] == "3600"
    when = email.utils.parsedate_to_datetime(asked("limited_date").headers["Retry-After"])
    assert 3500 < (when - datetime.datetime.now(datetime.UTC)).total_seconds() < 3700


def test_redirects_lead_there() -> None:
    assert asked("redirect_loop").headers["Location"].endswith("/new-order")
    assert asked("redirect_http").headers["Location"].startswith("http://")
    assert asked("redirect_post").status == 307


@pytest.mark.parametrize("kind", sorted(SPOILERS))
def test_spoiled_answers(kind: str) -> None:
    honest, spoiled = asked("no_nonce"), asked(kind)
    assert spoiled.status == 201
    assert (spoiled.body[:40], spoiled.headers.items()) != (honest.body[:40], honest.headers.items())


def test_spoiled_json_is_what_it_says() -> None:
    assert json.loads(asked("nan").body)["number"] != json.loads(asked("infinity").body)["number"]
    assert json.loads(asked("surrogate").body)["text"] == "\ud800"
    assert json.loads(asked("duplicate").body)["status"] == "pending"
    for kind, error in (("deep", RecursionError), ("digits", ValueError), ("truncated", ValueError)):
        body = asked(kind).body
        with pytest.raises(error):
            json.loads(body)


def test_a_huge_body_is_streamed() -> None:
    with EvilCA(answers={"newOrder": "huge"}) as ca:
        client = client_of(ca)
        client.register()
        client._connection.request("POST", "/new-order", b"{}", {"User-Agent": "test"})
        response = client._connection.getresponse()
        assert int(response.headers["Content-Length"]) > 299_000_000
        assert response.read(1_000_000).startswith(b'{"padding": "AAAA')
        response.close()
        client._connection.close()
    assert ca.streamed < 100_000_000


@pytest.mark.parametrize("fault", ["selfsigned", "expired", "notyet", "wronghost"])
def test_tls_that_cannot_be_trusted(fault: str) -> None:
    with EvilCA(tls=fault) as ca, pytest.raises(ssl.SSLCertVerificationError):
        client_of(ca)


def test_a_proxy_can_stand_in_front() -> None:
    with (
        EvilCA(stuck="processing") as ca,
        FaultProxy(ca, [Rule("finalize", lose=True)]) as proxy,
        Client(proxy.directory, proxy.ca_bundle) as client,
        pytest.raises(http.client.RemoteDisconnected),
    ):
        client.issue("www.example")


@pytest.mark.parametrize(
    "modes",
    [
        {"chain": "bent"},
        {"stuck": "up"},
        {"answers": {"nowhere": "html"}},
        {"answers": {"order": "x"}},
        {"urls": {"order": "x"}},
    ],
)
def test_unknown_modes_are_refused(modes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is none of"):
        EvilCA(**modes)


def test_nothing_is_left_behind() -> None:
    with EvilCA() as ca:
        home = ca.ca_bundle.parent
    assert not home.exists()
    with pytest.raises(OSError, match=r"refused|No such file"):
        client_of(ca)


def test_for_shells(tmp_path: Path) -> None:
    home = tmp_path / "evil"
    program = str(TESTS / "fakes/evil.py")
    options = json.dumps({"chain": "expired", "badnonce": 1})
    try:
        done = subprocess.run([program, str(home), options], capture_output=True, text=True, timeout=10)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        script = '. "$1"/env; echo "$ACME_SERVER" "$ACME_CA_BUNDLE"'
        sourced = subprocess.run(["sh", "-c", script, "sh", str(home)], capture_output=True, text=True)
        server, bundle = sourced.stdout.split()
        with Client(server, Path(bundle)) as client:
            assert client.register().status == 400
            leaf = x509.load_pem_x509_certificates(client.issue("www.example").body)[0]
        assert leaf.not_valid_after_utc < NOW
        assert '"/new-account"' in (home / "requests.jsonl").read_text()
    finally:
        stopped = subprocess.run([str(TESTS / "ca/stop"), str(home)], timeout=10)
    assert stopped.returncode == 0
    wrong = subprocess.run([program, str(home), '{"chian": 1}'], capture_output=True, text=True, timeout=10)
    assert wrong.returncode == 1
    assert "chian" in wrong.stderr
