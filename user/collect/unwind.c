/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unwind.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "collect/pid.h"
#include "collect/unwind_regs.h"

#define MAPS_MAX (16u << 20)
#define READS_MAX 64 /* words a step from one frame to the next looks at */

struct space_map {
	uint64_t start, end, bias;
	struct module *module;
	bool is_trampoline; /* where functions return to that the kernel watches the return of */
};

struct unwind_space {
	int proc_fd; /* /proc/PID: of this process only, even when its pid is another's */
	struct proc_id id;
	struct modules *modules;		 /* not owned */
	VEC(struct space_map) maps, maps_before; /* the latter of the last time they changed */
	uint64_t replaced;
	char *text; /* of maps */
	size_t text_cap;
	uint64_t text_hash, read_ns;
	Dwfl *dwfl; /* NULL: no module to unwind with */
	/* of the walk that is on */
	const struct mt_sample *sample;
	struct unwind_result *result;
	struct unwind_word read[READS_MAX];
	uint32_t n_reads;
	bool read_failed, past_copy;
};

/* --- what libdwfl asks --- */

static int find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
		    char **file_name, Elf **elf)
{
	const struct module *m = *userdata;

	(void)mod;
	(void)name;
	(void)base;
	(void)file_name;
	if (m && m->code.kind == CODE_VDSO)
		*elf = module_vdso_elf();
	else if (m && m->elf)
		*elf = elf_begin(m->fd, ELF_C_READ, m->elf); /* one more reference to it */
	return -1;
}

/* What a Dwfl_Callbacks.find_debuginfo gets; libdwfl says how many they are. */
#define FIND_DEBUGINFO_PARAMETERS                                                                  \
	Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,                      \
		const char *file_name, const char *link, GElf_Word crc, char **ret

/* Unwinding needs the file itself only; debug files are the symbolizer's. */
static int find_debuginfo(FIND_DEBUGINFO_PARAMETERS)
{
	(void)mod;
	(void)userdata;
	(void)name;
	(void)base;
	(void)file_name;
	(void)link;
	(void)crc;
	(void)ret;
	return -1;
}

static const Dwfl_Callbacks dwfl_callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debuginfo,
};

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	(void)dwfl;
	(void)arg;
	(void)thread_arg;
	return 0;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	(void)dwfl;
	(void)tid;
	*thread_arg = arg;
	return true;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *ret, void *arg)
{
	struct unwind_space *u = arg;
	const struct mt_sample *s = u->sample;
	uint64_t offset = addr - sample_sp(s);

	(void)dwfl;
	if (offset + sizeof(*ret) > s->stack_bytes || offset + sizeof(*ret) < offset) {
		u->read_failed = true;
		u->past_copy = offset < MT_STACK_MAX * 16 && offset + sizeof(*ret) > s->stack_bytes;
		return false;
	}
	memcpy(ret, s->stack + offset, sizeof(*ret));
	if (u->n_reads < READS_MAX)
		u->read[u->n_reads++] = (struct unwind_word){(uint32_t)offset, *ret};
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct unwind_space *u = arg;

	return unwind_set_registers(thread, u->sample);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = memory_read,
	.set_initial_registers = set_registers,
};

/* --- mappings --- */

