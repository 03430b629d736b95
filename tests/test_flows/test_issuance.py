"""The flow against a real CA."""

import json

import pytest

from tests.test_flows.commands import Home


@pytest.fixture
def home(tmp_path, ca):
    return Home(tmp_path, ca)


def lines(*documents):
    return "".join(json.dumps(document) + "\n" for document in documents)


def order(home, *names):
    return home.run("acme-order", "--agree-tos", *(x for n in names for x in ("-d", n)))


def prove(home, documents, *stages, **more):
    hook = [
        "--manual-auth-hook",
        f"echo $CERTBOT_DOMAIN >>{home.path}/auth",
        "--manual-cleanup-hook",
        f"echo $CERTBOT_DOMAIN >>{home.path}/cleanup",
    ]
    return home.run("acme-challenge", *stages, *hook, "--check", "skip", text=lines(*documents), **more)


def standalone(home, documents, **more):
    return home.run(
        "acme-challenge", "--standalone", "--http-01-port", home.ca.http_port, text=lines(*documents), **more
    )


def issue(home, *args, status=0):
    return home.run(
        "acme-run", "--agree-tos", "--standalone", "--http-01-port", home.ca.http_port, *args, status=status
    )


def test_warm_issuance_takes_few_requests(home):
    home.run("acme-account", "register", "--agree-tos")
    counts = []
    for name in ("warm.example", "warm2.example", "warm3.example"):
        before = len(home.ca.requests())
        issue(home, "-d", name)
        counts.append(len(home.ca.requests()) - before)
    # A CA that is slow to validate, on a busy machine, is rightly looked at once more.
    assert min(counts) <= 9
    before = len(home.ca.requests())
    issue(home, "-d", "warm.example")
    assert len(home.ca.requests()) == before
    issue(home, "-d", "warm.example", "--force-renewal")
    assert sorted(p.name for p in (home.path / "config/archive/warm.example").iterdir())[:2] == [
        "cert1.pem",
        "cert2.pem",
    ]


def test_every_stage_resumes(home):
    opened = order(home, "resume.example")
    ready = standalone(home, opened)
    assert ready[0]["order"]["status"] == "ready"
    stale = [{**document, "fetched": "2020-01-01T00:00:00Z"} for document in opened]
    assert standalone(home, stale)[0]["order"]["status"] == "ready"
    valid = home.run("acme-finalize", text=lines(*ready))
    again = home.run("acme-finalize", text=lines(*ready))
    assert again[0]["certificate"] == valid[0]["certificate"]
    for document in (valid, valid):
        assert home.run("acme-install", text=lines(*document), server=False)[0]["lineage"].endswith(
            "live/resume.example"
        )
    assert home.run("acme-order", text=lines(*valid))[0]["order"]["url"] == valid[0]["order"]["url"]


def test_pending_order_is_not_finalized(home):
    found = home.run("acme-finalize", text=lines(*order(home, "pending.example")), status=1)
    assert found[0]["error"]["stage"] == "finalize"
    assert "acme-challenge" in home.stderr


def test_invalid_order_is_reported_and_replaced(home):
    opened = order(home, "invalid.example")
    failed = prove(home, opened, status=1)
    assert failed[0]["error"]["stage"] == "answer"
    assert "presented" not in failed[0]
    assert (home.path / "cleanup").read_text() == "invalid.example\n"
    assert home.run("acme-finalize", text=lines(*failed), status=1)[0]["error"] == failed[0]["error"]
    assert standalone(home, failed, status=1)[0]["order"]["status"] == "invalid"
    fresh = home.run("acme-order", text=lines(*failed))
    assert fresh[0]["order"]["url"] != opened[0]["order"]["url"]
    assert standalone(home, fresh)[0]["order"]["status"] == "ready"


def test_failing_hook_cleans_up_in_reverse(home):
    opened = order(home, "a.example", "b.example", "c.example")
    script = f"echo $CERTBOT_DOMAIN >>{home.path}/auth; test $(wc -l <{home.path}/auth) -lt 2"
    cleanup = f"echo $CERTBOT_DOMAIN >>{home.path}/cleanup"
    found = home.run("acme-challenge", "--manual-auth-hook", script, "--manual-cleanup-hook", cleanup, "--check", "skip",  # noqa: E501
                     text=lines(*opened), status=1)  # fmt: skip
    started = (home.path / "auth").read_text().split()
    assert len(started) == 2
    assert (home.path / "cleanup").read_text().split() == started[::-1]
    assert found[0]["error"]["stage"] == "present"
    assert "presented" not in found[0]


def test_wildcard_needs_dns(home):
    found = standalone(home, order(home, "*.wild.example"), status=1)
    assert "dns-01" in found[0]["error"]["hint"]
    assert found[0]["order"]["status"] == "pending"


@pytest.mark.parametrize(
    "change", [{"server": "https://other.example/dir"}, {"account": "https://other.example/1"}], ids=str
)
def test_document_for_somebody_else(home, change):
    opened = order(home, "other.example")
    before = len(home.ca.requests())
    found = standalone(home, [{**opened[0], **change}], status=1)
    assert found[0]["error"]["type"].endswith("badDocument")
    assert not [r for r in home.ca.requests()[before:] if r[0] == "POST"]


def test_certificate_of_somebody_else_does_not_become_live(home):
    issue(home, "-d", "mine.example")
    live = (home.path / "config/live/mine.example").readlink()
    other = issue(home, "-d", "other.example")[0]
    home.run(
        "acme-install",
        text=lines({**other, "cert_name": "mine.example", "names": ["mine.example"]}),
        status=1,
        server=False,
    )
    assert (home.path / "config/live/mine.example").readlink() == live
