/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compared with a threshold, a function a kind; the table is at the end. */
#include <stdio.h>
#include <string.h>

#include "analyze/alert_find.h"
#include "base/str.h"
#include "model/fragmentation.h"
#include "model/key.h"

#define MESSAGE_SIZE sizeof(((struct alert *)0)->message)

/* Of a process that grows, and of a zone that is in pieces: less than this is nobody's trouble. */
#define GROWTH_MIN (16ull << 20)
#define ZONE_MIN (16ull << 20)

/* The largest order that the page allocator insists on (PAGE_ALLOC_COSTLY_ORDER): when nothing
 * of this size is free, forks and network buffers wait for compaction. */
#define COSTLY_ORDER 3

/* vm.overcommit_memory: CommitLimit is enforced in this mode only (Documentation/vm). */
#define OVERCOMMIT_NEVER 2

uint64_t alert_percent(uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((double)part * 100 / (double)whole) : 0;
}

char *alert_comm(char dst[static ALERT_COMM_SIZE], const char comm[static COMM_SIZE])
{
	return safe_text(dst, ALERT_COMM_SIZE, comm, COMM_SIZE);
}

static const struct proc_sample *largest_process(const struct moment *m)
{
	const struct proc_sample *best = NULL;

	for (size_t i = 0; i < m->n_procs; i++) {
		const struct proc_sample *p = &m->procs[i];

		if (p->known & 1u << PROC_RSS &&
		    (!best || p->value[PROC_RSS] > best->value[PROC_RSS]))
			best = p;
	}
	return best;
}

static bool look_memory(struct alert_finder *f, const struct moment *m)
{
	char text[MESSAGE_SIZE], a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE], c[HUMAN_BYTES_SIZE];
	const struct proc_sample *p = largest_process(m);
	struct alert_found found = {.message = text};
	char comm[ALERT_COMM_SIZE];
	uint64_t used, total;
	int n;

	if (moment__used(m, &used, &total))
		return false;
	found.value = alert_percent(used, total);
	n = snprintf(text, sizeof(text), "memory use is %llu %%: %s of %s",
		     (unsigned long long)found.value, human_bytes(a, used), human_bytes(b, total));
	if (p)
		snprintf(text + n, sizeof(text) - n, "; largest: %s (pid %u), %s resident",
			 alert_comm(comm, p->comm), p->id.pid, human_bytes(c, p->value[PROC_RSS]));
	alert_candidate(f, &found);
	return true;
}

static bool look_swap(struct alert_finder *f, const struct moment *m)
{
	char text[MESSAGE_SIZE], a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE];
	struct alert_found found = {.message = text};
	uint64_t total, free_bytes;

	if (moment__meminfo(m, "SwapTotal", &total) || moment__meminfo(m, "SwapFree", &free_bytes))
		return false;
	found.value = total > free_bytes ? total - free_bytes : 0;
	snprintf(text, sizeof(text), "%s of %s swap in use", human_bytes(a, found.value),
		 human_bytes(b, total));
	alert_candidate(f, &found);
	return true;
}

static const struct proc_sample *find_pid(const struct moment *m, uint32_t pid)
{
	for (size_t i = 0; i < m->n_procs; i++)
		if (m->procs[i].id.pid == pid)
			return &m->procs[i];
	return NULL;
}

static bool look_zombies(struct alert_finder *f, const struct moment *m)
{
	char text[MESSAGE_SIZE], comm[ALERT_COMM_SIZE], parent_comm[ALERT_COMM_SIZE];
	const struct proc_sample *first = NULL, *parent;
	struct alert_found found = {.message = text};

	for (size_t i = 0; i < m->n_procs; i++) {
		if (m->procs[i].state != 'Z' || !alert_is_lasting_zombie(f, m->procs[i].id))
			continue;
		if (!first)
			first = &m->procs[i];
		found.value++;
	}
	if (!m->n_procs)
		return false;
	if (!first)
		return true;
	parent = find_pid(m, first->ppid);
	snprintf(text, sizeof(text),
		 "%llu zombie process%s: %s (pid %u), not reaped by its parent %s (pid %u)",
		 (unsigned long long)found.value, found.value == 1 ? "" : "es; the first",
		 alert_comm(comm, first->comm), first->id.pid,
		 parent ? alert_comm(parent_comm, parent->comm) : "?", first->ppid);
	alert_candidate(f, &found);
	return true;
}

