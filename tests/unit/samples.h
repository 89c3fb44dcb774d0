/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up run with every kind of row in it, strings out to do harm included. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/tick.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))
#define SAMPLE_NS_PER_S 1000000000ULL
#define SAMPLE_START_NS 1700000000123456789ULL

/* Quotes, commas, line ends, escapes, not UTF-8, overlong, right-to-left
 * override, line separator, markup, a spreadsheet formula, nothing. */
static const char *const hostile_strings[] = {
	"a\"b,c'd\\e",
	"two\nlines\r\t",
	"\x1b[31mred\x1b[0m\a",
	"\xff\xfe\x80",
	"\xc0\xaf\xed\xa0\x80",
	"\xe2\x80\xaegnp.exe",
	"x\xe2\x80\xa8y\xc2\x85z",
	"</script><b>&",
	"=cmd|'/C'!A0",
	"%s%n%p",
	"fifteen bytes!!",
	"\xf0\x9f\x92\xbe caf\xc3\xa9",
	"",
};

static inline const char *hostile(size_t i)
{
	return hostile_strings[i % N_OF(hostile_strings)];
}

static inline void put(char *dst, size_t size, const char *s)
{
	snprintf(dst, size, "%s", s);
}

static inline struct run_info sample_info(void)
{
	struct run_info info = {.mem_total = 16ULL << 30,
				.page_size = 4096,
				.interval_ns = 5 * SAMPLE_NS_PER_S,
				.duration_ns = 20 * SAMPLE_NS_PER_S,
				.bpf = true};

	put(info.mode, sizeof(info.mode), "pid");
	put(info.kernel, sizeof(info.kernel), "6.18.0-test");
	put(info.arch, sizeof(info.arch), "x86_64");
	put(info.boot_id, sizeof(info.boot_id), "00000000-1111-2222-3333-444444444444");
	put(info.version, sizeof(info.version), "0.1.0");
	put(info.host, sizeof(info.host), "host\"7\n");
	put(info.target, sizeof(info.target), "--pid 100 \xff\n");
	return info;
}

static inline struct proc_sample sample_proc(uint32_t pid, uint64_t seq, const char *comm)
{
	struct proc_sample p;

	memset(&p, 0, sizeof(p));
	p.id = (struct proc_id){pid, 1000 + pid};
	p.ppid = 1;
	p.uid = pid * 7;
	p.state = pid % 2 ? 'S' : 'R';
	p.flags = pid == 100 ? PROC_TARGET : 0;
	p.known = (1U << _PROC_VALUE_MAX) - 1;
	if (pid % 3 == 0)
		p.known &= ~((1U << PROC_SWAP) | (1U << PROC_FDS));
	p.approx = pid % 4 == 0 ? 1U << PROC_RSS : 0;
	for (int i = 0; i < _PROC_VALUE_MAX; i++)
		if (p.known & (1U << i))
			p.value[i] = ((uint64_t)pid << 20) + seq * (uint64_t)(i + 1) * 4096 * pid;
	put(p.comm, sizeof(p.comm), comm);
	return p;
}

static inline void sample_rows(struct tick *t, uint64_t seq)
{
	for (uint32_t pid = 100; pid < 100 + 2 * N_OF(hostile_strings); pid++) {
		struct proc_sample p = sample_proc(pid, seq, hostile(pid));
		char path[64];

		snprintf(path, sizeof(path), "/slice/%s", hostile(pid + 1));
		p.cgroup = pid % 5 ? strdup(path) : NULL;
		if (pid == 103 && seq == 2)
			p.end = (struct proc_end){true, true, 9, t->time_ns};
		if (vec_push(&t->procs, p))
			abort();
	}
	for (uint32_t i = 0; i < _OWNER_KIND_MAX; i++) {
		struct owner_sample o;

		memset(&o, 0, sizeof(o));
		o.owner = 10 + i;
		o.kind = (enum owner_kind)i;
		if (o.kind == OWNER_PROCESS || o.kind == OWNER_KTHREAD)
			o.id = (struct proc_id){100 + i, 1100 + i};
		o.parent = (struct proc_id){1, 1};
		o.dead = o.kind == OWNER_EXITED_GROUP;
		o.exit_ns = o.dead ? t->time_ns : 0;
		o.has_exit_status = o.has_exit_rss = o.dead;
		o.exit_status = o.dead ? 9 : 0;
		o.exit_shmem = o.dead ? 3 << 20 : 0;
		o.live[PAGES_USER] = (int64_t)(seq + 1) * 4096;
		o.live[PAGES_KERNEL] = i == 2 ? -8192 : 4096;
		o.taken[PAGES_USER] = (seq + 2) * 4096;
		o.members = i;
		o.residue.known = o.dead;
		o.residue.file = o.dead ? 1 << 20 : 0;
		put(o.comm, sizeof(o.comm), hostile(i));
		if (vec_push(&t->owners, o))
			abort();
	}
}

