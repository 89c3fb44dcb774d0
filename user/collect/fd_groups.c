/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/fd_groups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* One open file, with the words of the group it goes into. */
struct item {
	char what[sizeof(((struct fd_group *)0)->what)];
	enum fd_kind kind;
	bool fresh;
};

static uint64_t hash_of(const struct open_file *f)
{
	uint64_t h = 0xcbf29ce484222325ull; /* FNV-1a, 64 bits */

	for (int shift = 0; shift < 32; shift += 8)
		h = (h ^ (f->fd >> shift & 0xff)) * 0x100000001b3ull;
	for (const char *p = f->target; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3ull;
	return h;
}

static int compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int fd_mark__set(struct fd_mark *m, struct proc_id id, const struct open_files *files)
{
	m->id = id;
	m->n = 0;
	for (size_t i = 0; i < files->n; i++)
		if (vec_push(m, hash_of(&files->v[i])))
			return -ENOMEM;
	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), compare_u64);
	return 0;
}

void fd_mark__free(struct fd_mark *m)
{
	vec_free(m);
}

static bool has(const struct fd_mark *m, const struct open_file *f)
{
	uint64_t h = hash_of(f);

	return m->n && bsearch(&h, m->v, m->n, sizeof(*m->v), compare_u64);
}

/* --- words --- */

/* "socket:[4711]" */
static const struct net_socket *socket_of(const struct open_file *f,
					  const struct net_sockets *sockets)
{
	static const char prefix[] = "socket:[";
	const char *number = f->target + sizeof(prefix) - 1;
	struct cursor digits = {number, number + strspn(number, "0123456789")};
	uint64_t inode;

	if (!sockets || strncmp(f->target, prefix, sizeof(prefix) - 1) ||
	    cursor_u64(&digits, &inode))
		return NULL;
	return net_sockets__find(sockets, inode);
}

static void set_words(struct item *item, const struct open_file *f,
		      const struct net_sockets *sockets)
{
	const struct net_socket *socket;

	item->kind = f->kind;
	switch (f->kind) {
	case FD_SOCKET:
		socket = socket_of(f, sockets);
		/* Not in the tables: netlink, packet, or of another namespace. */
		snprintf(item->what, sizeof(item->what), "%s", socket ? socket->text : "socket");
		break;
	case FD_PIPE:
		snprintf(item->what, sizeof(item->what), "pipe");
		break;
	default:
		snprintf(item->what, sizeof(item->what), "%.*s%s", (int)sizeof(item->what) - 16,
			 f->target, f->is_deleted ? " (deleted)" : "");
	}
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->what, y->what);

	return order ? order : (x->kind > y->kind) - (x->kind < y->kind);
}

static bool same_group(const struct item *a, const struct item *b)
{
	return a->kind == b->kind && !strcmp(a->what, b->what);
}

/* Of a file that is open once: its directory, with what stands for the rest. */
static void fold_path(struct item *item)
{
	char *slash = strrchr(item->what, '/');

	if (!slash || slash == item->what || (item->kind != FD_FILE && item->kind != FD_SHM))
		return;
	snprintf(slash + 1, sizeof(item->what) - (size_t)(slash + 1 - item->what), "…");
}

/* Items in order: those without their like are folded by directory, unless that
 * would fold one file alone; in order again. */
static void fold_singles(struct item *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t slash = strrchr(v[i].what, '/')
				       ? (size_t)(strrchr(v[i].what, '/') - v[i].what) + 1
				       : 0;
		bool alone = (!i || !same_group(&v[i - 1], &v[i])) &&
			     (i + 1 == n || !same_group(&v[i], &v[i + 1]));
		/* In order, so that those of a directory are neighbours; the one before may be
		 * folded by now, which leaves its directory. */
		bool neighbour =
			slash && ((i && !strncmp(v[i - 1].what, v[i].what, slash)) ||
				  (i + 1 < n && !strncmp(v[i + 1].what, v[i].what, slash)));

		if (alone && neighbour)
			fold_path(&v[i]);
	}
	qsort(v, n, sizeof(*v), compare_items);
}

/* --- groups --- */

static int compare_groups(const void *a, const void *b)
{
	const struct fd_group *x = a, *y = b;

	if (x->fresh != y->fresh)
		return x->fresh < y->fresh ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->what, y->what);
}

static int add_groups(struct fd_group_list *l, struct proc_id id, bool fresh_known,
		      const struct item *v, size_t n)
{
	int err = 0;

	for (size_t i = 0; !err && i < n;) {
		struct fd_group group = {.id = id, .kind = v[i].kind, .fresh_known = fresh_known};
		const struct item *first = &v[i];

		memcpy(group.what, first->what, sizeof(group.what));
		for (; i < n && same_group(first, &v[i]); i++) {
			group.count++;
			group.fresh += v[i].fresh;
		}
		err = vec_push(l, group);
	}
	return err;
}

int fd_groups__add(struct fd_group_list *l, size_t max, struct proc_id id,
		   const struct open_files *files, const struct net_sockets *sockets,
		   const struct fd_mark *mark)
{
	_cleanup_free_ struct item *v = files->n ? calloc(files->n, sizeof(*v)) : NULL;
	size_t before = l->n;
	int err;

	if (!files->n)
		return 0;
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < files->n; i++) {
		set_words(&v[i], &files->v[i], sockets);
		v[i].fresh = mark && !has(mark, &files->v[i]);
	}
	qsort(v, files->n, sizeof(*v), compare_items);
	fold_singles(v, files->n);
	err = add_groups(l, id, mark != NULL, v, files->n);
	if (err) {
		l->n = before;
		return err;
	}
	qsort(l->v + before, l->n - before, sizeof(*l->v), compare_groups);
	if (l->n - before > max)
		l->n = before + max;
	return 0;
}
