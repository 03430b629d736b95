"""Start Pebble and its challtestsrv on free loopback ports, and know when they answer."""

from __future__ import annotations

import http.client
import json
import secrets
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.ca import certs, ports
from tests.ca.dns import Records, has_txt
from tests.ca.web import ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.ca.fetch import Pebble
    from tests.ca.variant import Variant

_PATIENCE = 20.0  # s, for a loaded machine; a start takes a fiftieth of it
_POLL = 0.004  # s
_ANSWER = 0.5  # s for one answer: whoever took a port may accept and say nothing
_ATTEMPTS = 5


class StartError(Exception):
    """The servers did not come up; the text ends with what they logged."""


class _PortTaken(Exception):
    pass


@dataclass
class Servers:
    """Two running processes and where they answer. `home` holds their files and logs."""

    home: Path
    listener: certs.Listener
    block: ports.Block
    http_port: int
    tls_port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def directory(self) -> str:
        return f"https://127.0.0.1:{self.block.ports[0]}/dir"

    @property
    def management(self) -> str:
        return f"https://127.0.0.1:{self.block.ports[1]}"

    @property
    def dns(self) -> str:
        return f"127.0.0.1:{self.block.ports[2]}"

    @property
    def challtestsrv(self) -> str:
        return f"http://127.0.0.1:{self.block.ports[3]}"

    @property
    def log(self) -> Path:
        return self.home / "pebble.log"

    @property
    def dns_log(self) -> Path:
        return self.home / "challtestsrv.log"

    def end(self) -> None:
        """Kill and reap both (they keep nothing worth a goodbye), and give the ports back."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
        self.processes.clear()
        self.block.release()


def launch(home: Path, variant: Variant, pebble: Pebble) -> Servers:
    """Start both below `home`, wait until they answer; StartError if they do not."""
    listener = certs.listener(home)
    for _ in range(_ATTEMPTS):
        block = ports.reserve()
        http_port = variant.http_port or block.ports[4]
        tls_port = variant.tls_port or block.ports[5]
        servers = Servers(home, listener, block, http_port, tls_port)
        try:
            _start(servers, variant, pebble)
            _wait(servers)
        except _PortTaken:
            servers.end()
        except BaseException:
            servers.end()
            raise
        else:
            return servers
    raise StartError(f"ports were taken {_ATTEMPTS} times in a row")


def _start(servers: Servers, variant: Variant, pebble: Pebble) -> None:
    config = variant.config() | {
        "listenAddress": f"127.0.0.1:{servers.block.ports[0]}",
        "managementListenAddress": f"127.0.0.1:{servers.block.ports[1]}",
        "certificate": str(servers.listener.cert),
        "privateKey": str(servers.listener.key),
        "httpPort": servers.http_port,
        "tlsPort": servers.tls_port,
    }
    path = servers.home / "pebble.json"
    path.write_text(json.dumps({"pebble": config}, indent=2), encoding="utf-8")
    # fmt: off
    dns = [
        str(pebble.challtestsrv),
        "-dnsserver" if pebble.version >= (2, 10) else "-dns01", servers.dns,
        "-management", servers.challtestsrv.removeprefix("http://"),
        "-http01", "", "-https01", "", "-tlsalpn01", "",
        # Pebble prefers an AAAA answer, and the tests' responders listen on IPv4.
        "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
    ]
    # fmt: on
    if pebble.version >= (2, 5):
        dns += ["-doh", ""]
    ca = [str(pebble.pebble), "-config", str(path), "-dnsserver", variant.dns_server or servers.dns]
    if variant.strict:
        ca.append("-strict")
    _spawn(servers, dns, servers.dns_log, {})
    _spawn(servers, ca, servers.log, variant.variables())


def _spawn(servers: Servers, command: list[str], log: Path, environment: dict[str, str]) -> None:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=servers.home,
            env=environment,
            pass_fds=[servers.block.fd],  # whoever started them may end first
            start_new_session=True,  # Ctrl-C is for the tests, which then end their CA
        )
    servers.processes.append(process)


def _wait(servers: Servers) -> None:
    deadline = time.monotonic() + _PATIENCE
    canary = secrets.token_hex(16)

    def pebble_answers() -> bool:
        # Pebble logs and counts requests that reach a handler; this one does not.
        status, _ = ask("OPTIONS", servers.directory, ca_bundle=servers.listener.root, timeout=_ANSWER)
        return status == 405

    def management_answers() -> bool:
        url = f"{servers.management}/roots/0"
        status, _ = ask("GET", url, ca_bundle=servers.listener.root, timeout=_ANSWER)
        return status == 200

    def dns_answers() -> bool:
        # A value told to the one port and read at the other proves both to be of this very process.
        records = Records()
        records.challtestsrv, records.patience = servers.challtestsrv, _ANSWER
        records.set_txt(f"{canary}.invalid", canary)
        return has_txt(servers.dns, f"{canary}.invalid", canary, _ANSWER)

    for answers in (dns_answers, pebble_answers, management_answers):
        _until(answers, servers, deadline)


def _until(answers: Callable[[], bool], servers: Servers, deadline: float) -> None:
    while True:
        try:
            if answers():
                return
        except (OSError, http.client.HTTPException, RuntimeError):
            pass  # not yet, or never: the log or the deadline will tell
        logged = "".join(log.read_text(errors="replace") for log in (servers.dns_log, servers.log))
        if "address already in use" in logged:
            raise _PortTaken
        if any(process.poll() is not None for process in servers.processes):
            raise StartError(f"a server of the test CA ended: {logged[-2000:]}")
        if time.monotonic() > deadline:
            raise StartError(f"the test CA does not answer: {logged[-2000:]}")
        time.sleep(_POLL)
