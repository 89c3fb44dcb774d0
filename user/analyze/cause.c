/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/cause.h"

#include <string.h>

#include "analyze/cause_who.h"
#include "analyze/report_math.h"
#include "base/when.h"

/* A smaller loss is what any machine does by itself. */
#define LOSS_MIN (8 << 20)
/* A line with less of the loss than this share does not explain it. */
#define SHARE_MIN_PERMILLE 300
/* Nor is one with less than this a second one. */
#define REST_MIN_PERMILLE 200
/* MemAvailable that fell by less than this share of what a line took is not what to tell it by:
 * the rest came out of what others gave back. */
#define NET_MIN_PERMILLE 750
/* A holder of less of its line's growth is not "who". */
#define HOLDER_MIN_PERMILLE 250
/* Nor is one who took less than half of the kernel pages in question. */
#define TAKER_MIN_PERMILLE 500

/* What it means that a line grew, and what to type next; PID stands for the holder's. */
static const struct rule {
	const char *meaning;
	const char *next;	 /* NULL: none */
	const char *next_holder; /* with a pid; NULL: as next */
} rules[_LEDGER_LINE_MAX] = {
	[LEDGER_PAGE_CACHE] = {"file cache: reclaimable, not a leak", NULL, NULL},
	[LEDGER_BUFFERS] = {"cache of block devices: reclaimable, not a leak", NULL, NULL},
	[LEDGER_SLAB_RECLAIMABLE] = {"reclaimable, not a leak", "slabtop -o -s c | head -20", NULL},
	[LEDGER_KERNEL_RECLAIMABLE] = {"given back under pressure", NULL, NULL},
	[LEDGER_ANON] = {"memory of processes", "ps -eo pid,rss,comm --sort=-rss | head",
			 "memtrace --pid PID --duration 10m"},
	[LEDGER_SHMEM] = {"stays until it is removed, whoever made it",
			  "ipcs -mp; df -h -t tmpfs; lsof +L1", "ls -l /proc/PID/fd"},
	[LEDGER_SWAP_CACHE] = {"copies of what is swapped: given back under pressure", NULL, NULL},
	[LEDGER_HUGETLB] = {"set aside for huge pages, used or not",
			    "grep . /sys/kernel/mm/hugepages/*/*_hugepages", NULL},
	[LEDGER_SLAB_UNRECLAIMABLE] = {"kernel objects that only their owner frees",
				       "slabtop -o -s c | head -20", NULL},
	[LEDGER_PAGE_TABLES] = {"grows with address space and goes with its process",
				"grep VmPTE /proc/[0-9]*/status | sort -nk2 | tail -3", NULL},
	[LEDGER_KERNEL_STACKS] = {"one for each thread", "ps -eo nlwp,pid,comm --sort=-nlwp | head",
				  NULL},
	[LEDGER_VMALLOC] = {"large kernel buffers, freed by whoever made them",
			    "sort -nk2 /proc/vmallocinfo | tail", NULL},
	[LEDGER_PERCPU] = {"grows with cgroups, mounts and network namespaces",
			   "cat /sys/fs/cgroup/cgroup.stat", NULL},
	[LEDGER_ZSWAP] = {"swapped pages, compressed", "grep -r . /sys/kernel/debug/zswap", NULL},
	[LEDGER_ZSMALLOC] = {"swapped pages, compressed", "zramctl", NULL},
	[LEDGER_BALLOON] = {"given back to the host of this machine", NULL, NULL},
	[LEDGER_GPU] = {"buffers of graphics programs", "grep -h drm- /proc/[0-9]*/fdinfo/*", NULL},
	[LEDGER_PACKET_RINGS] = {"no meminfo line names it; freed when the socket is closed",
				 "ss -0 -a -p -e", "ls -l /proc/PID/fd | grep socket"},
	[LEDGER_IO_URING] = {"no meminfo line names it; freed when the ring is closed", NULL,
			     "grep io_uring /proc/PID/maps"},
	[LEDGER_PERF_RINGS] = {"no meminfo line names it; freed when the event is closed", NULL,
			       "grep perf_event /proc/PID/maps"},
	[LEDGER_BPF_RINGS] = {"no meminfo line names it; freed with the BPF map",
			      "bpftool map show", "bpftool map show | grep 'pids.*(PID)'"},
	[LEDGER_PIPES] = {"data that nobody has read yet", NULL, "ls -l /proc/PID/fd | grep pipe"},
	[LEDGER_PAGE_POOLS] = {"receive buffers of network drivers, and packets not yet let go",
			       "ethtool -g INTERFACE; ss -amp", NULL},
	[LEDGER_ARC] = {"cache of ZFS: shrinks under pressure, within its limits",
			"arc_summary -s arc", NULL},
	[LEDGER_SOCKETS] = {"data in sockets that nobody has read or acknowledged yet",
			    "ss -amp | grep -B1 skmem", "ss -amp | grep -A1 pid=PID,"},
	[LEDGER_KERNEL_PAGES] = {"taken in its name, in no other line", NULL,
				 "cat /proc/PID/stack; ls -l /proc/PID/fd"},
	[LEDGER_UNNAMED] = {"a driver or a module, or page attribution is missing",
			    "memtrace --doctor", NULL},
};

