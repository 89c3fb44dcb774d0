/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf/sources.h"

#include "memtrace.h"

#include "async.skel.h"
#include "filemap.skel.h"
#include "filemap_old.skel.h"
#include "migrate.skel.h"
#include "migrate_old.skel.h"
#include "objects.skel.h"
#include "oom.skel.h"
#include "page.skel.h"
#include "page_old.skel.h"
#include "snapshot.skel.h"
#include "task.skel.h"
#include "vma.skel.h"

const struct bpf_source bpf_sources[_SOURCE_MAX] = {
	[SOURCE_PAGE] = {"page", page_bpf__elf_bytes, page_old_bpf__elf_bytes,
			 "which process takes and holds pages"},
	[SOURCE_FILEMAP] = {"filemap", filemap_bpf__elf_bytes, filemap_old_bpf__elf_bytes,
			    "telling page cache from anonymous memory"},
	[SOURCE_TASK] = {"task", task_bpf__elf_bytes, NULL, "when and how processes ended"},
	[SOURCE_MIGRATE] = {"migrate", migrate_bpf__elf_bytes, migrate_old_bpf__elf_bytes,
			    "following pages that compaction and khugepaged move"},
	[SOURCE_ASYNC] = {"async", async_bpf__elf_bytes, NULL,
			  "telling interrupts from the process they interrupt"},
	[SOURCE_TASK_ITER] = {"task_iter", snapshot_bpf__elf_bytes, NULL,
			      "every process's counters in one read (/proc is used instead)"},
	[SOURCE_OOM] = {"oom", oom_bpf__elf_bytes, NULL,
			"who asked when the OOM killer chose a victim (the kernel's log is used "
			"instead)"},
	[SOURCE_VMA] = {"vma", vma_bpf__elf_bytes, NULL,
			"who mapped the address space of watched processes (mmap, brk)"},
	[SOURCE_OBJECTS] = {"objects", objects_bpf__elf_bytes, NULL,
			    "BPF maps and programs that no process holds"},
};
