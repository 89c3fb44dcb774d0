/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/symbolizer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "symbol/text_symbols.h"
#include "symbol/vdso.h"
#include "symbol/worker.h"

#define NS_PER_S 1000000000ULL
#define DEFAULT_MAX_NS (10 * NS_PER_S)
#define DEFAULT_TOTAL_NS (60 * NS_PER_S)
#define DEFAULT_MEMORY_BYTES (4ULL << 30)

struct address {
	uint64_t addr;
	uint32_t module;
	bool resolved;
	uint32_t n_frames;
	size_t first_frame;
};

struct module {
	struct symbol_module m; /* name and build_id kept; fds ours */
	VEC(uint32_t) todo;	/* numbers of addresses */
};

struct symbolizer {
	VEC(char *) debug_dirs; /* NULL-terminated when there are any */
	uint64_t max_ns, left_ns, max_memory_bytes;
	bool no_lines;
	VEC(struct module) modules;
	struct hmap module_index;
	VEC(struct address) addresses;
	struct hmap address_index;
	struct path_frames frames;
	struct strings strings;
	struct notes notes;
};

void symbolizer__free(struct symbolizer *s)
{
	if (!s)
		return;
	vec_for_each(dir, &s->debug_dirs)
		free(*dir);
	vec_free(&s->debug_dirs);
	vec_for_each(m, &s->modules) {
		cleanup_close(&m->m.fd);
		cleanup_close(&m->m.root_fd);
		vec_free(&m->todo);
	}
	vec_free(&s->modules);
	hmap_free(&s->module_index);
	vec_free(&s->addresses);
	hmap_free(&s->address_index);
	vec_free(&s->frames);
	strings__free(&s->strings);
	notes__free(&s->notes);
	free(s);
}

static void free_symbolizer(struct symbolizer **s)
{
	symbolizer__free(*s);
}

static int copy_dirs(struct symbolizer *s, const char *const *dirs)
{
	for (; dirs && *dirs; dirs++) {
		char *copy = strdup(*dirs);

		if (!copy || vec_push(&s->debug_dirs, copy)) {
			free(copy);
			return -ENOMEM;
		}
	}
	return s->debug_dirs.n ? vec_push(&s->debug_dirs, NULL) : 0;
}

int symbolizer__new(const struct symbol_options *o, struct symbolizer **ret)
{
	_cleanup_(free_symbolizer) struct symbolizer *s = calloc(1, sizeof(*s));
	int err = s ? copy_dirs(s, o->debug_dirs) : -ENOMEM;

	if (err)
		return err;
	s->max_ns = o->max_ns ? o->max_ns : DEFAULT_MAX_NS;
	s->left_ns = o->max_total_ns ? o->max_total_ns : DEFAULT_TOTAL_NS;
	s->max_memory_bytes = o->max_memory_bytes ? o->max_memory_bytes : DEFAULT_MEMORY_BYTES;
	s->no_lines = o->no_lines;
	*ret = TAKE_PTR(s);
	return 0;
}

static int copy_fd(int fd)
{
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return fd >= 0 && copy < 0 ? -errno : copy;
}

/* Strings are kept once: what is equal has one address. */
static struct hmap_key module_key(const struct symbol_module *m)
{
	return (struct hmap_key){{(uintptr_t)m->name, (uintptr_t)m->build_id, m->kind}};
}

static int push_module(struct symbolizer *s, const struct symbol_module *m)
{
	_cleanup_close_ int fd = -1, root_fd = -1;
	struct module new = {.m = *m};
	int err;

	fd = m->kind == SYMBOL_VDSO && m->fd < 0 ? vdso_open() : copy_fd(m->fd);
	root_fd = copy_fd(m->root_fd);
	if (m->kind != SYMBOL_VDSO && fd < -1)
		return fd;
	if (root_fd < -1)
		return root_fd;
	new.m.fd = fd < 0 ? -1 : fd;
	new.m.root_fd = root_fd;
	err = vec_push(&s->modules, new);
	if (err)
		return err;
	fd = root_fd = -1;
	return 0;
}

int symbolizer__add(struct symbolizer *s, const struct symbol_module *m, uint32_t *ret_module)
{
	struct symbol_module kept = *m;
	uint32_t number = (uint32_t)s->modules.n;
	int err;

	kept.name = strings__keep(&s->strings, m->name);
	kept.build_id = strings__keep(&s->strings, m->build_id);
	if ((m->name && !kept.name) || (m->build_id && !kept.build_id))
		return -ENOMEM;
	if (kept.name && kept.build_id && hmap_get(&s->module_index, module_key(&kept), ret_module))
		return 0;
	err = push_module(s, &kept);
	if (!err && kept.name && kept.build_id)
		err = hmap_put(&s->module_index, module_key(&kept), number);
	if (err)
		return err;
	*ret_module = number;
	return 0;
}

