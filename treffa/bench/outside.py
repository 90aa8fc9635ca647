"""The outside world of a benchmark: a sandbox in a process of its own, so that what it spends is not ours."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from treffa.sandbox.sandbox import ACCOUNT_SID, AUTH_TOKEN


@contextmanager
def outside_world(*options: str) -> Iterator[str]:
    """Its address; its Twilio has the sandbox's own account, whatever the environment says."""
    anywhere = ("--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--clamd", "127.0.0.1:0")
    command = [sys.executable, "-m", "treffa.sandbox", *anywhere, *options]
    env = {**os.environ, "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            url: str = json.loads(process.stdout.readline())["http"]
            yield url
        finally:
            process.terminate()
