/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/service.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/helper.h"
#include "cli/run.h"
#include "cli/run_common.h"
#include "collect/meminfo.h"
#include "boot_service.h"

#define TEMPLATE_PATH "/usr/local/bin/memtrace"
#define TEMPLATE_ARGS " --boot --quiet"
#define TEMPLATE_CEILING "MemoryMax=512M"
#define WANTS_DIR SERVICE_DIR "/sysinit.target.wants"

#define CEILING_MIN (512ull << 20)
/* The owner table is 1/1024 of RAM; as much again for what else grows with a machine. */
#define CEILING_SHARE 512

#define SYSTEMCTL_S 60

/* --- the text --- */

static const char *component_problem(const char *path, bool is_file)
{
	struct stat st;

	if (lstat(path, &st))
		return "it, or a directory above it, cannot be looked at";
	if (is_file ? !S_ISREG(st.st_mode) : !S_ISDIR(st.st_mode))
		return "it is no plain file in plain directories";
	if (st.st_uid != 0)
		return "it, or a directory above it, belongs to another user than root";
	if (st.st_mode & 022)
		return "others than root may change it, or a directory above it";
	return NULL;
}

const char *service_path_problem(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._+-";
	char part[PATH_MAX];
	const char *problem;

	if (path[0] != '/' || strlen(path) >= sizeof(part))
		return "it is no absolute path";
	if (path[strspn(path, plain)])
		return "its name has characters that mean something to systemd";
	for (const char *p = path; p; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", p == path ? 1 : (int)(p - path), path);
		problem = component_problem(part, false);
		if (problem)
			return problem;
	}
	return component_problem(path, true);
}

static void add_time(struct strbuf *b, const char *option, uint64_t ns, uint64_t usual)
{
	if (ns != usual)
		strbuf_addf(b, " %s %llums", option, (unsigned long long)(ns / 1000000));
}

static void add_command(struct strbuf *b, const char *path, const struct options *o)
{
	strbuf_addf(b, "%s" TEMPLATE_ARGS, path);
	add_time(b, "--duration", o->duration_ns, BOOT_DURATION_NS);
	add_time(b, "--interval", o->interval_ns, BOOT_INTERVAL_NS);
	add_time(b, "--warm-up", o->warm_up_ns, DEFAULT_WARM_UP_NS);
	if (o->keep_sessions != DEFAULT_KEEP_SESSIONS)
		strbuf_addf(b, " --keep-sessions %u", o->keep_sessions);
	if (o->keep_bytes != DEFAULT_KEEP_BYTES)
		strbuf_addf(b, " --keep-size %llu", (unsigned long long)o->keep_bytes);
}

/* A guard, so never in the way of the duration that was asked for. */
static void add_guard(struct strbuf *b, const struct options *o)
{
	uint64_t hours = o->duration_ns / (3600 * 1000000000ull) + 2;

	strbuf_addf(b, "RuntimeMaxSec=%lluh", (unsigned long long)hours);
}

void service_unit(struct strbuf *b, const char *path, const struct options *o, uint64_t mem_total)
{
	static const char guard[] = "RuntimeMaxSec=4h", start[] = TEMPLATE_PATH TEMPLATE_ARGS;
	uint64_t ceiling = CEILING_MIN + mem_total / CEILING_SHARE;
	const char *p = boot_service_text;

	while (*p) {
		if (!strncmp(p, start, strlen(start))) {
			add_command(b, path, o);
			p += strlen(start);
		} else if (!strncmp(p, guard, strlen(guard))) {
			add_guard(b, o);
			p += strlen(guard);
		} else if (!strncmp(p, TEMPLATE_CEILING, strlen(TEMPLATE_CEILING))) {
			strbuf_addf(b, "MemoryMax=%lluM", (unsigned long long)(ceiling >> 20));
			p += strlen(TEMPLATE_CEILING);
		} else {
			strbuf_add(b, p++, 1);
		}
	}
}

/* --- its place --- */

bool service_is_installed(int root_fd)
{
	struct stat st;

	return !fstatat(root_fd, SERVICE_DIR "/" SERVICE_NAME, &st, 0) && S_ISREG(st.st_mode);
}

bool service_is_enabled(int root_fd)
{
	struct stat st;

	return !fstatat(root_fd, WANTS_DIR "/" SERVICE_NAME, &st, AT_SYMLINK_NOFOLLOW);
}

/* What sd_booted(3) looks at. */
bool service_has_systemd(int root_fd, const struct options *o)
{
	struct stat st;

	return !strcmp(o->sysroot, "/") && !fstatat(root_fd, "run/systemd/system", &st, 0);
}

/* Opens a directory below root_fd, made where it is missing. Descriptor or -errno. */
static int make_dir(int root_fd, const char *path)
{
	char part[256];

	for (const char *p = strchr(path, '/');; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", p ? (int)(p - path) : (int)strlen(path), path);
		if (mkdirat(root_fd, part, 0755) && errno != EEXIST)
			return -errno;
		if (!p)
			break;
	}
	int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return fchmod(fd, 0644) || fsync(fd) ? -errno : 0;
}