int symbolizer__give_map(struct symbolizer *s, uint32_t module, int fd)
{
	struct symbol_module *m = &s->modules.v[module].m;
	int copy = copy_fd(fd);

	if (copy < 0)
		return copy;
	cleanup_close(&m->fd);
	m->fd = copy;
	return 0;
}

static struct hmap_key address_key(uint32_t module, uint64_t addr)
{
	return (struct hmap_key){{addr, module, 0}};
}

int symbolizer__want(struct symbolizer *s, uint32_t module, uint64_t addr)
{
	const struct hmap_key key = address_key(module, addr);
	uint32_t number = (uint32_t)s->addresses.n, known;
	int err;

	if (module >= s->modules.n)
		return -EINVAL;
	if (hmap_get(&s->address_index, key, &known))
		return 0;
	err = vec_push(&s->addresses, (struct address){.addr = addr, .module = module});
	if (!err)
		err = vec_push(&s->modules.v[module].todo, number);
	if (!err)
		err = hmap_put(&s->address_index, key, number);
	return err;
}

/* --- answers --- */

static int keep_frames(struct symbolizer *s, struct address *a, const struct path_frame *v,
		       size_t n)
{
	const struct module *m = &s->modules.v[a->module];
	size_t first = s->frames.n;

	for (size_t i = 0; i < n; i++) {
		struct path_frame f = v[i];

		f.function = strings__keep(&s->strings, v[i].function);
		f.file = strings__keep(&s->strings, v[i].file);
		f.module = v[i].module ? strings__keep(&s->strings, v[i].module) : m->m.name;
		f.build_id = m->m.build_id;
		f.offset = a->addr;
		if ((v[i].function && !f.function) || (v[i].file && !f.file) ||
		    (v[i].module && !f.module) || vec_push(&s->frames, f)) {
			s->frames.n = first;
			return -ENOMEM;
		}
	}
	a->first_frame = first;
	a->n_frames = (uint32_t)n;
	a->resolved = true;
	return 0;
}

struct answering {
	struct symbolizer *s;
	uint32_t module;
};

static int take_frames(void *arg, uint32_t number, const struct path_frame *v, size_t n)
{
	struct answering *a = arg;
	struct address *address;

	if (number >= a->s->addresses.n)
		return 0;
	address = &a->s->addresses.v[number];
	if (address->module != a->module || address->resolved)
		return 0;
	return keep_frames(a->s, address, v, n);
}

static void take_note(void *arg, enum note_kind kind, const char *file)
{
	struct answering *a = arg;

	notes__add(&a->s->notes, kind, file);
}

/* --- ELF files --- */

/* One child; what it did not answer stays in todo. */
static int ask_child(struct symbolizer *s, uint32_t module, bool no_lines, enum worker_end *ret_end)
{
	struct module *m = &s->modules.v[module];
	const struct elf_source source = {
		.module = &m->m,
		.debug_dirs = (const char *const *)s->debug_dirs.v,
		.no_lines = no_lines,
		.no_demangle = no_lines && !s->no_lines,
	};
	struct answering answering = {s, module};
	const struct answer_reader reader = {&answering, take_frames, take_note};
	_cleanup_(strbuf_free) struct strbuf answers = {0};
	_cleanup_free_ uint64_t *addrs = calloc(s->addresses.n, sizeof(*addrs));
	uint64_t start = clock_ns(CLOCK_MONOTONIC), spent;
	struct worker_job job;
	size_t left = 0;
	int err;

	if (!addrs)
		return -ENOMEM;
	for (size_t i = 0; i < s->addresses.n; i++)
		addrs[i] = s->addresses.v[i].addr;
	job = (struct worker_job){&source,
				  addrs,
				  m->todo.v,
				  m->todo.n,
				  s->max_ns < s->left_ns ? s->max_ns : s->left_ns,
				  s->max_memory_bytes};
	err = worker_run(&job, &answers, ret_end);
	spent = clock_ns(CLOCK_MONOTONIC) - start;
	s->left_ns -= spent < s->left_ns ? spent : s->left_ns;
	if (!err)
		err = answers_read(answers.s, answers.len, &reader);
	for (size_t i = 0; i < m->todo.n; i++)
		if (!s->addresses.v[m->todo.v[i]].resolved)
			m->todo.v[left++] = m->todo.v[i];
	m->todo.n = left;
	return err;
}