static uint64_t growth_of(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* What the CPUs keep on their own lists is as good as free, and back within seconds. */
static int64_t kept_by_cpus(const struct report *r)
{
	vec_for_each(l, &r->ledger)
		if (l->line == LEDGER_FREE_PCP)
			return (int64_t)(l->end - l->start);
	return 0;
}

static bool is_share(uint64_t part, uint64_t whole, unsigned int permille)
{
	return (double)part >= (double)whole / 1000 * permille;
}

/* What can be had without swapping has taken nothing from MemAvailable. */
static bool is_taken(enum ledger_line line)
{
	return line != LEDGER_FREE_PCP && !ledger_lines[line].is_available;
}

/* But for the one told already; _LEDGER_LINE_MAX: none is. */
static void find_line(const struct report *r, enum ledger_line told, struct cause *c)
{
	vec_for_each(l, &r->ledger) {
		uint64_t grown = growth_of(l->start, l->end);

		if (l->line == LEDGER_FREE || l->line == LEDGER_FREE_PCP || l->line == told ||
		    grown <= c->grown || (c->basis != CAUSE_FREE && !is_taken(l->line)))
			continue;
		c->line = l->line;
		c->grown = grown;
	}
}

static bool try_basis(const struct report *r, enum cause_basis basis, uint64_t amount,
		      struct cause *c)
{
	c->basis = basis;
	c->amount = amount;
	c->grown = 0;
	find_line(r, _LEDGER_LINE_MAX, c);
	return c->grown && is_share(c->grown, amount, SHARE_MIN_PERMILLE);
}

/*
 * The net loss, where there is one and it is what the line took; else what was
 * taken, whatever others gave back; and MemFree where that is about something
 * else, far larger, that can be had again.
 */
static bool find_loss(const struct report *r, struct cause *c)
{
	int64_t kept = kept_by_cpus(r), least;
	uint64_t taken = r->total.taken, freed = magnitude(r->total.free);
	bool is_lost, is_free_lost;

	c->available_known = r->available.known;
	c->available = r->available.known ? span_delta(r->available) : 0;
	least = kept > 0 ? add_sat(-LOSS_MIN, -kept) : -LOSS_MIN;
	is_lost = c->available <= least;
	is_free_lost = r->total.free <= least;
	if (is_lost && try_basis(r, CAUSE_LOST, magnitude(c->available), c) &&
	    is_share(c->amount, c->grown, NET_MIN_PERMILLE))
		return true;
	if (taken >= LOSS_MIN &&
	    (!is_free_lost || is_lost || is_share(taken, freed, SHARE_MIN_PERMILLE)) &&
	    try_basis(r, CAUSE_TAKEN, taken, c))
		return true;
	return is_free_lost && !is_lost && try_basis(r, CAUSE_FREE, freed, c);
}

/* A file that has half of what its mount grew by tells more than the mount. */
static void find_holder(const struct report *r, struct cause *c)
{
	uint64_t most = 0;

	vec_for_each(row, &r->hidden) {
		uint64_t grown = growth_of(row->start, row->end);
		uint64_t weight = row->last.kind == HIDDEN_TMPFS ? grown / 2 : grown;

		if (hidden_kinds[row->last.kind].line != c->line || weight <= most)
			continue;
		most = weight;
		c->holder = row;
		c->holder_grown = grown;
	}
}

/* Lines that the processes' own counters divide. */
static void find_process(const struct report *r, struct cause *c)
{
	static const struct {
		enum ledger_line line;
		enum proc_value value;
	} own[] = {
		{LEDGER_ANON, PROC_ANON},
		{LEDGER_SHMEM, PROC_SHMEM},
		{LEDGER_PAGE_TABLES, PROC_PAGE_TABLE},
	};

	vec_for_each(p, &r->processes)
		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
			const struct span *s = &p->value[own[i].value];

			if (own[i].line != c->line || !s->known || p->end.ended ||
			    growth_of(s->start, s->end) <= c->holder_grown)
				continue;
			c->process = p;
			c->holder = NULL;
			c->holder_grown = growth_of(s->start, s->end);
		}
}

