/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --bugreport: one archive that a maintainer can act on. The session is
 * written anew with every string redacted, and the report is made from that
 * copy, so that nothing gets around it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analyze/redact.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/when.h"
#include "cli/archive.h"
#include "cli/build_info.h"
#include "cli/helper.h"
#include "cli/last_session.h"
#include "cli/run.h"
#include "cli/run_common.h"
#include "collect/kmsg.h"
#include "collect/log_record.h"
#include "sink/log.h"
#include "sink/sink.h"
#include "store/copy.h"
#include "store/session.h"

#define TOP "memtrace-bugreport/"
#define COPY_NAME "session.db"
#define JOURNAL_S 20
#define SESSION_MAX (1ull << 30)
#define LOG_TAIL_MAX (4u << 20)
#define KERNEL_MAX (1u << 20)

struct bugreport {
	const struct options *options;
	int root_fd;
	char path[SESSION_DIR_SIZE]; /* of the session */
	struct run_info info;	     /* as it was recorded */
	struct redactor redactor;
	char dir[64]; /* for the copy; "" none */
	int dir_fd;
	struct session_content content; /* of the copy */
	struct archive *archive;
};

/* --- what is redacted --- */

static int take_info(void *arg, const struct run_info *info)
{
	*(struct run_info *)arg = *info;
	return 0;
}

static int add_host(struct redactor *r, const char *host)
{
	char name[72];
	int err = redactor__add(r, host, REDACTED_HOST);

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(host, "."), host);
	return err ? err : redactor__add(r, name, REDACTED_HOST);
}

/* "name:x:1000:…": people's, not the system's. */
static int add_user(struct redactor *r, struct cursor line)
{
	char text[512], *name, *uid, *save;
	uint32_t id;

	if (!cursor_copy(line, text, sizeof(text)))
		return 0;
	name = strtok_r(text, ":", &save);
	if (!name || !strtok_r(NULL, ":", &save))
		return 0;
	uid = strtok_r(NULL, ":", &save);
	if (!uid || parse_u32(uid, &id) || id < 1000 || id >= 65534)
		return 0;
	return redactor__add(r, name, REDACTED_USER);
}

static int add_names(struct bugreport *b)
{
	_cleanup_free_ char *text = NULL;
	const char *sudo = getenv("SUDO_USER");
	char host[72] = "";
	size_t cap = 0;
	ssize_t len = read_file_grow(b->root_fd, "etc/passwd", &text, &cap, 16u << 20);
	struct cursor c = {text, text + (len > 0 ? len : 0)}, line;
	int err = add_host(&b->redactor, b->info.host);

	gethostname(host, sizeof(host) - 1);
	if (!err)
		err = add_host(&b->redactor, host);
	if (!err && sudo)
		err = redactor__add(&b->redactor, sudo, REDACTED_USER);
	while (!err && text && !cursor_line(&c, &line))
		err = add_user(&b->redactor, line);
	return err;
}

/* A command line can hold anything: of the command traced its name stays. */
static void cut_arguments(struct bugreport *b, char *text, size_t size)
{
	size_t n = strcspn(text, " ");

	if (b->redactor.off || strcmp(b->info.mode, "command") != 0 || !*b->info.target ||
	    strncmp(text, b->info.target, size) != 0 || !text[n])
		return;
	memset(text + n, 0, size - n);
	snprintf(text + n, size - n, " <arguments>");
	b->redactor.n[REDACTED_ARGUMENTS]++;
}

static void filter(void *arg, char *text, size_t size)
{
	struct bugreport *b = arg;

	if (size == sizeof(b->info.target))
		cut_arguments(b, text, size);
	redact_field(&b->redactor, text, size);
}

/* --- the parts --- */

