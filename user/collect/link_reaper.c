/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/link_reaper.h"

#include <errno.h>
#include <pthread.h>

#include "base/thread.h"
#include "base/vec.h"

struct link_reaper {
	pthread_mutex_t lock; /* the members below */
	pthread_cond_t more;
	struct bpf_links links;
	bool stop;
	pthread_t thread;
};

/* Either kind. false: nothing was moved. */
static bool move_one(struct bpf_links *to, struct bpf_links *from)
{
	if (from->n && !vec_push(to, from->v[from->n - 1]))
		return from->n--;
	if (from->fds.n && !vec_push(&to->fds, from->fds.v[from->fds.n - 1]))
		return from->fds.n--;
	return false;
}

/* One of them, of either kind. false: there are no more. */
static bool next_link(struct link_reaper *r, struct bpf_links *ret)
{
	bool has;

	pthread_mutex_lock(&r->lock);
	while (!r->links.n && !r->links.fds.n && !r->stop)
		pthread_cond_wait(&r->more, &r->lock);
	has = move_one(ret, &r->links);
	pthread_mutex_unlock(&r->lock);
	return has;
}

static void *run(void *arg)
{
	struct bpf_links one = {};

	while (next_link(arg, &one))
		bpf_links__free(&one);
	return NULL;
}

int link_reaper__new(struct link_reaper **ret)
{
	struct link_reaper *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->more, NULL);
	err = thread_start(&r->thread, run, r);
	if (err)
		free(r);
	else
		*ret = r;
	return err;
}

void link_reaper__take(struct link_reaper *r, struct bpf_links *links)
{
	pthread_mutex_lock(&r->lock);
	while (move_one(&r->links, links))
		;
	pthread_cond_broadcast(&r->more);
	pthread_mutex_unlock(&r->lock);
	bpf_links__free(links);
}

void link_reaper__free(struct link_reaper *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_broadcast(&r->more);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	bpf_links__free(&r->links);
	pthread_cond_destroy(&r->more);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
