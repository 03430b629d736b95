"""The hook's program: looks whether dnspython is there, then does what the event asks for."""

from __future__ import annotations

import sys

_GET = "install dnspython 2.3 or newer for it (Debian's package is python3-dnspython)"


def main(event: str) -> int:
    """The exit status of the hook."""
    try:
        import dns.version
    except ImportError:
        sys.stderr.write(f"rfc2136: {sys.executable} has no module dns; {_GET}\n")
        return 1
    if (dns.version.MAJOR, dns.version.MINOR) < (2, 3):
        sys.stderr.write(f"rfc2136: {sys.executable} has dnspython {dns.version.version}, which is too old; {_GET}\n")
        return 1
    import update

    return update.main(event)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
