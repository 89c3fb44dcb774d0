/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/last_session.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cli/output.h"
#include "store/session.h"

void session_dir(const struct options *o, const char *name, char dst[static SESSION_DIR_SIZE])
{
	char own[OUTPUT_DIR_SIZE];

	if (o->log_dir)
		snprintf(dst, SESSION_DIR_SIZE, "%s", o->log_dir);
	else if (strcmp(o->sysroot, "/") != 0 || output_default_dir(name, own))
		snprintf(dst, SESSION_DIR_SIZE, "%s/var/log/%s", o->sysroot, name);
	else
		snprintf(dst, SESSION_DIR_SIZE, "%s", own);
}

struct newest {
	char path[SESSION_DIR_SIZE];
	struct timespec time;
};

static void look_in(const char *dir, struct newest *n)
{
	_cleanup_closedir_ DIR *d = opendir(dir);
	char path[SESSION_DIR_SIZE];
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d))) {
		size_t len = strlen(e->d_name);

		if (len < 4 || strcmp(e->d_name + len - 3, ".db") ||
		    snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path) ||
		    lstat(path, &st) || !S_ISREG(st.st_mode))
			continue;
		if (n->path[0] &&
		    (st.st_mtim.tv_sec < n->time.tv_sec || (st.st_mtim.tv_sec == n->time.tv_sec &&
							    st.st_mtim.tv_nsec <= n->time.tv_nsec)))
			continue;
		memcpy(n->path, path, sizeof(path));
		n->time = st.st_mtim;
	}
}

int session_newest(const struct options *o, char ret_path[static SESSION_DIR_SIZE])
{
	static const char *const names[] = {"boot-diagnostics", "memory-monitor", "memtrace"};
	char dir[SESSION_DIR_SIZE];
	struct newest n = {0};

	for (size_t i = 0; i < (o->log_dir ? 1 : sizeof(names) / sizeof(names[0])); i++) {
		session_dir(o, names[i], dir);
		look_in(dir, &n);
	}
	if (!n.path[0])
		return -ENOENT;
	memcpy(ret_path, n.path, sizeof(n.path));
	return 0;
}

static int take_info(void *arg, const struct run_info *info)
{
	struct session_content *c = arg;
	int err = history__new(info, &c->history);

	if (!err)
		c->history->code.since_ns = c->options->since_ns;
	return err ? err : follow__new(&c->follow);
}

static int take_tick(void *arg, const struct tick *t)
{
	struct session_content *c = arg;
	int err = history__add(c->history, t);

	return err ? err : follow__tick(c->follow, t);
}

void session_content__free(struct session_content *c)
{
	history__free(c->history);
	follow__free(c->follow);
	*c = (struct session_content){};
}

int session_read(const struct options *o, const char *path, struct session_content *ret)
{
	struct session_content c = {.options = o};
	const struct session_reader reader = {take_info, take_tick, &c};
	int err = session__replay(path, &reader);

	if (err == -EBADMSG && c.history && c.history->n_ticks)
		err = limits__find(&c.history->limits, "session_ticks_damaged")
			      ? 0
			      : limits__set(&c.history->limits, "session_damaged", 0,
					    "the session file is damaged: samples may be missing");
	if (!err && !c.history)
		err = -ENODATA;
	if (err)
		session_content__free(&c);
	else
		*ret = c;
	return err;
}
