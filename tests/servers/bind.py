"""BIND 9 on a free loopback port, without root, without its control channel and without a guess about the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ca import ports
from tests.servers import daemon
from tests.servers.nameserver import NameServer, zone_text
from tests.servers.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.servers.tsig import Key

_NATIVE = ("127.0.0.1", "::1")
_OPTIONS = """
options {{
    directory "{home}";
    pid-file none;
    session-keyfile none;
    managed-keys-directory "{home}";
    listen-on port {own} {{ 127.0.0.1; }};
    listen-on-v6 port {listen} {{ {v6} }};
    recursion no;
    dnssec-validation no;
    empty-zones-enable no;
    notify no;
    minimal-responses yes;
    {options}
}};
controls {{ }};
"""


class Bind(NameServer):
    """A running named."""

    relays: Sequence[Relay] = ()

    def stop(self) -> None:
        for relay in self.relays:
            relay.stop()
        self.relays = ()
        super().stop()

    @classmethod
    def start(
        cls,
        *,
        zones: Mapping[str, str],
        keys: Sequence[Key] = (),
        policies: Mapping[str, str] | None = None,
        addresses: Sequence[str] = ("127.0.0.1",),
        port: int | None = None,
        nameservers: Sequence[str] | None = None,
        options: str = "",
        statements: str = "",
    ) -> Bind:
        """Serve `zones`, names with the lines of their master files, at every one of `addresses`.

        Every key may change all of each zone, unless `policies` has its update-policy: `grant` and `deny`
        statements. A second instance on the same port is started with another address and `port=first.port`.
        Names ns1, ns2... of a zone without SOA stand for `nameservers`, else for `addresses`. `options` and
        `statements` are more text for the options block, and for the file.
        Raises daemon.ServerMissing, daemon.StartError.
        """
        program = daemon.find("named")
        block = ports.reserve()
        listen = port or block.ports[0]
        # On 127.0.0.1 it is there for the relays, elsewhere than at the port where nobody is to find it.
        own = listen if "127.0.0.1" in addresses else block.ports[1]
        home = daemon.new_home("bind")
        v6 = "::1;" if "::1" in addresses else "none;"
        text = _OPTIONS.format(home=home, own=own, listen=listen, v6=v6, options=options)
        text += statements + "".join(key.statement() for key in keys)
        for number, (name, records) in enumerate(zones.items()):
            master = home / f"zone{number}"
            master.write_text(zone_text(name, records, nameservers or addresses), encoding="utf-8")
            text += _zone(name, master, (policies or {}).get(name) or _all(keys))
        (home / "named.conf").write_text(text, encoding="utf-8")
        argv = [program, "-g", "-n", "1", "-c", str(home / "named.conf")]
        server = cls(daemon.Daemon(argv, home), addresses, listen, block)
        try:
            server.relays = [Relay(address, listen, own) for address in addresses if address not in _NATIVE]
            server.daemon.until(lambda: all(server.answers(name) for name in zones))
        except BaseException:
            server.stop()
            raise
        return server


def _zone(name: str, master: Path, policy: str) -> str:
    updates = f"update-policy {{ {policy} }};" if policy else ""
    return f'zone "{name}" {{ type primary; file "{master}"; {updates} }};\n'


def _all(keys: Sequence[Key]) -> str:
    return " ".join(f'grant "{key.name}" zonesub ANY;' for key in keys)