/* Whole or not at all. */
static int write_unit(int root_fd, const struct strbuf *text)
{
	static const char name[] = "." SERVICE_NAME ".new";
	_cleanup_close_ int dir = make_dir(root_fd, SERVICE_DIR), fd = -1;
	int err;

	if (dir < 0)
		return dir;
	unlinkat(dir, name, 0); /* of one that was interrupted */
	fd = create_file_at(dir, name);
	if (fd < 0)
		return fd;
	err = text->failed ? -ENOMEM : write_all(fd, text->s, text->len);
	if (!err && renameat(dir, name, dir, SERVICE_NAME))
		err = -errno;
	if (err)
		unlinkat(dir, name, 0);
	return err;
}

static int enable_by_link(int root_fd)
{
	_cleanup_close_ int dir = make_dir(root_fd, WANTS_DIR);

	if (dir < 0)
		return dir;
	if (symlinkat("../" SERVICE_NAME, dir, SERVICE_NAME) && errno != EEXIST)
		return -errno;
	return 0;
}

/* 0, or -EIO after one line that has what it said. */
static int systemctl(const char *verb, const char *more)
{
	char *argv[] = {(char *)"systemctl", (char *)verb, (char *)SERVICE_NAME, (char *)more,
			NULL};
	struct helper h = {0};
	char said[512];
	int status = 0, err;

	if (!strcmp(verb, "daemon-reload"))
		argv[2] = NULL;
	err = helper__run(&h, argv, SYSTEMCTL_S, &status);
	if (!err && status)
		err = log_error_errno(EIO, "systemctl %s: %s", verb,
				      safe_text(said, sizeof(said), h.text.s ?: "", h.text.len));
	else if (err)
		log_error_errno(err, "systemctl %s", verb);
	helper__end(&h);
	return err;
}

/* --- the modes --- */

static int own_path(char path[static PATH_MAX])
{
	char shown[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	const char *problem;

	if (n < 0)
		return log_error_errno(errno, "where this program lies is not known");
	path[n] = '\0';
	problem = service_path_problem(path);
	if (!problem)
		return 0;
	log_error("not installed: root would run %s at each boot, but %s: make install first",
		  safe_text(shown, sizeof(shown), path, strlen(path)), problem);
	return -EPERM;
}

static uint64_t mem_total(int root_fd)
{
	struct tick t = {0};
	uint64_t total = 0;

	if (meminfo_read(root_fd, &t) == 0)
		meminfo_find(t.meminfo.v, t.meminfo.n, "MemTotal", &total);
	tick__free(&t);
	return total;
}

int run_install_service(const struct options *o)
{
	_cleanup_close_ int root_fd = open_root(o);
	_cleanup_(strbuf_free) struct strbuf text = {0};
	char path[PATH_MAX];
	bool live;
	int err;

	if (root_fd < 0 || own_path(path))
		return 1;
	live = service_has_systemd(root_fd, o);
	service_unit(&text, path, o, mem_total(root_fd));
	err = write_unit(root_fd, &text);
	if (err)
		log_error_errno(err, "%s/" SERVICE_DIR "/" SERVICE_NAME,
				strcmp(o->sysroot, "/") ? o->sysroot : "");
	else if (live)
		err = systemctl("daemon-reload", NULL) ?: systemctl("enable", "--quiet");
	else if ((err = enable_by_link(root_fd)))
		log_error_errno(err, WANTS_DIR);
	if (err)
		return 1;
	printf(SERVICE_NAME " is installed and runs %s --boot at each boot%s\n", path,
	       live ? "" : "; systemd does not run here now");
	return 0;
}

static int remove_at(int root_fd, const char *path)
{
	return unlinkat(root_fd, path, 0) && errno != ENOENT ? -errno : 0;
}

int run_uninstall_service(const struct options *o)
{
	_cleanup_close_ int root_fd = open_root(o);
	bool live, installed;
	int err = 0;

	if (root_fd < 0)
		return 1;
	live = service_has_systemd(root_fd, o);
	installed = service_is_installed(root_fd);
	if (!installed && !service_is_enabled(root_fd)) {
		printf(SERVICE_NAME " is not installed\n");
		return 0;
	}
	if (live && installed)
		err = systemctl("disable", "--now");
	if (!err)
		err = remove_at(root_fd, WANTS_DIR "/" SERVICE_NAME);
	if (!err)
		err = remove_at(root_fd, SERVICE_DIR "/" SERVICE_NAME);
	if (err) {
		log_error_errno(err, SERVICE_NAME " could not be removed");
		return 1;
	}
	if (live && systemctl("daemon-reload", NULL))
		return 1;
	printf(SERVICE_NAME " is removed; logs and sessions stay\n");
	return 0;
}
