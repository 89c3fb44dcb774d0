# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs beside a workload: nothing, memtrace, empty programs, a peer."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from proc import tracepoints

REPO = Path(__file__).resolve().parents[2]
MEMTRACE = Path(os.environ.get("MEMTRACE", REPO / "build/memtrace"))
FLOOR = REPO / "build/bench/floor"
VICTIMS = REPO / "tests/victims"
MIB = 1024 * 1024


class Unavailable(Exception):
    """A row that cannot be measured here, and why."""


def end(proc, sig=signal.SIGTERM):
    proc.send_signal(sig)
    try:
        proc.wait(20)
    except subprocess.TimeoutExpired:
        proc.kill()
        proc.wait()


@contextmanager
def off():
    yield None


@contextmanager
def memtrace(interval="5s", *extra, target_pid=None):
    """memtrace on a process that sleeps: it pays for the machine's events, not its target's.
    With target_pid on that one and its children. `extra`: more options."""
    target = subprocess.Popen(["sleep", "100000"])
    with tempfile.TemporaryDirectory(prefix="memtrace-bench.") as tmp:
        proc = subprocess.Popen(
            [MEMTRACE, "-q", "--interval", interval, "--log-dir", f"{tmp}/log", "-o",
             f"{tmp}/report", *extra, "--pid",
             str(target_pid or target.pid)], stdin=subprocess.DEVNULL)
        try:
            wait_attached(proc)
            yield proc
        finally:
            if proc.poll() is None:
                end(proc)
            end(target)


def wait_attached(proc):
    """memtrace sleeps between samples in sigtimedwait(2), and nowhere before the first one."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if proc.poll() is not None:
            raise Unavailable(f"memtrace ended with {proc.returncode}")
        if "sigtimedwait" in Path(f"/proc/{proc.pid}/wchan").read_text():
            if not tracepoints(proc.pid):
                raise Unavailable("memtrace attached nothing")
            return
        time.sleep(0.2)
    raise Unavailable("memtrace takes no sample within a minute")


@contextmanager
def floor(names):
    proc = subprocess.Popen([FLOOR, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if proc.stdout.readline() != b"ready\n":
            raise Unavailable("the empty programs cannot be attached")
        yield proc
    finally:
        proc.stdin.close()
        proc.wait()


@contextmanager
def perf_kmem(command):
    """perf's recorder of slab events, whose file is of no interest."""
    with tempfile.TemporaryDirectory(prefix="memtrace-bench.") as tmp:
        proc = subprocess.Popen([command, "kmem", "record", "-o", f"{tmp}/perf.data"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        time.sleep(2)
        if proc.poll() is not None:
            raise Unavailable(f"perf kmem ended with {proc.returncode}")
        try:
            yield proc
        finally:
            end(proc, signal.SIGINT)


@contextmanager
def memleak(command, *args):
    """memleak, in kernel mode unless args tell a process. It says when it is ready."""
    proc = subprocess.Popen([command, *args, "3600"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        line = proc.stdout.readline()
        if b"ttach" not in line:
            raise Unavailable(f"{command} does not start: {line!r}")
        time.sleep(1)
        yield proc
    finally:
        end(proc, signal.SIGINT)


# name: where it may be
MEMLEAKS = {
    "bcc memleak": ["memleak-bpfcc", "memleak.bcc", "/usr/share/bcc/tools/memleak"],
    "libbpf memleak": ["libbpf-memleak", "/usr/share/libbpf-tools/memleak"],
}

# name: what runs it, where it may be
PEERS = {
    **{name: (memleak, places) for name, places in MEMLEAKS.items()},
    "perf kmem": (perf_kmem, ["perf"]),
}


def installed_peers():
    """Name and context manager of each peer that is installed."""
    for name, (runs, candidates) in PEERS.items():
        path = next(filter(None, map(shutil.which, candidates)), None)
        if path:
            yield name, lambda runs=runs, path=path: runs(path)
