/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of a session file. `sqlite3 FILE .schema` shows them with the
 * comments below: they are part of the stored text.
 *
 *   format  one row: the version of this layout
 *   run     one row: what was run where
 *   state   one row: whether the run was completed, what was not stored
 *   tick    one row a sampling moment, with a checksum over it and its rows
 *   text    cgroup paths and names, each once; others refer to its id
 *   meminfo, machine, hidden, proc, owner, smaps, ownership, mapped, slab,
 *           cgroup, event, fact, limits, alert
 *           rows of a tick, in the order of writing (rowid). proc, owner,
 *           mapped, slab and cgroup hold what changed since the tick before: the state at
 *           tick N is the newest row of each process, owner, cache or cgroup
 *           at or before N. slab and cgroup came with format 2, alert with 3,
 *           fact with 4, machine and hidden with 5, mapped with 7.
 *   analysis, zombie, zombie_parent, fd, fd_group, sysv, tmpfs, shm,
 *   shm_holder, mapping
 *           rows of the first and last tick of --analyze: what it looked at
 *           and what it found (schema_analysis.c). Format 3.
 *
 * Sizes are bytes, times ns; NULL is unknown, which is not zero. Numbers of 64
 * bits without sign are stored as the signed number of the same bits. Strings
 * are TEXT where they are UTF-8 and BLOB where not.
 *
 * Who grew most:
 *   SELECT pid, comm, max(anon_bytes) - min(anon_bytes) AS grown
 *   FROM proc GROUP BY pid, start_ticks ORDER BY grown DESC LIMIT 10;
 */
#include "store/schema.h"

#include <string.h>

#include "store/schema_column.h"
#include "store/state.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

const char schema_format_sql[] =
	"CREATE TABLE format(\n\tversion INTEGER NOT NULL -- of this layout\n)";
const char schema_text_sql[] =
	"CREATE TABLE text(\n\tid INTEGER PRIMARY KEY,\n\tvalue NOT NULL UNIQUE\n)";

#define RUN(member, kind, text) FIELD(struct run_info, member, #member, kind, text)
static const struct column run_columns[] = {
	RUN(mode, COLUMN_CHARS, "pid, comm, cgroup, command"),
	RUN(kernel, COLUMN_CHARS, "release"),
	RUN(arch, COLUMN_CHARS, "machine"),
	RUN(boot_id, COLUMN_CHARS, "start_ticks and mono_ns of two files compare only within one"),
	RUN(version, COLUMN_CHARS, "of memtrace"),
	RUN(host, COLUMN_CHARS, "host name"),
	RUN(target, COLUMN_CHARS, "as the user typed it"),
	RUN(mem_total, COLUMN_U64, "bytes"),
	RUN(page_size, COLUMN_U64, "bytes"),
	RUN(interval_ns, COLUMN_U64, "as asked for"),
	RUN(duration_ns, COLUMN_U64, "as asked for; 0: until the target ended"),
	RUN(bpf, COLUMN_BOOL, "1: page attribution ran"),
};

#define STATE(member, kind, text) FIELD(struct session_state, member, #member, kind, text)
static const struct column state_columns[] = {
	STATE(complete, COLUMN_BOOL, "0: the writer was killed or still runs"),
	STATE(ticks_lost, COLUMN_U64, "not stored: disk full or I/O error"),
	STATE(ticks_over_bound, COLUMN_U64, "not stored: the file reached its size bound"),
	STATE(rows_lost, COLUMN_U64, "of lost ticks, not even stored later"),
};

