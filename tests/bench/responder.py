"""A web server for clients that only write http-01 answers into a directory.

Bare, because some clients look at the challenge once, at once, and then wait for seconds: a slow answer
to the CA would be ours, and their loss.
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


@contextlib.contextmanager
def serving(directory: Path, port: int) -> Iterator[None]:
    """Answer with the files of `directory`, by the last part of the path asked for, while it lasts.

    In this process and therefore on nobody's account. The port is free again afterwards.
    """

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            token = self.rfile.readline(4096).split(b" ")[1].rpartition(b"/")[2].decode("ascii")
            while self.rfile.readline(4096).strip():
                pass
            self.wfile.write(_response(directory / token))

    with _Server(("127.0.0.1", port), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _response(file: Path) -> bytes:
    try:
        body = file.read_bytes()
    except OSError:
        return b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    return b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
