# SPDX-License-Identifier: GPL-2.0-or-later
"""The page tier and address space: page faults, fork and exec, and what targets pay."""

import os

from beside import memtrace
from paired import Spread, command_cpu_s, paired, storm, victim_cpu_s


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


def target_mmap(table, opts):
    """Every call's path is copied, within the budget, and nothing is touched."""
    calls = max(1, int(300_000 * opts.scale))
    ratios = paired(lambda: victim_cpu_s("mapper", "--churn", calls, "--mib", 1, "--hold", 0),
                    opts.rounds, {"memtrace": watched})
    table.add("mmap/munmap storm of a target", "", Spread(ratios["memtrace"]).text(2))


def beside_target(table, opts):
    """Tracepoints of system calls, for a target's mappings, slow every call of the machine:
    two of them a byte, by a program that nobody watches."""
    count = max(1, int(2_000_000 * opts.scale))
    ratios = paired(lambda: command_cpu_s("dd", "if=/dev/zero", "of=/dev/null", "bs=1",
                                          f"count={count}", "status=none"), opts.rounds,
                    {"memtrace": memtrace, "without": lambda: memtrace("5s", "--no-source", "vma")})
    table.add("system calls of others, mappings of a target followed", "",
              Spread(ratios["memtrace"]).text())
    table.add("system calls of others, --no-source vma", "", Spread(ratios["without"]).text())


def fork(table, opts):
    ops = max(1, int(2000 * opts.scale))
    storm(table, opts, "fork/exec storm", 0.03,
          lambda: victim_cpu_s("stormfork", "--ops", ops, "--seconds", 600))
