# SPDX-License-Identifier: GPL-2.0-or-later
"""--heap: what a target's allocations and frees cost, beside memleak and heaptrack."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from beside import MEMLEAKS, VICTIMS, Unavailable, memleak, memtrace
from paired import Spread, paired, said_cpu_s


def wait_waiting(proc):
    """The storm waits in sigtimedwait(2); before, the signal would end it."""
    until = time.monotonic() + 10
    while "sigtimedwait" not in Path(f"/proc/{proc.pid}/wchan").read_text():
        if time.monotonic() > until:
            raise Unavailable("stormmalloc does not wait")
        time.sleep(0.05)


def storm_s(ops, tool):
    """CPU seconds of a storm with a tool attached to it before it begins."""
    storm = [VICTIMS / "stormmalloc", "--wait", "--ops", str(ops), "--seconds", "3600"]
    proc = subprocess.Popen(storm, stdout=subprocess.PIPE, text=True)
    try:
        wait_waiting(proc)
        with tool(proc.pid):
            os.kill(proc.pid, signal.SIGUSR1)
            line = proc.stdout.readline()
    finally:
        proc.kill()
        proc.wait()
    if not line:
        raise Unavailable("stormmalloc said nothing")
    return said_cpu_s(line)


def heaptrack_s(ops):
    with tempfile.TemporaryDirectory(prefix="memtrace-bench.") as tmp:
        said = subprocess.run(
            ["heaptrack", "-r", "-o", f"{tmp}/raw", VICTIMS / "stormmalloc", "--ops", str(ops),
             "--seconds", "3600"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            check=False).stdout
    lines = [line for line in said.splitlines() if line.startswith("{")]
    if not lines:
        raise Unavailable("heaptrack did not run the storm")
    return said_cpu_s(lines[0])


@contextmanager
def nothing(_pid):
    yield


def tools(peers):
    yield "--heap", lambda pid: memtrace("5s", "--heap", target_pid=pid)
    yield "--heap-sample 64K", lambda pid: memtrace("5s", "--heap-sample", "64K", target_pid=pid)
    if not peers:
        return
    for name, candidates in MEMLEAKS.items():
        path = next(filter(None, map(shutil.which, candidates)), None)
        if path:
            yield name, lambda pid, path=path: memleak(path, "-p", str(pid))


def heap(table, opts):
    ops = max(1, int(300_000 * opts.scale))
    # Which one is measured: paired() knows of what runs beside a workload only.
    now = {"run": lambda: storm_s(ops, nothing)}

    @contextmanager
    def variant(run):
        before, now["run"] = now["run"], run
        try:
            yield
        finally:
            now["run"] = before

    variants = {name: lambda tool=tool: variant(lambda: storm_s(ops, tool))
                for name, tool in tools(opts.peers)}
    if opts.peers and shutil.which("heaptrack"):
        variants["heaptrack"] = lambda: variant(lambda: heaptrack_s(ops))
    for name, ratios in paired(lambda: now["run"](), opts.rounds, variants).items():
        spread = Spread(ratios)
        goal = name == "--heap"
        table.add(f"malloc/free storm, {name}", "<= 25" if goal else "", spread.text(1),
                  spread.median <= 25 if goal else None)