static bool look_fds(struct alert_finder *f, const struct moment *m)
{
	const struct file_table *files = &m->system->files;
	char text[MESSAGE_SIZE];
	struct alert_found found = {.message = text};

	if (m->system->err[SYSTEM_FILES])
		return false;
	found.value = alert_percent(files->used, files->max);
	snprintf(text, sizeof(text), "%llu open files, %llu %% of fs.file-max (%llu)",
		 (unsigned long long)files->used, (unsigned long long)found.value,
		 (unsigned long long)files->max);
	alert_candidate(f, &found);
	return true;
}

/* Of one process; what: "has 900 files open". */
static void process_candidate(struct alert_finder *f, struct proc_id id,
			      const char comm[static COMM_SIZE], uint64_t value, const char *what)
{
	char text[MESSAGE_SIZE], safe[ALERT_COMM_SIZE], subject[COMM_SIZE + 1];
	struct alert_found found = {
		.key = proc_key(id), .id = id, .subject = subject, .value = value, .message = text};

	snprintf(subject, sizeof(subject), "%.*s", COMM_SIZE, comm);
	snprintf(text, sizeof(text), "%s (pid %u) %s", alert_comm(safe, comm), id.pid, what);
	alert_candidate(f, &found);
}

static bool look_process_fds(struct alert_finder *f, const struct moment *m)
{
	for (size_t i = 0; i < m->n_fds; i++) {
		const struct fd_use *use = &m->fds[i];
		uint64_t percent = alert_percent(use->used, use->limit);
		char what[96];

		if (!alert_is_near(f, percent))
			continue;
		snprintf(what, sizeof(what), "has %llu files open, %llu %% of its limit",
			 (unsigned long long)use->used, (unsigned long long)percent);
		process_candidate(f, use->id, use->comm, percent, what);
	}
	return m->n_procs != 0;
}

static bool look_growth(struct alert_finder *f, const struct moment *m)
{
	char text[MESSAGE_SIZE], a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE];
	struct alert_found found = {.message = text};
	uint64_t used, total, first;

	if (moment__used(m, &used, &total) || alert_first_used(f, &first))
		return false;
	found.value = used > first ? alert_percent(used - first, first) : 0;
	snprintf(text, sizeof(text), "memory in use grew by %llu %% since the start: %s to %s",
		 (unsigned long long)found.value, human_bytes(a, first), human_bytes(b, used));
	alert_candidate(f, &found);
	return true;
}

static bool look_process_growth(struct alert_finder *f, const struct moment *m)
{
	for (size_t i = 0; i < m->n_procs; i++) {
		const struct proc_sample *p = &m->procs[i];
		const struct alert_base *base = alert_process_base(f, p->id);
		char what[96], a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE];
		uint64_t now;

		if (!base || proc_growing_bytes(p, &now) || now < base->bytes + GROWTH_MIN)
			continue;
		snprintf(what, sizeof(what), "grew by %s to %s", human_bytes(a, now - base->bytes),
			 human_bytes(b, now));
		process_candidate(f, p->id, p->comm,
				  alert_percent(now - base->bytes, base->bytes ?: 1), what);
	}
	return m->n_procs != 0;
}

static bool look_psi(struct alert_finder *f, const struct moment *m)
{
	const struct psi_line *some = &m->system->psi[PSI_MEMORY].some;
	char text[MESSAGE_SIZE];
	struct alert_found found = {.message = text};

	if (m->system->err[SYSTEM_PSI] || !some->known)
		return false;
	found.value = some->avg60 / 100;
	snprintf(text, sizeof(text),
		 "tasks waited for memory %u.%02u %% of the last minute (PSI some avg60)",
		 some->avg60 / 100, some->avg60 % 100);
	alert_candidate(f, &found);
	return true;
}

