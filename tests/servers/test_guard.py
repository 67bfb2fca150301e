"""A server does not outlive the tests, however they end."""

import subprocess
import sys
import time

import psutil

STARTS_AND_IS_KILLED = """
import os, signal
from tests.servers.mongodb import MongoDB
server = MongoDB()
server.start()
print(server._process.pid, server.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_server_ends_when_the_process_that_started_it_is_killed() -> None:
    ended = subprocess.run([sys.executable, "-c", STARTS_AND_IS_KILLED], capture_output=True, text=True, check=False)
    pid, folder = ended.stdout.split()

    deadline = time.monotonic() + 10
    while psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"it still runs in {folder}"
        time.sleep(0.05)
    subprocess.run(["rm", "-rf", folder], check=True)
