/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "sink/sink.h"

/* A session of a busy machine is some MiB an hour; this bounds a forgotten run. */
#define SESSION_MAX_BYTES (1ull << 30)

static bool owned_by_us(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, path[0] ? 0 : AT_EMPTY_PATH) == 0 &&
	       st.st_uid == geteuid();
}

int output__open(struct output *o, const struct options *options)
{
	char dir[512], shown[256];
	const char *slash;
	int err;

	*o = (struct output){.options = options, .out = stdout};
	if (!options->output)
		return 0;
	err = atomic_file__open(options->output, &o->file, &o->out);
	if (err)
		return log_error_errno(
			err, "cannot write %s",
			safe_text(shown, sizeof(shown), options->output, strlen(options->output)));
	slash = strrchr(options->output, '/');
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - options->output) + 1 : 1,
		 slash ? options->output : ".");
	o->foreign_dir = !owned_by_us(AT_FDCWD, dir);
	return 0;
}

int output__write(struct output *o, const struct report *r)
{
	const struct sink *sink = sink_find(o->options->format);
	int err = sink ? sink->write(r, o->out) : -EINVAL;

	if (o->file) {
		if (err)
			atomic_file__abort(o->file);
		else
			err = atomic_file__commit(o->file);
		o->file = NULL;
	}
	return err ? log_error_errno(err, "the report could not be written") : 0;
}

void output__close(struct output *o)
{
	atomic_file__abort(o->file);
	o->file = NULL;
}

/* Creates each missing directory of a default place; ours alone. */
static int make_dirs(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0755) && errno != EEXIST) {
			*p = '/';
			return -errno;
		}
		*p = '/';
	}
	return 0;
}

static int default_dir(char dst[static 512])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0)
		snprintf(dst, 512, "/var/log/memtrace");
	else if (state && state[0] == '/')
		snprintf(dst, 512, "%.480s/memtrace", state);
	else if (home && home[0] == '/')
		snprintf(dst, 512, "%.480s/.local/state/memtrace", home);
	else
		return -ENOENT;
	return make_dirs(dst);
}

static int create_session(struct output *o, const char *dir, const struct run_info *info,
			  struct session **ret)
{
	_cleanup_close_ int dirfd = open_log_dir(dir);
	struct timespec now;
	char name[64], stamp[32];
	struct tm tm;
	int err;

	if (dirfd < 0)
		return dirfd;
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(name, sizeof(name), "memtrace-%s-%d.db", stamp, getpid());
	err = session__create(dirfd, name, info, SESSION_MAX_BYTES, ret);
	if (err)
		return err;
	o->foreign_dir |= !owned_by_us(dirfd, "");
	snprintf(o->session_path, sizeof(o->session_path), "%s/%s", dir, name);
	return 0;
}

int output__session(struct output *o, const struct run_info *info, struct limits *limits,
		    struct session **ret)
{
	char place[512], shown[256];
	const char *dir = o->options->log_dir;
	int err = 0;

	*ret = NULL;
	if (o->options->no_session)
		return 0;
	if (!dir) {
		err = default_dir(place);
		dir = place;
	}
	if (!err)
		err = create_session(o, dir, info, ret);
	if (!err)
		return 0;
	safe_text(shown, sizeof(shown), dir, strlen(dir));
	log_warning_errno(err, "no session file in %s, going on without", shown);
	return limits__set(limits, "no_session_file", 0,
			   "nothing is kept of this run but its report: %.120s: %s", shown,
			   strerror(-err));
}