/* Slab, vmalloc and the like are taken in somebody's name: the owner table knows whose, though not
 * which pages are which line's. */
static void find_taker(const struct owner_sample *owners, size_t n, struct cause *c)
{
	static const enum ledger_line lines[] = {LEDGER_SLAB_RECLAIMABLE, LEDGER_SLAB_UNRECLAIMABLE,
						 LEDGER_VMALLOC, LEDGER_PERCPU,
						 LEDGER_KERNEL_STACKS};
	bool is_kernel = false;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		is_kernel |= lines[i] == c->line;
	for (size_t i = 0; i < n && is_kernel; i++)
		if (owners[i].live[PAGES_KERNEL] > 0 &&
		    (!c->taker || owners[i].live[PAGES_KERNEL] > c->taker->live[PAGES_KERNEL]))
			c->taker = &owners[i];
	if (c->taker &&
	    !is_share((uint64_t)c->taker->live[PAGES_KERNEL], c->grown, TAKER_MIN_PERMILLE))
		c->taker = NULL;
}

static bool is_slab(enum ledger_line line)
{
	return line == LEDGER_SLAB_RECLAIMABLE || line == LEDGER_SLAB_UNRECLAIMABLE;
}

static void find_who(const struct report *r, const struct owner_sample *owners, size_t n_owners,
		     struct cause *c)
{
	c->own_pid = r->info.pid;
	find_holder(r, c);
	find_process(r, c);
	cause_path__find(r, owners, n_owners, c->line, c->grown, &c->path);
	if (!c->path.path)
		find_taker(owners, n_owners, c);
	if (!is_share(c->holder_grown, c->grown, HOLDER_MIN_PERMILLE)) {
		c->holder = NULL;
		c->process = NULL;
		c->holder_grown = 0;
	}
	if (!c->holder || !is_slab(c->line))
		return;
	cause_slab__find(r, c->holder->last.name, &c->slab);
	if (!strcmp(c->holder->last.name, "dentry"))
		c->negative_dentries = r->negative_dentries;
}

bool cause_find(const struct report *r, const struct owner_sample *owners, size_t n_owners,
		struct cause *ret)
{
	struct cause c = {0};

	if (!r->total.ledger_known || !find_loss(r, &c))
		return false;
	find_who(r, owners, n_owners, &c);
	*ret = c;
	return true;
}

bool cause_find_rest(const struct report *r, const struct owner_sample *owners, size_t n_owners,
		     const struct cause *first, struct cause *ret)
{
	struct cause c = {.basis = first->basis, .amount = first->amount, .is_rest = true};

	find_line(r, first->line, &c);
	if (c.grown < LOSS_MIN || !is_share(c.grown, c.amount, REST_MIN_PERMILLE))
		return false;
	find_who(r, owners, n_owners, &c);
	*ret = c;
	return true;
}

bool cause_find_reclaimable(const struct report *r, const struct owner_sample *owners,
			    size_t n_owners, struct cause *ret)
{
	struct cause c = {.basis = CAUSE_GROWN, .line = LEDGER_SLAB_RECLAIMABLE};

	vec_for_each(l, &r->ledger)
		if (l->line == c.line)
			c.grown = growth_of(l->start, l->end);
	if (c.grown < LOSS_MIN)
		return false;
	find_who(r, owners, n_owners, &c);
	*ret = c;
	return true;
}

/* "of dentry", "of tcpdump (pid 812)", "of /dev/shm/x, made by tool (pid 7), which has ended" */
static void say_holder(const struct cause *c, struct strbuf *b)
{
	const struct report_hidden *row = c->holder;
	const struct hidden_sample *s = &row->last;
	char time[UTC_TIME_SIZE];

	if (*s->name)
		strbuf_addf(b, " of %.40s", s->name);
	if (s->id.pid) {
		strbuf_addf(b, "%s", *s->name ? ", " : " of ");
		cause_say_process(s->comm, s->id.pid, c->own_pid, b);
	}
	if (row->ended_ns)
		strbuf_addf(b, ", which ended at %.19sZ", utc_time(time, row->ended_ns));
	else if (s->is_left)
		strbuf_addf(b, ", which has ended");
	strbuf_addf(b, " (%s)", hidden_kinds[s->kind].source);
}

static void say_taker(const struct cause *c, struct strbuf *b)
{
	const struct owner_sample *o = c->taker;
	char held[HUMAN_BYTES_SIZE];

	strbuf_addf(b, "; %s of kernel pages taken by ",
		    human_bytes(held, (uint64_t)o->live[PAGES_KERNEL]));
	if (!o->id.pid) {
		strbuf_addf(b, "%s", o->kind == OWNER_ASYNC ? "interrupts" : "several");
		return;
	}
	cause_say_process(o->comm, o->id.pid, c->own_pid, b);
	if (o->dead)
		strbuf_addf(b, ", which has ended");
}

