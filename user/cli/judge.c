/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"

#define CHUNK 65536
#define NAME_SHOWN 160

static int complain(const char *name, const char *what)
{
	char safe[NAME_SHOWN];

	log_error("%s: %s", safe_text(safe, sizeof(safe), name, strlen(name)), what);
	return -EINVAL;
}

static int too_long(const struct judge *j, const char *name)
{
	char what[JUDGE_ERROR_SIZE];

	snprintf(what, sizeof(what), "line %llu is longer than %d bytes: this is no CSV",
		 (unsigned long long)j->lines + 1, JUDGE_LINE_MAX);
	return complain(name, what);
}

static int take_line(struct judge *j, const char *name, const char *line, size_t len)
{
	char err[JUDGE_ERROR_SIZE];

	if (len > JUDGE_LINE_MAX)
		return too_long(j, name);
	if (judge__line(j, line, len, err) < 0)
		return complain(name, err);
	return 0;
}

int judge_read(FILE *in, const char *name, struct judge *j)
{
	_cleanup_free_ char *buf = malloc(CHUNK);
	size_t kept = 0;
	int r;

	if (!buf)
		return log_error_errno(ENOMEM, "judge");
	for (;;) {
		size_t got = fread(buf + kept, 1, CHUNK - kept, in), len = kept + got, from = 0;
		char *newline;

		if (!got)
			break;
		while ((newline = memchr(buf + from, '\n', len - from))) {
			r = take_line(j, name, buf + from, (size_t)(newline - buf) - from);
			if (r < 0)
				return r;
			from = (size_t)(newline - buf) + 1;
		}
		kept = len - from;
		if (kept > JUDGE_LINE_MAX)
			return too_long(j, name);
		memmove(buf, buf + from, kept);
	}
	if (ferror(in)) {
		char safe[NAME_SHOWN];

		return log_error_errno(errno ? errno : EIO, "%s: reading",
				       safe_text(safe, sizeof(safe), name, strlen(name)));
	}
	return kept ? take_line(j, name, buf, kept) : 0;
}

static int judge_file(const char *path, bool json, FILE *out, enum verdict_kind *ret_kind)
{
	_cleanup_free_ struct judge *j = calloc(1, sizeof(*j));
	_cleanup_fclose_ FILE *opened = NULL;
	bool is_stdin = !strcmp(path, "-");
	const char *name = is_stdin ? "standard input" : path;
	FILE *in = stdin;
	struct verdict v;
	int r;

	if (!j)
		return log_error_errno(ENOMEM, "judge");
	if (!is_stdin) {
		char safe[NAME_SHOWN];

		in = opened = fopen(path, "re");
		if (!in)
			return log_error_errno(errno, "cannot read %s",
					       safe_text(safe, sizeof(safe), path, strlen(path)));
	}
	r = judge_read(in, name, j);
	if (r < 0)
		return r;
	if (!j->series.n)
		return complain(name, "no samples: expected lines of t_seconds,value_kb");
	judge__verdict(j, &v);
	if (ret_kind)
		*ret_kind = v.kind;
	return judge_print_verdict(j, &v, name, json, out);
}

int judge_main(const char *path, const char *format, FILE *out, enum verdict_kind *ret_kind)
{
	bool json = !strcmp(format, "json");
	struct stat st;

	if (!json && strcmp(format, "text") != 0)
		return complain("--judge", "prints text or json only");
	if (ret_kind)
		*ret_kind = VERDICT_INSUFFICIENT;
	if (strcmp(path, "-") != 0 && !stat(path, &st) && S_ISDIR(st.st_mode))
		return judge_corpus(path, json, out);
	return judge_file(path, json, out, ret_kind);
}
