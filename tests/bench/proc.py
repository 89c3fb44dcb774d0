# SPDX-License-Identifier: GPL-2.0-or-later
"""What /proc says of a process and of the BPF objects it holds."""

from pathlib import Path


def cpu_ns(pid):
    """Time on a CPU of all threads, to the nanosecond: the first number of schedstat."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:  # a thread that has just ended
            pass
    return total


def private_rss(pid):
    """Resident bytes without BPF maps that are mapped: those count as maps."""
    total, counted = 0, True
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if "-" in line.split()[0]:  # a mapping's first line; fields end in a colon
            counted = "anon_inode:bpf-map" not in line
        elif counted and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total


def bpf_objects(pid):
    """fdinfo of every BPF object a process holds, as dictionaries, each object once."""
    seen = {}
    for fd in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = fd.read_text()
        except OSError:  # closed meanwhile
            continue
        info = dict(l.split(":", 1) for l in text.splitlines() if ":" in l)
        info = {k.strip(): v.strip() for k, v in info.items()}
        for kind in ("link_id", "map_id", "prog_id"):
            if kind in info:
                seen[kind, info[kind]] = info
                break
    return seen


def tracepoints(pid):
    return [i["tp_name"] for (kind, _), i in bpf_objects(pid).items()
            if kind == "link_id" and "tp_name" in i]


def map_bytes(pid):
    return sum(int(i.get("memlock", 0)) for (kind, _), i in bpf_objects(pid).items()
               if kind == "map_id")


def bpf_run_ns(pid):
    """Run time of a process's programs; their own descriptors tell, not those of links."""
    return sum(int(i.get("run_time_ns", 0)) for (kind, _), i in bpf_objects(pid).items()
               if kind == "prog_id")
