/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/activity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmp.h>

#include "base/cleanup.h"
#include "base/file.h"

#define NS_PER_S 1000000000ull
/* A line a CPU and one counter an interrupt: 64 KiB on large machines. */
#define STAT_MAX (4u << 20)
#define NET_MAX (4u << 20)
#define TERMINALS_MAX 4096
#define SESSIONS_MAX 4096

/* user nice system idle iowait irq softirq steal; guest times are within user and nice. */
enum { CPU_IDLE = 3, CPU_IOWAIT = 4, CPU_STEAL = 7, CPU_FIELDS = 8 };

static void parse_cpu(struct cursor line, uint64_t user_hz, struct activity *a)
{
	uint64_t busy = 0, ticks;

	for (int i = 0; i < CPU_FIELDS; i++) {
		if (cursor_u64(&line, &ticks)) {
			if (i <= CPU_IDLE)
				return; /* cut */
			break;		/* a kernel that counts less */
		}
		if (i != CPU_IDLE && i != CPU_IOWAIT && i != CPU_STEAL)
			busy += ticks;
	}
	a->cpu_ns = busy * (NS_PER_S / user_hz);
	a->known |= 1u << ACTIVITY_CPU;
}

void proc_stat_parse(struct cursor text, uint64_t user_hz, struct activity *a)
{
	struct cursor line, word;

	while (!cursor_line(&text, &line)) {
		if (line.end == text.end || cursor_word(&line, &word))
			continue; /* cut, or empty */
		if (cursor_is(word, "cpu"))
			parse_cpu(line, user_hz, a);
		else if (word.end - word.p > 3 && !memcmp(word.p, "cpu", 3))
			a->n_cpus++;
		else if (cursor_is(word, "processes") && !cursor_u64(&line, &a->starts))
			a->known |= 1u << ACTIVITY_STARTS;
	}
}

/* "  eth0:123 4 0 …": 8 columns received, 8 sent, bytes first; the blank after ':' is optional. */
static int net_line(struct cursor line, uint64_t *bytes)
{
	const char *colon = memchr(line.p, ':', (size_t)(line.end - line.p));
	struct cursor name = {line.p, colon}, word;
	uint64_t n, sum = 0;

	if (!colon || cursor_word(&name, &word))
		return -EBADMSG;
	line.p = colon + 1;
	for (int i = 0; i < 16; i++) {
		if (cursor_u64(&line, &n))
			return -EBADMSG;
		sum += i % 8 ? 0 : n;
	}
	if (!cursor_is(word, "lo"))
		*bytes += sum;
	return 0;
}

int net_dev_parse(struct cursor text, uint64_t *ret_bytes)
{
	struct cursor line;
	uint64_t bytes = 0;
	int n = 0;

	while (!cursor_line(&text, &line))
		if (line.end < text.end && !net_line(line, &bytes))
			n++;
	if (!n)
		return -EBADMSG;
	*ret_bytes = bytes;
	return 0;
}

static void read_stat(int root_fd, struct activity *a)
{
	_cleanup_free_ char *text = NULL;
	long user_hz = sysconf(_SC_CLK_TCK);
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "proc/stat", &text, &cap, STAT_MAX);

	if (len > 0)
		proc_stat_parse((struct cursor){text, text + len}, user_hz > 0 ? user_hz : 100, a);
}

/* Of the first process: ours may be a network namespace of its own. */
static void read_net(int root_fd, struct activity *a)
{
	static const char *const paths[] = {"proc/1/net/dev", "proc/net/dev"};
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = -1;

	for (size_t i = 0; len < 0 && i < sizeof(paths) / sizeof(paths[0]); i++)
		len = read_file_grow(root_fd, paths[i], &text, &cap, NET_MAX);
	if (len > 0 && !net_dev_parse((struct cursor){text, text + len}, &a->net_bytes))
		a->known |= 1u << ACTIVITY_NET;
}

/* KiB of all block devices, partitions and stacked devices counted once. */
static void read_io(const struct counters *vmstat, struct activity *a)
{
	uint64_t in, out;

	if (counters__find(vmstat, "pgpgin", &in) || counters__find(vmstat, "pgpgout", &out))
		return;
	a->io_bytes = (in + out) * 1024;
	a->known |= 1u << ACTIVITY_IO;
}

/* --- who is logged in --- */

/* A file a session; "N.ref" are pipes beside them. */
static int count_logind(int root_fd, uint64_t *ret)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	uint64_t n = 0;

	if (open_dir_at(root_fd, "run/systemd/sessions", &dir))
		return -ENOENT;
	while (n < SESSIONS_MAX && (e = readdir(dir)))
		n += e->d_name[0] != '.' && !strchr(e->d_name, '.');
	*ret = n;
	return 0;
}

static int count_utmp(int root_fd, uint64_t *ret)
{
	_cleanup_close_ int fd = openat(root_fd, "run/utmp", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct utmp entry;
	uint64_t n = 0;

	if (fd < 0)
		return -errno;
	for (int i = 0; i < SESSIONS_MAX && read(fd, &entry, sizeof(entry)) == sizeof(entry); i++)
		n += entry.ut_type == USER_PROCESS;
	*ret = n;
	return 0;
}

/* The kernel sets a terminal's access time when input is read from it (rounded to 8 s). */
static int last_input(int root_fd, uint64_t *ret_ns)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	struct stat st;

	if (open_dir_at(root_fd, "dev/pts", &dir))
		return -ENOENT;
	*ret_ns = 0;
	for (int i = 0; i < TERMINALS_MAX && (e = readdir(dir)); i++) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9' ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if ((uint64_t)st.st_atim.tv_sec * NS_PER_S > *ret_ns)
			*ret_ns = (uint64_t)st.st_atim.tv_sec * NS_PER_S;
	}
	return 0;
}

void activity_read(int root_fd, const struct counters *vmstat, struct activity *ret)
{
	bool input;

	*ret = (struct activity){0};
	read_stat(root_fd, ret);
	read_io(vmstat, ret);
	read_net(root_fd, ret);
	input = !last_input(root_fd, &ret->terminal_ns);
	if (!count_logind(root_fd, &ret->sessions) || !count_utmp(root_fd, &ret->sessions) || input)
		ret->known |= 1u << ACTIVITY_LOGINS;
}
