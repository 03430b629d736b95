"""A home in which scripts of other clients are hooks, and what is to be seen of their work."""

import contextlib
import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
from cryptography import x509

from tests.test_flows.commands import Home

ROOT = Path(__file__).parents[2]
NAMES = ("example.test", "*.example.test", "www.example.test")
# A stand-in, or the acme.sh in a directory that is named.
ACMESH = Path(os.environ.get("ACMESH_HOME") or ROOT / "tests/fakes")


@contextlib.contextmanager
def serving(root, port):
    """A web server for the directory."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class Shop(Home):
    """A home in which hooks may see where to publish, where to deploy, and where to log their calls."""

    def __init__(self, path, ca, monkeypatch):
        super().__init__(path, ca)
        self.deployed = path / "deployed"
        self.deployed.mkdir()
        acmesh = path / "acme.sh"
        (acmesh / "dnsapi").mkdir(parents=True)
        shutil.copy(ACMESH / "acme.sh", acmesh / "acme.sh")
        self.log = path / "calls"
        self.log.touch()
        variables = {
            "CHALLTESTSRV": ca.challtestsrv,
            "CALLS": self.log,
            "DEPLOYED": self.deployed,
            "DEPLOY_COPIES_TO": self.deployed / "example.test.pem",
            "WEBROOT": path / "root",
            "WELLKNOWN": path / "root/.well-known/acme-challenge",
            "LE_WORKING_DIR": acmesh,
        }
        (path / "root/.well-known/acme-challenge").mkdir(parents=True)
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        passed = set(variables) - {"LE_WORKING_DIR"}
        self.always = ["--agree-tos", *(word for name in sorted(passed) for word in ("--hook-env", name))]

    def issue(self, spec, *more, names=NAMES, check="require", status=0):
        wanted = [word for name in names for word in ("-d", name)]
        look = ["--check", check, "--resolver", self.ca.dns, "--http-01-port", self.ca.http_port]
        return self.run("acme-run", *self.always, *look, "--hook", spec, *wanted, *more, status=status)

    def calls(self, *words):
        """The lines of the log that begin with one of the words."""
        return [line for line in self.log.read_text().splitlines() if line.startswith(words)]

    def certificate_names(self):
        data = (self.path / "config/live/example.test/cert.pem").read_bytes()
        found = x509.load_pem_x509_certificate(data).extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return set(found.value.get_values_for_type(x509.DNSName))

    def records(self):
        """The TXT values that are left, of all names."""
        host, _, port = self.ca.dns.rpartition(":")
        found = []
        for name in ("_acme-challenge.example.test.", "_acme-challenge.www.example.test."):
            answer = dns.query.udp(dns.message.make_query(name, dns.rdatatype.TXT), host, port=int(port), timeout=5)
            found += [str(record) for rrset in answer.answer for record in rrset]
        return found
