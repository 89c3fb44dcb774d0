# SPDX-License-Identifier: GPL-2.0-or-later
"""Paired runs: ratios of the same work with and without, and the table of them."""

import json
import os
import statistics
import subprocess
import sys

from beside import VICTIMS, Unavailable, floor, installed_peers, memtrace, off
from proc import tracepoints


def victim_cpu_s(name, *args):
    """CPU seconds of a workload and of all its children."""
    return command_cpu_s(VICTIMS / name, *args)


def command_cpu_s(program, *args):
    proc = subprocess.Popen([program, *map(str, args)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(proc.pid, 0)
    proc.returncode = os.waitstatus_to_exitcode(status)
    if proc.returncode:
        raise Unavailable(f"{program} failed with {proc.returncode}")
    return usage.ru_utime + usage.ru_stime


def said_cpu_s(line):
    """CPU seconds that a victim says of itself: without what it makes ready, or a preloaded tool's
    helpers."""
    return json.loads(line)["cpu_ns"] / 1e9


class Spread:
    """Median of some numbers, with the smallest and the largest."""

    def __init__(self, values):
        self.median = statistics.median(values)
        self.low, self.high = min(values), max(values)

    def text(self, digits=3):
        return f"{self.median:.{digits}f} [{self.low:.{digits}f}-{self.high:.{digits}f}]"


def paired(measure, rounds, variants):
    """Ratios to the untraced run of the same round, by variant; the order turns each round."""
    names = ["off", *variants]
    ratios = {v: [] for v in variants}
    with off():
        measure()  # warm caches
    for i in range(rounds):
        cost = {}
        for name in names[i % len(names):] + names[:i % len(names)]:
            with (variants[name] if name != "off" else off)():
                cost[name] = measure()
        for v in variants:
            ratios[v].append(cost[v] / cost["off"])
        progress(f"round {i + 1} of {rounds}: " +
                 ", ".join(f"{v} {ratios[v][-1]:.3f}" for v in variants))
    return ratios


def progress(text):
    if sys.stderr.isatty() or os.environ.get("V") == "1":
        print(f"    {text}", file=sys.stderr)


class Table:
    def __init__(self):
        self.rows = []

    def add(self, work, goal, measured, met=None):
        """met: True, False, or None where a row has no goal."""
        self.rows.append((work, goal, measured, {True: "met", False: "MISSED", None: ""}[met]))
        print(f"  {work}: {measured}  {self.rows[-1][3]}", file=sys.stderr)

    def print(self):
        rows = [("work", "goal", "measured", ""), *self.rows]
        width = [max(len(r[i]) for r in rows) for i in range(4)]
        for n, row in enumerate(rows):
            print("  ".join(c.ljust(w) for c, w in zip(row, width)).rstrip())
            if not n:
                print("  ".join("-" * w for w in width).rstrip())


def storm(table, opts, work, above, measure, trace=memtrace):
    with trace() as proc:
        # Those of system calls are no raw tracepoints: what they cost is above the floor.
        hooks = [name for name in tracepoints(proc.pid) if not name.startswith("sys_")]
    variants = {"floor": lambda: floor(hooks), "memtrace": trace}
    if opts.peers:
        variants.update(installed_peers())
    ratios = paired(measure, opts.rounds, variants)
    empty, traced = Spread(ratios["floor"]), Spread(ratios["memtrace"])
    over = Spread([m - f for m, f in zip(ratios["memtrace"], ratios["floor"])])
    table.add(f"{work}, {len(hooks)} empty programs (floor)", "", empty.text())
    table.add(work, f"floor + {above}", traced.text())
    table.add(f"{work}, above the floor", f"<= {above}", over.text(), over.median <= above)
    for name in variants:
        if name not in ("floor", "memtrace"):
            table.add(f"{work}, {name}", "", Spread(ratios[name]).text(2))