static int add(struct bugreport *b, const char *name, const char *data, size_t len)
{
	char path[100];

	if (snprintf(path, sizeof(path), TOP "%s", name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return archive__add(b->archive, path, data, len);
}

static int add_redacted(struct bugreport *b, const char *name, const char *text, size_t len)
{
	struct strbuf out = {0};
	int err;

	redact_text(&b->redactor, text, len, &out);
	err = out.failed ? -ENOMEM : add(b, name, out.s ?: "", out.len);
	strbuf_free(&out);
	return err;
}

static int add_report(struct bugreport *b, const struct report *r, const struct sink *sink,
		      const char *name, struct strbuf *keep)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err = out ? sink->write(r, out) : -ENOMEM;

	if (out && fclose(out) && !err)
		err = -ENOMEM;
	if (!err)
		err = add(b, name, text, len);
	if (!err && keep)
		strbuf_add(keep, text, len);
	free(text);
	return err;
}

static int add_session(struct bugreport *b)
{
	_cleanup_free_ char *data = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(b->dir_fd, COPY_NAME, &data, &cap, SESSION_MAX);

	return len < 0 ? (int)len : add(b, COPY_NAME, data, (size_t)len);
}

/* The end of it, from a whole line on. */
static int add_log(struct bugreport *b, const char *path, const char *name)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0, from = 0;
	ssize_t len = read_file_grow(AT_FDCWD, path, &text, &cap, 80u << 20);
	char in_archive[80];

	if (len <= 0)
		return len == -ENOMEM ? -ENOMEM : 0;
	if (len > LOG_TAIL_MAX) {
		const char *line = memchr(text + len - LOG_TAIL_MAX, '\n', LOG_TAIL_MAX);

		from = line ? (size_t)(line + 1 - text) : 0;
	}
	snprintf(in_archive, sizeof(in_archive), "logs/%s.log", name);
	return add_redacted(b, in_archive, text + from, (size_t)len - from);
}

/* PREFIX TIMESTAMP_NAME.log beside PREFIX TIMESTAMP.db. */
static int add_logs(struct bugreport *b)
{
	static const struct log_family *const families[] = {&boot_log_family, &monitor_log_family};
	size_t base = strlen(b->path);
	char path[SESSION_DIR_SIZE + 64];
	int err = 0;

	if (base > 3 && !strcmp(b->path + base - 3, ".db"))
		base -= 3;
	for (size_t f = 0; f < 2; f++) {
		const char *file = strrchr(b->path, '/');

		if (strncmp(file ? file + 1 : b->path, families[f]->prefix,
			    strlen(families[f]->prefix)) != 0)
			continue;
		for (size_t i = 0; !err && i < families[f]->n; i++) {
			const char *name = families[f]->sinks[i]->name;

			snprintf(path, sizeof(path), "%.*s_%s.log", (int)base, b->path, name);
			err = add_log(b, path, name);
		}
	}
	return err;
}

/* --- the kernel's log and the journal of now, when it is still the same boot --- */

static bool is_this_boot(const struct bugreport *b)
{
	char id[64];

	if (read_file_at(b->root_fd, "proc/sys/kernel/random/boot_id", id, sizeof(id)) <= 0)
		return false;
	id[strcspn(id, "\n")] = '\0';
	return *b->info.boot_id && !strcmp(id, b->info.boot_id);
}

static int take_record(void *arg, struct cursor record)
{
	struct strbuf *text = arg;
	struct log_event e;

	if (!kmsg_record_parse(record, 0, &e) && text->len < KERNEL_MAX &&
	    (e.priority <= 4 || e.kind != CRITICAL_NONE))
		strbuf_addf(text, "[%.3f] <%u> %s: %s\n", (double)e.time_ns / 1e9, e.priority,
			    critical_kind_names[e.kind], e.text);
	return 0;
}

static int add_kernel_log(struct bugreport *b)
{
	_cleanup_(strbuf_free) struct strbuf text = {0};
	struct kmsg k;

	if (kmsg__open(&k, b->root_fd, true))
		return 0;
	kmsg__each(&k, take_record, &text);
	kmsg__close(&k);
	return text.len ? add_redacted(b, "kernel.log", text.s, text.len) : 0;
}

static int add_journal(struct bugreport *b)
{
	char *argv[] = {(char *)"journalctl",
			(char *)"--boot",
			(char *)"--no-pager",
			(char *)"--quiet",
			(char *)"--no-hostname",
			(char *)"--priority=warning",
			(char *)"--lines=500",
			(char *)"--output=short-iso",
			NULL};
	struct helper h = {0};
	int status = 0, err;

	if (strcmp(b->options->sysroot, "/") != 0)
		return 0;
	err = helper__run(&h, argv, JOURNAL_S, &status);
	if (!err && !status && h.text.len)
		err = add_redacted(b, "journal.log", h.text.s, h.text.len);
	else
		err = 0; /* none here, or it hangs: the archive is complete without */
	helper__end(&h);
	return err;
}

