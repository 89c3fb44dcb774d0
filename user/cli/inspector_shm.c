/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memory: System V, tmpfs, and who holds files in memory. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/inspector_part.h"
#include "collect/fd_links.h"
#include "collect/shm_files.h"
#include "collect/sysv_shm.h"
#include "collect/tmpfs.h"

/* Descriptors looked at of each process, for what it holds of shared memory. */
#define FDS_MAX 4096

int inspector__add_sysv(struct inspector *x)
{
	struct analysis *a = &x->tick->analysis;
	int err = sysv_shm_read(x->root_fd, &a->sysv);

	err = inspector__note(x, PART_SYSV, err, 0);
	if (!err)
		err = inspector__note(x, PART_TMPFS, tmpfs_read(x->root_fd, &a->tmpfs), 0);
	return err;
}

/* Those with most shared memory first: time may not suffice for all. */
static int by_shmem(const void *a, const void *b)
{
	const struct proc_sample *x = *(const struct proc_sample *const *)a;
	const struct proc_sample *y = *(const struct proc_sample *const *)b;

	if (x->value[PROC_SHMEM] != y->value[PROC_SHMEM])
		return x->value[PROC_SHMEM] < y->value[PROC_SHMEM] ? 1 : -1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

struct mapping_arg {
	struct shm_files *s;
	const struct proc_sample *p;
};

static int add_mapping(void *arg, const struct mapping_line *m)
{
	const struct mapping_arg *a = arg;

	return shm_files__add_mapping(a->s, a->p, m);
}

static int add_process(struct inspector *x, struct shm_files *s, const struct proc_sample *p,
		       struct open_files *files)
{
	struct mapping_arg arg = {s, p};
	int err = inspector__files(x, p, FDS_MAX, files);

	if (!err)
		err = shm_files__add_open(s, p, files, &x->tick->analysis.tmpfs);
	if (!err && p->value[PROC_SHMEM])
		err = maps_each(x->root_fd, p->id, add_mapping, &arg);
	return err;
}

static int add_processes(struct inspector *x, struct shm_files *s, uint64_t *n_skipped)
{
	size_t n = x->sampler->list.n, n_chosen = 0;
	_cleanup_free_ const struct proc_sample **order = calloc(n + 1, sizeof(*order));
	_cleanup_(open_files__free) struct open_files files = {0};

	if (!order)
		return -ENOMEM;
	vec_for_each(p, &x->sampler->list)
		if (!(p->flags & PROC_KTHREAD) && p->known & 1u << PROC_RSS)
			order[n_chosen++] = p;
	qsort(order, n_chosen, sizeof(*order), by_shmem);
	for (size_t i = 0; i < n_chosen; i++) {
		int err = inspector__is_late(x) ? -ETIME : add_process(x, s, order[i], &files);

		if (err == -ENOMEM)
			return err;
		*n_skipped += err && err != -ESRCH;
	}
	return 0;
}

static int take_rows(struct inspector *x, const struct shm_files *s)
{
	struct analysis *a = &x->tick->analysis;
	int err = vec_reserve(&a->shm, s->files.n);

	if (!err)
		err = vec_reserve(&a->holders, s->holders.n);
	if (err)
		return err;
	vec_for_each(f, &s->files)
		a->shm.v[a->shm.n++] = *f;
	vec_for_each(h, &s->holders)
		a->holders.v[a->holders.n++] = *h;
	return 0;
}

int inspector__add_shm(struct inspector *x)
{
	_cleanup_(shm_files__free) struct shm_files s = {0};
	uint64_t n_skipped = 0;
	int err = shm_files__add_dir(&s, x->root_fd);

	if (err == -ENOENT) /* no such file system here */
		err = 0;
	if (!err)
		err = add_processes(x, &s, &n_skipped);
	if (err == -ENOMEM)
		return err;
	if (take_rows(x, &s))
		return -ENOMEM;
	return inspector__note(x, PART_SHM, err, n_skipped + s.n_skipped);
}