static inline void sample_system(struct tick *t, uint64_t seq)
{
	for (size_t i = 0; i < N_OF(hostile_strings); i++) {
		struct slab_sample slab;
		struct hidden_sample hidden;
		struct cgroup_row c;
		char path[64];

		memset(&slab, 0, sizeof(slab));
		memset(&c, 0, sizeof(c));
		put(slab.name, sizeof(slab.name), hostile(i));
		slab.gone = i == 3 && seq == 2;
		slab.reclaim_known = i % 3;
		slab.is_reclaimable = i % 3 == 1;
		slab.bytes = slab.gone ? 0 : (i + 1 + seq) << 20;
		slab.active_objects = seq * i;
		slab.object_size = 64 * i;
		snprintf(path, sizeof(path), "/slice%zu/%s", i, hostile(i));
		c.path = strdup(path);
		c.gone = slab.gone;
		c.runtime = (enum container_runtime)(i % _CONTAINER_RUNTIME_MAX);
		put(c.name, sizeof(c.name), c.runtime ? hostile(i + 1) : "");
		c.known = i % 2 ? CGROUP_ROW_VALUES : 1U << CGROUP_CURRENT;
		for (int k = 0; k < _CGROUP_VALUE_MAX; k++)
			if (c.known & 1U << k)
				c.value[k] = (uint64_t)(k + 1) << 20 | seq;
		memset(&hidden, 0, sizeof(hidden));
		hidden.kind = (enum hidden_kind)(i % _HIDDEN_KIND_MAX);
		hidden.certainty = (enum hidden_certainty)(i % _HIDDEN_CERTAINTY_MAX);
		hidden.id = (struct proc_id){(uint32_t)i, i * 100};
		hidden.is_left = i % 2;
		hidden.bytes = (i + seq) << 20;
		hidden.count = i;
		put(hidden.comm, sizeof(hidden.comm), hostile(i));
		put(hidden.name, sizeof(hidden.name), hostile(i));
		if (vec_push(&t->hidden, hidden) || vec_push(&t->slabs, slab) ||
		    vec_push(&t->cgroups, c))
			abort();
	}
}

#define PUSH(vec, ...)                                                                             \
	do {                                                                                       \
		if (vec_push(vec, __VA_ARGS__))                                                    \
			abort();                                                                   \
	} while (0)

/* What --analyze looks at: one row or more of each table. */
static inline void sample_analysis(struct analysis *a, uint64_t seq)
{
	struct zombie z = {{104, 1104}, 100, 1000, "", seq == 2, SAMPLE_START_NS};
	struct zombie_parent zp = {{100, 1100}, 1, "", 'S', "", "epoll_wait", SIGCHLD_DEFAULT};
	struct fd_sample fd = {.id = {101, 1101}, .limit_known = seq > 0, .limit = 1024};
	struct fd_group group = {{101, 1101}, FD_SOCKET, "", 40 * seq, seq > 0, 3};
	struct sysv_segment segment = {.key = -559038737, .id = 5, .mode = 0600, .size = 32 << 20};
	struct tmpfs_mount mount = {.type = "tmpfs", .minor = 24, .use_known = seq > 0};
	struct shm_file shm = {1, 77, SHM_MEMFD, "", true, seq > 0, 1 << 20, 4096, 2};
	struct shm_holder holder = {1, 77, {101, 1101}, "", 2, true};
	struct mapping_sample m = {.id = {100, 1100}, .class = MAPPING_ANON, .n = 3};

	for (int part = 0; part < _ANALYSIS_PART_MAX; part++)
		PUSH(&a->notes, (struct analysis_note){(enum analysis_part)part, part == 3 ? 13 : 0,
						       (uint64_t)part});
	put(z.comm, sizeof(z.comm), hostile(1));
	put(zp.comm, sizeof(zp.comm), hostile(2));
	put(zp.wchan, sizeof(zp.wchan), hostile(3));
	put(fd.comm, sizeof(fd.comm), hostile(4));
	fd.count[FD_SOCKET] = 40 * seq;
	fd.count[FD_FILE] = fd.n_deleted = 7;
	fd.deleted_bytes = 7 << 20;
	put(group.what, sizeof(group.what), hostile(5));
	segment.creator = 4711;
	segment.rss = 8 << 20;
	segment.changed_s = 1700000000;
	put(mount.path, sizeof(mount.path), hostile(6));
	mount.size = seq ? 64 << 20 : 0;
	mount.used = seq ? 1 << 20 : 0;
	put(shm.name, sizeof(shm.name), hostile(7));
	shm.allocated = seq ? shm.allocated : 0;
	put(holder.comm, sizeof(holder.comm), hostile(8));
	m.rss = m.size = (seq + 1) << 20;
	m.private_dirty = seq << 20;
	put(m.name, sizeof(m.name), hostile(9));
	fd.limit = fd.limit_known ? fd.limit : 0;
	group.fresh = group.fresh_known ? group.fresh : 0;
	PUSH(&a->zombies, z);
	PUSH(&a->parents, zp);
	PUSH(&a->fds, fd);
	PUSH(&a->fd_groups, group);
	PUSH(&a->sysv, segment);
	PUSH(&a->tmpfs, mount);
	PUSH(&a->shm, shm);
	PUSH(&a->holders, holder);
	PUSH(&a->mappings, m);
}

