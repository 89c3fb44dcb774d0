/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns of code and call paths: see schema.c. */
#include "model/code.h"
#include "store/schema_column.h"

#define TEXT(type, member, longest, text)                                                          \
	{                                                                                          \
		.name = #member, .doc = "text.id: " text, .kind = COLUMN_PATH,                     \
		.offset = offsetof(type, member), .size = (longest)                                \
	}

#define MODULE(member, column, kind, text) FIELD(struct code_module, member, column, kind, text)
const struct column module_columns[] = {
	MODULE(id, "id", COLUMN_U32, "1, 2, 3 ..."),
	FIELD_ENUM(struct code_module, kind, "kind", _CODE_MODULE_KIND_MAX,
		   "0 file, 1 vdso, 2 memory without a file, 3 kernel"),
	MODULE(proc.pid, "pid", COLUMN_U32, "2: whose memory"),
	MODULE(proc.start_ticks, "start_ticks", COLUMN_U64, "1/100 s since boot"),
	TEXT(struct code_module, name, 4096, "path as the process saw it"),
	TEXT(struct code_module, build_id, 256, "hex digits"),
};

#define NODE(member, kind, text) FIELD(struct code_node, member, #member, kind, text)
const struct column node_columns[] = {
	NODE(id, COLUMN_U32, "1, 2, 3 ..."),
	NODE(parent, COLUMN_U32, "node.id of its caller; 0: the outermost known"),
	NODE(module, COLUMN_U32, "module.id; 0: unknown"),
	NODE(addr, COLUMN_U64, "in the module; of a caller, within the call"),
};

#define SYMBOL(member, kind, text) FIELD(struct code_symbol, member, #member, kind, text)
const struct column symbol_columns[] = {
	SYMBOL(module, COLUMN_U32, "module.id"),
	SYMBOL(addr, COLUMN_U64, "as in node"),
	SYMBOL(depth, COLUMN_U32, "0: the innermost of those inlined there"),
	TEXT(struct code_symbol, function, 4096, "demangled"),
	TEXT(struct code_symbol, file, 4096, "of the source"),
	SYMBOL(line, COLUMN_U32, "0: unknown"),
	SYMBOL(inlined, COLUMN_BOOL, "1: into the next depth"),
};

#define PATH(member, column, kind, text) FIELD(struct path_sample, member, column, kind, text)
const struct column path_columns[] = {
	PATH(id, "id", COLUMN_U32, "1, 2, 3 ..."),
	FIELD_ENUM(struct path_sample, domain, "domain", _PATH_DOMAIN_MAX,
		   "0 user pages, 1 heap, 2 kernel pages, 3 slab, 4 address space"),
	PATH(proc.pid, "pid", COLUMN_U32, "0: no single process"),
	PATH(proc.start_ticks, "start_ticks", COLUMN_U64, "1/100 s since boot"),
	PATH(comm, "comm", COLUMN_CHARS, "command name: any bytes"),
	PATH(what, "what", COLUMN_CHARS, "slab: name of the cache"),
	PATH(leaf, "leaf", COLUMN_U32, "node.id; 0: no stack"),
	PATH(complete, "complete", COLUMN_BOOL, "1: up to the first function of the thread"),
	PATH(live, "live_bytes", COLUMN_U64, "held"),
	PATH(at_exit, "exit_bytes", COLUMN_U64, "held when its process ended, then given back"),
	PATH(error, "error_bytes", COLUMN_U64, "of live and exit together, 95 %; 0: exact"),
	PATH(taken, "taken_bytes", COLUMN_U64, "since attach, freed or not"),
	PATH(samples, "samples", COLUMN_U64, "behind live and exit"),
	PATH(oldest, "oldest_ns", COLUMN_U64, "CLOCK_BOOTTIME of the oldest live one; 0: unknown"),
};

const struct column path_cgroup_columns[] = {
	FIELD(struct path_cgroup, id, "id", COLUMN_U32, "path.id"),
	FIELD(struct path_cgroup, charged, "charged", COLUMN_BOOL,
	      "1: its memory is charged to it; 0: its process was in it"),
	FIELD_ENUM(struct path_cgroup, runtime, "runtime", _CONTAINER_RUNTIME_MAX, "as in cgroup"),
	TEXT(struct path_cgroup, cgroup, 4096, "below the root of the hierarchy"),
	FIELD(struct path_cgroup, name, "name", COLUMN_NAME, "text.id: of container or service"),
	FIELD(struct path_cgroup, container, "container", COLUMN_NAME, "text.id: its id"),
};

#define AGES(member, kind, text) FIELD(struct path_ages, member, #member, kind, text)
#define EPOCH(i)                                                                                   \
	FIELD(struct path_ages, live[i], "live" #i "_bytes", COLUMN_U64, "taken in that part")
const struct column path_ages_columns[] = {
	AGES(id, COLUMN_U32, "path.id"),
	AGES(begin_ns, COLUMN_U64, "CLOCK_BOOTTIME: the time that is cut into equal parts"),
	AGES(end_ns, COLUMN_U64, "CLOCK_BOOTTIME"),
	EPOCH(0),
	EPOCH(1),
	EPOCH(2),
	EPOCH(3),
	EPOCH(4),
	EPOCH(5),
	EPOCH(6),
	EPOCH(7),
	EPOCH(8),
	EPOCH(9),
	EPOCH(10),
	EPOCH(11),
	EPOCH(12),
	EPOCH(13),
	EPOCH(14),
	EPOCH(15),
};
_Static_assert(PATH_EPOCHS == 16, "an epoch without a column, and SESSION_FORMAT");

#define SAMPLING(member, kind, text) FIELD(struct sampling_stats, member, #member, kind, text)
const struct column sampling_columns[] = {
	SAMPLING(asked_bytes, COLUMN_U64, "a sample in so many"),
	SAMPLING(interval_bytes, COLUMN_U64, "in force"),
	SAMPLING(stacks, COLUMN_U64, "looked at"),
	SAMPLING(repeated, COLUMN_U64, "of them: known already"),
	SAMPLING(whole, COLUMN_U64, "of them: up to the first function"),
	SAMPLING(unwind_ns, COLUMN_U64, "CPU time for all"),
};
