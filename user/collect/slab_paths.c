/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/slab_paths.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* 4.5 MiB of kernel memory; at one sample in 64 KiB enough for 2 GiB of slab. */
#define MAX_OBJECTS 32768

struct slab_paths {
	struct slab_paths_options options;
	struct code_book *book;
	struct slab_trace *trace; /* NULL: off */
	struct slab_holdings holdings;
	int failed; /* -errno of the attempt to switch it on */
};

int slab_paths__new(const struct slab_paths_options *o, struct code_book *book,
		    struct slab_paths **ret)
{
	struct slab_paths *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->options = *o;
	s->book = book;
	*ret = s;
	return 0;
}

void slab_paths__free(struct slab_paths *s)
{
	if (!s)
		return;
	slab_trace__close(s->trace);
	vec_free(&s->holdings);
	free(s);
}

bool slab_paths__on(const struct slab_paths *s)
{
	return s->trace != NULL;
}

int slab_paths__switch_on(struct slab_paths *s, char reason[static BPF_REASON_SIZE])
{
	struct slab_trace_options o = {
		.interval = s->options.interval_bytes,
		.max_objects = MAX_OBJECTS,
	};

	reason[0] = '\0';
	if (s->trace || s->failed)
		return s->failed;
	pthread_mutex_lock(&s->book->lock);
	o.irq = code_book__irq_entries(s->book);
	pthread_mutex_unlock(&s->book->lock);
	s->failed = slab_trace__open(&o, reason, &s->trace);
	return s->failed;
}

void slab_paths__switch_off(struct slab_paths *s)
{
	slab_trace__close(TAKE_PTR(s->trace));
}

/* FNV-1a: paths of one stack into two caches are two. */
static uint64_t hash_of(const char *text)
{
	uint32_t h = 0x811c9dc5;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x01000193;
	return h;
}

static int update_one(struct slab_paths *s, const struct slab_holding *h)
{
	struct path_sample like = {.domain = PATH_SLAB, .proc = h->id};
	uint64_t ip[MT_KSTACK_DEPTH];
	struct path_entry *e;
	uint32_t path;
	size_t n;
	int err;

	memcpy(like.comm, h->comm, sizeof(like.comm));
	memcpy(like.what, h->cache, sizeof(like.what));
	n = slab_trace__stack(s->trace, h->stack, ip, &like.complete);
	err = code_book__kernel_stack(s->book, ip, n, &like.leaf);
	like.complete &= like.leaf != 0;
	if (!err)
		err = path_table__path(&s->book->table, &like, hash_of(h->cache), &path);
	if (err)
		return err;
	e = &s->book->table.paths.v[path - 1];
	e->cgroup = h->cgroup ?: e->cgroup;
	e->live += h->live;
	e->variance += h->variance;
	e->now.samples += h->samples;
	if (!e->now.oldest || h->oldest_ns < e->now.oldest)
		e->now.oldest = h->oldest_ns;
	return 0;
}

int slab_paths__update(struct slab_paths *s)
{
	int err;

	if (!s->trace)
		return 0;
	err = slab_trace__read(s->trace, s->options.min_age_ns, &s->holdings);
	if (err)
		return err;
	pthread_mutex_lock(&s->book->lock);
	code_book__look_at_modules(s->book);
	err = cgroup_names__take(&s->book->cgroups, slab_trace__cgroups_fd(s->trace));
	path_table__begin(&s->book->table, PATH_SLAB);
	vec_for_each(h, &s->holdings)
		err = err ?: update_one(s, h);
	path_table__end(&s->book->table, PATH_SLAB);
	pthread_mutex_unlock(&s->book->lock);
	return err;
}

int slab_paths__limits(const struct slab_paths *s, struct limits *l)
{
	return s->trace ? slab_trace__limits(s->trace, l) : 0;
}
