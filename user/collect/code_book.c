/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/code_book.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"

/* A few hundred modules. */
#define MODULES_TEXT_MAX (1u << 20)

int code_book__init(struct code_book *b, int root_fd)
{
	*b = (struct code_book){.irq_err = 1, .cgroups.root_fd = root_fd};
	pthread_mutex_init(&b->lock, NULL);
	b->loaded_fd = openat(root_fd, "proc/modules", O_RDONLY | O_CLOEXEC);
	return modules__kernel(&b->modules, root_fd, &b->kernel_module);
}

void code_book__free(struct code_book *b)
{
	path_table__free(&b->table);
	modules__free(&b->modules);
	cleanup_close(&b->loaded_fd);
	vec_free(&b->loaded);
	vec_free(&b->irq);
	cgroup_names__free(&b->cgroups);
	pthread_mutex_destroy(&b->lock);
}

void code_book__look_at_modules(struct code_book *b)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t n =
		b->loaded_fd < 0 ? 0 : read_fd_grow(b->loaded_fd, &text, &cap, MODULES_TEXT_MAX);

	if (n < 0 || kernel_modules_parse((struct cursor){text, text + n}, &b->loaded))
		log_debug("kernel modules could not be read, ignoring");
}

const struct text_ranges *code_book__irq_entries(struct code_book *b)
{
	const struct module *kernel = modules__get(&b->modules, b->kernel_module);

	if (b->irq_err == 1)
		b->irq_err =
			kernel && kernel->fd >= 0 ? irq_entries_read(kernel->fd, &b->irq) : -ENOENT;
	return b->irq_err ? NULL : &b->irq;
}

static uint32_t module_at(struct code_book *b, uint64_t addr)
{
	const struct kernel_module *m = kernel_modules__at(&b->loaded, addr);
	uint32_t id = b->kernel_module;

	if (m && modules__of_kernel(&b->modules, m->name, &id))
		log_debug("no room for the kernel module %s", m->name);
	return id;
}

int code_book__kernel_stack(struct code_book *b, const uint64_t *ip, size_t n, uint32_t *ret_leaf)
{
	struct path_frame_at at[KERNEL_FRAMES_MAX];

	if (n > KERNEL_FRAMES_MAX)
		n = KERNEL_FRAMES_MAX;
	for (size_t i = 0; i < n; i++) {
		uint64_t addr = ip[i] - (i > 0);

		at[i] = (struct path_frame_at){module_at(b, addr), addr};
	}
	return path_table__stack(&b->table, at, n, ret_leaf);
}

static int tell_modules(struct code_book *b, struct tick *t)
{
	for (; b->n_modules_told < b->modules.v.n; b->n_modules_told++) {
		const struct code_module *m = &b->modules.v.v[b->n_modules_told]->code;
		struct code_module copy = *m;
		int err;

		copy.name = m->name ? strdup(m->name) : NULL;
		copy.build_id = m->build_id ? strdup(m->build_id) : NULL;
		if ((m->name && !copy.name) || (m->build_id && !copy.build_id))
			err = -ENOMEM;
		else
			err = vec_push(&t->modules, copy);
		if (err) {
			code_module__clear(&copy);
			return err;
		}
	}
	return 0;
}

static int tell_cgroup(uint32_t path, bool charged, const struct cgroup_name *name, struct tick *t)
{
	const struct container *c = &name->container;
	struct path_cgroup row = {.id = path, .charged = charged, .runtime = c->runtime};
	int err;

	memcpy(row.name, c->name, sizeof(row.name));
	memcpy(row.container, c->id, sizeof(row.container));
	row.cgroup = strdup(name->path);
	err = row.cgroup ? vec_push(&t->path_cgroups, row) : -ENOMEM;
	if (err)
		free(row.cgroup);
	return err;
}

static int tell_cgroups(struct code_book *b, struct tick *t)
{
	int err = 0;

	vec_for_each(e, &b->table.paths) {
		const struct cgroup_name *name;

		if (err || !e->cgroup ||
		    (e->cgroup == e->cgroup_told && e->charged == e->charged_told))
			continue;
		e->cgroup_told = e->cgroup;
		e->charged_told = e->charged;
		name = cgroup_names__find(&b->cgroups, e->cgroup);
		if (name)
			err = tell_cgroup(e->now.id, e->charged, name, t);
		else
			b->n_cgroups_unnamed++;
	}
	return err;
}

int code_book__limits(struct code_book *b, struct limits *l)
{
	if (!b->n_cgroups_unnamed)
		return 0;
	return limits__set(l, "path_cgroups_lost", b->n_cgroups_unnamed,
			   "call paths in the kernel whose cgroup was not written down: more than "
			   "%d were new at once",
			   MT_CGROUPS);
}

int code_book__tell(struct code_book *b, struct tick *t)
{
	int err;

	pthread_mutex_lock(&b->lock);
	err = tell_modules(b, t);
	if (!err)
		err = path_table__tell(&b->table, t);
	if (!err)
		err = tell_cgroups(b, t);
	pthread_mutex_unlock(&b->lock);
	return err;
}

struct module_files code_book__files(struct code_book *b, uint32_t module)
{
	struct module_files files = {-1, -1};
	const struct module *m;

	pthread_mutex_lock(&b->lock);
	m = modules__get(&b->modules, module);
	if (m)
		files = (struct module_files){m->fd, m->root_fd};
	pthread_mutex_unlock(&b->lock);
	return files;
}
