/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"

/* A status file takes about 1 KiB a package. */
#define STATUS_MAX (64u << 20)
#define CONFIG_MAX (1u << 20)
#define UNITS_MAX 4096

/* --- os, cmdline, config --- */

static int add_os(int root_fd, struct facts *f)
{
	static const char *const paths[] = {"etc/os-release", "usr/lib/os-release"};
	static const char key[] = "PRETTY_NAME=";
	struct cursor text, line;
	char buf[4096];
	ssize_t len = -ENOENT;

	for (size_t i = 0; len < 0 && i < sizeof(paths) / sizeof(paths[0]); i++)
		len = read_file_at(root_fd, paths[i], buf, sizeof(buf));
	if (len < 0)
		return 0;
	text = (struct cursor){buf, buf + len};
	while (!cursor_line(&text, &line)) {
		char name[128];

		if ((size_t)(line.end - line.p) < strlen(key) ||
		    memcmp(line.p, key, strlen(key)) != 0)
			continue;
		line.p += strlen(key);
		if (line.end - line.p >= 2 && *line.p == '"' && line.end[-1] == '"') {
			line.p++;
			line.end--;
		}
		if (cursor_copy(line, name, sizeof(name)))
			return facts__add(f, "os", "", name);
	}
	return 0;
}

static int add_cmdline(int root_fd, struct facts *f)
{
	char buf[2048];
	ssize_t len = read_file_at(root_fd, "proc/cmdline", buf, sizeof(buf));

	if (len <= 0)
		return 0;
	buf[strcspn(buf, "\n")] = '\0';
	return facts__add(f, "cmdline", "", buf);
}

/* What decides which memory can be attributed, and by what. */
static const char *const config_options[] = {
	"CONFIG_BPF_SYSCALL",
	"CONFIG_DEBUG_INFO_BTF",
	"CONFIG_KALLSYMS_ALL",
	"CONFIG_KPROBES",
	"CONFIG_FPROBE",
	"CONFIG_MEMCG",
	"CONFIG_MEMCG_V1",
	"CONFIG_PSI",
	"CONFIG_PSI_DEFAULT_DISABLED",
	"CONFIG_SLUB_DEBUG",
	"CONFIG_PAGE_OWNER",
	"CONFIG_MEM_ALLOC_PROFILING",
	"CONFIG_DEBUG_KMEMLEAK",
	"CONFIG_LRU_GEN",
	"CONFIG_TRANSPARENT_HUGEPAGE",
	"CONFIG_COMPACTION",
	"CONFIG_KSM",
	"CONFIG_ZSWAP",
	"CONFIG_NUMA_BALANCING",
	"CONFIG_PREEMPT_DYNAMIC",
};

static const char *config_name(struct cursor line)
{
	for (size_t i = 0; i < sizeof(config_options) / sizeof(config_options[0]); i++) {
		size_t len = strlen(config_options[i]);

		if ((size_t)(line.end - line.p) > len && !memcmp(line.p, config_options[i], len) &&
		    line.p[len] == '=')
			return config_options[i];
	}
	return NULL;
}

static int add_config(int root_fd, const char *release, struct facts *f)
{
	_cleanup_free_ char *text = NULL;
	struct cursor c, line;
	char path[160], value[16];
	size_t cap = 0;
	ssize_t len;
	int err = 0;

	snprintf(path, sizeof(path), "boot/config-%.128s", release);
	len = strchr(release, '/') ? -EINVAL
				   : read_file_grow(root_fd, path, &text, &cap, CONFIG_MAX);
	if (len < 0)
		return len == -ENOMEM ? -ENOMEM : 0;
	c = (struct cursor){text, text + len};
	while (!err && !cursor_line(&c, &line)) {
		const char *name = config_name(line);

		if (!name)
			continue;
		line.p += strlen(name) + 1;
		if (cursor_copy(line, value, sizeof(value)))
			err = facts__add(f, "config", name, value);
	}
	return err;
}

int facts_machine(int root_fd, const char *release, struct facts *f)
{
	int err = add_os(root_fd, f);

	if (!err)
		err = add_cmdline(root_fd, f);
	return err ? err : add_config(root_fd, release, f);
}

/* --- memory map --- */

