/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/code_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "collect/pid.h"

int code_names__new(const char *const *debug_dirs, struct symbolizer **ret)
{
	const struct symbol_options o = {.debug_dirs = debug_dirs};

	return symbolizer__new(&o, ret);
}

int code_names__look_for_map(struct symbolizer *s, int root_dir, struct proc_id id, uint32_t module)
{
	_cleanup_close_ int proc = openat(root_dir, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int map = proc < 0 ? -errno : perf_map_open(proc, id.pid);
	struct pid_stat st;
	int err = pid_stat_read(root_dir, id.pid, &st);

	if (err)
		return err;
	if (st.start_ticks != id.start_ticks)
		return -ESRCH; /* another process has its number by now */
	return map < 0 ? map : symbolizer__give_map(s, module, map);
}

int code_names__add(struct symbolizer *s, int root_dir, const struct code_module *m, int fd,
		    int root_fd, uint32_t *ret)
{
	static const enum symbol_kind kinds[_CODE_MODULE_KIND_MAX] = {
		[CODE_FILE] = SYMBOL_FILE,
		[CODE_VDSO] = SYMBOL_VDSO,
		[CODE_JIT] = SYMBOL_PERF_MAP,
		[CODE_KERNEL] = SYMBOL_KERNEL,
	};
	struct symbol_module sym = {
		.kind = kinds[m->kind],
		.name = m->name,
		.build_id = m->build_id,
		.fd = fd,
		.root_fd = root_fd,
	};
	_cleanup_close_ int own = -1;

	if (m->kind == CODE_KERNEL && fd < 0 && root_dir >= 0)
		own = sym.fd = kernel_symbols_open(root_dir);
	if (sym.fd < 0) {
		sym.fd = -1;
		if (m->kind == CODE_KERNEL || (m->kind == CODE_JIT && root_dir < 0))
			sym.kind = SYMBOL_NONE;
	}
	return symbolizer__add(s, &sym, ret);
}

static int copy_text(const char *from, char **ret)
{
	*ret = from ? strdup(from) : NULL;
	return from && !*ret ? -ENOMEM : 0;
}

static int add_symbol(const struct path_frame *f, uint32_t depth, const struct code_node *n,
		      struct tick *t)
{
	struct code_symbol sym = {
		.module = n->module,
		.addr = n->addr,
		.depth = depth,
		.line = f->line,
		.inlined = f->inlined,
	};
	int err = copy_text(f->function, &sym.function);

	if (!err)
		err = copy_text(f->file, &sym.file);
	if (!err)
		err = vec_push(&t->symbols, sym);
	if (err)
		code_symbol__clear(&sym);
	return err;
}

int code_names__frames(const struct symbolizer *s, uint32_t module, const struct code_node *n,
		       struct tick *t)
{
	struct path_frames frames = {};
	int err = symbolizer__frames(s, module, n->addr, &frames);

	for (size_t i = 0; !err && i < frames.n; i++)
		if (frames.v[i].function || frames.v[i].file)
			err = add_symbol(&frames.v[i], i, n, t);
	vec_free(&frames);
	return err;
}

static bool lacks_name(const struct code_history *c, const struct code_node *n)
{
	const struct code_module *m = code_history__module(c, n->module);
	const struct code_symbol *s = code_history__symbol(c, n, 0);

	return m && m->kind == CODE_FILE && m->name && !(s && s->function);
}

/* symbolizer's number of each module that is needed, id - 1; UINT32_MAX: not needed. */
static int want_missing(struct symbolizer *s, const struct code_history *c, uint32_t *module)
{
	int err = 0;

	vec_for_each(n, &c->nodes) {
		const struct code_module *m = code_history__module(c, n->module);

		if (err || !lacks_name(c, n))
			continue;
		if (module[m->id - 1] == UINT32_MAX)
			err = code_names__add(s, -1, m, -1, -1, &module[m->id - 1]);
		if (!err)
			err = symbolizer__want(s, module[m->id - 1], n->addr);
	}
	return err;
}

static int take_names(const struct symbolizer *s, struct code_history *c, const uint32_t *module)
{
	int err = 0;

	vec_for_each(n, &c->nodes) {
		struct tick found = {};

		if (err || !lacks_name(c, n))
			continue;
		err = code_names__frames(s, module[n->module - 1], n, &found);
		vec_for_each(sym, &found.symbols)
			err = err ?: code_history__add_symbol(c, sym);
		tick__free(&found);
	}
	return err;
}

static void symbolizer__freep(struct symbolizer **s)
{
	symbolizer__free(*s);
}

int code_names__complete(struct code_history *c, const char *const *debug_dirs, struct limits *l)
{
	_cleanup_(symbolizer__freep) struct symbolizer *s = NULL;
	_cleanup_free_ uint32_t *module = malloc((c->modules.n + 1) * sizeof(*module));
	int err = module ? code_names__new(debug_dirs, &s) : -ENOMEM;

	if (err)
		return err;
	memset(module, 0xff, (c->modules.n + 1) * sizeof(*module));
	err = want_missing(s, c, module);
	if (!err)
		err = symbolizer__run(s);
	if (!err)
		err = take_names(s, c, module);
	return err ? err : symbolizer__limits(s, l);
}
