/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON report, schema "memtrace.report/1". One object; each element of an
 * array stands on a line of its own, so that a long report is written a row at
 * a time and can be searched with grep as well as with jq.
 *
 * A member that is not known is absent: absent never means 0. Sizes are bytes,
 * times RFC 3339 in UTC. Strings are UTF-8: bytes of names that are not become
 * U+FFFD. Members may be added to a schema, none changes its meaning.
 *
 *   schema                     "memtrace.report/1"
 *   memtrace_version
 *   host.name .kernel .arch .boot_id
 *   host.mem_total_bytes       MemTotal
 *   host.page_size_bytes
 *   mode                       "pid" "comm" "cgroup" "command"
 *   target                     what was asked for, as typed
 *   start, end                 of the first and last sample
 *   duration_s                 between the two, by the clock that counts suspend
 *   interval_s                 as asked for
 *   samples                    taken
 *   processes_alive            at the end
 *   page_attribution           true: pages were attributed from `start` on
 *   summary[]                  the findings in words, most pressing first
 *   ledger[]                   the machine's memory: adds up to MemTotal, nothing is in two lines
 *     .line                    a word of user/model/ledger.c
 *     .start_bytes .end_bytes .delta_bytes
 *     .source                  file and lines it is from
 *     .available               true: could be had without swapping
 *     .since_start             true: has only what came since the start
 *     .verdict                 of lines that are told at every sample, see processes[]
 *   ledger_total.mem_total_bytes
 *     .available_start_bytes .available_end_bytes .available_delta_bytes
 *                              MemAvailable
 *     .free_delta_bytes        MemFree
 *     .unexplained_bytes       change of the line "unnamed": no counter, no owner names it
 *     .locked_delta_bytes      cache that is there, but counts as available no more
 *     .taken_bytes             growth of lines that are not available, those that shrank left out
 *     .explained_permille      of taken_bytes: all but unexplained_bytes; absent below 4 MiB
 *   hidden_owners[]            who holds some of a line: evidence, not to be added up
 *     .kind .line              words of user/model/hidden.c and ledger.c
 *     .pid .start_ticks .comm  of a process; .ended true: it made it and is gone
 *     .name                    slab cache, caller of vmalloc, mount, file, socket family …
 *     .start_bytes .end_bytes .delta_bytes .start_count .end_count
 *     .certainty               "exact" "at_least" "at_most" "estimate"
 *     .source
 *   removed_cgroups[]          gone since `start`: .cgroup .name .runtime .removed (when), and what
 *                              was left at most: .left_bytes, of page_cache, shmem and slab
 *   unclassified[]             meminfo lines that memtrace does not know: .line .end_bytes
 *   processes[]                those watched first, then by growth
 *     .pid .start_time         both: which process; the time is exact to 10 ms
 *     .start_ticks             the same as the kernel has it: 1/100 s since boot
 *     .ppid .uid .comm .cgroup
 *     .role                    "target" "child" (of a target) "kthread"; absent: others
 *     .execed                  true: became another program while watched
 *     .rss_bytes .anon_bytes .file_bytes .shmem_bytes .swap_bytes .vsz_bytes
 *     .heap_bytes .page_table_bytes .fds .threads .pss_bytes .uss_bytes
 *                              {start,end,delta}, the last seen when it has ended;
 *                              approx: true where a limit tells the error
 *     .growth_bytes            anon + swap + shmem, end - start (rss where those are unknown)
 *     .growth_approx           true: of approximate values
 *     .rate_bytes_per_hour     growth over seen_s; absent below one second
 *     .seen_s                  how long it was watched
 *     .attributed.user_page_bytes .file_page_bytes .kernel_page_bytes
 *                              pages taken since `start` and held at `end`: anonymous and
 *                              shared memory; page cache; kernel. Below 0 only by events in
 *                              flight. When it has ended: what it left and what descendants
 *                              inherited
 *     .attributed.slab_bytes   slab objects that it asked for and are held, an estimate; where
 *                              objects were traced (path_totals[] has the error)
 *     .attributed.heap_block_bytes  blocks of its heap that are held; with --heap
 *     .attributed.mmap_bytes .brk_bytes
 *                              address space that it has at `end` by its own calls of mmap and
 *                              mremap, and of brk, since it was watched; of watched processes
 *     .attributed.mapped_before_bytes .mapped_unseen_bytes
 *                              the rest of its address space: mapped before (and by the kernel
 *                              at exec), and since then by no call that was seen
 *     .taken.(the same)        pages taken since `start`, given back or not
 *     .ownership               who first touched its anonymous pages, of a target, at the end:
 *       .present_bytes         resident anonymous pages, the sum of:
 *       .own_bytes             by itself since `start`
 *       .kin_bytes             by an ancestor or sibling
 *       .other_bytes           by anybody else
 *       .unowned_bytes         before `start`, or moved without an event
 *     .end.time                when it ended or was first missed; .end absent: alive
 *     .end.exit_status or .end.signal
 *     .verdict                 is it a leak: json_verdict.c has the members
 *   verdicts[] containers[] slab_caches[] judged
 *                              json_verdict.c
 *   left_behind[]              what exited processes left, largest first
 *     .kind                    "process", "kthread", or "exited_group": those of one name
 *     .pid .start_time .start_ticks .parent_pid    absent for groups
 *     .members                 of a group: how many
 *     .comm .exit_time
 *     .exit_status or .signal
 *     .held_bytes              without what descendants inherited
 *     .live.(user_page_bytes …)  by class, inherited pages included
 *     .residue.inherited_bytes .shmem_bytes .file_bytes .kernel_bytes
 *                              what the pages are by their flags at the end
 *   other_owners[]             takers of pages that are no single process
 *     .kind                    "kthread" "async" (interrupts) "overflow" (owner table full)
 *     .pid .start_ticks .comm  of kernel threads
 *     .live .taken             by class, as above
 *   events[]                   .time .kind .text, .pid .start_ticks when about a process;
 *                              kinds: "target_started" "target_exited" "target_exec"
 *                              "pid_reused" "note"
 *   (of --analyze)             look_first[] top_consumers[] zombies[] open_files[] fd_leaks[]
 *                              shared_memory[]: see json_analysis.c
 *   alerts[]                   .time .kind .state .severity .value .threshold .unit .message,
 *                              .subject and .pid where it is about one: alert_json.h
 *   limits[]                   what these numbers lack
 *     .kind .count .meaning    count 0: a state, not a count
 *   self                       what memtrace itself cost
 *     .cpu_ns                  user and system time, helpers included (journalctl)
 *     .bpf_ns                  run time of its BPF programs
 *     .rss_bytes .map_bytes    its memory, and the kernel's for its maps
 *     .events                  runs of its BPF programs
 */