static bool look_fragmentation(struct alert_finder *f, const struct moment *m)
{
	if (m->system->err[SYSTEM_BUDDYINFO])
		return false;
	vec_for_each(z, &m->system->zones) {
		char text[MESSAGE_SIZE], subject[32];
		struct alert_found found = {
			.key = alert_name_key(z->zone, z->node),
			.subject = subject,
			.message = text,
		};
		uint64_t pages = 0;
		uint32_t permille;

		for (uint32_t i = 0; i < z->n_orders; i++)
			pages += z->free[i] << i;
		/* The small DMA zone is in pieces from boot on. */
		if (pages * m->info->page_size < ZONE_MIN || !strcmp(z->zone, "DMA") ||
		    unusable_index(z, COSTLY_ORDER, &permille))
			continue;
		found.value = permille / 10;
		snprintf(subject, sizeof(subject), "node %u %.15s", z->node, z->zone);
		snprintf(text, sizeof(text),
			 "fragmentation of zone %.15s, node %u: %llu %% of what is free is in "
			 "blocks smaller than %d pages",
			 z->zone, z->node, (unsigned long long)found.value, 1 << COSTLY_ORDER);
		alert_candidate(f, &found);
	}
	return true;
}

static bool look_commit(struct alert_finder *f, const struct moment *m)
{
	char text[MESSAGE_SIZE], a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE];
	struct alert_found found = {.message = text};
	uint64_t committed, limit;

	if (m->overcommit != OVERCOMMIT_NEVER || moment__meminfo(m, "Committed_AS", &committed) ||
	    moment__meminfo(m, "CommitLimit", &limit))
		return false;
	found.value = alert_percent(committed, limit);
	snprintf(text, sizeof(text), "%s of CommitLimit %s are promised (%llu %%)",
		 human_bytes(a, committed), human_bytes(b, limit), (unsigned long long)found.value);
	alert_candidate(f, &found);
	return true;
}

#define LEAK_BYTES_MAX (1ull << 63) /* an hour: of rates beyond, "above" is said */

/* A count weighs as a page. */
static uint64_t leak_bytes(const struct leak_sign *l)
{
	double bytes = l->is_count ? l->per_hour * 4096 : l->per_hour;

	return bytes > 0 ? bytes < 0x1p63 ? (uint64_t)bytes : LEAK_BYTES_MAX : 0;
}

static void say_leak(const struct leak_sign *l, char dst[static MESSAGE_SIZE])
{
	char subject[96], pid[24] = "", rate[HUMAN_BYTES_SIZE];

	safe_text(subject, sizeof(subject), l->subject, sizeof(l->subject));
	if (l->id.pid)
		snprintf(pid, sizeof(pid), " (pid %u)", l->id.pid);
	if (l->is_withdrawn)
		snprintf(dst, MESSAGE_SIZE,
			 "%s%s does not leak %s, or not any more: the warning is withdrawn",
			 subject, pid, l->words);
	else if (l->rate_unknown)
		snprintf(dst, MESSAGE_SIZE, "%s%s leaks %s: at an unknown rate, %u %% sure",
			 subject, pid, l->words, l->sure_permille / 10);
	else if (l->is_count)
		snprintf(dst, MESSAGE_SIZE, "%s%s leaks %s: %.0f an hour, %u %% sure", subject, pid,
			 l->words, l->per_hour, l->sure_permille / 10);
	else
		snprintf(dst, MESSAGE_SIZE, "%s%s leaks %s: %s%s an hour, %u %% sure", subject, pid,
			 l->words, leak_bytes(l) < LEAK_BYTES_MAX ? "" : "above ",
			 human_bytes(rate, leak_bytes(l)), l->sure_permille / 10);
}

