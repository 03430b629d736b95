"""OpenSSH's server on a free loopback port, with keys of its own, for whoever runs the tests."""

from __future__ import annotations

import getpass
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ca import ports
from tests.servers import daemon

if TYPE_CHECKING:
    from typing import Self

# "The other host" is this one, with another home and another place for temporary files.
_SERVER = """
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host
AuthorizedKeysFile {home}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
SetEnv HOME={there} TMPDIR={tmp}
{options}
"""
_CLIENT = """
Host *
    HostName 127.0.0.1
    Port {port}
    User {user}
    IdentityFile {home}/user
    IdentitiesOnly yes
    UserKnownHostsFile {home}/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
"""


class Sshd:
    """A running sshd: `config` is for ssh -F, `there` is HOME on the other host, `tmp` its TMPDIR."""

    def __init__(self, running: daemon.Daemon, block: ports.Block) -> None:
        self.daemon = running
        self._block = block
        self.home = running.home
        self.config = self.home / "config"
        self.there = self.home / "there"
        self.tmp = self.home / "tmp"

    @property
    def port(self) -> int:
        return self._block.ports[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.daemon.stop()
        self._block.release()

    @classmethod
    def start(cls, *, options: str = "", key_options: str = "") -> Sshd:
        """Take a key of its own; `options` are more lines for sshd_config, `key_options` stand before the key.

        Raises daemon.ServerMissing, daemon.StartError.
        """
        program, _ = daemon.find("sshd"), daemon.find("ssh-keygen")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where its unprivileged part is locked up
        block = ports.reserve()
        home = daemon.new_home("sshd")
        for name in ("there", "tmp"):
            (home / name).mkdir(mode=0o700)
        host, user = new_key(home / "host"), new_key(home / "user")
        (home / "authorized_keys").write_text(f"{key_options} {user}".lstrip(), encoding="utf-8")
        (home / "known_hosts").write_text(f"[127.0.0.1]:{block.ports[0]} {host}", encoding="utf-8")
        known = {"port": block.ports[0], "home": home, "user": getpass.getuser()}
        server = _SERVER.format(**known, there=home / "there", tmp=home / "tmp", options=options)
        (home / "sshd_config").write_text(server, encoding="utf-8")
        (home / "config").write_text(_CLIENT.format(**known), encoding="utf-8")
        running = cls(daemon.Daemon([program, "-D", "-e", "-f", str(home / "sshd_config")], home), block)
        try:
            running.daemon.until(lambda: "Server listening on" in running.daemon.log.read_text(errors="replace"))
        except BaseException:
            running.stop()
            raise
        return running

    def client(self, path: Path, **changes: object) -> Path:
        """Another configuration for ssh, with other values of these keywords."""
        text = self.config.read_text(encoding="utf-8")
        for name, value in changes.items():
            text = re.sub(rf"(?m)^    {name} .*\n", "", text) + f"    {name} {value}\n"
        path.write_text(text, encoding="utf-8")
        return path


def new_key(path: Path) -> str:
    """Make a key pair; the line of its public half."""
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(argv, stdin=subprocess.DEVNULL, check=True, timeout=30)
    return path.with_name(f"{path.name}.pub").read_text(encoding="utf-8")
