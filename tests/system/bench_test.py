"""The harness of tests/bench works, and no message costs more system calls than it did."""
import os
import subprocess

from harness import BUILD, ROOT, SCRATCH


def bench(*args):
    # (its helpers come out of the build folder of these tests, so nothing is built twice)
    p = subprocess.run([ROOT + "/tests/bench/run", "--home", SCRATCH + "/qmail", *args], capture_output=True, text=True,
                       env={**os.environ, "SCRATCH": SCRATCH + "/bench", "B": BUILD})
    assert p.returncode == 0, p.stdout[-3000:] + p.stderr[-3000:]
    return p.stdout


def test_small_workloads_run_and_lose_nothing(qmail):
    out = bench("--self", "--work", "W1,W2,W4,W5,W8")
    assert out.endswith("5 passed, 0 failed\n")
    for title in ("SMTP to Maildir", "relay"):
        assert title in out


def test_system_calls_for_a_message_stay_within_their_limits(qmail):
    out = bench("--calls")
    assert out.endswith("1 passed, 0 failed\n")
