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
#include "cli/close_stdout.h"
#include "sink/sink.h"

/* A session of a busy machine is some MiB an hour; this bounds a forgotten run. */
#define SESSION_MAX_BYTES (1ull << 30)

static bool owned_by_us(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, path[0] ? 0 : AT_EMPTY_PATH) == 0 &&
	       st.st_uid == geteuid();
}

/* Is the directory of this path another user's? */
static bool is_foreign(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[512];

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	return !owned_by_us(AT_FDCWD, dir);
}

static int say_unwritable(const char *path, int err)
{
	char shown[256];

	return log_error_errno(err, "cannot write %s",
			       safe_text(shown, sizeof(shown), path, strlen(path)));
}

int output__copy_to(struct output *o, const char *path)
{
	int err = atomic_file__open(path, &o->copy, &o->copy_out);

	o->foreign_dir |= is_foreign(path);
	return err;
}

int output__open(struct output *o, const struct options *options)
{
	const struct sink *sink = sink_find(options->format);
	int err = 0;

	*o = (struct output){.options = options, .out = stdout};
	if (!options->output && sink && sink->binary && isatty(STDOUT_FILENO)) {
		log_error("--format %s is not for a terminal: -o FILE, or into a pipe", sink->name);
		return -EINVAL;
	}
	if (options->output) {
		o->foreign_dir = is_foreign(options->output);
		/* Else the file is another's: the report goes to standard output. */
		if (!sink || !sink->moment)
			err = atomic_file__open(options->output, &o->file, &o->out);
		if (err)
			return say_unwritable(options->output, err);
	}
	if (options->analysis)
		err = output__copy_to(o, options->analysis);
	return err ? say_unwritable(options->analysis, err) : 0;
}

static int finish(struct atomic_file **file, int err)
{
	struct atomic_file *f = TAKE_PTR(*file);

	if (!f)
		return err;
	if (!err)
		return atomic_file__commit(f);
	atomic_file__abort(f);
	return err;
}

int output__write(struct output *o, const struct report *r)
{
	const struct sink *sink = sink_find(o->options->format);
	int err, copy_err = 0;
	bool to_stdout = !o->file;

	if (sink && !sink->write)
		sink = &text_sink;
	err = finish(&o->file, sink ? sink->write(r, o->out) : -EINVAL);
	if (o->copy)
		copy_err = finish(&o->copy, text_sink.write(r, o->copy_out));
	if (err && to_stdout)
		return stdout_failed(o->out, err, "the report");
	err = err ? err : copy_err;
	return err ? log_error_errno(err, "the report could not be written") : 0;
}

void output__close(struct output *o)
{
	atomic_file__abort(o->file);
	atomic_file__abort(o->copy);
	o->file = o->copy = NULL;
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

int output_default_dir(const char *name, char dst[static OUTPUT_DIR_SIZE])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0)
		snprintf(dst, OUTPUT_DIR_SIZE, "/var/log/%s", name);
	else if (state && state[0] == '/')
		snprintf(dst, OUTPUT_DIR_SIZE, "%.400s/%s", state, name);
	else if (home && home[0] == '/')
		snprintf(dst, OUTPUT_DIR_SIZE, "%.400s/.local/state/%s", home, name);
	else
		return -ENOENT;
	return 0;
}

static void time_stamp(const char *format, char dst[static 32])
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(dst, 32, format, &tm);
}

void output_place__close(struct output_place *p)
{
	if (p->dirfd >= 0)
		close(p->dirfd);
	p->dirfd = -1;
}

void output__place(struct output *o, const char *name, struct output_place *ret)
{
	char stamp[32];
	int err = 0;

	*ret = (struct output_place){.dirfd = -1};
	time_stamp("%Y%m%d-%H%M%S", stamp);
	snprintf(ret->session, sizeof(ret->session), "memtrace-%s-%d.db", stamp, getpid());
	if (o->options->log_dir)
		snprintf(ret->dir, sizeof(ret->dir), "%s", o->options->log_dir);
	else
		err = output_default_dir(name, ret->dir) ?: make_dirs(ret->dir);
	if (!err && o->options->log_dir && strlen(o->options->log_dir) >= sizeof(ret->dir))
		err = -ENAMETOOLONG;
	if (!err)
		ret->dirfd = open_log_dir(ret->dir);
	if (!err && ret->dirfd >= 0)
		o->foreign_dir |= !owned_by_us(ret->dirfd, "");
	ret->err = err ? err : ret->dirfd < 0 ? ret->dirfd : 0;
}

static int create_session(struct output *o, const struct output_place *place,
			  const struct run_info *info, struct session **ret)
{
	int err = place->err;

	if (!err)
		err = session__create(place->dirfd, place->session, info, SESSION_MAX_BYTES, ret);
	if (!err)
		snprintf(o->session_path, sizeof(o->session_path), "%s/%s", place->dir,
			 place->session);
	return err;
}

int output__session(struct output *o, const struct output_place *place, const struct run_info *info,
		    struct limits *limits, struct session **ret)
{
	char shown[256];
	int err;

	*ret = NULL;
	if (o->options->no_session)
		return 0;
	err = create_session(o, place, info, ret);
	if (!err)
		return 0;
	safe_text(shown, sizeof(shown), place->dir, strlen(place->dir));
	log_warning_errno(err, "no session file in %s, going on without", shown);
	return limits__set(limits, "no_session_file", 0,
			   "nothing is kept of this run but its report: %.120s: %s", shown,
			   strerror(-err));
}
