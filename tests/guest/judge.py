#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""judge.py LABEL OUT CASE-FILE EXPECT-FILE SET [CASE...]

Compares what memtrace reported in a guest with what the victims say they did. OUT is what the guest
printed (tests/guest/inside); CASE-FILE and EXPECT-FILE are cases.tsv and expect.tsv. Prints a line a
case as stages do, "ok - LABEL: CASE", and for the table of kernels "@ LABEL CASE ok|FAIL|skip".
"""

import json
import re
import subprocess
import sys

PAGE = 4096
SLACK_PAGES = 64


class Case:
    """What the guest printed between "@@ case" and "@@ end"."""

    def __init__(self, name):
        self.name = name
        self.parts = {}
        self.skip = None
        self.status = None
        self.problems = []
        self.report = {}
        self.truth = {}

    def text(self, part):
        return "\n".join(self.parts.get(part, []))

    def load(self):
        lines = [line for line in self.parts.get("truth", []) if line.startswith("{")]
        if lines:
            self.truth = json.loads(lines[-1])
        if "report" in self.parts:
            self.report = json.loads(self.text("report"))

    def wrong(self, what):
        self.problems.append(what)

    def process(self, pid):
        """The process with this PID that started last; {} when the report has none."""
        found = [p for p in self.report.get("processes", []) if p.get("pid") == pid]
        return max(found, key=lambda p: p.get("start_time", ""), default={})

    def victim(self):
        found = self.process(self.truth.get("pid"))
        if not found:
            self.wrong("the victim is not in the report")
        return found

    def limit(self, *kinds):
        return sum(m["count"] for m in self.report.get("limits", []) if m["kind"] in kinds)

    def within(self, what, actual, expected, more=0):
        """1 % or 64 pages, and MORE bytes where a limit allows them"""
        if actual is None or expected is None:
            self.wrong(f"{what}: {actual}, the truth is {expected}")
            return
        slack = max(SLACK_PAGES * PAGE, expected // 100) + more
        if abs(actual - expected) > slack:
            self.wrong(f"{what}: {actual}, the truth is {expected}, off by "
                       f"{abs(actual - expected) // PAGE} pages of 4 KiB ({slack // PAGE} allowed)")

    def at_most(self, what, actual, most):
        if actual is None or actual > most:
            self.wrong(f"{what}: {actual}, at most {most} expected")


def member(node, *path):
    for name in path:
        if not isinstance(node, dict) or name not in node:
            return None
        node = node[name]
    return node


def anon(case, process, expected):
    case.within("attributed user pages", member(process, "attributed", "user_page_bytes"), expected)
    case.within("anonymous RSS", member(process, "anon_bytes", "end"), expected)


# --- checks, by the names in cases.tsv -----------------------------------------------------------


def held(case):
    anon(case, case.victim(), case.truth.get("held_bytes"))


def grown(case):
    case.within("growth", member(case.victim(), "anon_bytes", "delta"),
                case.truth.get("held_bytes"))


def children(case):
    held(case)
    anon(case, case.process(case.truth.get("child")), case.truth.get("child_held_bytes"))


def before_attach(case):
    """What was held before memtrace came is not claimed, and is called what it is."""
    victim = case.victim()
    case.at_most("user pages of before", member(victim, "attributed", "user_page_bytes"),
                 SLACK_PAGES * PAGE)
    case.within("from before attach", member(victim, "ownership", "unowned_bytes"),
                case.truth.get("held_bytes"))
    anon(case, case.process(case.truth.get("child")), case.truth.get("child_held_bytes"))


def freed(case):
    victim = case.victim()
    case.at_most("user pages", member(victim, "attributed", "user_page_bytes"), SLACK_PAGES * PAGE)
    case.at_most("anonymous RSS", member(victim, "anon_bytes", "end"), 2 * SLACK_PAGES * PAGE)
    case.within("taken", member(victim, "taken", "user_page_bytes"), case.truth.get("touched_bytes"))


def file_pages(case):
    victim = case.victim()
    case.within("file pages", member(victim, "attributed", "file_page_bytes"),
                case.truth.get("held_bytes"))
    case.at_most("user pages", member(victim, "attributed", "user_page_bytes"), SLACK_PAGES * PAGE)


def pages(case):
    case.within("user pages", member(case.victim(), "attributed", "user_page_bytes"),
                case.truth.get("held_bytes"))


def shared(case):
    pages(case)
    case.within("shared RSS", member(case.victim(), "shmem_bytes", "end"),
                case.truth.get("mapped_bytes"))


def huge(case):
    if not case.truth.get("huge_bytes"):
        case.skip = "the guest gave no huge pages"


def of_left(case):
    for left in case.report.get("left_behind", []):
        if left.get("pid") == case.truth.get("pid"):
            return left
    return None


def left(case):
    found = of_left(case)
    file_bytes, tmpfs = case.truth.get("file_bytes"), case.truth.get("tmpfs_bytes")
    case.within("left in all", member(found, "held_bytes"), (file_bytes or 0) + (tmpfs or 0),
                512 * PAGE)  # file system metadata
    case.within("page cache", member(found, "residue", "file_bytes"), file_bytes)
    case.within("tmpfs", member(found, "residue", "shmem_bytes"), tmpfs)


def inherited(case):
    found = of_left(case)
    if found:
        case.within("inherited", member(found, "residue", "inherited_bytes"),
                    case.truth.get("held_bytes"))
        case.at_most("the rest", member(found, "held_bytes"), 256 * PAGE)
    child = case.process(case.truth.get("child"))
    case.within("the child's RSS", member(child, "anon_bytes", "end"), case.truth.get("held_bytes"))
    case.at_most("the child's own", member(child, "attributed", "user_page_bytes"),
                 SLACK_PAGES * PAGE)


def moved(case):
    """Right where moves can be followed; where not, the difference is stated."""
    stated = 0
    if any(m["kind"] == "source_migrate" for m in case.report.get("limits", [])):
        stated = PAGE * case.limit("pages_moved_unseen", "pages_moved_lost", "pages_collapsed_lost")
    victim = case.victim()
    case.within("attributed user pages", member(victim, "attributed", "user_page_bytes"),
                case.truth.get("held_bytes"), stated)
    case.within("anonymous RSS", member(victim, "anon_bytes", "end"), case.truth.get("held_bytes"))


def meminfo(case, when):
    found = {}
    for line in case.parts.get(f"meminfo.{when}", []):
        match = re.fullmatch(r"(\S+):\s+(\d+)( kB)?", line)
        if match:
            found[match[1]] = int(match[2]) * (1024 if match[3] else 1)
    return found


def slab(case):
    """Each socket of the victim, by the function that asked for it, but for those that limits count."""
    n = sum(p["samples"] for p in case.report.get("paths", [])
            if p["domain"] == "slab" and p.get("pid") == case.truth.get("pid")
            and len(p["stack"]) > 1 and p["stack"][1].get("function") == "sk_prot_alloc")
    count, missed = case.truth.get("count", 0), case.limit("slab_events_missed")
    if not count - missed <= n <= count:
        case.wrong(f"{n} sockets among the slab objects, {missed} missed, the truth is {count}")


def heap(case):
    """Blocks to the byte, whichever function allocated them, by call path."""
    found = [p for p in case.report.get("paths", [])
             if p["domain"] == "heap" and p.get("pid") == case.truth.get("pid")
             and any(frame.get("function") == "family" for frame in p["stack"])]
    live = sum(p["live_bytes"] for p in found)
    if live != case.truth.get("held_bytes"):
        case.wrong(f"heap blocks: {live} bytes, the truth is {case.truth.get('held_bytes')}")
    if not all(p["complete"] for p in found):
        case.wrong("heap blocks by paths that are cut")


def of_class(case, name, functions):
    """What the victim holds of a class of kernel pages, and which of these asked for it."""
    found = [p for p in case.report.get("paths", [])
             if p["domain"] == "kernel" and p.get("pid") == case.truth.get("pid")
             and p.get("class") == name]
    held = case.truth.get("held_bytes", 0)
    live = sum(p["live_bytes"] for p in found)
    error = sum(p["error_bytes"] ** 2 for p in found) ** 0.5
    # Twice the 95 % error: once in 11,000 runs by chance.
    if not found or abs(live - held) > 2 * error + held / 20:
        case.wrong(f"{name} by call path: {live} +- {error:.0f}, the truth is {held}")
    asked = {p.get("asked_by", "?").split(".")[0] for p in found}
    if not asked & functions:
        case.wrong(f"{name} are asked for by {', '.join(sorted(asked)) or 'nobody'}")


def kernel_paths(case):
    """The packet ring of the victim among the kernel's pages, by who asked for it."""
    of_class(case, "packet rings", {"packet_set_ring", "alloc_pg_vec", "alloc_one_pg_vec_page"})