static int add_range(struct cursor line, struct facts *f)
{
	static const char ram[] = "System RAM";
	unsigned long long start, end;
	char text[128], range[64], value[64];

	/* Resources within others are indented. */
	if (line.p == line.end || *line.p == ' ' || !cursor_copy(line, text, sizeof(text)))
		return 0;
	if (!strstr(text, ram) || sscanf(text, "%llx-%llx", &start, &end) != 2 || end <= start)
		return 0; /* all zero without the right to see addresses */
	snprintf(range, sizeof(range), "%012llx-%012llx", start, end);
	snprintf(value, sizeof(value), "%s, %llu KiB", ram, (end - start + 1) / 1024);
	return facts__add(f, "memory", range, value);
}

int facts_memory_map(int root_fd, struct facts *f)
{
	_cleanup_free_ char *text = NULL;
	struct cursor c, line;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "proc/iomem", &text, &cap, CONFIG_MAX);
	int err = 0;

	if (len < 0)
		return len == -ENOMEM ? -ENOMEM : 0;
	c = (struct cursor){text, text + len};
	while (!err && !cursor_line(&c, &line))
		err = add_range(line, f);
	return err;
}

/* --- units --- */

/* systemd keeps a link "invocation:UNIT" for each (since 240), read by journald. */
int facts_units(int root_fd, struct facts *f)
{
	static const char prefix[] = "invocation:";
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int err = 0;

	if (open_dir_at(root_fd, "run/systemd/units", &dir))
		return -ENOENT;
	for (int n = 0; !err && n < UNITS_MAX && (e = readdir(dir)); n++)
		if (!strncmp(e->d_name, prefix, strlen(prefix)))
			err = facts__add(f, "unit", e->d_name + strlen(prefix), "");
	return err;
}

/* --- packages --- */

/* FNV-1a, 64 bits. */
static uint64_t hash_on(uint64_t h, struct cursor c)
{
	for (; c.p < c.end; c.p++)
		h = (h ^ (unsigned char)*c.p) * 0x100000001b3ull;
	return h;
}
#define HASH_INIT 0xcbf29ce484222325ull

struct package {
	uint64_t hash; /* of name, architecture and version */
	bool any, installed;
};

static void end_package(struct package *p, struct package_set *set)
{
	if (p->any && p->installed) {
		set->n++;
		set->sum += p->hash; /* whatever their order */
	}
	*p = (struct package){.hash = HASH_INIT};
}

static bool starts_with(struct cursor c, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(c.end - c.p) >= len && !memcmp(c.p, text, len);
}

void dpkg_status_parse(struct cursor text, struct package_set *ret)
{
	static const char installed[] = " ok installed";
	struct package p = {.hash = HASH_INIT};
	struct cursor line;

	*ret = (struct package_set){0};
	while (!cursor_line(&text, &line)) {
		if (line.p == line.end)
			end_package(&p, ret);
		if (starts_with(line, "Package:") || starts_with(line, "Version:") ||
		    starts_with(line, "Architecture:")) {
			p.hash = hash_on(p.hash, line);
			p.any = true;
		}
		if (starts_with(line, "Status:"))
			p.installed =
				(size_t)(line.end - line.p) > strlen(installed) &&
				!memcmp(line.end - strlen(installed), installed, strlen(installed));
	}
	end_package(&p, ret);
}

static int add_dpkg(int root_fd, struct facts *f)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "var/lib/dpkg/status", &text, &cap, STATUS_MAX);
	struct package_set set;
	char value[64];

	if (len <= 0)
		return len == -ENOMEM ? -ENOMEM : 0;
	dpkg_status_parse((struct cursor){text, text + len}, &set);
	if (!set.n)
		return 0;
	snprintf(value, sizeof(value), "%llu installed, %016llx", (unsigned long long)set.n,
		 (unsigned long long)set.sum);
	return facts__add(f, "packages", "dpkg", value);
}

/* Its content is a database: that the file changed is all we tell. */
static int add_rpm(int root_fd, struct facts *f)
{
	static const char *const paths[] = {
		"usr/lib/sysimage/rpm/rpmdb.sqlite",
		"var/lib/rpm/rpmdb.sqlite",
		"usr/lib/sysimage/rpm/Packages.db",
		"var/lib/rpm/Packages",
	};
	struct stat st;
	char value[64];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (fstatat(root_fd, paths[i], &st, 0) || !st.st_size)
			continue;
		snprintf(value, sizeof(value), "database of %lld bytes, changed %lld",
			 (long long)st.st_size, (long long)st.st_mtime);
		return facts__add(f, "packages", "rpm", value);
	}
	return 0;
}

int facts_packages(int root_fd, struct facts *f)
{
	int err = add_dpkg(root_fd, f);

	return err ? err : add_rpm(root_fd, f);
}
