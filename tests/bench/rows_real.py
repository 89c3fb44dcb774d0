# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs people run: redis, gcc."""

import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from beside import Unavailable, end, memtrace
from paired import Spread, paired
from proc import cpu_ns


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def redis_server():
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="memtrace-bench.") as tmp:
        server = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "",
             "--appendonly", "no", "--dir", tmp, "--daemonize", "no"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with socket.socket() as s:
                    if not s.connect_ex(("127.0.0.1", port)):
                        break
                time.sleep(0.1)
            else:
                raise Unavailable("redis-server does not answer")
            yield server, port
        finally:
            end(server)


def redis(table, opts):
    for tool in ("redis-server", "redis-benchmark"):
        if not shutil.which(tool):
            raise Unavailable(f"no {tool}")
    requests = max(1000, int(200000 * opts.scale))
    with redis_server() as (server, port):
        def measure():
            before = cpu_ns(server.pid)
            subprocess.run(["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-q", "-n",
                            str(requests), "-c", "20", "-r", "10000", "-d", "512", "-t",
                            "set,get"], stdout=subprocess.DEVNULL, check=True, timeout=600)
            return cpu_ns(server.pid) - before

        # Calls of mmap rest when a target has mapped nothing for a minute, as a server does.
        variants = {
            "not watched": lambda: memtrace("5s", "--no-source", "vma"),
            "a target": lambda: memtrace("5s", "--no-source", "vma", target_pid=server.pid),
            "a target, its first minute": lambda: memtrace(target_pid=server.pid),
        }
        ratios = paired(measure, opts.rounds, variants)
    for name in variants:
        traced = Spread(ratios[name])
        goal = "minute" not in name
        table.add(f"redis-server under redis-benchmark, server CPU, {name}",
                  "<= 1.02" if goal else "", traced.text(),
                  traced.median <= 1.02 if goal else None)


def c_source(lines):
    """C of so many lines: functions of arithmetic and of calls among them."""
    text = ["struct s { int a[16]; struct s *next; };"]
    for i in range(lines // 10):
        text.append(f"""
static int f{i}(struct s *p, int n)
{{
	int sum = {i};

	for (int i = 0; i < n; i++)
		sum += p->a[i & 15] * (i ^ {i * 7}) + (p->next ? p->next->a[{i % 16}] : sum >> 3);
	return sum{f' + f{i - 1}(p, n - 1)' if i else ''};
}}""")
    text.append(f"int all(struct s *p) {{ return f{lines // 10 - 1}(p, 9); }}\n")
    return "\n".join(text)


@contextmanager
def compile_cpu_s(opts):
    """Gives a function: CPU seconds of one run of gcc over 10,000 lines."""
    if not shutil.which("gcc"):
        raise Unavailable("no gcc")
    with tempfile.TemporaryDirectory(prefix="memtrace-bench.") as tmp:
        source = Path(tmp) / "big.c"
        source.write_text(c_source(max(100, int(10000 * opts.scale))))

        def measure():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            # Not waited for by anybody else meanwhile: the children's time is this one's.
            subprocess.run(["gcc", "-O1", "-c", source, "-o", os.devnull], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        yield measure


def gcc(table, opts):
    with compile_cpu_s(opts) as measure:
        ratios = paired(measure, opts.rounds, {"memtrace": memtrace})
    traced = Spread(ratios["memtrace"])
    table.add("gcc -O1 of 10,000 lines", "<= 1.01", traced.text(), traced.median <= 1.01)
