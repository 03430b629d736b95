"""Documents that nobody takes are not taken for written."""

import json
import os
import subprocess
import sys

CODE = """
import sys
from toolkit.cli.output import Output
from toolkit.errors import FileTrouble
output, lost = Output(None, False), 0
for number in range(3):
    try:
        output.write({"order": {"url": f"https://ca.example/{number}"}})
    except FileTrouble as error:
        lost += 1
        print(error.message, file=sys.stderr)
print(lost, file=sys.stderr)
"""


def run(stdout):
    done = subprocess.run([sys.executable, "-c", CODE], stdout=stdout, stderr=subprocess.PIPE, check=False, timeout=30)
    return done.stderr.decode().splitlines(), done.stdout


def test_written():
    told, out = run(subprocess.PIPE)
    assert told == ["0"]
    assert [json.loads(line)["order"]["url"][-1] for line in out.splitlines()] == ["0", "1", "2"]


def test_after_the_first_that_failed_none_succeeds():
    reading, writing = os.pipe()
    os.close(reading)
    told, _ = run(writing)
    os.close(writing)
    assert told[-1] == "3"
    assert [line.rpartition("/")[2] for line in told[:-1]] == ["0", "1", "2"], "each order is named"
