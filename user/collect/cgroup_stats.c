/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroup_stats.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "collect/container.h"
#include "collect/psi.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

/* A descriptor a level; the deepest trees of container hosts have about ten. */
#define DEPTH_MAX 64
#define CGROUPS_MAX 2048
#define TEXT_MAX 16384 /* memory.stat: 2 KiB in 6.18 */

/* Reading memory.stat makes the kernel add up what its CPUs counted. */
#define STAT_MIN_BYTES (1024 * 1024)

/* v1 writes LONG_MAX in whole pages, whose size differs; no machine has this much. */
#define V1_UNLIMITED (1ULL << 62)

#define BIT(value) (1u << (value))
#define LIMITS (BIT(CGROUP_MAX) | BIT(CGROUP_HIGH) | BIT(CGROUP_SWAP_MAX))

/* Files of one number. */
static const struct {
	enum cgroup_value value;
	const char *v2, *v1; /* NULL: has none */
} value_files[] = {
	{CGROUP_CURRENT, "memory.current", "memory.usage_in_bytes"},
	{CGROUP_PEAK, "memory.peak", "memory.max_usage_in_bytes"}, /* v2: 5.19 on */
	{CGROUP_MAX, "memory.max", "memory.limit_in_bytes"},
	{CGROUP_HIGH, "memory.high", "memory.soft_limit_in_bytes"},
	{CGROUP_SWAP, "memory.swap.current", NULL},
	{CGROUP_SWAP_MAX, "memory.swap.max", NULL},
	{CGROUP_KERNEL, NULL, "memory.kmem.usage_in_bytes"},
	{CGROUP_EVENT_MAX, NULL, "memory.failcnt"},
};

struct named_value {
	const char *name;
	enum cgroup_value value;
};

static const struct named_value v2_stat[] = {
	{"anon", CGROUP_ANON},
	{"file", CGROUP_FILE},
	{"shmem", CGROUP_SHMEM},
	{"inactive_file", CGROUP_INACTIVE_FILE},
	{"file_dirty", CGROUP_FILE_DIRTY},
	{"kernel", CGROUP_KERNEL}, /* 5.18 on */
	{"slab_reclaimable", CGROUP_SLAB_RECLAIMABLE},
	{"slab_unreclaimable", CGROUP_SLAB_UNRECLAIMABLE},
	{"kernel_stack", CGROUP_KERNEL_STACK},
	{"pagetables", CGROUP_PAGE_TABLE}, /* 5.11 on */
	{"sock", CGROUP_SOCK},
	{NULL, 0},
};

static const struct named_value v1_stat[] = {
	{"total_rss", CGROUP_ANON}, /* its name notwithstanding: no file pages */
	{"total_cache", CGROUP_FILE},
	{"total_shmem", CGROUP_SHMEM},
	{"total_inactive_file", CGROUP_INACTIVE_FILE},
	{"total_dirty", CGROUP_FILE_DIRTY},
	{"total_swap", CGROUP_SWAP},
	{NULL, 0},
};

static const struct named_value events[] = {
	{"low", CGROUP_EVENT_LOW}, {"high", CGROUP_EVENT_HIGH},		{"max", CGROUP_EVENT_MAX},
	{"oom", CGROUP_EVENT_OOM}, {"oom_kill", CGROUP_EVENT_OOM_KILL}, {NULL, 0},
};

static void set_value(struct cgroup_sample *c, enum cgroup_value value, uint64_t n)
{
	c->value[value] = n;
	c->known |= BIT(value);
}

static int parse_named(struct cursor text, const struct named_value *table, struct cgroup_sample *c)
{
	struct cursor line, name;
	bool any = false;

	while (!cursor_line(&text, &line)) {
		uint64_t n;

		if (line.end == text.end || cursor_word(&line, &name) || cursor_u64(&line, &n))
			continue;
		for (const struct named_value *v = table; v->name; v++)
			if (cursor_is(name, v->name)) {
				set_value(c, v->value, n);
				any = true;
			}
	}
	return any ? 0 : -EBADMSG;
}

