/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/oom.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int oom_source__open(struct oom_source *s, const struct tracer *tracer)
{
	void *log;
	int fd;

	*s = (struct oom_source){0};
	if (!tracer || !tracer__has(tracer, SOURCE_OOM))
		return -ENOENT;
	fd = bpf_object__find_map_fd_by_name(tracer->obj[SOURCE_OOM], "oom_log");
	if (fd < 0)
		return fd;
	log = mmap(NULL, sizeof(*s->log), PROT_READ, MAP_SHARED, fd, 0);
	if (log == MAP_FAILED)
		return -errno;
	s->log = log;
	return 0;
}

void oom_source__close(struct oom_source *s)
{
	if (s->log)
		munmap((void *)s->log, sizeof(*s->log));
	s->log = NULL;
}

struct oom_kill oom_kill_from_map(const struct mt_oom *k, int64_t boot_to_real_ns)
{
	struct oom_kill kill = {
		.pid = k->tid,
		.has_comm = k->tgid != 0,
		.time_ns = k->time_ns + (uint64_t)boot_to_real_ns,
		.asker_pid = k->asker_tgid,
	};

	memcpy(kill.comm, k->comm, sizeof(kill.comm));
	memcpy(kill.asker_comm, k->asker_comm, sizeof(kill.asker_comm));
	return kill;
}

static int64_t boot_to_real(void)
{
	return (int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME));
}

int oom_source__each(struct oom_source *s, int (*kill)(void *arg, const struct oom_kill *k),
		     void *arg)
{
	int64_t offset = boot_to_real();
	uint64_t n;
	int err = 0;

	if (!s->log)
		return 0;
	n = __atomic_load_n(&s->log->n, __ATOMIC_ACQUIRE);
	/* The oldest one may be being written. */
	if (n - s->n_read >= MT_OOM_KILLS) {
		s->n_lost += n - s->n_read - (MT_OOM_KILLS - 1);
		s->n_read = n - (MT_OOM_KILLS - 1);
	}
	while (!err && s->n_read < n) {
		struct mt_oom k = s->log->kill[s->n_read++ % MT_OOM_KILLS];
		struct oom_kill found = oom_kill_from_map(&k, offset);

		err = kill(arg, &found);
	}
	return err;
}

int oom_source__limits(const struct oom_source *s, struct limits *l)
{
	if (!s->n_lost)
		return 0;
	return limits__set(l, "oom_kills_lost", s->n_lost,
			   "OOM kills that came faster than they were read: counted, not named");
}