#define TICK(member, column, text) FIELD(struct tick, member, column, COLUMN_U64, text)
static const struct column tick_columns[] = {
	TICK(seq, "seq", "0, 1, 2 ...; a gap is a lost tick"),
	TICK(time_ns, "time_ns", "CLOCK_REALTIME"),
	TICK(mono_ns, "mono_ns", "CLOCK_BOOTTIME"),
	FIELD(struct tick, n_procs, "n_procs", COLUMN_U32, "alive, changed or not"),
	TICK(self.cpu_ns, "self_cpu_ns", "of memtrace and its helpers, running total"),
	FIELD_IF(struct tick, self.bpf_ns, "self_bpf_ns", COLUMN_U64, self.bpf_ns_known,
		 "run time of its BPF programs, running total"),
	TICK(self.rss_bytes, "self_rss_bytes", "of memtrace"),
	TICK(self.map_bytes, "self_map_bytes", "kernel memory of its maps"),
	TICK(self.events, "self_events", "runs of its BPF programs, running total"),
};

static const struct column meminfo_columns[] = {
	FIELD(struct meminfo_line, name, "name", COLUMN_NAME, "text.id: as /proc/meminfo has it"),
	FIELD(struct meminfo_line, bytes, "bytes", COLUMN_U64, "or a count"),
	FIELD(struct meminfo_line, is_count, "is_count", COLUMN_BOOL, "1: a count"),
};

static const struct column machine_columns[] = {
	FIELD(struct meminfo_line, name, "name", COLUMN_NAME, "text.id: what no meminfo line says"),
	FIELD(struct meminfo_line, bytes, "bytes", COLUMN_U64, "or a count"),
	FIELD(struct meminfo_line, is_count, "is_count", COLUMN_BOOL, "1: a count"),
};

#define HIDDEN(member, column, kind, text) FIELD(struct hidden_sample, member, column, kind, text)
static const struct column hidden_columns[] = {
	FIELD_ENUM(struct hidden_sample, kind, "kind", _HIDDEN_KIND_MAX,
		   "0 packet ring, 1 io_uring, 2 perf ring, 3 pipe, 4 socket, 5 bpf, 6 vmalloc, "
		   "7 slab reclaimable, 8 slab unreclaimable, 9 sysv, 10 tmpfs, 11 shm file, "
		   "12 deleted file, 13 hugetlb, 14 zram, 15 arc, 16 gpu, 17 dma-buf, "
		   "18 page pool, 19 dying cgroups, 20 ksm, 21 kernel pages, 22 alloc site, "
		   "23 page stack, 24 the look itself, 25 kmemleak, 26 BPF ring, "
		   "27 file of tmpfs, 28 open file in the page cache, 29 bpf without a process"),
	FIELD_ENUM(struct hidden_sample, certainty, "certainty", _HIDDEN_CERTAINTY_MAX,
		   "0 exact, 1 at least, 2 at most, 3 estimate"),
	HIDDEN(id.pid, "pid", COLUMN_U32, "0: no process"),
	HIDDEN(id.start_ticks, "start_ticks", COLUMN_U64, "1/100 s since boot"),
	HIDDEN(comm, "comm", COLUMN_CHARS, "command name: any bytes"),
	HIDDEN(is_left, "is_left", COLUMN_BOOL, "1: its process has ended"),
	HIDDEN(name, "name", COLUMN_NAME, "text.id: cache, caller, mount, file; any bytes"),
	HIDDEN(bytes, "bytes", COLUMN_U64, ""),
	HIDDEN(count, "count", COLUMN_U64, "of what the kind counts"),
};
_Static_assert(_HIDDEN_KIND_MAX == 30, "a kind without a word above, and SESSION_FORMAT");

#define PROC(member, kind, text) FIELD(struct proc_sample, member, #member, kind, text)
#define PROC_MEASURED(index, column, text)                                                         \
	{                                                                                          \
		.name = (column), .doc = (text), .kind = COLUMN_U64, .when = WHEN_BIT,             \
		.offset = offsetof(struct proc_sample, value[index]),                              \
		.flag = offsetof(struct proc_sample, known), .bit = 1U << (index)                  \
	}