static const struct space_map *map_at(const struct unwind_space *u, uint64_t addr)
{
	size_t low = 0, high = u->maps.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (u->maps.v[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < u->maps.n && u->maps.v[low].start <= addr ? &u->maps.v[low] : NULL;
}

bool unwind_space__has(const struct unwind_space *u, uint64_t addr)
{
	return map_at(u, addr) != NULL;
}

static int add_map(struct unwind_space *u, const struct map_line *line)
{
	struct space_map map = {
		.start = line->start,
		.end = line->end,
		.is_trampoline = cursor_is(line->path, "[uprobes]"),
	};
	int err = modules__of_map(u->modules, u->proc_fd, u->id, line, &map.module);

	if (err == -ENOSPC)
		return 0;
	if (!err && module__bias(map.module, line, &map.bias))
		map.bias = line->start - line->offset; /* as if it were one segment */
	return err ? err : vec_push(&u->maps, map);
}

static void report_module(struct unwind_space *u, const struct space_map *map)
{
	const struct module *m = map->module;
	Dwfl_Module *mod;
	void **userdata;

	if (!m->n_exec || m->code.kind == CODE_JIT)
		return;
	mod = dwfl_report_module(u->dwfl, m->code.name ?: "", map->bias + m->low,
				 map->bias + m->high);
	if (!mod)
		return;
	dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	*userdata = map->module;
}

static int build_dwfl(struct unwind_space *u)
{
	size_t n = 0;

	dwfl_end(u->dwfl);
	u->dwfl = dwfl_begin(&dwfl_callbacks);
	if (!u->dwfl)
		return -ENOMEM;
	dwfl_report_begin(u->dwfl);
	vec_for_each(map, &u->maps) {
		const struct space_map *before = n++ ? map - 1 : NULL;

		if (!before || before->module != map->module || before->bias != map->bias)
			report_module(u, map);
	}
	dwfl_report_end(u->dwfl, NULL, NULL);
	if (!dwfl_attach_state(u->dwfl, NULL, (pid_t)u->id.pid, &thread_callbacks, u)) {
		log_debug("pid %u: no unwinding: %s", u->id.pid, dwfl_errmsg(-1));
		dwfl_end(u->dwfl);
		u->dwfl = NULL;
	}
	return 0;
}

static uint64_t hash_bytes(const char *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	while (n--)
		h = (h ^ (unsigned char)*p++) * 0x100000001b3ULL;
	return h;
}

/* Only code: stacks and heaps come and go. */
static uint64_t hash_code(struct cursor text)
{
	struct map_line line;
	uint64_t h = 1;

	while (proc_maps_next(&text, &line) == 0)
		if (line.exec)
			h = h * 31 + (line.start ^ line.end << 1 ^ line.offset ^ line.inode << 7 ^
				      hash_bytes(line.path.p, line.path.end - line.path.p));
	return h;
}

/* Whether all code is still there that was there before. */
static bool is_same_and_more(const struct unwind_space *u)
{
	vec_for_each(before, &u->maps_before) {
		const struct space_map *map = map_at(u, before->start);

		if (!map || map->end < before->end || map->module != before->module ||
		    map->bias != before->bias)
			return false;
	}
	return true;
}

static int read_maps(struct unwind_space *u, struct cursor text)
{
	typeof(u->maps) room = u->maps_before;
	struct map_line line;
	int err = 0;

	u->maps_before = u->maps;
	u->maps = room;
	u->maps.n = 0;
	while (!err && proc_maps_next(&text, &line) == 0)
		if (line.exec)
			err = add_map(u, &line);
	u->replaced += !is_same_and_more(u);
	return err;
}

int unwind_space__refresh(struct unwind_space *u, uint64_t now_ns, uint64_t min_ns)
{
	struct cursor text;
	uint64_t hash;
	ssize_t n;
	int err;

	if (u->read_ns && now_ns - u->read_ns < min_ns)
		return 0;
	u->read_ns = now_ns;
	n = read_file_grow(u->proc_fd, "maps", &u->text, &u->text_cap, MAPS_MAX);
	if (n <= 0)
		return n ? (int)n : -ESRCH;
	text = (struct cursor){u->text, u->text + n};
	hash = hash_code(text);
	if (hash == u->text_hash)
		return 0;
	err = read_maps(u, text);
	if (!err)
		err = build_dwfl(u);
	u->text_hash = err ? 0 : hash;
	return err;
}

int unwind_space__open(int root_fd, struct proc_id id, struct modules *modules,
		       struct unwind_space **ret)
{
	struct unwind_space *u;
	struct pid_stat stat;
	char path[32];
	int err, fd;

	snprintf(path, sizeof(path), "proc/%u", id.pid);
	fd = openat(root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = pid_stat_read(root_fd, id.pid, &stat);
	u = !err && stat.start_ticks == id.start_ticks ? calloc(1, sizeof(*u)) : NULL;
	if (!u) {
		close(fd);
		return err ?: -ESRCH;
	}
	u->proc_fd = fd;
	u->id = id;
	u->modules = modules;
	*ret = u;
	return 0;
}

void unwind_space__close(struct unwind_space *u)
{
	if (!u)
		return;
	dwfl_end(u->dwfl);
	vec_free(&u->maps);
	vec_free(&u->maps_before);
	free(u->text);
	close(u->proc_fd);
	free(u);
}

/* --- the walk --- */

static struct unwind_frame frame_of(const struct unwind_space *u, uint64_t pc, bool called)
{
	const struct space_map *map = map_at(u, pc - called);

	return (struct unwind_frame){
		.module = map ? map->module->code.id : 0,
		.addr = pc - called - (map ? map->bias : 0),
	};
}

/* The return address that this step found, among the words it looked at. */
static void note_word(struct unwind_space *u, uint64_t pc, uint32_t n_reads)
{
	struct unwind_result *r = u->result;

	for (uint32_t i = n_reads; i-- > 0;)
		if (u->read[i].value == pc) {
			r->word[r->n_words++] = u->read[i];
			return;
		}
	/* In a register: only the first caller's can be, and that is compared too. */
	if (r->n != 1 || pc != sample_link(u->sample))
		r->repeatable = false;
}

static int on_frame(Dwfl_Frame *state, void *arg)
{
	struct unwind_space *u = arg;
	struct unwind_result *r = u->result;
	uint32_t n_reads = u->n_reads; /* of the step that led here */
	bool activation = false;
	Dwarf_Addr pc;

	/* Takes the next step already, but for the first frame. */
	if (!dwfl_frame_pc(state, &pc, &activation))
		return DWARF_CB_ABORT;
	if (r->n == UNWIND_FRAMES_MAX) {
		r->end = UNWIND_DEEP;
		return DWARF_CB_ABORT;
	}
	if (r->n)
		note_word(u, pc, n_reads);
	u->n_reads -= n_reads;
	memmove(u->read, u->read + n_reads, u->n_reads * sizeof(*u->read));
	r->frame[r->n] = frame_of(u, pc, r->n && !activation);
	r->n++;
	return DWARF_CB_OK;
}

/* Many a _start, the dynamic loader's for one, does not say that nobody called it. */
#define START_BYTES 64

static bool is_start(const struct unwind_space *u, const struct unwind_frame *f)
{
	const struct module *m = modules__get(u->modules, f->module);

	return m && m->entry && f->addr - m->entry < START_BYTES;
}

void unwind_space__walk(struct unwind_space *u, const struct mt_sample *s, bool stack_full,
			struct unwind_result *ret)
{
	int err;

	ret->end = UNWIND_FAILED;
	ret->n = ret->n_words = 0;
	ret->repeatable = true;
	u->sample = s;
	u->result = ret;
	u->n_reads = 0;
	u->read_failed = u->past_copy = false;
	if (!u->dwfl || !sample_is_64bit(s)) {
		ret->frame[ret->n++] = frame_of(u, sample_pc(s), false);
		return;
	}
	err = dwfl_getthread_frames(u->dwfl, (pid_t)s->tid, on_frame, u);
	/* A return address that cannot be read is to libdwfl one that is not there: the end. */
	if (!err && !u->read_failed)
		ret->end = UNWIND_WHOLE;
	else if (ret->end != UNWIND_DEEP && stack_full && u->past_copy)
		ret->end = UNWIND_CUT;
	if (!ret->n)
		ret->frame[ret->n++] = frame_of(u, sample_pc(s), false);
	if (ret->end == UNWIND_FAILED && is_start(u, &ret->frame[ret->n - 1]))
		ret->end = UNWIND_WHOLE;
}

/* --- for who walks by rules --- */

Dwfl_Module *unwind_space__module(const struct unwind_space *u, uint64_t addr)
{
	return u->dwfl ? dwfl_addrmodule(u->dwfl, addr) : NULL;
}

bool unwind_space__is_start(const struct unwind_space *u, uint64_t pc)
{
	const struct unwind_frame f = frame_of(u, pc, true);

	return is_start(u, &f);
}

bool unwind_space__is_trampoline(const struct unwind_space *u, uint64_t pc)
{
	const struct space_map *map = map_at(u, pc);

	return map && map->is_trampoline;
}

struct unwind_frame unwind_space__frame(const struct unwind_space *u, uint64_t pc, bool called)
{
	return frame_of(u, pc, called);
}

uint64_t unwind_space__replaced(const struct unwind_space *u)
{
	return u->replaced;
}

int unwind_space__each_module(const struct unwind_space *u,
			      int (*fn)(void *arg, const struct module *m), void *arg)
{
	size_t n = 0;
	int err = 0;

	vec_for_each(map, &u->maps) {
		bool again = n++ && (map - 1)->module == map->module;

		if (!err && !again)
			err = fn(arg, map->module);
	}
	return err;
}