#include "sink/sink.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/when.h"
#include "sink/alert_json.h"
#include "sink/json_analysis.h"
#include "sink/json_part.h"
#include "sink/json_verdict.h"
#include "sink/json_write.h"

/* --- head --- */

/* Of the run: empty is unknown. */
static void add_known(struct json_object *o, const char *name, const char *s, size_t size)
{
	if (*s)
		json_add_string(o, name, s, size);
}

static struct json_object *host_object(const struct report *r)
{
	const struct run_info *i = &r->info;
	struct json_object *o = json_new();

	add_known(o, "name", i->host, sizeof(i->host));
	add_known(o, "kernel", i->kernel, sizeof(i->kernel));
	add_known(o, "arch", i->arch, sizeof(i->arch));
	add_known(o, "boot_id", i->boot_id, sizeof(i->boot_id));
	if (i->mem_total)
		json_add_u64(o, "mem_total_bytes", i->mem_total);
	if (i->page_size)
		json_add_u64(o, "page_size_bytes", i->page_size);
	return o;
}

static void write_head(struct json_writer *w, const struct report *r)
{
	const struct run_info *i = &r->info;
	struct json_object *o = json_new();

	json_add_string(o, "schema", "memtrace.report/1", 64);
	add_known(o, "memtrace_version", i->version, sizeof(i->version));
	json_add(o, "host", host_object(r));
	add_known(o, "mode", i->mode, sizeof(i->mode));
	add_known(o, "target", i->target, sizeof(i->target));
	json_add_time(o, "start", r->start_ns);
	json_add_time(o, "end", r->end_ns);
	json_add_seconds(o, "duration_s", r->duration_ns);
	if (i->interval_ns)
		json_add_seconds(o, "interval_s", i->interval_ns);
	json_add_u64(o, "samples", r->n_ticks);
	json_add_u64(o, "processes_alive", r->n_procs);
	json_add_bool(o, "page_attribution", i->bpf);
	json_members(w, o);
}