static const struct column proc_columns[] = {
	FIELD(struct proc_sample, id.pid, "pid", COLUMN_U32, "with start_ticks: which process"),
	FIELD(struct proc_sample, id.start_ticks, "start_ticks", COLUMN_U64, "1/100 s since boot"),
	PROC(ppid, COLUMN_U32, "parent"),
	PROC(uid, COLUMN_U32, "real user"),
	PROC(comm, COLUMN_CHARS, "command name: any bytes"),
	PROC(state, COLUMN_LETTER, "R S D Z T t X I"),
	PROC(flags, COLUMN_U32, "1 kernel thread, 2 target, 4 child of a target, 8 exec seen"),
	PROC(approx, COLUMN_U32, "1 << n: the n-th of the values below is approximate"),
	PROC_MEASURED(PROC_RSS, "rss_bytes", "resident: anon + file + shmem"),
	PROC_MEASURED(PROC_ANON, "anon_bytes", "resident anonymous"),
	PROC_MEASURED(PROC_FILE, "file_bytes", "resident file pages"),
	PROC_MEASURED(PROC_SHMEM, "shmem_bytes", "resident shared memory and tmpfs"),
	PROC_MEASURED(PROC_SWAP, "swap_bytes", "swapped out"),
	PROC_MEASURED(PROC_VSZ, "vsz_bytes", "address space"),
	PROC_MEASURED(PROC_HEAP, "heap_bytes", "brk area"),
	PROC_MEASURED(PROC_PAGE_TABLE, "page_table_bytes", "page tables"),
	PROC_MEASURED(PROC_FDS, "fds", "open descriptors"),
	PROC_MEASURED(PROC_THREADS, "threads", "threads"),
	{.name = "cgroup",
	 .doc = "text.id: path",
	 .kind = COLUMN_PATH,
	 .offset = offsetof(struct proc_sample, cgroup),
	 .size = 4096},
	FIELD_IF(struct proc_sample, end.time_ns, "end_time_ns", COLUMN_U64, end.ended,
		 "CLOCK_REALTIME; NULL: alive"),
	FIELD_IF(struct proc_sample, end.status, "end_status", COLUMN_U32, end.status_known,
		 "wait(2) status"),
};
_Static_assert(_PROC_VALUE_MAX == 10, "a measured value without a column, and SESSION_FORMAT");