int cgroup_stat_parse(struct cursor text, bool is_v1, struct cgroup_sample *c)
{
	return parse_named(text, is_v1 ? v1_stat : v2_stat, c);
}

int cgroup_events_parse(struct cursor text, struct cgroup_sample *c)
{
	return parse_named(text, events, c);
}

int cgroup_value_parse(struct cursor text, enum cgroup_value value, struct cgroup_sample *c)
{
	bool is_limit = LIMITS & BIT(value);
	struct cursor line, word;
	uint64_t n;

	if (cursor_line(&text, &line) || line.end == text.end || cursor_word(&line, &word))
		return -EBADMSG;
	if (is_limit && cursor_is(word, "max")) {
		c->unlimited |= BIT(value);
		return 0;
	}
	if (cursor_u64(&word, &n))
		return -EBADMSG;
	if (is_limit && n >= V1_UNLIMITED)
		c->unlimited |= BIT(value);
	else
		set_value(c, value, n);
	return 0;
}

/* --- the tree ------------------------------------------------------------------------------- */

struct walk {
	int root_fd;
	const char *base; /* of the hierarchy that counts memory, below root_fd */
	bool is_v1;
	struct cgroup_list *old, *found;
	size_t at; /* in old: the entry after the last that was found there */
};

static ssize_t read_text(int dir_fd, const char *name, char text[static TEXT_MAX],
			 struct cursor *ret)
{
	ssize_t len = read_file_at(dir_fd, name, text, TEXT_MAX);

	if (len >= 0)
		*ret = (struct cursor){text, text + len};
	return len;
}

static void read_values(const struct walk *w, int dir_fd, struct cgroup_sample *c)
{
	char text[TEXT_MAX];
	struct cursor t;

	for (size_t i = 0; i < sizeof(value_files) / sizeof(value_files[0]); i++) {
		const char *name = w->is_v1 ? value_files[i].v1 : value_files[i].v2;

		if (name && read_text(dir_fd, name, text, &t) >= 0)
			cgroup_value_parse(t, value_files[i].value, c);
	}
	if (read_text(dir_fd, w->is_v1 ? "memory.oom_control" : "memory.events", text, &t) >= 0)
		cgroup_events_parse(t, c);
	if ((c->known & BIT(CGROUP_CURRENT)) && c->value[CGROUP_CURRENT] < STAT_MIN_BYTES)
		return;
	if (read_text(dir_fd, "memory.stat", text, &t) >= 0)
		cgroup_stat_parse(t, w->is_v1, c);
}

/* Of the same path in the v2 tree: v1 counts no pressure. */
static void read_psi(const struct walk *w, int dir_fd, struct cgroup_sample *c)
{
	char path[PATH_MAX];

	if (w->found->mode == CGROUP_MODE_V2)
		psi_read_at(dir_fd, "memory.pressure", &c->memory_psi);
	else if (w->found->mode == CGROUP_MODE_HYBRID &&
		 snprintf(path, sizeof(path), "sys/fs/cgroup/unified%s/memory.pressure", c->path) <
			 (int)sizeof(path))
		psi_read_at(w->root_fd, path, &c->memory_psi);
}

static const struct cgroup_sample *find_old(struct walk *w, const char *path)
{
	for (size_t i = 0; i < w->old->n; i++) {
		size_t at = (w->at + i) % w->old->n;

		if (!strcmp(w->old->v[at].path, path)) {
			w->at = at + 1;
			return &w->old->v[at];
		}
	}
	return NULL;
}

static int identify(struct walk *w, struct cgroup_sample *c)
{
	const struct cgroup_sample *old = find_old(w, c->path);

	if (old && !old->container.name_is_id) {
		c->container = old->container;
		return 0;
	}
	return container_identify(w->root_fd, c->path, &c->container);
}

/* Vanished between being listed and being read. */
static bool is_gone(int dir_fd)
{
	return faccessat(dir_fd, "cgroup.procs", F_OK, 0) && errno == ENOENT;
}

