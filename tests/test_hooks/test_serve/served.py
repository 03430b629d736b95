"""acme-hook serve as a process, with a hook that keeps what it is told."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from tests.ca import ports

NOTE = 'printf "%s %s %s\\n" {event} "$ACME_RECORD_NAME" "$CERTBOT_VALIDATION" >>"$NOTES/calls"\n'
JSON = {"Content-Type": "application/json"}


class Served:
    """A running server; `calls` are those of its hook. It ends at the end of the `with`."""

    def __init__(self, home, *options, hook=None, host="127.0.0.1", variables=(), **env):
        self.home, self.host = home, host
        self.block = ports.reserve()
        self.port = self.block.ports[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.lines = []
        self.dirs = ["--config-dir", str(home / "config"), "--work-dir", str(home / "work")]
        passed = [word for name in ("NOTES", *variables, *env) for word in ("--hook-env", name)]
        argv = [Path(sys.executable).parent / "acme-hook", "serve", hook or note_taker(home), *options, *passed]
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "NOTES": str(home), **env}
        self.process = subprocess.Popen(
            [*argv, "--listen", f"{host}:{self.port}", *self.dirs],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._up = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._up.wait(20):
            self.stop()
            raise AssertionError("".join(self.lines))

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            if "listening at" in line:
                self._up.set()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            status = self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join()
            self.process.stderr.close()
            self.block.release()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def said(self):
        return "".join(self.lines)

    @property
    def calls(self):
        file = self.home / "calls"
        return [tuple(line.split(" ")) for line in file.read_text().splitlines()] if file.exists() else []

    def post(self, path, body, headers=JSON, method="POST"):
        """Status and the JSON of the answer."""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            assert answer.headers["Content-Type"] == "application/json"
            self.headers = answer.headers
            return answer.status, json.loads(answer.read() or "{}")
        finally:
            connection.close()

    def raw(self, data, *, ends=False):
        """Status of the answer to these bytes, None for a connection that was closed; and its body."""
        with socket.create_connection((self.host, self.port), 20) as connection:
            connection.sendall(data)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while more := connection.recv(65536):
                answer += more
        status = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
        return int(status[1]) if status else None, answer.partition(b"\r\n\r\n")[2].decode()

    def journal(self):
        return [json.loads(file.read_text()) for file in sorted((self.home / "work/journal").glob("*.json"))]


def note_taker(home, auth="", cleanup="", types="dns-01"):
    """A hook that writes down its calls, then does what these lines of shell say."""
    directory = home / "notes"
    directory.mkdir(exist_ok=True)
    for event, text in {"auth": auth, "cleanup": cleanup}.items():
        (directory / event).write_text("#!/bin/sh\nset -eu\n" + NOTE.format(event=event) + text + "\n")
        (directory / event).chmod(0o755)
    (directory / "challenges").write_text(types + "\n")
    return directory