/*
 * With lines first. What of it killed the child, or took too long, is most
 * often the DWARF: the symbol table alone has the names.
 */
static int resolve_elf(struct symbolizer *s, uint32_t module)
{
	struct module *m = &s->modules.v[module];
	enum worker_end end = WORKER_DONE;
	int err;

	if (!s->left_ns) {
		notes__add(&s->notes, NOTE_LATE, m->m.name);
		return 0;
	}
	err = ask_child(s, module, s->no_lines, &end);
	if (err || end == WORKER_DONE)
		return err;
	notes__add(&s->notes, end == WORKER_LATE ? NOTE_LATE : NOTE_DIED, m->m.name);
	if (m->todo.n && s->left_ns)
		err = ask_child(s, module, true, &end);
	return err;
}

/* --- text --- */

static int find_text(struct symbolizer *s, const struct module *m, struct text_symbol *v, size_t n)
{
	int err;

	if (m->m.fd < 0) {
		notes__add(&s->notes, m->m.kind == SYMBOL_PERF_MAP ? NOTE_NO_MAP : NOTE_UNREADABLE,
			   m->m.name);
		return 0;
	}
	if (m->m.kind == SYMBOL_KERNEL)
		err = kernel_symbols_find(m->m.fd, v, n);
	else
		err = perf_map_find(m->m.fd, v, n);
	if (err == -ENOMEM)
		return err;
	if (err)
		notes__add(&s->notes,
			   err == -EPERM   ? NOTE_HIDDEN
			   : err == -EFBIG ? NOTE_CUT
					   : NOTE_UNREADABLE,
			   m->m.name);
	return 0;
}

static int keep_text(struct symbolizer *s, uint32_t module, const struct text_symbol *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct path_frame f = {.function = v[i].name, .module = v[i].module};
		uint32_t number;
		int err;

		if (!f.function ||
		    !hmap_get(&s->address_index, address_key(module, v[i].addr), &number))
			continue;
		err = keep_frames(s, &s->addresses.v[number], &f, 1);
		if (err)
			return err;
	}
	return 0;
}

static int resolve_text(struct symbolizer *s, uint32_t module)
{
	struct module *m = &s->modules.v[module];
	size_t n = m->todo.n;
	_cleanup_free_ struct text_symbol *v = calloc(n, sizeof(*v));
	int err;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		v[i].addr = s->addresses.v[m->todo.v[i]].addr;
	err = find_text(s, m, v, n);
	if (!err)
		err = keep_text(s, module, v, n);
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].module);
	}
	return err;
}

static int resolve_nothing(struct symbolizer *s, uint32_t module)
{
	(void)s;
	(void)module;
	return 0;
}

static int (*const resolve[_SYMBOL_KIND_MAX])(struct symbolizer *, uint32_t) = {
	[SYMBOL_FILE] = resolve_elf,	  [SYMBOL_VDSO] = resolve_elf,
	[SYMBOL_PERF_MAP] = resolve_text, [SYMBOL_KERNEL] = resolve_text,
	[SYMBOL_NONE] = resolve_nothing,
};

int symbolizer__run(struct symbolizer *s)
{
	for (uint32_t i = 0; i < s->modules.n; i++) {
		struct module *m = &s->modules.v[i];
		int err;

		if (!m->todo.n)
			continue;
		err = resolve[m->m.kind](s, i);
		if (err)
			return err;
		m->todo.n = 0;
	}
	return 0;
}

int symbolizer__frames(const struct symbolizer *s, uint32_t module, uint64_t addr,
		       struct path_frames *frames)
{
	const struct symbol_module *m = module < s->modules.n ? &s->modules.v[module].m : NULL;
	const struct address *a = NULL;
	uint32_t number;
	int err;

	if (hmap_get(&s->address_index, address_key(module, addr), &number))
		a = &s->addresses.v[number];
	if (!a || !a->n_frames)
		return vec_push(frames, (struct path_frame){.module = m ? m->name : NULL,
							    .build_id = m ? m->build_id : NULL,
							    .offset = addr});
	err = vec_reserve(frames, frames->n + a->n_frames);
	if (err)
		return err;
	memcpy(frames->v + frames->n, s->frames.v + a->first_frame,
	       a->n_frames * sizeof(*frames->v));
	frames->n += a->n_frames;
	return 0;
}

int symbolizer__limits(const struct symbolizer *s, struct limits *l)
{
	return notes__limits(&s->notes, l);
}