#define OWNER(member, column, kind, text) FIELD(struct owner_sample, member, column, kind, text)
#define OWNER_EXIT(member, kind, known, text)                                                      \
	FIELD_IF(struct owner_sample, member, #member, kind, known, text)
#define OWNER_RESIDUE(member, column, text)                                                        \
	FIELD_IF(struct owner_sample, residue.member, column, COLUMN_U64, residue.known, text)
static const struct column owner_columns[] = {
	OWNER(owner, "owner", COLUMN_U32, "dense id in the kernel table"),
	FIELD_ENUM(struct owner_sample, kind, "kind", _OWNER_KIND_MAX,
		   "0 process, 1 kernel thread, 2 async, 3 overflow, 4 group of exited"),
	OWNER(id.pid, "pid", COLUMN_U32, "0: no single process"),
	OWNER(id.start_ticks, "start_ticks", COLUMN_U64, "1/100 s since boot"),
	OWNER(parent.pid, "parent_pid", COLUMN_U32, "forked from; 0: unknown"),
	OWNER(parent.start_ticks, "parent_start_ticks", COLUMN_U64, "of the parent"),
	OWNER(comm, "comm", COLUMN_CHARS, "command name: any bytes"),
	OWNER(dead, "dead", COLUMN_BOOL, "1: has exited"),
	OWNER(exit_ns, "exit_ns", COLUMN_U64, "CLOCK_REALTIME; 0: alive"),
	OWNER_EXIT(exit_status, COLUMN_U32, has_exit_status, "wait(2) status"),
	OWNER_EXIT(exit_anon, COLUMN_U64, has_exit_rss, "resident bytes when it ended"),
	OWNER_EXIT(exit_file, COLUMN_U64, has_exit_rss, "resident bytes when it ended"),
	OWNER_EXIT(exit_swap, COLUMN_U64, has_exit_rss, "swapped bytes when it ended"),
	OWNER_EXIT(exit_shmem, COLUMN_U64, has_exit_rss, "resident bytes when it ended"),
	OWNER(live[PAGES_USER], "live_user_bytes", COLUMN_I64, "held now: anonymous, shmem"),
	OWNER(live[PAGES_FILE], "live_file_bytes", COLUMN_I64, "held now: page cache"),
	OWNER(live[PAGES_KERNEL], "live_kernel_bytes", COLUMN_I64, "held now: kernel"),
	OWNER(taken[PAGES_USER], "taken_user_bytes", COLUMN_U64, "since attach, freed or not"),
	OWNER(taken[PAGES_FILE], "taken_file_bytes", COLUMN_U64, "since attach, freed or not"),
	OWNER(taken[PAGES_KERNEL], "taken_kernel_bytes", COLUMN_U64, "since attach, freed or not"),
	OWNER(members, "members", COLUMN_U32, "group of exited: how many processes"),
	OWNER_RESIDUE(inherited, "residue_inherited_bytes", "dead: still mapped by descendants"),
	OWNER_RESIDUE(shmem, "residue_shmem_bytes", "dead: tmpfs, memfd, SysV"),
	OWNER_RESIDUE(file, "residue_file_bytes", "dead: page cache"),
	OWNER_RESIDUE(kernel, "residue_kernel_bytes", "dead: kernel pages"),
};
_Static_assert(_PAGE_CLASS_MAX == 3, "a page class without a column, and SESSION_FORMAT");

#define SMAPS(member, text) FIELD(struct smaps_sample, member, #member "_bytes", COLUMN_U64, text)
static const struct column smaps_columns[] = {
	FIELD(struct smaps_sample, id.pid, "pid", COLUMN_U32, "with start_ticks: which process"),
	FIELD(struct smaps_sample, id.start_ticks, "start_ticks", COLUMN_U64, "1/100 s since boot"),
	SMAPS(rss, "resident"),
	SMAPS(pss, "shared pages counted in parts"),
	SMAPS(pss_anon, "anonymous part of it"),
	SMAPS(pss_file, "file part of it"),
	SMAPS(pss_shmem, "shared memory part of it"),
	SMAPS(private_clean, "USS is private_clean + private_dirty"),
	SMAPS(private_dirty, ""),
	SMAPS(swap, "swapped out"),
	SMAPS(swap_pss, "shared swap counted in parts"),
	SMAPS(anon_huge, "in transparent huge pages"),
};

#define OWNERSHIP(member, text)                                                                    \
	FIELD(struct ownership_sample, member, #member "_bytes", COLUMN_U64, text)
static const struct column ownership_columns[] = {
	FIELD(struct ownership_sample, id.pid, "pid", COLUMN_U32,
	      "with start_ticks: which process"),
	FIELD(struct ownership_sample, id.start_ticks, "start_ticks", COLUMN_U64,
	      "1/100 s since boot"),
	OWNERSHIP(present, "resident anonymous pages, the sum of the others"),
	OWNERSHIP(own, "first touched by it since attach"),
	OWNERSHIP(kin, "first touched by an ancestor or sibling"),
	OWNERSHIP(other, "first touched by anybody else"),
	OWNERSHIP(unowned, "before attach, or moved without an event"),
};

#define MAPPED(member, text) FIELD(struct mapped_sample, member, #member "_bytes", COLUMN_U64, text)
static const struct column mapped_columns[] = {
	FIELD_PID(struct mapped_sample),
	MAPPED(mmap, "mapped now by mmap and mremap since it was watched"),
	MAPPED(brk, "by brk since then"),
	MAPPED(before, "before, and by the kernel at exec"),
	MAPPED(unseen, "since, by no call that was seen"),
};

#define SLAB(member, column, kind, text) FIELD(struct slab_sample, member, column, kind, text)
static const struct column slab_columns[] = {
	SLAB(name, "name", COLUMN_NAME, "text.id: cache"),
	SLAB(gone, "gone", COLUMN_BOOL, "1: no longer there"),
	FIELD_IF(struct slab_sample, is_reclaimable, "reclaimable", COLUMN_BOOL, reclaim_known,
		 "1: its pages count as SReclaimable"),
	SLAB(bytes, "bytes", COLUMN_U64, "of its pages"),
	SLAB(active_objects, "active_objects", COLUMN_U64, "in use, as slabinfo counts them"),
	SLAB(object_size, "object_bytes", COLUMN_U64, "of one object"),
};

#define CGROUP_MEASURED(index, column, text)                                                       \
	{                                                                                          \
		.name = (column), .doc = (text), .kind = COLUMN_U64, .when = WHEN_BIT,             \
		.offset = offsetof(struct cgroup_row, value[index]),                               \
		.flag = offsetof(struct cgroup_row, known), .bit = 1U << (index)                   \
	}
static const struct column cgroup_columns[] = {
	{.name = "path",
	 .doc = "text.id: below the root of the hierarchy",
	 .kind = COLUMN_PATH,
	 .offset = offsetof(struct cgroup_row, path),
	 .size = 4096},
	FIELD(struct cgroup_row, gone, "gone", COLUMN_BOOL, "1: no longer there, had these values"),
	FIELD_ENUM(struct cgroup_row, runtime, "runtime", _CONTAINER_RUNTIME_MAX,
		   "0 none, 1 unknown, 2 docker, 3 podman, 4 containerd, 5 cri-o, 6 lxc, 7 "
		   "nspawn, 8 libvirt, 9 service"),
	FIELD(struct cgroup_row, name, "name", COLUMN_NAME, "text.id: of container or service"),
	CGROUP_MEASURED(CGROUP_CURRENT, "current_bytes", "charged, page cache included"),
	CGROUP_MEASURED(CGROUP_MAX, "max_bytes", "hard limit; NULL: none, or not known"),
	CGROUP_MEASURED(CGROUP_HIGH, "high_bytes", "throttled above it"),
	CGROUP_MEASURED(CGROUP_SWAP, "swap_bytes", "swapped out"),
	CGROUP_MEASURED(CGROUP_ANON, "anon_bytes", "anonymous"),
	CGROUP_MEASURED(CGROUP_FILE, "file_bytes", "page cache, shared memory included"),
	CGROUP_MEASURED(CGROUP_SHMEM, "shmem_bytes", "of it shared memory and tmpfs"),
	CGROUP_MEASURED(CGROUP_KERNEL, "kernel_bytes", "all kernel memory"),
	CGROUP_MEASURED(CGROUP_SLAB_RECLAIMABLE, "slab_reclaimable_bytes", "of it reclaimable"),
	CGROUP_MEASURED(CGROUP_EVENT_HIGH, "high_events", "throttled, so often"),
	CGROUP_MEASURED(CGROUP_EVENT_MAX, "max_events", "reclaimed at the limit, so often"),
	CGROUP_MEASURED(CGROUP_EVENT_OOM_KILL, "oom_kill_events", "processes killed"),
};

static const struct column event_columns[] = {
	FIELD(struct event, time_ns, "time_ns", COLUMN_U64, "CLOCK_REALTIME"),
	FIELD_ENUM(struct event, kind, "kind", _EVENT_KIND_MAX,
		   "0 target started, 1 exited, 2 exec, 3 pid reused, 4 note"),
	FIELD(struct event, id.pid, "pid", COLUMN_U32, "0: about no process"),
	FIELD(struct event, id.start_ticks, "start_ticks", COLUMN_U64, "1/100 s since boot"),
	FIELD(struct event, text, "text", COLUMN_CHARS, ""),
};

static const struct column fact_columns[] = {
	FIELD(struct fact, kind, "kind", COLUMN_CHARS, "os, cmdline, packages, unit, config ..."),
	FIELD(struct fact, name, "name", COLUMN_CHARS, "within the kind; empty: there is one only"),
	FIELD(struct fact, value, "value", COLUMN_CHARS, ""),
};

static const struct column limit_columns[] = {
	FIELD(struct limit, kind, "kind", COLUMN_NAME, "text.id: a word for machines"),
	FIELD(struct limit, count, "count", COLUMN_U64, "running total; 0: a state"),
	FIELD(struct limit, meaning, "meaning", COLUMN_NAME, "text.id: a sentence for people"),
};

#define TABLE(table, text, type, list)                                                             \
	{                                                                                          \
		.name = (table), .doc = (text), .columns = (list), .n_columns = N_ELEMS(list),     \
		.row_size = sizeof(type)                                                           \
	}
#define ROW_TABLE_SINCE(format, table, text, type, list, member)                                   \
	{                                                                                          \
		.name = (table), .doc = (text), .columns = (list), .n_columns = N_ELEMS(list),     \
		.row_size = sizeof(type), .vec = offsetof(struct tick, member), .since = (format)  \
	}
#define ROW_TABLE(table, text, type, list, member)                                                 \
	{                                                                                          \
		.name = (table), .doc = (text), .columns = (list), .n_columns = N_ELEMS(list),     \
		.row_size = sizeof(type), .vec = offsetof(struct tick, member)                     \
	}

const struct table run_table = TABLE("run", "one row", struct run_info, run_columns);
const struct table state_table = TABLE("state", "one row", struct session_state, state_columns);
const struct table tick_table = TABLE("tick", "a sampling moment", struct tick, tick_columns);

const struct table row_tables[N_ROW_TABLES] = {
	[ROWS_MEMINFO] =
		ROW_TABLE("meminfo", "every line", struct meminfo_line, meminfo_columns, meminfo),
	[ROWS_MACHINE] = ROW_TABLE_SINCE(5, "machine", "beside meminfo", struct meminfo_line,
					 machine_columns, machine),
	[ROWS_HIDDEN] = ROW_TABLE_SINCE(5, "hidden", "who holds what no process shows",
					struct hidden_sample, hidden_columns, hidden),
	[ROWS_PROC] =
		ROW_TABLE("proc", "new, changed or ended", struct proc_sample, proc_columns, procs),
	[ROWS_OWNER] =
		ROW_TABLE("owner", "new or changed", struct owner_sample, owner_columns, owners),
	[ROWS_SMAPS] = ROW_TABLE("smaps", "of targets", struct smaps_sample, smaps_columns, smaps),
	[ROWS_OWNERSHIP] = ROW_TABLE("ownership", "of targets", struct ownership_sample,
				     ownership_columns, ownership),
	[ROWS_MAPPED] = ROW_TABLE_SINCE(7, "mapped", "address space of targets, new or changed",
					struct mapped_sample, mapped_columns, mapped),
	[ROWS_SLAB] = ROW_TABLE_SINCE(2, "slab", "new, changed or gone", struct slab_sample,
				      slab_columns, slabs),
	[ROWS_CGROUP] = ROW_TABLE_SINCE(2, "cgroup", "new, changed or gone", struct cgroup_row,
					cgroup_columns, cgroups),
	[ROWS_EVENT] = ROW_TABLE("event", "what happened", struct event, event_columns, events),
	[ROWS_FACT] =
		ROW_TABLE_SINCE(4, "fact", "of the machine", struct fact, fact_columns, facts),
	[ROWS_LIMIT] = ROW_TABLE("limits", "all known so far", struct limit, limit_columns, limits),
	[ROWS_ALERT] = ROW_TABLE_SINCE(3, "alert", "told at this tick", struct alert, alert_columns,
				       alerts),
	[ROWS_ANALYSIS] = ROW_TABLE_SINCE(3, "analysis", "parts that were looked at",
					  struct analysis_note, analysis_columns, analysis.notes),
	[ROWS_ZOMBIE] = ROW_TABLE_SINCE(3, "zombie", "all, or the first of many", struct zombie,
					zombie_columns, analysis.zombies),
	[ROWS_ZOMBIE_PARENT] =
		ROW_TABLE_SINCE(3, "zombie_parent", "who does not reap", struct zombie_parent,
				zombie_parent_columns, analysis.parents),
	[ROWS_FD] = ROW_TABLE_SINCE(3, "fd", "open files of those looked at", struct fd_sample,
				    fd_columns, analysis.fds),
	[ROWS_FD_GROUP] = ROW_TABLE_SINCE(3, "fd_group", "open files that are alike",
					  struct fd_group, fd_group_columns, analysis.fd_groups),
	[ROWS_SYSV] = ROW_TABLE_SINCE(3, "sysv", "System V segments", struct sysv_segment,
				      sysv_columns, analysis.sysv),
	[ROWS_TMPFS] = ROW_TABLE_SINCE(3, "tmpfs", "file systems in memory", struct tmpfs_mount,
				       tmpfs_columns, analysis.tmpfs),
	[ROWS_SHM] = ROW_TABLE_SINCE(3, "shm", "files in memory that are held or named",
				     struct shm_file, shm_columns, analysis.shm),
	[ROWS_SHM_HOLDER] = ROW_TABLE_SINCE(3, "shm_holder", "who holds them", struct shm_holder,
					    shm_holder_columns, analysis.holders),
	[ROWS_MAPPING] = ROW_TABLE_SINCE(3, "mapping", "smaps by class, of those looked at",
					 struct mapping_sample, mapping_columns, analysis.mappings),
	[ROWS_MODULE] = ROW_TABLE_SINCE(6, "module", "files that code is from", struct code_module,
					module_columns, modules),
	[ROWS_NODE] = ROW_TABLE_SINCE(6, "node", "frames, each with what called it",
				      struct code_node, node_columns, nodes),
	[ROWS_SYMBOL] = ROW_TABLE_SINCE(6, "symbol", "names of addresses", struct code_symbol,
					symbol_columns, symbols),
	[ROWS_PATH] = ROW_TABLE_SINCE(6, "path", "new or changed: what call paths hold",
				      struct path_sample, path_columns, paths),
	[ROWS_PATH_CGROUP] =
		ROW_TABLE_SINCE(8, "path_cgroup", "where kernel paths took it, new or changed",
				struct path_cgroup, path_cgroup_columns, path_cgroups),
	[ROWS_PATH_AGES] = ROW_TABLE_SINCE(7, "path_ages", "now and then: ages of what paths hold",
					   struct path_ages, path_ages_columns, ages),
	[ROWS_SAMPLING] = ROW_TABLE_SINCE(6, "sampling", "how it went, running totals",
					  struct sampling_stats, sampling_columns, sampling),
};

static bool is_row_table(const struct table *t)
{
	return t >= row_tables && t < row_tables + N_ROW_TABLES;
}

/* Rows of the tables in row_tables are covered by their tick's checksum. */
static bool has_checksum(const struct table *t)
{
	return t == &tick_table || t == &run_table;
}

static const char *column_type(const struct table *t, const struct column *c)
{
	if (t == &tick_table && c == t->columns)
		return " INTEGER PRIMARY KEY";
	if (c->kind == COLUMN_CHARS || c->kind == COLUMN_LETTER)
		return "";
	return " INTEGER";
}

void schema__create_sql(struct strbuf *sql, const struct table *t)
{
	strbuf_addf(sql, "CREATE TABLE %s( -- %s\n", t->name, t->doc);
	if (is_row_table(t))
		strbuf_addf(sql, "\ttick INTEGER NOT NULL, -- tick.seq\n");
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];
		bool last = i + 1 == t->n_columns && !has_checksum(t);

		strbuf_addf(sql, "\t%s%s%s -- %s\n", c->name, column_type(t, c), last ? "" : ",",
			    c->doc);
	}
	if (has_checksum(t))
		strbuf_addf(sql, "\tchecksum INTEGER NOT NULL -- FNV-1a of the values\n");
	strbuf_addf(sql, ")");
}