/* Objects tell it better, if enough of them were traced. */
static bool is_told_by_objects(const struct cause *c)
{
	return c->slab.function && c->slab.traced >= c->grown / 2;
}

static void say_share(const struct cause *c, struct strbuf *b)
{
	static const char *const of[] = {
		[CAUSE_LOST] = "that MemAvailable lost",
		[CAUSE_TAKEN] = "taken",
		[CAUSE_FREE] = "that MemFree lost",
	};
	const char *title = ledger_lines[c->line].title;
	char grown[HUMAN_BYTES_SIZE], amount[HUMAN_BYTES_SIZE];

	human_bytes(grown, c->grown);
	human_bytes(amount, c->amount);
	if (c->basis == CAUSE_GROWN)
		strbuf_addf(b, "%s went to %s", grown, title);
	else if (c->grown > c->amount && strcmp(grown, amount))
		/* What is grown beyond the loss came out of something else that shrank. */
		strbuf_addf(b, "all of the %s %s, and more, is %s", amount, of[c->basis], title);
	else
		strbuf_addf(b, "%s%s of the %s %s is %s", c->is_rest ? "another " : "", grown,
			    amount, of[c->basis], title);
}

static void say_net(const struct cause *c, struct strbuf *b)
{
	char net[HUMAN_BYTES_SIZE];

	if (c->is_rest) /* said already */
		return;
	if (c->basis == CAUSE_FREE && ledger_lines[c->line].is_available)
		strbuf_addf(b, "; MemAvailable hardly changed");
	if (c->basis == CAUSE_TAKEN && c->available_known)
		strbuf_addf(b, "; MemAvailable %s, as memory was given back elsewhere",
			    human_delta(net, c->available));
}

/* Of the new ones: those that were there and are no more would make it more than all. */
static void say_negative(const struct cause *c, struct strbuf *b)
{
	uint64_t negative = growth_of(c->negative_dentries.start, c->negative_dentries.end);
	uint64_t all = growth_of(c->holder->start_count, c->holder->end_count);

	if (c->negative_dentries.known && all && negative)
		strbuf_addf(b, "; %.0f %% of the new ones are of names that are not there",
			    100 * (double)(negative < all ? negative : all) / (double)all);
}

static uint32_t told_pid(const struct cause *c)
{
	return c->holder ? c->holder->last.id.pid : c->process ? c->process->id.pid : 0;
}

void cause_say(const struct cause *c, struct strbuf *b)
{
	char part[HUMAN_BYTES_SIZE];

	say_share(c, b);
	if (c->holder_grown)
		strbuf_addf(b, ": %s", human_bytes(part, c->holder_grown));
	if (c->holder)
		say_holder(c, b);
	if (c->process) {
		strbuf_addf(b, " of ");
		cause_say_process(c->process->comm, c->process->id.pid, c->own_pid, b);
	}
	cause_slab__say(&c->slab, b);
	if (c->holder)
		say_negative(c, b);
	if (c->taker && !c->slab.function) /* the path says it better */
		say_taker(c, b);
	if (c->path.path && !is_told_by_objects(c))
		cause_path__say(&c->path, told_pid(c), b);
	if (rules[c->line].meaning)
		strbuf_addf(b, "; %s", rules[c->line].meaning);
	say_net(c, b);
}

static uint32_t holder_pid(const struct cause *c)
{
	if (c->process)
		return c->process->id.pid;
	if (c->holder && c->holder->last.id.pid)
		return c->holder->last.is_left ? 0 : c->holder->last.id.pid;
	return c->path.path && !c->path.ended ? c->path.path->id.pid : 0;
}

const char *cause_meaning(enum ledger_line line)
{
	return rules[line].meaning;
}

void cause_say_command(enum ledger_line line, uint32_t pid, struct strbuf *b)
{
	const char *text = rules[line].next, *at;

	if (pid && rules[line].next_holder)
		text = rules[line].next_holder;
	if (!text)
		return;
	for (; pid && (at = strstr(text, "PID")); text = at + 3)
		strbuf_addf(b, "%.*s%u", (int)(at - text), text, pid);
	strbuf_addf(b, "%s", text);
}

void cause_say_next(const struct cause *c, struct strbuf *b)
{
	struct strbuf command = {0};
	uint32_t pid = holder_pid(c);

	if (pid && pid == c->own_pid) /* which will be gone by then */
		return;
	cause_say_command(c->line, pid, &command);
	if (command.s && command.len)
		strbuf_addf(b, "Next: %s", command.s);
	strbuf_free(&command);
}