/* --- summary.md --- */

static void add_facts(struct strbuf *m, const struct facts *facts, const char *kind)
{
	char name[512], value[800];

	for (size_t i = 0; i < facts->n; i++) {
		const struct fact *f = &facts->v[i];

		if (strcmp(f->kind, kind) != 0)
			continue;
		strbuf_addf(m, "- %s%s%s: %s\n", kind, *f->name ? " " : "",
			    safe_text(name, sizeof(name), f->name, sizeof(f->name)),
			    safe_text(value, sizeof(value), f->value, sizeof(f->value)));
	}
}

static void add_versions(struct strbuf *m, const struct history *h)
{
	static const char *const kinds[] = {"os", "packages", "cmdline", "config", "feature"};
	char kernel[400], target[1100], start[UTC_TIME_SIZE], end[UTC_TIME_SIZE];

	strbuf_addf(m, "## Versions\n\n- memtrace %.31s (recorded by), %s (this archive)\n",
		    h->info.version, memtrace_version);
	strbuf_addf(m, "- kernel %s, %.15s\n",
		    safe_text(kernel, sizeof(kernel), h->info.kernel, sizeof(h->info.kernel)),
		    h->info.arch);
	strbuf_addf(m, "- mode %.15s %s\n- %s to %s, %llu samples\n", h->info.mode,
		    safe_text(target, sizeof(target), h->info.target, sizeof(h->info.target)),
		    utc_time(start, h->start_ns), utc_time(end, h->end_ns),
		    (unsigned long long)h->n_ticks);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		add_facts(m, &h->facts, kinds[i]);
}

static void add_redactions(struct strbuf *m, const struct redactor *r)
{
	strbuf_addf(m, "\n## Redacted\n\n");
	if (r->off)
		strbuf_addf(m, "Nothing (--no-redact).\n");
	for (int i = 0; i < _REDACTED_MAX && !r->off; i++)
		strbuf_addf(m, "- %s: %llu\n", redacted_names[i], (unsigned long long)r->n[i]);
}

static void add_findings(struct strbuf *m, const struct report *r)
{
	char text[sizeof(r->head.v->text) * 4];

	strbuf_addf(m, "\n## Findings\n\n");
	vec_for_each(note, &r->head)
		strbuf_addf(m, "- %s\n",
			    safe_text(text, sizeof(text), note->text, sizeof(note->text)));
	strbuf_addf(m, "\n## Limits\n\n");
	vec_for_each(l, &r->limits)
		strbuf_addf(m, "- %s (%llu): %s\n", l->kind, (unsigned long long)l->count,
			    safe_text(text, sizeof(text), l->meaning, sizeof(l->meaning)));
}

static int add_summary(struct bugreport *b, const struct report *r, const struct strbuf *text)
{
	_cleanup_(strbuf_free) struct strbuf m = {0};

	strbuf_addf(&m, "# memtrace bug report\n\n");
	add_versions(&m, b->content.history);
	add_findings(&m, r);
	add_redactions(&m, &b->redactor);
	strbuf_addf(&m, "\n## Report\n\n```\n");
	strbuf_add(&m, text->s ?: "", text->len);
	strbuf_addf(&m,
		    "```\n\n## Files\n\n- report.txt, report.json: the report\n"
		    "- session.db: the session; memtrace --report session.db\n"
		    "- logs/: what the run wrote, kernel.log, journal.log: warnings of its boot, "
		    "where they could be had\n");
	return m.failed ? -ENOMEM : add(b, "summary.md", m.s, m.len);
}

/* --- all of it --- */

static int add_all(struct bugreport *b)
{
	_cleanup_(strbuf_free) struct strbuf text = {0};
	struct report *r;
	int err = make_report(b->options, b->content.history, b->content.follow, &r);

	if (err)
		return err;
	err = add_report(b, r, &text_sink, "report.txt", &text);
	if (!err)
		err = add_report(b, r, &json_sink, "report.json", NULL);
	if (!err)
		err = add_session(b);
	if (!err)
		err = add_logs(b);
	if (!err && is_this_boot(b))
		err = add_kernel_log(b) ?: add_journal(b);
	if (!err)
		err = text.failed ? -ENOMEM : add_summary(b, r, &text);
	report__free(r);
	return err;
}

