"""The commands as a shell meets them, in a home of their own."""

import json
import subprocess
import sys

CODE = "import sys; from importlib import import_module as i; n = sys.argv.pop(1); sys.argv[0] = n; i('toolkit.commands.' + n[5:]).main()"  # noqa: E501


class Home:
    def __init__(self, path, ca):
        self.path, self.ca = path, ca
        self.server = ["--server", ca.directory, "--ca-bundle", str(ca.ca_bundle)] if ca else []

    def run(self, name, *args, text="", status=0, server=True):
        dirs = ["--config-dir", str(self.path / "config"), "--work-dir", str(self.path / "work")]
        argv = [sys.executable, "-c", CODE, name, *map(str, args), *dirs, *(self.server if server else [])]
        ran = subprocess.run(argv, input=text.encode(), capture_output=True, timeout=60)
        assert ran.returncode == status, ran.stderr.decode()
        assert b"Traceback" not in ran.stderr
        self.stderr = ran.stderr.decode()
        return [json.loads(line) for line in ran.stdout.splitlines()]
