"""acme-hook test for http-01: the example hook before a small web server, and what is told of worse ones."""

import functools
import http.server
import threading

import pytest

from tests.test_hooks.conftest import HOOKS
from tests.test_hooks.test_trial.lab import HEAD, write

FILE = '"$WEBROOT/.well-known/acme-challenge/$CERTBOT_TOKEN"'
WRITE = f'mkdir -p "$WEBROOT/.well-known/acme-challenge"; printf %s "$CERTBOT_VALIDATION" >{FILE}'
REMOVE = f"rm -f {FILE}"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def site(lab):
    """A web server with an empty document root; acme-hook test asks it as the name's."""
    root = lab.home / "site"
    root.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=root)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        lab.port, lab.root = server.server_port, root
        lab.env["WEBROOT"] = str(root)
        yield lab
        server.shutdown()
        thread.join()


def tried(site, hook, *words, status):
    found = ["--type", "http-01", "--connect", f"127.0.0.1:{site.port}", "--hook-env", "WEBROOT"]
    return site.test(hook, "--check-timeout", "0.5", *found, *words, status=status)


def hook(site, auth=WRITE, cleanup=REMOVE):
    for event, text in {"auth": auth, "cleanup": cleanup}.items():
        (site.home / "web").mkdir(exist_ok=True)
        write(site.home / "web" / event, HEAD + text)
    return site.home / "web"


def test_the_example(site):
    said = tried(site, HOOKS / "examples/http", status=0)
    assert "- auth succeeds: a second proof, of a token that begins with -\n" in said
    assert "- holds several proofs at a time\n" in said
    assert said.endswith("\n1..12\n")
    assert list((site.root / ".well-known/acme-challenge").iterdir()) == []
    assert site.journal() == []


def test_the_names_own_address_and_port(site):
    said = site.run(
        *("test", HOOKS / "examples/http", "-d", "127.0.0.1", "--http-01-port", site.port, "--hook-env", "WEBROOT")
    )
    assert site.status == 0, said
    assert said.endswith("\n1..12\n")


def test_white_space_at_the_end_is_no_fault(site):
    assert tried(site, hook(site, auth=f"{WRITE}; echo >>{FILE}"), status=0)


CASES = {
    "answers something else": (
        {"auth": WRITE.replace('"$CERTBOT_VALIDATION"', '"x$CERTBOT_VALIDATION"')},
        {"visible: a proof": "auth returned 0, but http://{name}:80/.well-known/acme-challenge/"},
    ),
    "publishes nothing": (
        {"auth": "exit 0"},
        {"visible: a proof": "auth returned 0, but nothing is visible: http://{name}:80/.well-known/acme-challenge/"},
    ),
    "holds one": (
        {"auth": f'rm -rf "$WEBROOT/.well-known"; {WRITE}'},
        {"holds several proofs at a time": "nothing is visible: http://{name}:80/.well-known/acme-challenge/"},
    ),
    "clears all": (
        {"cleanup": 'rm -rf "$WEBROOT/.well-known"'},
        {"cleanup leaves the second proof alone": "nothing is visible: http://{name}:80/.well-known/acme-challenge/"},
    ),
    "leaves all": (
        {"cleanup": "exit 0"},
        {
            "gone: the first proof": "it is served at http://{name}:80/.well-known/acme-challenge/",
            "everything is as it was before": "it is served at http://{name}:80/.well-known/acme-challenge/",
        },
    ),
    "cleans up once only": (
        {"cleanup": REMOVE.replace(" -f", "")},
        {"cleanup succeeds: once more, of a proof that is gone": "the cleanup hook web exited with 1"},
    ),
    "takes the token for an option": (
        {"cleanup": 'cd "$WEBROOT/.well-known/acme-challenge"; rm -f "$CERTBOT_TOKEN"'},
        {"cleanup succeeds: the proof that is left": "the cleanup hook web exited with 1"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hook_that(site, case):
    scripts, expected = CASES[case]
    tried(site, hook(site, **scripts), status=1)
    found = site.failures()
    for line, problem in expected.items():
        assert found[line].startswith(problem.format(name=site.name)), found
    if case != "takes the token for an option":
        assert found.keys() == expected.keys()
        assert site.journal() == []
    else:  # it stays in the journal, for acme-hook sweep
        assert len(site.journal()) == 1
    assert site.known(hook(site, **scripts)) == (None, None)


def test_no_web_server(site):
    tried(site, HOOKS / "examples/http", "--connect", "127.0.0.1:9", status=1)
    assert site.failures()["visible: a proof"].endswith("connection refused")
    assert not (site.root / ".well-known").exists() or not any((site.root / ".well-known/acme-challenge").iterdir())
