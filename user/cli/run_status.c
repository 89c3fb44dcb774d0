/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --status: the service, and what the last session of --boot found. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/when.h"
#include "cli/boot_sessions.h"
#include "cli/helper.h"
#include "cli/last_session.h"
#include "cli/run.h"
#include "cli/run_common.h"
#include "cli/service.h"
#include "model/report.h"
#include "sink/boot_summary.h"

#define SYSTEMCTL_S 10
#define SUMMARY_MAX (96u << 20) /* a log is at most 64 MiB */

static void tell_service(int root_fd, const struct options *o)
{
	char *argv[] = {(char *)"systemctl",
			(char *)"show",
			(char *)SERVICE_NAME,
			(char *)"--no-pager",
			(char *)"--property=ActiveState,SubState,Result,UnitFileState,"
				"ExecMainStartTimestamp,ExecMainExitTimestamp",
			NULL};
	struct helper h = {0};
	struct cursor text, line;
	int status = 0, err;

	printf("service: %s, %s\n", service_is_installed(root_fd) ? "installed" : "not installed",
	       service_is_enabled(root_fd) ? "starts at each boot" : "not enabled");
	if (!service_has_systemd(root_fd, o)) {
		printf("state: systemd does not run here\n");
		return;
	}
	err = helper__run(&h, argv, SYSTEMCTL_S, &status);
	if (err || status)
		printf("state: ? (systemctl: %s)\n", err ? strerror(-err) : "failed");
	text = (struct cursor){h.text.s, h.text.s + h.text.len};
	while (!err && text.p && !cursor_line(&text, &line)) {
		char shown[256];

		printf("  %s\n",
		       safe_text(shown, sizeof(shown), line.p, (size_t)(line.end - line.p)));
	}
	helper__end(&h);
}

/* What the run itself wrote at its end, up to the first empty line. */
static bool tell_summary(const char *dir, const char *stamp)
{
	_cleanup_free_ char *text = NULL;
	char path[SESSION_DIR_SIZE + 96], shown[1024], *at = NULL;
	struct cursor c, line;
	size_t cap = 0;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/boot-%s_summary.log", dir, stamp);
	len = read_file_grow(AT_FDCWD, path, &text, &cap, SUMMARY_MAX);
	if (len > 0)
		for (char *p = text; (p = strstr(p, BOOT_SUMMARY_TITLE)); p++)
			at = p;
	if (!at)
		return false;
	printf("summary, from %s:\n", safe_text(shown, sizeof(shown), path, strlen(path)));
	c = (struct cursor){at + strlen(BOOT_SUMMARY_TITLE) + 1, text + len};
	while (!cursor_line(&c, &line) && line.p < line.end)
		printf("  %s\n",
		       safe_text(shown, sizeof(shown), line.p, (size_t)(line.end - line.p)));
	return true;
}

static void tell_findings(const struct options *o, const struct session_content *c)
{
	struct report *r;
	char shown[1024];

	printf("no summary was written: the run goes on, was killed, or the power was cut. What "
	       "its "
	       "session has:\n");
	if (make_report(o, c->history, c->follow, &r))
		return;
	vec_for_each(note, &r->head)
		printf("  * %s\n", safe_text(shown, sizeof(shown), note->text, sizeof(note->text)));
	report__free(r);
}

static int tell_session(const struct options *o, const char *dir, const char *stamp)
{
	char path[SESSION_DIR_SIZE + 96], shown[1024], start[UTC_TIME_SIZE], end[UTC_TIME_SIZE];
	_cleanup_(session_content__free) struct session_content c = {};
	const struct history *h;
	int err;

	snprintf(path, sizeof(path), "%s/boot-%s.db", dir, stamp);
	safe_text(shown, sizeof(shown), path, strlen(path));
	err = session_read(o, path, &c);
	h = c.history;
	if (err || !h->n_ticks) {
		printf("last session: %s, which cannot be read (%s)\n", shown,
		       err ? strerror(-err) : "no sample");
		return 1;
	}
	printf("last session: %s\n  %.19sZ to %.19sZ, %llu samples, kernel %.*s, %s\n", shown,
	       utc_time(start, h->start_ns), utc_time(end, h->end_ns),
	       (unsigned long long)h->n_ticks, (int)sizeof(h->info.kernel) - 1, h->info.kernel,
	       limits__find(&h->limits, "session_unfinished") ? "not ended" : "complete");
	if (!tell_summary(dir, stamp))
		tell_findings(o, &c);
	return 0;
}

int run_status(const struct options *o)
{
	_cleanup_close_ int root_fd = open_root(o), dir_fd = -1;
	struct boot_sessions sessions = {0};
	char dir[SESSION_DIR_SIZE], shown[SESSION_DIR_SIZE * 2];
	int status = 0;

	if (root_fd < 0)
		return 1;
	tell_service(root_fd, o);
	session_dir(o, "boot-diagnostics", dir);
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd >= 0)
		boot_sessions__list(dir_fd, &sessions);
	safe_text(shown, sizeof(shown), dir, strlen(dir));
	if (sessions.n)
		status = tell_session(o, dir, sessions.v[0].stamp);
	else if (dir_fd < 0 && errno != ENOENT)
		printf("last session: ? (%s: %s)\n", shown, strerror(errno));
	else
		printf("last session: none in %s\n", shown);
	vec_free(&sessions);
	return status;
}
