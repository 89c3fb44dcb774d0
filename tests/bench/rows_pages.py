# SPDX-License-Identifier: GPL-2.0-or-later
"""The page tier: page faults, fork and exec, and what targets pay."""

import os

from beside import memtrace
from paired import Spread, paired, storm, victim_cpu_s


def fault1(table, opts):
    ops = max(1, int(1000 * opts.scale))
    storm(table, opts, "page-fault storm, 1 thread", 0.04,
          lambda: victim_cpu_s("stormfault", "--threads", 1, "--ops", ops, "--seconds", 600))


def fault2(table, opts):
    ops = max(2, int(1000 * opts.scale))
    storm(table, opts, "page-fault storm, 2 threads", 0.04,
          lambda: victim_cpu_s("stormfault", "--threads", 2, "--ops", ops, "--seconds", 600))


def watched():
    """The storms are our children: targets from their first page on."""
    return memtrace(target_pid=os.getpid())


def target_fault(table, opts):
    ops = max(1, int(1000 * opts.scale))
    storm(table, opts, "page-fault storm of a target", 0.06,
          lambda: victim_cpu_s("stormfault", "--threads", 1, "--ops", ops, "--seconds", 600),
          watched)


def target_malloc(table, opts):
    ops = max(1, int(20_000_000 * opts.scale))
    ratios = paired(lambda: victim_cpu_s("stormmalloc", "--ops", ops, "--seconds", 600),
                    opts.rounds, {"memtrace": watched})
    traced = Spread(ratios["memtrace"])
    table.add("malloc/free storm of a target", "<= 1.02", traced.text(), traced.median <= 1.02)


def fork(table, opts):
    ops = max(1, int(2000 * opts.scale))
    storm(table, opts, "fork/exec storm", 0.03,
          lambda: victim_cpu_s("stormfork", "--ops", ops, "--seconds", 600))
