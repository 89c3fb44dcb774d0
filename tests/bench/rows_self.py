# SPDX-License-Identifier: GPL-2.0-or-later
"""What memtrace costs by itself: idle, memory, a tick, verdicts."""

import os
import resource
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from beside import MIB, REPO, VICTIMS, Unavailable, end, memtrace
from paired import Spread
from proc import bpf_run_ns, cpu_ns, map_bytes, private_rss


@contextmanager
def bpf_stats():
    """Run time of BPF programs is counted while this holds; it costs a little itself."""
    path = Path("/proc/sys/kernel/bpf_stats_enabled")
    try:
        before = path.read_text()
        path.write_text("1")
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        path.write_text(before)


def idle(table, opts):
    with memtrace() as proc:
        time.sleep(min(6, opts.idle))  # past the first sample
        before, start = cpu_ns(proc.pid), time.monotonic()
        time.sleep(opts.idle)
        percent = (cpu_ns(proc.pid) - before) / (time.monotonic() - start) / 1e7
        table.add(f"idle, 5 s interval, {opts.idle:.0f} s", "<= 0.2 % of a core",
                  f"{percent:.3f} %", percent <= 0.2)
    with bpf_stats() as on:
        if not on:
            table.add("idle, in BPF programs", "", "statistics cannot be switched on")
            return
        with memtrace() as proc:
            before, start = bpf_run_ns(proc.pid), time.monotonic()
            time.sleep(opts.idle)
            percent = (bpf_run_ns(proc.pid) - before) / (time.monotonic() - start) / 1e7
            table.add("idle, in BPF programs (with whatever else runs here)", "",
                      f"{percent:.3f} %")


def memory(table, opts):
    pages = os.sysconf("SC_PHYS_PAGES")
    allowed = 24 * MIB + 4 * pages
    with memtrace("1s") as proc:
        time.sleep(min(10, opts.idle))
        rss, maps = private_rss(proc.pid), map_bytes(proc.pid)
    table.add("own memory: resident, without mapped maps", "", f"{rss / MIB:.1f} MiB")
    table.add("own memory: maps in the kernel", "", f"{maps / MIB:.1f} MiB")
    table.add(f"own memory in all, {pages / 1e6:.2f} M pages of RAM",
              f"<= 24 + {4 * pages / MIB:.1f} MiB", f"{(rss + maps) / MIB:.1f} MiB",
              rss + maps <= allowed)


def ps_cpu_s():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["ps", "-eo", "pid,rss,vsz,comm"], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def snapshot(table, opts):
    if not shutil.which("ps"):
        raise Unavailable("no ps")
    seconds, interval = max(2.0, 20 * opts.scale), 0.5
    sleepers = subprocess.Popen([VICTIMS / "sleepers", "--procs", str(opts.procs), "--hold", "900"],
                                stdout=subprocess.PIPE)
    try:
        if not sleepers.stdout.readline():
            raise Unavailable(f"{opts.procs} processes cannot be started")
        ps = Spread([ps_cpu_s() * 1000 for _ in range(max(3, opts.rounds))])
        with memtrace("500ms") as proc:
            time.sleep(2)  # past the first sample, which meets every process for the first time
            costs = []
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                before, start = cpu_ns(proc.pid), time.monotonic()
                time.sleep(interval * 4)
                ticks = (time.monotonic() - start) / interval
                costs.append((cpu_ns(proc.pid) - before) / 1e6 / ticks)
    finally:
        end(sleepers)
    tick = Spread(costs)
    table.add(f"ps -eo pid,rss,vsz,comm, {opts.procs} processes", "", f"{ps.text(1)} ms")
    table.add(f"one tick, {opts.procs} processes", f"<= {ps.median / 25:.2f} ms (ps / 25)",
              f"{tick.text(2)} ms (ps / {ps.median / tick.median:.0f})",
              tick.median <= ps.median / 25)


def verdict(table, opts):
    """A tick over 10,000 series that all move: a sample for each, a verdict for those due."""
    tools = REPO / "build/corpus"
    try:
        subprocess.run([REPO / "tests/corpus/build.sh", tools, "cost"], check=True,
                       capture_output=True)
    except (OSError, subprocess.CalledProcessError) as e:
        raise Unavailable(f"tests/corpus/build.sh: {e}") from e
    runs = []
    for _ in range(max(1, opts.rounds // 2)):
        out = subprocess.run([tools / "cost"], check=True, capture_output=True, text=True).stdout
        runs.append({k: float(v) for k, v in (f.split() for f in out.strip().split(", "))})
    worst = Spread([r["worst_ms"] for r in runs])
    work = f"verdicts, a tick over {runs[0]['series']:.0f} series"
    table.add(f"{work}, mean CPU", "", Spread([r["mean_ms"] for r in runs]).text() + " ms")
    table.add(f"{work}, worst tick's CPU", "<= 25 ms", worst.text() + " ms", worst.median <= 25)
    table.add("verdicts, one", "", Spread([r["verdict_us"] for r in runs]).text() + " us")
    size = runs[0]["bytes_per_series"]
    table.add("verdicts, memory a series", "<= 1228 B", f"{size:.0f} B", size <= 1228)
