/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf/syscall_event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mount.h>
#include <linux/perf_event.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/vec.h"

#define EVENTS "events/syscalls"

/* Not through the C library, which has these calls from glibc 2.36 on. */
static int mount_for_us(void)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	_cleanup_close_ int mount = -1;
	int dir;

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	mount = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
			     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		return -errno;
	dir = openat(mount, EVENTS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : dir;
}

int syscall_events_open(int root_fd)
{
	int dir = openat(root_fd, "sys/kernel/tracing/" EVENTS, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? mount_for_us() : dir;
}

static int event_id(int events_fd, const char *event, uint64_t *ret)
{
	char path[64], text[32];
	struct cursor c;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/id", event);
	n = read_file_at(events_fd, path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	c = (struct cursor){text, text + n};
	return cursor_u64(&c, ret);
}

static int event_open(uint64_t id)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.sample_period = 1,
	};
	/* Programs are the event's, whatever CPU it was opened on. */
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int bpf_attach_syscall(struct bpf_object *obj, const char *program, int events_fd,
		       const char *event, struct bpf_links *links,
		       char reason[static BPF_REASON_SIZE])
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, program);
	struct bpf_link *link;
	uint64_t id = 0;
	int err = prog ? event_id(events_fd, event, &id) : -ENOENT;
	int fd = err ?: event_open(id);

	if (fd < 0) {
		snprintf(reason, BPF_REASON_SIZE, "event %s: %s", event, strerror(-fd));
		return fd;
	}
	link = bpf_program__attach_perf_event(prog, fd);
	if (!link) {
		err = -errno;
		close(fd);
		snprintf(reason, BPF_REASON_SIZE, "attach to %s: %s", event, strerror(-err));
		return err;
	}
	err = vec_push(links, link);
	if (err)
		bpf_link__destroy(link);
	return err;
}