def pipes(case):
    """What waits in the victim's pipes: by call path, in the ledger's line, and whose it is."""
    of_class(case, "pipe buffers", {"pipe_write", "anon_pipe_write", "anon_pipe_get_page"})
    held = case.truth.get("held_bytes", 0)
    lines = {m["line"]: m["delta_bytes"] for m in case.report.get("ledger", [])}
    case.within("the ledger's pipes", lines.get("pipes", 0), held)
    own = [h["end_bytes"] for h in case.report.get("hidden_owners", [])
           if h["kind"] == "pipe" and h.get("pid") == case.truth.get("pid")]
    case.within("pipes of the victim", sum(own), held)


def of_module(case, domain, function):
    """Bytes and error of what a function of our module asked for."""
    found = [p for p in case.report.get("paths", [])
             if p["domain"] == domain and p.get("asked_by") == function
             and p.get("driver") == "memtrace_leak"]
    return (sum(p["live_bytes"] for p in found),
            sum(p["error_bytes"] ** 2 for p in found) ** 0.5, len(found))


def module(case):
    """What our module leaked, by module and function, within the printed error (twice) and 5 %"""
    for domain, function, member_name in (("kernel", "leak_pages", "page_bytes"),
                                          ("slab", "leak_kmalloc", "kmalloc_bytes")):
        held = case.truth.get(member_name, 0)
        live, error, n = of_module(case, domain, function)
        if not n or not held or abs(live - held) > 2 * error + held / 20:
            case.wrong(f"{domain}: {function} [memtrace_leak]: {live} +- {error:.0f} in {n} paths, "
                       f"the truth is {held}")
    held = case.truth.get("page_bytes", 0) + case.truth.get("kmalloc_bytes", 0)
    sums = [m for m in case.report.get("kernel_modules", []) if m["name"] == "memtrace_leak"]
    if len(sums) != 1 or abs(sums[0]["live_bytes"] - held) > 2 * sums[0]["error_bytes"] + held / 20:
        case.wrong(f"kernel_modules: {sums}, the truth is {held}")