static void write_summary(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "summary");
	vec_for_each(note, &r->head)
		json_row(w, json_string(note->text, sizeof(note->text)));
	json_array_end(w);
}

/* --- owners --- */

static const char *kind_name(const struct owner_sample *o)
{
	return (unsigned int)o->kind < _OWNER_KIND_MAX ? owner_kind_names[o->kind] : "unknown";
}

static void add_residue(struct json_object *o, const struct residue *residue)
{
	struct json_object *parts;

	if (!residue->known)
		return;
	parts = json_new();
	json_add_u64(parts, "inherited_bytes", residue->inherited);
	json_add_u64(parts, "shmem_bytes", residue->shmem);
	json_add_u64(parts, "file_bytes", residue->file);
	json_add_u64(parts, "kernel_bytes", residue->kernel);
	json_add(o, "residue", parts);
}

static void write_left_behind(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "left_behind");
	vec_for_each(l, &r->left_behind) {
		const struct owner_sample *owner = &l->owner;
		struct json_object *o = json_new();

		json_add_string(o, "kind", kind_name(owner), 32);
		json_add_id(o, r, owner->id);
		if (owner->parent.pid)
			json_add_u64(o, "parent_pid", owner->parent.pid);
		if (owner->kind == OWNER_EXITED_GROUP)
			json_add_u64(o, "members", owner->members);
		json_add_string(o, "comm", owner->comm, sizeof(owner->comm));
		json_add_time(o, "exit_time", owner->exit_ns);
		if (owner->has_exit_status)
			json_add_status(o, owner->exit_status);
		json_add_u64(o, "held_bytes", l->held);
		json_add_live(o, "live", owner->live);
		add_residue(o, &owner->residue);
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_other_owners(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "other_owners");
	vec_for_each(other, &r->other_owners) {
		const struct owner_sample *owner = &other->owner;
		struct json_object *o = json_new();

		json_add_string(o, "kind", kind_name(owner), 32);
		json_add_id(o, r, owner->id);
		if (*owner->comm)
			json_add_string(o, "comm", owner->comm, sizeof(owner->comm));
		json_add_live(o, "live", owner->live);
		json_add_taken(o, owner->taken);
		json_row(w, o);
	}
	json_array_end(w);
}

/* --- the rest --- */

static void write_events(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "events");
	vec_for_each(e, &r->events) {
		struct json_object *o = json_new();

		json_add_time(o, "time", e->time_ns);
		if ((unsigned int)e->kind < _EVENT_KIND_MAX)
			json_add_string(o, "kind", event_kind_names[e->kind], 32);
		json_add_id(o, r, e->id);
		json_add_string(o, "text", e->text, sizeof(e->text));
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_alerts(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "alerts");
	vec_for_each(a, &r->alerts)
		json_row(w, alert_object(a));
	json_array_end(w);
}

static void write_limits(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "limits");
	for (size_t i = 0; i < r->limits.n; i++) {
		const struct limit *l = &r->limits.v[i];
		struct json_object *o = json_new();

		json_add_string(o, "kind", l->kind, sizeof(l->kind));
		json_add_u64(o, "count", l->count);
		json_add_string(o, "meaning", l->meaning, sizeof(l->meaning));
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_self(struct json_writer *w, const struct report *r)
{
	struct json_object *o = json_new(), *outer = json_new();

	json_add_u64(o, "cpu_ns", r->self.cpu_ns);
	if (r->self.bpf_ns_known)
		json_add_u64(o, "bpf_ns", r->self.bpf_ns);
	json_add_u64(o, "rss_bytes", r->self.rss_bytes);
	json_add_u64(o, "map_bytes", r->self.map_bytes);
	json_add_u64(o, "events", r->self.events);
	json_add(outer, "self", o);
	json_members(w, outer);
}

static int write_json(const struct report *r, FILE *out)
{
	static void (*const parts[])(struct json_writer *, const struct report *) = {
		write_head,	    write_summary, json_analysis,	json_ledger,
		json_processes,	    write_paths,   json_write_verdicts, write_left_behind,
		write_other_owners, write_events,  write_alerts,	write_limits,
		write_self,
	};
	struct json_writer w = {.out = out};

	json_begin(&w);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](&w, r);
	return json_end(&w);
}

const struct sink json_sink = {
	.name = "json",
	.help = "one object, schema memtrace.report/1, for jq and programs",
	.write = write_json,
};
