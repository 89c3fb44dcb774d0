/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/code_book.h"

#include <errno.h>
#include <string.h>

int code_book__init(struct code_book *b, int root_fd)
{
	*b = (struct code_book){};
	pthread_mutex_init(&b->lock, NULL);
	return modules__kernel(&b->modules, root_fd, &b->kernel_module);
}

void code_book__free(struct code_book *b)
{
	path_table__free(&b->table);
	modules__free(&b->modules);
	pthread_mutex_destroy(&b->lock);
}

int code_book__kernel_path(struct code_book *b, const uint64_t *ip, size_t n,
			   struct path_sample *like, uint64_t tell_apart, uint32_t *ret_path)
{
	struct path_frame_at at[KERNEL_FRAMES_MAX];
	int err;

	if (n > KERNEL_FRAMES_MAX)
		n = KERNEL_FRAMES_MAX;
	for (size_t i = 0; i < n; i++)
		at[i] = (struct path_frame_at){b->kernel_module, ip[i] - (i > 0)};
	err = path_table__stack(&b->table, at, n, &like->leaf);
	if (!like->leaf)
		like->complete = false;
	return err ? err : path_table__path(&b->table, like, tell_apart, ret_path);
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

int code_book__tell(struct code_book *b, struct tick *t)
{
	int err;

	pthread_mutex_lock(&b->lock);
	err = tell_modules(b, t);
	if (!err)
		err = path_table__tell(&b->table, t);
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