void schema__insert_sql(struct strbuf *sql, const struct table *t)
{
	size_t first = is_row_table(t) ? 2 : 1;

	strbuf_addf(sql, "INSERT INTO %s VALUES(%s", t->name, first == 2 ? "?1," : "");
	for (size_t i = 0; i < t->n_columns; i++)
		strbuf_addf(sql,
			    column_is_interned(&t->columns[i])
				    ? "%s(SELECT id FROM text WHERE value = ?%zu)"
				    : "%s?%zu",
			    i ? "," : "", first + i);
	if (has_checksum(t))
		strbuf_addf(sql, ",?%zu", first + t->n_columns);
	strbuf_addf(sql, ")");
}

void schema__replace_sql(struct strbuf *sql, const struct table *t)
{
	strbuf_addf(sql, "REPLACE INTO %s(rowid", t->name);
	for (size_t i = 0; i < t->n_columns; i++)
		strbuf_addf(sql, ",%s", t->columns[i].name);
	strbuf_addf(sql, ") VALUES(1");
	for (size_t i = 0; i < t->n_columns; i++)
		strbuf_addf(sql, ",?%zu", i + 1);
	strbuf_addf(sql, ")");
}

void schema__select_sql(struct strbuf *sql, const struct table *t)
{
	strbuf_addf(sql, "SELECT rowid%s", is_row_table(t) ? ",tick" : "");
	for (size_t i = 0; i < t->n_columns; i++)
		strbuf_addf(sql,
			    column_is_interned(&t->columns[i])
				    ? ",(SELECT value FROM text WHERE id = %s)"
				    : ",%s",
			    t->columns[i].name);
	strbuf_addf(sql, "%s FROM %s ORDER BY rowid", has_checksum(t) ? ",checksum" : "", t->name);
}