static int copy_session(struct bugreport *b)
{
	const struct session_filter f = {filter, b};
	const char *tmp = getenv("TMPDIR");
	char path[sizeof(b->dir) + sizeof(COPY_NAME) + 1];
	int err;

	snprintf(b->dir, sizeof(b->dir), "%.36s/memtrace-XXXXXX",
		 tmp && *tmp == '/' && strlen(tmp) < 36 ? tmp : "/tmp");
	if (!mkdtemp(b->dir)) {
		b->dir[0] = '\0';
		return -errno;
	}
	b->dir_fd = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->dir_fd < 0)
		return -errno;
	err = session__copy(b->path, b->dir_fd, COPY_NAME, &f);
	snprintf(path, sizeof(path), "%s/" COPY_NAME, b->dir);
	return err ? err : session_read(b->options, path, &b->content);
}

static int write_archive(struct bugreport *b, const char *path)
{
	struct atomic_file *file;
	FILE *out;
	int end, err = atomic_file__open(path, &file, &out);

	if (err)
		return err;
	err = archive__open(out, (uint64_t)time(NULL), &b->archive);
	if (!err) {
		err = add_all(b);
		end = archive__close(b->archive);
		err = err ?: end;
	}
	if (!err)
		return atomic_file__commit(file);
	atomic_file__abort(file);
	return err;
}

static void bugreport_free(struct bugreport *b)
{
	session_content__free(&b->content);
	redactor__free(&b->redactor);
	if (b->dir_fd >= 0) {
		unlinkat(b->dir_fd, COPY_NAME, 0);
		unlinkat(b->dir_fd, COPY_NAME "-wal", 0);
		unlinkat(b->dir_fd, COPY_NAME "-shm", 0);
		close(b->dir_fd);
	}
	if (b->dir[0])
		rmdir(b->dir);
}

static int find_session(struct bugreport *b, char *shown, size_t size)
{
	const struct session_reader reader = {take_info, NULL, &b->info};
	int err = 0;

	if (b->options->session)
		snprintf(b->path, sizeof(b->path), "%s", b->options->session);
	else
		err = session_newest(b->options, b->path);
	if (err)
		return log_error_errno(err, "no session is found: give one with --report SESSION");
	safe_text(shown, size, b->path, strlen(b->path));
	err = session__replay(b->path, &reader);
	if (err && err != -EBADMSG)
		return log_error_errno(err, "cannot read session %s", shown);
	return 0;
}

static void tell(const struct bugreport *b, const char *path)
{
	char shown[512];

	printf("%s\n", safe_text(shown, sizeof(shown), path, strlen(path)));
	if (b->redactor.off)
		log_warning("nothing was redacted: names, addresses and secrets are in it");
	for (int i = 0; i < _REDACTED_MAX; i++)
		if (b->redactor.n[i])
			log_info("redacted: %s, %llu times", redacted_names[i],
				 (unsigned long long)b->redactor.n[i]);
}

int run_bugreport(const struct options *o)
{
	_cleanup_close_ int root_fd = open_root(o);
	_cleanup_(bugreport_free) struct bugreport b = {
		.options = o, .root_fd = root_fd, .dir_fd = -1, .redactor.off = o->no_redact};
	char shown[SESSION_DIR_SIZE], name[64];
	const char *path = o->bugreport ?: name;
	time_t now = time(NULL);
	struct tm tm;
	int err;

	localtime_r(&now, &tm);
	strftime(name, sizeof(name), "memtrace-bugreport-%Y%m%d-%H%M%S.tar.gz", &tm);
	if (root_fd < 0 || find_session(&b, shown, sizeof(shown)))
		return 1;
	err = add_names(&b) ?: copy_session(&b);
	if (err) {
		log_error_errno(err, "cannot copy session %s", shown);
		return 1;
	}
	err = write_archive(&b, path);
	if (err) {
		log_error_errno(err, "%s", safe_text(shown, sizeof(shown), path, strlen(path)));
		return 1;
	}
	tell(&b, path);
	return 0;
}
