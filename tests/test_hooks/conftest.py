"""Clients that other people wrote, as judges of our fakes and as users of our hooks."""

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import dns.message
import dns.query
import pytest

from tests.servers import clients

HOOKS = Path(__file__).parents[2] / "hooks"
VALUE = "LHDhK3oGRvkiefQnx7OOczTY5Tic_xZ6HcMOc_gmtoM"
DASH = "-u8BrwOOczTY5Tic_xZ6HcMOc_gmtoMLHDhK3oGRvki"


@pytest.fixture(scope="session")
def sdk():
    """A Python that has Cloudflare's own library."""
    return made("cloudflare", "cloudflare==5.9.0")


@pytest.fixture(scope="session")
def certbot():
    try:
        return clients.certbot()
    except clients.Missing as missing:
        pytest.skip(str(missing))


def made(name, *requirements):
    try:
        return clients.environment(name, *requirements) / "python"
    except clients.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def doh(ca):
    """The URL of a resolver that speaks JSON, as hooks under certbot ask it; it knows what the CA's DNS server does."""

    class Resolver(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = parse_qs(urlsplit(self.path).query)
            host, _, port = ca.dns.rpartition(":")
            found = dns.query.tcp(dns.message.make_query(asked["name"][0], asked["type"][0]), host, 5, int(port))
            data = [{"data": record.to_text()} for rrset in found.answer for record in rrset]
            self.send_response(200 if self.headers["Accept"] == "application/dns-json" else 400)
            self.end_headers()
            self.wfile.write(json.dumps({"Status": found.rcode(), **({"Answer": data} if data else {})}).encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Resolver) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/dns-query"
        server.shutdown()
        thread.join()


@pytest.fixture
def issue(request, ca, tmp_path):
    """Gets a certificate for the names by certbot or by acme-run, with a hook; returns what the client said."""

    def run(client, hook, names, kind="dns", **variables):
        state = {name: tmp_path / name for name in ("config", "work", "logs")}
        hook, domains = HOOKS / hook, [part for name in names for part in ("-d", name)]
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "no_proxy": "127.0.0.1", **variables}
        if client == "certbot":
            env["REQUESTS_CA_BUNDLE"] = str(ca.ca_bundle)
            argv = [request.getfixturevalue("certbot"), "certonly", "-n", "--agree-tos", "-m", "tests@example.com"]
            argv += ["--manual", "--preferred-challenges", kind, "--server", ca.directory]
            argv += ["--manual-auth-hook", hook / "auth", "--manual-cleanup-hook", hook / "cleanup"]
            argv += [f"--{name}-dir={path}" for name, path in state.items()]
        else:
            argv = [Path(sys.executable).parent / "acme-run", "-n", "--agree-tos", "--server", ca.directory]
            argv += ["--ca-bundle", ca.ca_bundle, "--hook", hook, "--check", "skip"]
            argv += ["--config-dir", state["config"], "--work-dir", state["work"]]
            argv += [part for name in variables for part in ("--hook-env", name)]
        done = subprocess.run(
            [*argv, *domains], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert (state["config"] / "live" / names[0] / "fullchain.pem").exists()
        return said

    return run


@pytest.fixture
def run_hook(tmp_path):
    """Runs an executable of a hook as the toolkit does, or as certbot: its environment, and nothing else."""

    def run(executable, domain, value=VALUE, *, certbot=False, **variables):
        # HOME is the test's: nobody's credentials are found there.
        common = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        common |= {"CERTBOT_DOMAIN": domain, "CERTBOT_VALIDATION": value, "CERTBOT_REMAINING_CHALLENGES": "0"}
        common |= {"CERTBOT_ALL_DOMAINS": domain, "no_proxy": "127.0.0.1"}
        if not certbot:
            state = tmp_path / "state"
            state.mkdir(mode=0o700, exist_ok=True)
            common |= {"ACME_CHALLENGE_TYPE": "dns-01", "ACME_RECORD_NAME": f"_acme-challenge.{domain}"}
            common |= {"ACME_HOOK_STATE": str(state)}
        given = {name: str(text) for name, text in variables.items() if text is not None}
        return subprocess.run(
            [HOOKS / executable], env=common | given, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, cwd=tmp_path, check=False,
        )  # fmt: skip

    return run
