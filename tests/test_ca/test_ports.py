"""Blocks of ports: nobody gets a port of a block that somebody holds."""

from __future__ import annotations

import socket
import subprocess

from tests.ca import ports


def test_blocks_do_not_overlap() -> None:
    blocks = [ports.reserve() for _ in range(50)]
    taken = [port for block in blocks for port in block.ports]
    for block in blocks:
        block.release()
    assert len(taken) == len(set(taken)) == 50 * ports.BLOCK


def test_a_child_can_hold_a_block() -> None:
    with ports.reserve() as block:
        first = block.ports[0]
        child = subprocess.Popen(["sleep", "30"], pass_fds=[block.fd])
    assert ports._claim(first) is None
    child.kill()
    child.wait()
    claim = ports._claim(first)
    assert claim is not None
    claim.close()


def test_a_port_in_use_is_not_free() -> None:
    with ports.reserve() as block, socket.create_server(("127.0.0.1", block.ports[0])):
        assert not ports.is_free(block.ports[0])
        assert ports.is_free(block.ports[1])