def ledger(case):
    """The machine's own lines, as the guest's /proc/meminfo had them around the run."""
    held(case)
    before = meminfo(case, "before")
    if len(before) < 40:
        case.wrong(f"/proc/meminfo has {len(before)} lines")
    lines = {line["line"]: line for line in case.report.get("ledger", [])}
    case.within("line anon", member(lines.get("anon"), "delta_bytes"),
                case.truth.get("held_bytes"), 2 << 20)
    start = member(lines.get("page_tables"), "start_bytes")
    case.within("line page_tables at the start", start, before.get("PageTables"), 1 << 20)
    if case.report["host"]["mem_total_bytes"] != before.get("MemTotal"):
        case.wrong(f"mem_total_bytes {case.report['host']['mem_total_bytes']}, "
                   f"/proc/meminfo {before.get('MemTotal')}")


def monitored(case):
    logs = case.text("logs")
    for name in ("memory", "processes", "swap", "fragmentation", "summary", "docker"):
        if not re.search(rf"[1-9]\d* \./memory_monitor_\d+_\d+_{name}\.log", logs):
            case.wrong(f"no {name} log, or an empty one")
    if case.report.get("samples", 0) < 3:
        case.wrong(f"{case.report.get('samples')} samples")


def proc_only(case):
    """Nothing claimed about pages, the rest right, and what is missing said."""
    victim = case.victim()
    case.within("anonymous RSS", member(victim, "anon_bytes", "end"), case.truth.get("held_bytes"))
    case.within("growth", member(victim, "anon_bytes", "delta"), case.truth.get("held_bytes"))
    if "attributed" in victim:
        case.wrong("pages are attributed, where that cannot be")
    kinds = [m["kind"] for m in case.report.get("limits", [])]
    if "no_bpf" not in kinds:
        case.wrong("the limits do not say that there is no BPF: " + ", ".join(kinds))


def features(case):
    """Every feature works, but for those that expect.tsv names; handled by main."""


def feature_of(case, name):
    return next((f for f in case.report.get("features", []) if f["name"] == name), {})


def bpf_refused(case):
    """--doctor of a machine that lets nobody read kernel memory: why not, and what would help"""
    bpf = feature_of(case, "bpf")
    if bpf.get("state") != "missing" or "lockdown" not in bpf.get("detail", ""):
        case.wrong(f"bpf: {bpf}")
    if "lockdown" not in bpf.get("fix", ""):
        case.wrong(f"no way out of the lockdown is told: {bpf}")
    if feature_of(case, "process list").get("state") != "works":
        case.wrong("no process list, which needs no BPF")


def locked(case):
    """What /proc has is right; what the lockdown takes away is a limit that names it."""
    proc_only(case)
    meaning = next((m["meaning"] for m in case.report.get("limits", []) if m["kind"] == "no_bpf"), "")
    if "lockdown" not in meaning:
        case.wrong(f"the lockdown is not named: {meaning}")


def psi_missing(case):
    """All but PSI works, and --doctor tells how to have it."""
    pressure = feature_of(case, "pressure")
    if pressure.get("state") != "missing" or "psi=1" not in pressure.get("fix", ""):
        case.wrong(f"pressure: {pressure}")
    if feature_of(case, "bpf").get("state") != "works":
        case.wrong("without PSI there is no BPF")


def psi_untold(case):
    meanings = [m["meaning"] for m in case.report.get("limits", [])
                if m["kind"] == "system_parts_missing"]
    if not re.search(r"\bpsi\b", "".join(meanings)):
        case.wrong(f"the limits do not say that PSI is missing: {meanings}")