static inline void sample_alerts(struct tick *t)
{
	for (size_t i = 0; i < _ALERT_KIND_MAX; i++) {
		struct alert a = {.time_ns = t->time_ns,
				  .kind = (enum alert_kind)i,
				  .state = (enum alert_state)(i % _ALERT_STATE_MAX),
				  .unit = (enum alert_unit)(i % _ALERT_UNIT_MAX),
				  .id = {i % 2 ? 100 : 0, i % 2 ? 1100 : 0},
				  .value = 97,
				  .threshold = 80};

		put(a.subject, sizeof(a.subject), hostile(i));
		put(a.message, sizeof(a.message), hostile(i + 1));
		PUSH(&t->alerts, a);
	}
}

/* Tick number `seq`; *t is empty or cleared. */
static inline void sample_tick(struct tick *t, uint64_t seq)
{
	static const char *const lines[] = {"MemTotal", "MemAvailable", "Slab", "HugePages_Total"};
	int err = 0;

	t->seq = seq;
	t->time_ns = SAMPLE_START_NS + seq * 5 * SAMPLE_NS_PER_S;
	t->mono_ns = 77 * SAMPLE_NS_PER_S + seq * 5 * SAMPLE_NS_PER_S;
	t->n_procs = 300 + (uint32_t)seq;
	t->self = (struct self_sample){.cpu_ns = seq * 1000, .rss_bytes = 9 << 20, .events = seq};
	t->self.bpf_ns_known = seq % 2;
	t->self.bpf_ns = seq % 2 ? 555 : 0;
	for (size_t i = 0; i < N_OF(lines); i++) {
		struct meminfo_line line = {.bytes = (i + 1) << 30, .is_count = i == 3};

		line.bytes -= i == 1 ? seq << 20 : 0;
		put(line.name, sizeof(line.name), lines[i]);
		err |= vec_push(&t->meminfo, line);
		err |= i ? vec_push(&t->machine, line) : 0;
	}
	sample_rows(t, seq);
	sample_system(t, seq);
	err |= vec_push(&t->smaps, (struct smaps_sample){.id = {100, 1100},
							 .rss = seq << 20,
							 .pss = seq << 19,
							 .private_dirty = seq << 18});
	err |= vec_push(&t->ownership, (struct ownership_sample){.id = {100, 1100},
								 .present = 10 << 20,
								 .own = 6 << 20,
								 .kin = 1 << 20,
								 .other = 1 << 20,
								 .unowned = 2 << 20});
	err |= vec_push(&t->mapped, (struct mapped_sample){.id = {100, 1100},
							   .mmap = seq << 22,
							   .brk = seq << 20,
							   .before = 3 << 20,
							   .unseen = 4096});
	for (size_t i = 0; i < _EVENT_KIND_MAX && seq == 1; i++) {
		struct event e = {.time_ns = t->time_ns, .kind = (enum event_kind)i};

		put(e.text, sizeof(e.text), hostile(i));
		err |= vec_push(&t->events, e);
	}
	if (seq == 1)
		sample_alerts(t);
	if (seq != 1)
		sample_analysis(&t->analysis, seq);
	for (size_t i = 0; i < N_OF(hostile_strings) && seq == 0; i++)
		err |= facts__add(&t->facts, "unit", hostile(i), hostile(i + 1));
	err |= limits__set(&t->limits, "pages_before_attach", 12345, "%s", hostile(1));
	err |= limits__set(&t->limits, "a_state", 0, "%s", hostile(3));
	err |= seq > 1 ? limits__set(&t->limits, "came_later", seq, "later") : 0;
	if (err)
		abort();
}
