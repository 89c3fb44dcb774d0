/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/run_info.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/build_info.h"
#include "collect/meminfo.h"

static void one_line(int root_fd, const char *path, char *dst, size_t size)
{
	char buf[256];

	if (read_file_at(root_fd, path, buf, sizeof(buf)) <= 0)
		return;
	buf[strcspn(buf, "\n")] = '\0';
	snprintf(dst, size, "%.*s", (int)size - 1, buf);
}

static void add_word(struct strbuf *b, const char *word)
{
	strbuf_addf(b, "%s%s", b->len ? " " : "", word);
}

/* What the user asked for, as typed. */
static void describe_target(struct run_info *info, const struct options *o)
{
	struct strbuf b = {};

	vec_for_each(pid, &o->pids)
		strbuf_addf(&b, "%s%u", b.len ? "," : "", *pid);
	if (o->comm)
		add_word(&b, o->comm);
	if (o->cgroup)
		add_word(&b, o->cgroup);
	for (char **arg = o->command; arg && *arg; arg++)
		add_word(&b, *arg);
	snprintf(info->target, sizeof(info->target), "%s", b.s ?: "");
	strbuf_free(&b);
}

static const char *mode_word(const struct options *o)
{
	if (o->mode == MODE_MONITOR)
		return "monitor";
	if (o->mode == MODE_BOOT)
		return "boot";
	if (o->mode == MODE_ANALYZE)
		return "analyze";
	if (o->command)
		return "command";
	if (o->comm)
		return "comm";
	return o->cgroup ? "cgroup" : "pid";
}

void run_info__fill(struct run_info *info, const struct options *o, int root_fd)
{
	struct utsname u = {};
	struct tick t = {};

	memset(info, 0, sizeof(*info));
	uname(&u);
	snprintf(info->kernel, sizeof(info->kernel), "%s", u.release);
	snprintf(info->arch, sizeof(info->arch), "%.15s", u.machine);
	snprintf(info->host, sizeof(info->host), "%s", u.nodename);
	snprintf(info->version, sizeof(info->version), "%s", memtrace_version);
	snprintf(info->mode, sizeof(info->mode), "%s", mode_word(o));
	one_line(root_fd, "proc/sys/kernel/random/boot_id", info->boot_id, sizeof(info->boot_id));
	if (meminfo_read(root_fd, &t) == 0)
		meminfo_find(t.meminfo.v, t.meminfo.n, "MemTotal", &info->mem_total);
	tick__free(&t);
	info->pid = (uint32_t)getpid();
	info->page_size = sysconf(_SC_PAGESIZE);
	info->interval_ns = o->interval_ns;
	info->duration_ns = o->duration_ns;
	describe_target(info, o);
}