CHECKS = {f.__name__: f for f in (
    held, grown, children, before_attach, freed, file_pages, pages, shared, huge, left, inherited,
    moved, slab, heap, kernel_paths, pipes, module, ledger, monitored, proc_only, features,
    bpf_refused, locked, psi_missing, psi_untold)}

# --- what holds for every case -------------------------------------------------------------------


def feature_states(case):
    return {f["name"]: f["state"] for f in case.report.get("features", [])}


def check_features(case, expected):
    states = feature_states(case)
    if len(states) < 10:
        case.wrong(f"--doctor knows {len(states)} features")
    for name, state in states.items():
        if state != expected.get(name, "works"):
            detail = next(f.get("detail") for f in case.report["features"] if f["name"] == name)
            case.wrong(f"{name} {state}, not {expected.get(name, 'works')}: {detail}")
    for name in expected.keys() - states.keys():
        case.wrong(f"{name} is not among --doctor's features")


def check_contract(case):
    run = subprocess.run(["jq", "-r", "-f", "tests/e2e/contract.jq"], input=json.dumps(case.report),
                         capture_output=True, text=True, check=False)
    if run.returncode or run.stdout.strip():
        case.wrong("contract: " + (run.stdout + run.stderr).strip())


def check_sources(case, expected):
    """An event source that failed to load shows as a limit, whatever the case is about."""
    for limit in case.report.get("limits", []):
        source = re.fullmatch(r"source_(\w+)", limit["kind"])
        if source and expected.get(source[1], "works") == "works":
            case.wrong(f"{limit['kind']}: {limit['meaning']}")


def judge(case, checks, expected):
    if case.skip:
        return
    try:
        case.load()
    except ValueError as error:
        case.wrong(f"not JSON: {error}")
        return
    if case.status != "0":
        case.wrong(f"memtrace ended with {case.status}")
    if "report" not in case.parts:
        case.wrong("no report")
        return
    if case.report.get("schema") == "memtrace.doctor/1":
        if "features" in checks:
            check_features(case, expected)
    else:
        check_contract(case)
        if not {"proc_only", "locked"} & set(checks):
            check_sources(case, expected)
        if not case.truth and "monitored" not in checks:
            case.wrong("the victim told no truth")
            return
    for check in checks:
        CHECKS[check](case)
        if case.skip:
            return


# --- reading -------------------------------------------------------------------------------------


def read_out(path):
    """The cases that the guest printed, by name, and whether it came to its end."""
    cases, case, part, finished = {}, None, None, False
    with open(path, encoding="utf-8", errors="replace") as out:
        for line in out.read().replace("\r", "").split("\n"):
            words = line.split(" ", 2)
            if words[0] != "@@":
                if case and part:
                    case.parts[part].append(line)
            elif words[1] == "case":
                case, part = Case(words[2]), None
                cases[words[2]] = case
            elif words[1] == "end" and case:
                case.status, case = words[2], None
            elif words[1] == "skip" and case:
                case.skip = words[2]
            elif words[1] == "down":
                finished = True
            elif case:
                part = words[1]
                case.parts[part] = []
    return cases, finished


def read_cases(path, which, only):
    """name: checks, of the cases that were to be run"""
    wanted = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            if words and (words[0] in only if only else which in ("full", words[1].split(",")[0])):
                wanted[words[0]] = words[3].split(",")
    return wanted


def read_expected(path, label):
    """feature: state, where that is not "works" on this kernel"""
    expected = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split("\t")
            if len(words) >= 3 and words[0].strip() in (label, "*"):
                expected[words[1].strip()] = words[2].strip()
    return expected


def explain(case):
    for problem in case.problems:
        for line in problem.split("\n"):
            print(f"#   {line}")
    for part in ("err", "victim.err", "truth"):
        for line in case.parts.get(part, [])[-12:]:
            if line.strip():
                print(f"#   {part}: {line[:240]}")


def main():
    label, out, case_file, expect_file, which, *only = sys.argv[1:]
    cases, finished = read_out(out)
    expected = read_expected(expect_file, label)
    for name, checks in read_cases(case_file, which, only).items():
        case = cases.get(name, Case(name))
        if name not in cases:
            case.wrong("the guest did not come to this")
        elif case.status is None and not finished:
            case.wrong("the guest ended in the middle of it")
        else:
            judge(case, checks, expected)
        if case.problems:
            print(f"not ok - {label}: {name}")
            explain(case)
            print(f"@ {label} {name} FAIL")
        elif case.skip:
            print(f"ok - {label}: {name} # SKIP {case.skip}")
            print(f"@ {label} {name} skip")
        else:
            print(f"ok - {label}: {name}")
            print(f"@ {label} {name} ok")


main()
