/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that belongs to no single process: System V segments, tmpfs, and the
 * open files that keep some alive. Names are raw: sinks make them safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

struct sysv_segment {
	int32_t key; /* 0: IPC_PRIVATE */
	uint32_t id;
	uint32_t mode;	 /* permission bits */
	bool is_removed; /* ends with its last attachment */
	bool is_locked;
	uint64_t size;	     /* bytes asked for */
	uint32_t creator;    /* pid; may have ended, and its number be used again */
	uint32_t last_user;  /* pid of the last to attach or detach; 0 none */
	uint64_t n_attached; /* 0 and not is_removed: nobody uses it, and nothing ends it */
	uint32_t uid, gid;   /* owner */
	uint32_t creator_uid, creator_gid;
	uint64_t attached_s, detached_s; /* CLOCK_REALTIME seconds; 0 never */
	uint64_t changed_s;		 /* created or changed */
	uint64_t rss, swap;		 /* bytes it takes */
};

struct sysv_list {
	struct sysv_segment *v;
	size_t n, cap;
};

struct tmpfs_mount {
	char path[256]; /* where; the first of several places */
	char type[16];	/* "tmpfs" "devtmpfs" "ramfs" */
	uint32_t major, minor;
	bool use_known; /* false: hidden by another mount, or ramfs, which does not count */
	uint64_t size, used;
	uint64_t n_inodes; /* files and directories in it */
};

struct tmpfs_list {
	struct tmpfs_mount *v;
	size_t n, cap;
};

enum fd_kind {
	FD_FILE,
	FD_SHM, /* below /dev/shm, memfd, System V: memory */
	FD_DEVICE,
	FD_SOCKET,
	FD_PIPE,
	FD_EVENT, /* eventfd, timerfd, signalfd, inotify, fanotify */
	FD_EPOLL,
	FD_BPF,
	FD_OTHER, /* pidfd, io_uring, perf, namespaces … */
	_FD_KIND_MAX,
};

/* "file" "shared memory" "device" "socket" "pipe" "event" "epoll" "bpf" "other" */
extern const char *const fd_kind_names[_FD_KIND_MAX];

struct open_file {
	uint32_t fd;
	enum fd_kind kind;
	bool is_deleted;     /* no name leads to it any more: it lives as long as it is open */
	char target[256];    /* "/var/log/x", "socket:[4711]", "/memfd:cache"; cut when longer */
	bool size_known;     /* of FD_SHM and deleted files, for those who may look */
	uint64_t dev, inode; /* the same in two processes: the same file */
	uint64_t size, allocated;
};

struct open_files {
	struct open_file *v; /* by fd */
	size_t n, cap;
	uint64_t count[_FD_KIND_MAX];
	uint64_t n_skipped; /* beyond the bound, or closed meanwhile */
};