static int add_cgroup(struct walk *w, int dir_fd, const char *path)
{
	struct cgroup_sample c = {0};
	int err;

	if (is_gone(dir_fd))
		return 0;
	if (w->found->n == CGROUPS_MAX) {
		w->found->n_skipped++;
		return 0;
	}
	c.path = strdup(path);
	if (!c.path)
		return -ENOMEM;
	read_values(w, dir_fd, &c);
	read_psi(w, dir_fd, &c);
	err = identify(w, &c);
	if (!err)
		err = vec_push(w->found, c);
	if (err)
		free(c.path);
	return err;
}

static int walk_dir(struct walk *w, int dir_fd, const char *path, int depth);

/* -ENOMEM, or 0: what cannot be read is counted. */
static int walk_child(struct walk *w, int parent_fd, const char *parent, const char *name,
		      int depth)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = openat(parent_fd, name, DIR_FLAGS);
	int err;

	if (fd < 0 && (errno == ENOENT || errno == ENODEV))
		return 0;
	if (fd < 0 || depth > DEPTH_MAX) {
		w->found->n_skipped++;
		return 0;
	}
	if (asprintf(&path, "%s/%s", parent[1] ? parent : "", name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	err = add_cgroup(w, fd, path);
	return err ? err : walk_dir(w, fd, path, depth);
}

static int walk_dir(struct walk *w, int dir_fd, const char *path, int depth)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int err = 0;

	if (open_dir_at(dir_fd, ".", &dir)) {
		w->found->n_skipped++;
		return 0;
	}
	while (!err && (e = readdir(dir)))
		if (e->d_name[0] != '.' && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN))
			err = walk_child(w, dir_fd, path, e->d_name, depth + 1);
	return err;
}

/* Whether cgroup.controllers of a v2 tree names the memory controller. */
static bool counts_memory(int root_fd, const char *path)
{
	char text[1024];
	ssize_t len = read_file_at(root_fd, path, text, sizeof(text));
	struct cursor c = {text, text + (len > 0 ? len : 0)}, word;

	while (!cursor_word(&c, &word))
		if (cursor_is(word, "memory"))
			return true;
	return false;
}

static enum cgroup_mode find_mode(int root_fd, const char **ret_base)
{
	*ret_base = "sys/fs/cgroup";
	if (counts_memory(root_fd, "sys/fs/cgroup/cgroup.controllers"))
		return CGROUP_MODE_V2;
	*ret_base = "sys/fs/cgroup/unified"; /* v1 without its memory controller */
	if (counts_memory(root_fd, "sys/fs/cgroup/unified/cgroup.controllers"))
		return CGROUP_MODE_V2;
	*ret_base = "sys/fs/cgroup/memory";
	if (faccessat(root_fd, "sys/fs/cgroup/memory/memory.usage_in_bytes", F_OK, 0))
		return CGROUP_MODE_NONE;
	if (faccessat(root_fd, "sys/fs/cgroup/unified/cgroup.procs", F_OK, 0))
		return CGROUP_MODE_V1;
	return CGROUP_MODE_HYBRID;
}

int cgroup_list__read(int root_fd, struct cgroup_list *list)
{
	_cleanup_(cgroup_list__free) struct cgroup_list found = {0};
	struct walk w = {.root_fd = root_fd, .old = list, .found = &found};
	_cleanup_close_ int fd = -1;
	struct cgroup_list old;
	int err;

	found.mode = find_mode(root_fd, &w.base);
	if (found.mode == CGROUP_MODE_NONE)
		return -ENOENT;
	w.is_v1 = found.mode != CGROUP_MODE_V2;
	fd = openat(root_fd, w.base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = add_cgroup(&w, fd, "/");
	if (!err)
		err = walk_dir(&w, fd, "/", 0);
	if (!err)
		err = cgroup_list__set_limits(&found);
	if (err)
		return err;
	old = *list;
	*list = found;
	found = old; /* freed on return */
	return 0;
}
