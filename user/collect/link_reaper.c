/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/link_reaper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "base/vec.h"

struct link_reaper {
	pthread_mutex_t lock; /* the members below */
	pthread_cond_t more;
	struct bpf_links links;
	bool stop;
	pthread_t thread;
};

static struct bpf_link *next_link(struct link_reaper *r)
{
	struct bpf_link *link = NULL;

	pthread_mutex_lock(&r->lock);
	while (!r->links.n && !r->stop)
		pthread_cond_wait(&r->more, &r->lock);
	if (r->links.n)
		link = r->links.v[--r->links.n];
	pthread_mutex_unlock(&r->lock);
	return link;
}

static void *run(void *arg)
{
	struct bpf_link *link;

	while ((link = next_link(arg)))
		bpf_link__destroy(link);
	return NULL;
}

int link_reaper__new(struct link_reaper **ret)
{
	struct link_reaper *r = calloc(1, sizeof(*r));
	sigset_t all, before;
	int err;

	if (!r)
		return -ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->more, NULL);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&r->thread, NULL, run, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		free(r);
	else
		*ret = r;
	return err;
}

void link_reaper__take(struct link_reaper *r, struct bpf_links *links)
{
	int err = 0;

	pthread_mutex_lock(&r->lock);
	while (links->n && !err) {
		err = vec_push(&r->links, links->v[links->n - 1]);
		links->n -= !err;
	}
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
	vec_free(&r->links);
	pthread_cond_destroy(&r->more);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
