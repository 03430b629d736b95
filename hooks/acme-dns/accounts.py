"""The accounts, one a name, in a private JSON file.

{"example.com": {"username", "password", "fulldomain", "subdomain", "allowfrom"}}, which certbot's hook acme-dns-auth,
lego and acme-dns-client write too; the latter two add "server_url".
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from typing import Any

from server import HookError

_LONGEST = 16 << 20  # bytes


@dataclass(frozen=True)
class Account:
    """What one name needs for an update."""

    username: str
    password: str
    subdomain: str
    fulldomain: str
    server_url: str


class Accounts:
    """The file, locked for this process while a `with` lasts."""

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)
        self._lock = -1
        self._listed: dict[str, Any] = {}

    def __enter__(self) -> Accounts:
        """HookError for a file that others can read, or that is something else."""
        try:
            self._lock = os.open(os.path.dirname(self._path), os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            self._listed = self._read()
        except OSError as error:
            raise HookError(f"{self._path}: {error.strerror}") from None
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._lock)

    def __contains__(self, name: str) -> bool:
        return name in self._listed

    def get(self, name: str) -> Account:
        """The account of a name that is there; HookError when it is no account."""
        entry = self._listed[name]
        if not isinstance(entry, dict):
            raise HookError(f"{self._path}: the account of {name} is no JSON object")
        texts = {key: str(entry.get(key, "")) for key in Account.__dataclass_fields__}
        account = Account(**texts)
        # They go into headers, and into a line that is to be put into a zone.
        secret = all(re.fullmatch(r"[!-~]{1,200}", text) for text in (account.username, account.password))
        if not secret or not all(
            re.fullmatch(r"[A-Za-z0-9.-]{1,253}", text) for text in (account.subdomain, account.fulldomain)
        ):
            raise HookError(f"{self._path}: the account of {name} lacks a part, or has an odd one")
        return account

    def add(self, name: str, entry: dict[str, Any]) -> None:
        """Keep a new account, on the disk when this returns: the server tells it once."""
        self._listed[name] = entry
        self.get(name)
        try:
            self._write()
        except OSError as error:
            raise HookError(f"{self._path}: {error.strerror}") from None

    def _read(self) -> dict[str, Any]:
        try:
            with open(self._path, "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise HookError(f"{self._path}: is no regular file")
                if stat.S_IMODE(status.st_mode) & 0o077:
                    raise HookError(f"{self._path}: others can read the passwords in it: chmod 600 {self._path}")
                text = file.read(_LONGEST)
        except FileNotFoundError:
            return {}
        try:
            listed = json.loads(text or b"{}")
        except (ValueError, RecursionError):
            listed = None
        if not isinstance(listed, dict):
            raise HookError(f"{self._path}: is no JSON object; it is left as it is")
        return listed

    def _write(self) -> None:
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(self._path), prefix=".acme-dns.")  # its mode is 0600
        try:
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(self._listed, file, indent=2)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)
        except BaseException:
            os.unlink(temporary)
            raise
        os.fsync(self._lock)
