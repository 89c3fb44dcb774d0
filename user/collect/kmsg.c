/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* One read(2) is one record; CONSOLE_EXT_LOG_MAX (8 KiB) is the longest. */
#define RECORD_SIZE 8192
/* A flood of messages is read on at the next tick. */
#define RECORDS_MAX 10000

static const char killed[] = "Killed process ";
static const char after_comm[] = ") total-vm:";
static const char anon_field[] = "anon-rss:";

static const char *find(struct cursor c, const char *text)
{
	return memmem(c.p, (size_t)(c.end - c.p), text, strlen(text));
}

/* Digits at *p, which moves behind them. 0, -EINVAL, -ERANGE. */
static int take_number(const char **p, const char *end, uint64_t *ret)
{
	char digits[24];
	size_t n = 0;

	while (*p + n < end && (*p)[n] >= '0' && (*p)[n] <= '9')
		if (++n == sizeof(digits))
			return -ERANGE;
	memcpy(digits, *p, n);
	digits[n] = '\0';
	*p += n;
	return parse_u64(digits, ret);
}

/* The priority's upper bits are the facility, 0 the kernel's own. */
static int take_prefix(struct cursor *c)
{
	const char *semicolon = find(*c, ";");
	uint64_t priority;

	if (!semicolon || take_number(&c->p, semicolon, &priority) || priority >> 3)
		return -ENOENT;
	c->p = semicolon + 1;
	return 0;
}

static int take_comm(struct cursor *c, struct oom_kill *kill)
{
	/* A name may hold parentheses, and is short: what follows it is looked for near by. */
	struct cursor near = {c->p, c->end - c->p > 64 ? c->p + 64 : c->end};
	const char *end = NULL;
	size_t len;

	if (c->end - c->p < 2 || memcmp(c->p, " (", 2))
		return -ENOENT;
	c->p += 2;
	for (near.p = c->p; (near.p = find(near, after_comm)); near.p++)
		end = near.p;
	if (!end)
		return -ENOENT;
	len = (size_t)(end - c->p);
	memcpy(kill->comm, c->p, len < COMM_SIZE ? len : COMM_SIZE);
	c->p = end;
	return 0;
}

int oom_kill_parse(struct cursor record, struct oom_kill *ret)
{
	struct oom_kill kill = {};
	const char *start, *anon;
	uint64_t pid, kb;

	if (take_prefix(&record))
		return -ENOENT;
	start = find(record, killed);
	if (!start)
		return -ENOENT;
	kill.in_cgroup = find((struct cursor){record.p, start}, "cgroup") != NULL;
	record.p = start + strlen(killed);
	if (take_number(&record.p, record.end, &pid) || !pid || pid > UINT32_MAX ||
	    take_comm(&record, &kill))
		return -ENOENT;
	kill.pid = (uint32_t)pid;
	kill.has_comm = kill.in_log = true;
	anon = find(record, anon_field);
	if (anon) {
		anon += strlen(anon_field);
		kill.has_anon = !take_number(&anon, record.end, &kb) && kb <= UINT64_MAX / 1024;
	}
	if (kill.has_anon)
		kill.anon = kb * 1024;
	*ret = kill;
	return 0;
}

int kmsg__open(struct kmsg *k, int root_fd, bool from_start)
{
	*k = (struct kmsg){
		.fd = openat(root_fd, "dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
	if (k->fd < 0)
		return -errno;
	if (lseek(k->fd, 0, from_start ? SEEK_SET : SEEK_END) < 0) {
		int err = -errno;

		kmsg__close(k);
		return err;
	}
	return 0;
}

void kmsg__close(struct kmsg *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}

int kmsg__each(struct kmsg *k, int (*record)(void *arg, struct cursor record), void *arg)
{
	char text[RECORD_SIZE];
	int err = 0;

	for (int i = 0; k->fd >= 0 && !err && i < RECORDS_MAX; i++) {
		ssize_t n = read(k->fd, text, sizeof(text));

		/* Overwritten before we came: the next read goes on at the oldest there is. */
		if (n < 0 && errno == EPIPE) {
			k->n_lost++;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		err = record(arg, (struct cursor){text, text + n});
	}
	return err;
}

int kmsg__limits(const struct kmsg *k, struct limits *l)
{
	if (k->fd < 0)
		return limits__set(l, "no_kernel_log", 0,
				   "the kernel's log could not be read: OOM kills are counted, not "
				   "named");
	if (!k->n_lost)
		return 0;
	return limits__set(l, "kernel_log_lost", k->n_lost,
			   "times the kernel's log was overwritten before it was read: OOM kills "
			   "may not be named");
}
