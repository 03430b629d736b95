"""Knot DNS on a free loopback port, without root and without its control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ca import ports
from tests.servers import daemon
from tests.servers.nameserver import NameServer, zone_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.servers.tsig import Key

_CONFIG = """
server:
    rundir: {home}
    listen: [ {listen} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {home}/db
log:
  - target: stderr
    any: info
{updates}
template:
  - id: default
    storage: {home}
    zonefile-sync: -1
    journal-content: none
    zonefile-load: whole
{acls}
zone:
"""


class Knot(NameServer):
    """A running knotd."""

    @classmethod
    def start(
        cls,
        *,
        zones: Mapping[str, str],
        keys: Sequence[Key] = (),
        acl: str = "",
        addresses: Sequence[str] = ("127.0.0.1",),
        port: int | None = None,
        nameservers: Sequence[str] | None = None,
    ) -> Knot:
        """Serve `zones`, names with the lines of their master files, at every one of `addresses`.

        Every key may change all of each zone; `acl` is more settings of that rule, one a line. `port` and
        `nameservers` are those of Bind.start. Raises daemon.ServerMissing, daemon.StartError.
        """
        program = daemon.find("knotd")
        block = ports.reserve()
        listen = port or block.ports[0]
        home = daemon.new_home("knot")
        text = _CONFIG.format(
            home=home,
            listen=", ".join(f"{address}@{listen}" for address in addresses),
            updates=_updates(keys, acl) if keys else "",
            acls="    acl: updates" if keys else "",
        )
        for number, (name, records) in enumerate(zones.items()):
            master = home / f"zone{number}"
            master.write_text(zone_text(name, records, nameservers or addresses), encoding="utf-8")
            text += f"  - domain: {name}\n    file: {master}\n"
        (home / "knot.conf").write_text(text, encoding="utf-8")
        (home / "db").mkdir(mode=0o700)
        server = cls(daemon.Daemon([program, "-c", str(home / "knot.conf")], home), addresses, listen, block)
        try:
            server.daemon.until(lambda: all(server.answers(name) for name in zones))
        except BaseException:
            server.stop()
            raise
        return server


def _updates(keys: Sequence[Key], acl: str) -> str:
    secrets = "".join(f"  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {key.secret}\n" for key in keys)
    names = ", ".join(key.name for key in keys)
    more = "".join(f"    {line}\n" for line in acl.splitlines())
    return f"key:\n{secrets}acl:\n  - id: updates\n    action: update\n    key: [ {names} ]\n{more}"