static bool look_leak(struct alert_finder *f, const struct moment *m)
{
	for (size_t i = 0; i < m->n_leaks; i++) {
		const struct leak_sign *l = &m->leaks[i];
		char text[MESSAGE_SIZE];
		struct alert_found found = {.id = l->id, .subject = l->subject, .message = text};

		found.value = leak_bytes(l);
		found.key = alert_name_key(l->subject, l->id.start_ticks << 22 ^ l->id.pid);
		found.key.w[2] = alert_name_key(l->words, 0).w[0];
		say_leak(l, text);
		if (l->is_withdrawn)
			alert_withdraw(f, &found);
		else
			alert_candidate(f, &found);
	}
	return m->n_procs != 0;
}

#define MIB (1ull << 20)

const struct alert_def alert_defs[] = {
	[ALERT_MEMORY] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 80,
			.slack = 2,
			.step = 5,
			.help = "memory in use (MemTotal - MemAvailable) of all memory",
			.look = look_memory,
		},
	[ALERT_SWAP] =
		{
			.unit = ALERT_BYTES,
			.threshold = 0,
			.step = 16 * MIB,
			.step_percent = 25,
			.help = "swap in use",
			.look = look_swap,
		},
	[ALERT_ZOMBIES] =
		{
			.unit = ALERT_COUNT,
			.threshold = 0,
			.step = 1,
			.step_percent = 25,
			.help = "processes that nobody reaped from one sample to the next",
			.look = look_zombies,
		},
	[ALERT_FDS] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 80,
			.slack = 2,
			.step = 5,
			.help = "open files of fs.file-max",
			.look = look_fds,
		},
	[ALERT_PROCESS_FDS] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 80,
			.slack = 2,
			.step = 5,
			.help = "a process's open files of its own limit",
			.look = look_process_fds,
		},
	[ALERT_GROWTH] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 10,
			.slack = 2,
			.step = 10,
			.help = "growth of the memory in use since the start",
			.look = look_growth,
		},
	[ALERT_PROCESS_GROWTH] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 10,
			.slack = 2,
			.step = 10,
			.step_percent = 25,
			.help = "growth of a process since the start, if it is 16 MiB or more",
			.look = look_process_growth,
		},
	[ALERT_PSI] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 10,
			.slack = 2,
			.step = 10,
			.help = "time that tasks waited for memory in the last minute (PSI some)",
			.look = look_psi,
		},
	[ALERT_OOM_KILL] =
		{
			.unit = ALERT_COUNT,
			.threshold = 0,
			.step = 1,
			.event = true,
			.help = "processes killed for lack of memory",
			.look = alert_look_oom_kill,
		},
	[ALERT_FRAGMENTATION] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 90,
			.slack = 2,
			.step = 5,
			.help = "free memory of a zone in blocks smaller than 8 pages",
			.look = look_fragmentation,
		},
	[ALERT_CGROUP] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 90,
			.slack = 2,
			.step = 5,
			.help = "a cgroup's memory, without inactive page cache, of its limit or "
				"a tighter one above it",
			.look = alert_look_cgroup,
		},
	[ALERT_COMMIT] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 90,
			.slack = 2,
			.step = 5,
			.help = "promised memory of CommitLimit, where that is enforced",
			.look = look_commit,
		},
	[ALERT_CGROUP_PSI] =
		{
			.unit = ALERT_PERCENT,
			.threshold = 10,
			.slack = 2,
			.step = 10,
			.help = "time that tasks of a container or service waited for memory in "
				"the last minute",
			.look = alert_look_cgroup_psi,
		},
	[ALERT_LEAK] =
		{
			.unit = ALERT_BYTES,
			.threshold = 0,
			.step = MIB,
			.step_percent = 100,
			.help = "rate an hour of what was judged a leak at several looks in a "
				"row; a descriptor or thread counts as a page",
			.look = look_leak,
		},
};
