# SPDX-License-Identifier: GPL-2.0-or-later
"""The slab tier, switched on: what allocates and frees kernel objects pays for each of them."""

import subprocess

from beside import VICTIMS, memtrace
from paired import Spread, paired, said_cpu_s, storm, victim_cpu_s
from rows_real import compile_cpu_s


def slab_on():
    """What following a target's mappings costs system calls is a row of its own."""
    return memtrace("5s", "--slab", "on", "--no-source", "vma")


def slab_storm_cpu_s(what, ops):
    """Of the operations: how long it takes to make and remove files depends on how many were
    removed in the seconds before (ext4)."""
    return said_cpu_s(subprocess.run(
        [VICTIMS / "stormslab", "--what", what, "--ops", str(ops), "--seconds", "600"],
        stdout=subprocess.PIPE, text=True, check=True).stdout)


def slab_storm(table, opts, what, ops):
    ops = max(1, int(ops * opts.scale))
    storm(table, opts, f"{what} storm, slab tier on", 0.06,
          lambda: slab_storm_cpu_s(what, ops), slab_on)


def slab_socketpair(table, opts):
    slab_storm(table, opts, "socketpair", 150_000)


def slab_pipe(table, opts):
    slab_storm(table, opts, "pipe", 200_000)


def slab_open(table, opts):
    slab_storm(table, opts, "open", 300_000)


def slab_fork(table, opts):
    # A few seconds: samples that were saved up at the start are no longer the most of them.
    ops = max(1, int(6000 * opts.scale))
    storm(table, opts, "fork/exec storm, slab tier on", 0.05,
          lambda: victim_cpu_s("stormfork", "--ops", ops, "--seconds", 600), slab_on)


def slab_gcc(table, opts):
    with compile_cpu_s(opts) as measure:
        ratios = paired(measure, opts.rounds, {"memtrace": slab_on})
    traced = Spread(ratios["memtrace"])
    table.add("gcc, slab tier on", "<= 1.03", traced.text(), traced.median <= 1.03)
