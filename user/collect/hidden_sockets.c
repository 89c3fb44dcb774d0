/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets answer in their network namespace alone: one descriptor is opened in each, while the
 * rights for that are there. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/hidden_set.h"
#include "collect/sock_diag.h"

/* Goes there, opens, and comes back: 0, or -errno (nothing opened). */
static int open_network(struct hidden *h, int own_fd, int ns_fd)
{
	int fd;

	if (setns(ns_fd, CLONE_NEWNET))
		return -errno;
	fd = sock_diag_open();
	if (setns(own_fd, CLONE_NEWNET)) {
		/* What was opened is right; nothing else here depends on where we are. */
		h->n_networks_skipped++;
	}
	if (fd < 0)
		return fd;
	h->networks[h->n_networks++] = fd;
	return 0;
}

/* "net:[4026531840]": the number names the namespace. */
static int network_of(const struct hidden *h, const char *pid, char path[static 48],
		      char name[static 48])
{
	ssize_t len;

	snprintf(path, 48, "proc/%.12s/ns/net", pid);
	len = readlinkat(h->root_fd, path, name, 47);
	if (len < 0)
		return -errno;
	name[len] = '\0';
	return 0;
}

static uint64_t name_number(const char *name)
{
	const char *at = strchr(name, '[');
	uint64_t n = 0;

	for (at = at ? at + 1 : ""; *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	return n;
}

enum { SEEN_NETWORK = 64 };

/* True the first time; kept over all looks. */
static bool is_new_network(struct hmap *known, const char *name, int *err)
{
	const struct hmap_key key = {{SEEN_NETWORK, name_number(name), 0}};
	uint32_t unused;

	if (hmap_get(known, key, &unused))
		return false;
	*err = hmap_put(known, key, 0);
	return !*err;
}

int hidden_networks(struct hidden *h, const struct task_list *procs)
{
	_cleanup_close_ int own_fd = -1;
	char path[48], name[48], pid[16];
	int err = 0;

	if (!h->is_live)
		return 0;
	if (!h->n_networks) {
		int fd = sock_diag_open();

		if (fd < 0 || network_of(h, "self", path, name))
			return 0; /* no sock_diag on this machine: no sockets are told of */
		h->networks[h->n_networks++] = fd;
		is_new_network(&h->known_networks, name, &err);
	}
	vec_for_each(p, procs) {
		_cleanup_close_ int ns_fd = -1;

		snprintf(pid, sizeof(pid), "%u", p->id.pid);
		if (err || p->flags & PROC_KTHREAD || network_of(h, pid, path, name) ||
		    !is_new_network(&h->known_networks, name, &err))
			continue;
		if (own_fd < 0)
			own_fd = openat(h->root_fd, "proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		ns_fd = openat(h->root_fd, path, O_RDONLY | O_CLOEXEC);
		if (own_fd < 0 || ns_fd < 0 || h->n_networks >= NETWORKS_MAX ||
		    open_network(h, own_fd, ns_fd))
			h->n_networks_skipped++;
	}
	return err;
}

/* To whoever has a descriptor; what nobody has (sockets of the kernel, or in flight) is nobody's.
 */
static int add_socket(struct hidden *h, const struct socket_memory *m)
{
	struct hidden_sample s = {.kind = HIDDEN_SOCKET, .certainty = HIDDEN_ESTIMATE, .count = 1};
	uint32_t i;
	int err = 0;

	if (hmap_get(&h->sockets, (struct hmap_key){{m->inode, 0, 0}}, &i)) {
		s.id = h->holders.v[i].id;
		memcpy(s.comm, h->holders.v[i].comm, sizeof(s.comm));
	} else if (m->ring || m->buffer) {
		h->n_unowned++;
	}
	if (m->ring) {
		struct hidden_sample ring = s;

		ring.kind = HIDDEN_PACKET_RING;
		ring.certainty = HIDDEN_EXACT;
		ring.bytes = m->ring;
		err = hidden_set__add(&h->set, &ring);
	}
	if (err || !m->buffer)
		return err;
	snprintf(s.name, sizeof(s.name), "%s", socket_family_names[m->family]);
	s.bytes = m->buffer;
	return hidden_set__add(&h->set, &s);
}

int hidden_sockets(struct hidden *h)
{
	struct socket_list l = {0};
	int err = 0;

	for (size_t i = 0; i < h->n_networks && err != -ENOMEM; i++)
		for (int family = 0; family < _SOCKET_FAMILY_MAX && err != -ENOMEM; family++) {
			l.n = 0;
			err = sock_diag_read(h->networks[i], (enum socket_family)family, &l);
			/* -ENOENT: not built in and no module for it, or none such in use. */
			h->n_sockets_lost += err && err != -ENOENT && err != -ENOMEM;
			for (size_t s = 0; s < l.n && err != -ENOMEM; s++)
				err = add_socket(h, &l.v[s]);
		}
	vec_free(&l);
	return err == -ENOMEM ? err : 0;
}
