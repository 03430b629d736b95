"""Which part of our environment a hook gets to see, and which of it must not be seen by people."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from toolkit import files
from toolkit.errors import FileTrouble, UsageError, printable

# Enough to find programs, files, words and the network; nothing that is somebody's secret.
_INHERITED = (
    *("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR", "TERM"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"),
)
# Ours, and those that change what a program is rather than what it does.
_NEVER = re.compile(r"ACME_EAB_|LD_|DYLD_|PYTHON|BASH_FUNC_|(BASH_ENV|ENV|IFS|SHELLOPTS|BASHOPTS|PS4)\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SHORTEST_SECRET = 6
_MASK = b"[secret]"
_HIDDEN = re.compile(r"\[secret ([A-Za-z_][A-Za-z0-9_]*)\]")


@dataclass(frozen=True)
class Passing:
    """`variables`: what a hook sees of ours; `asked`: those of them the user named; `secrets`: not to be shown."""

    variables: Mapping[str, str]
    asked: Mapping[str, str]
    secrets: tuple[bytes, ...] = ()

    def mask(self, line: bytes) -> bytes:
        """The line without the secrets that may stand in it."""
        if self.secrets:
            line = re.sub(b"|".join(map(re.escape, self.secrets)), _MASK, line)
        return re.sub(rb"(?i)\b((?:proxy-)?authorization|x-auth-key|x-api-key): *[^\r\n]+", rb"\1: " + _MASK, line)

    def hide(self, text: str) -> str:
        """The text for keeping: in the place of each secret the name of its variable."""
        names = {value: name for name, value in self.asked.items() if len(value) >= _SHORTEST_SECRET}
        if not names:
            return text
        pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        return re.sub(pattern, lambda found: f"[secret {names[found[0]]}]", text)

    def reveal(self, text: str) -> str:
        """What `hide` has hidden, as far as the variables are there."""
        return _HIDDEN.sub(lambda found: self.asked.get(found[1], found[0]), text)


def choose(outer: Mapping[str, str], names: Sequence[str], env_files: Sequence[str] = ()) -> Passing:
    """What --hook-env names (`CF_*` takes all that begin so) and --hook-env-file holds, beside the allow-list.

    Raises UsageError, FileTrouble.
    """
    asked: dict[str, str] = {}
    for name in names:
        stem = name.removesuffix("*")
        if not _NAME.match(stem):
            raise UsageError(
                f"--hook-env {printable(name, 200)!r} is no name of a variable",
                "give names only: their values stay out of ps",
            )
        asked.update({k: v for k, v in outer.items() if fnmatchcase(k, name) and (k == name or not _NEVER.match(k))})
    for file in env_files:
        asked.update(read(Path(file)))
    asked = {k: v for k, v in asked.items() if not k.startswith("ACME_EAB_")}
    usual = {k: v for k, v in outer.items() if k in _INHERITED or k.startswith("LC_")}
    secrets = {v.encode("utf-8", "surrogateescape") for v in asked.values() if len(v) >= _SHORTEST_SECRET}
    return Passing({**usual, **asked}, asked, tuple(sorted(secrets, key=len, reverse=True)))


def missing(outer: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Those of the names, as --hook-env takes them, that no variable has."""
    return [name for name in names if not any(fnmatchcase(variable, name) for variable in outer)]


def read(path: Path) -> dict[str, str]:
    """The variables of a file of NAME=VALUE lines, which nobody else may read; quotes around a value are taken off.

    Raises FileTrouble, UsageError.
    """
    with files.trouble(path, "read"):
        mode = path.stat().st_mode
    if stat.S_IMODE(mode) & 0o077:
        raise FileTrouble(f"others may read {path}, or write to it", f"chmod 600 {path}")
    found = {}
    for number, line in enumerate(files.read(path, 1024 * 1024).decode("utf-8", "surrogateescape").splitlines(), 1):
        text = line.strip().removeprefix("export ").lstrip()
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.partition("=")
        if not separator or not _NAME.match(name) or "\0" in value:
            raise UsageError(f"{path}, line {number}: not NAME=VALUE", "one a line; no shell is asked what it means")
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        found[name] = value[1:-1] if quoted else value
    return found