/* The vectors of a tick are structs of {pointer, n, cap} that differ in the
 * pointer's type: it is copied as bytes, as vec_grow_raw() does. */
struct raw_vec {
	void *v;
	size_t n, cap;
};
_Static_assert(sizeof(struct raw_vec) == sizeof(((struct tick *)NULL)->procs), "a vector");
_Static_assert(sizeof(struct raw_vec) == sizeof(struct limits), "a vector as well");
_Static_assert(sizeof(struct raw_vec) == sizeof(struct sysv_list), "and this one");
_Static_assert(sizeof(struct raw_vec) == sizeof(struct facts), "and this one");

static struct raw_vec get_vec(const struct table *t, const struct tick *tick)
{
	struct raw_vec vec;

	memcpy(&vec, (const char *)tick + t->vec, sizeof(vec));
	return vec;
}

size_t schema__n_rows(const struct table *t, const struct tick *tick)
{
	return get_vec(t, tick).n;
}

const void *schema__row(const struct table *t, const struct tick *tick, size_t i)
{
	return (const char *)get_vec(t, tick).v + i * t->row_size;
}

int schema__push(const struct table *t, struct tick *tick, const void *row)
{
	struct raw_vec vec = get_vec(t, tick);

	if (vec.n == vec.cap && vec_grow_raw(&vec.v, &vec.cap, vec.n + 1, t->row_size))
		return -ENOMEM;
	memcpy((char *)vec.v + vec.n * t->row_size, row, t->row_size);
	vec.n++;
	memcpy((char *)tick + t->vec, &vec, sizeof(vec));
	return 0;
}
