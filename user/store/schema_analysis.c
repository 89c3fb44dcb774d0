/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns of alerts and of what --analyze looks at: see schema.c. */
#include "model/alert.h"
#include "model/analysis.h"
#include "store/schema_column.h"

#define ALERT(member, column, kind, text) FIELD(struct alert, member, column, kind, text)
const struct column alert_columns[] = {
	ALERT(time_ns, "time_ns", COLUMN_U64, "CLOCK_REALTIME"),
	FIELD_ENUM(struct alert, kind, "kind", _ALERT_KIND_MAX,
		   "0 memory, 1 swap, 2 zombies, 3 fds, 4 process-fds, 5 growth, 6 process-growth, "
		   "7 psi, 8 oom-kill, 9 fragmentation, 10 cgroup, 11 commit, 12 cgroup-psi"),
	FIELD_ENUM(struct alert, state, "state", _ALERT_STATE_MAX,
		   "0 raised, 1 changed, 2 cleared, 3 withdrawn"),
	FIELD_ENUM(struct alert, unit, "unit", _ALERT_UNIT_MAX, "0 percent, 1 bytes, 2 count"),
	ALERT(id.pid, "pid", COLUMN_U32, "0: about no process"),
	ALERT(id.start_ticks, "start_ticks", COLUMN_U64, "1/100 s since boot"),
	ALERT(subject, "subject", COLUMN_CHARS, "a command, a cgroup, a zone; empty: the machine"),
	ALERT(value, "value", COLUMN_U64, "in its unit"),
	ALERT(threshold, "threshold", COLUMN_U64, "in its unit"),
	ALERT(message, "message", COLUMN_CHARS, "a sentence"),
};

const struct column analysis_columns[] = {
	FIELD_ENUM(struct analysis_note, part, "part", _ANALYSIS_PART_MAX,
		   "0 zombies, 1 fds, 2 sysv, 3 tmpfs, 4 shm, 5 mappings: was looked at"),
	FIELD(struct analysis_note, error, "error", COLUMN_U32, "errno; 0 fine"),
	FIELD(struct analysis_note, n_skipped, "skipped", COLUMN_U64,
	      "processes or entries left out"),
};

const struct column zombie_columns[] = {
	FIELD_PID(struct zombie),
	FIELD(struct zombie, ppid, "ppid", COLUMN_U32, "who does not wait for it"),
	FIELD(struct zombie, uid, "uid", COLUMN_U32, "real user"),
	FIELD(struct zombie, comm, "comm", COLUMN_CHARS, "command name: any bytes"),
	FIELD(struct zombie, since_exact, "since_exact", COLUMN_BOOL, "0: one before it was seen"),
	FIELD(struct zombie, since_ns, "since_ns", COLUMN_U64, "CLOCK_REALTIME"),
};

const struct column zombie_parent_columns[] = {
	FIELD_PID(struct zombie_parent),
	FIELD(struct zombie_parent, n_zombies, "zombies", COLUMN_U32, "children it has not reaped"),
	FIELD(struct zombie_parent, comm, "comm", COLUMN_CHARS, "command name: any bytes"),
	FIELD(struct zombie_parent, state, "state", COLUMN_LETTER, "R S D T"),
	FIELD(struct zombie_parent, wchan, "wchan", COLUMN_CHARS, "where it sleeps; empty unknown"),
	FIELD(struct zombie_parent, syscall, "syscall", COLUMN_CHARS, "empty: unknown or none"),
	FIELD_ENUM(struct zombie_parent, sigchld, "sigchld", _SIGCHLD_MAX,
		   "0 unknown, 1 default, 2 handled, 3 ignored, 4 blocked"),
};

#define FDS(kind, column) FIELD(struct fd_sample, count[kind], column, COLUMN_U64, "open")
const struct column fd_columns[] = {
	FIELD_PID(struct fd_sample),
	FIELD(struct fd_sample, comm, "comm", COLUMN_CHARS, "command name: any bytes"),
	FIELD_IF(struct fd_sample, limit, "max", COLUMN_U64, limit_known,
		 "its soft limit; -1: unlimited"),
	FDS(FD_FILE, "files"),
	FDS(FD_SHM, "shared_memory"),
	FDS(FD_DEVICE, "devices"),
	FDS(FD_SOCKET, "sockets"),
	FDS(FD_PIPE, "pipes"),
	FDS(FD_EVENT, "events"),
	FDS(FD_EPOLL, "epolls"),
	FDS(FD_BPF, "bpf"),
	FDS(FD_OTHER, "others"),
	FIELD(struct fd_sample, n_deleted, "deleted", COLUMN_U64, "of the files: no name is left"),
	FIELD(struct fd_sample, deleted_bytes, "deleted_bytes", COLUMN_U64, "what those take"),
};
_Static_assert(_FD_KIND_MAX == 9, "a kind without a column, and SESSION_FORMAT");

const struct column fd_group_columns[] = {
	FIELD_PID(struct fd_group),
	FIELD_ENUM(struct fd_group, kind, "kind", _FD_KIND_MAX,
		   "0 file, 1 shared memory, 2 device, 3 socket, 4 pipe, 5 event, 6 epoll, 7 bpf, "
		   "8 other"),
	FIELD(struct fd_group, what, "what", COLUMN_CHARS, "a path, a sort of connection"),
	FIELD(struct fd_group, count, "count", COLUMN_U64, "open files that are this"),
	FIELD_IF(struct fd_group, fresh, "fresh", COLUMN_U64, fresh_known,
		 "of them, opened since an earlier look"),
};

#define SYSV(member, column, kind, text) FIELD(struct sysv_segment, member, column, kind, text)
const struct column sysv_columns[] = {
	SYSV(key, "key", COLUMN_U32, "the signed key's bits; 0: private"),
	SYSV(id, "shmid", COLUMN_U32, "of ipcs"),
	SYSV(mode, "mode", COLUMN_U32, "permission bits"),
	SYSV(is_removed, "removed", COLUMN_BOOL, "1: ends with its last attachment"),
	SYSV(is_locked, "locked", COLUMN_BOOL, "1: is not swapped out"),
	SYSV(size, "size_bytes", COLUMN_U64, "asked for"),
	SYSV(creator, "creator_pid", COLUMN_U32, "may have ended"),
	SYSV(last_user, "last_pid", COLUMN_U32, "of the last attach or detach; 0 none"),
	SYSV(n_attached, "attached", COLUMN_U64, "attachments"),
	SYSV(uid, "uid", COLUMN_U32, "owner"),
	SYSV(gid, "gid", COLUMN_U32, "owner"),
	SYSV(creator_uid, "creator_uid", COLUMN_U32, "who made it"),
	SYSV(creator_gid, "creator_gid", COLUMN_U32, "who made it"),
	SYSV(attached_s, "attach_time_s", COLUMN_U64, "CLOCK_REALTIME; 0 never"),
	SYSV(detached_s, "detach_time_s", COLUMN_U64, "CLOCK_REALTIME; 0 never"),
	SYSV(changed_s, "change_time_s", COLUMN_U64, "made or changed"),
	SYSV(rss, "rss_bytes", COLUMN_U64, "memory it takes"),
	SYSV(swap, "swap_bytes", COLUMN_U64, "swapped out"),
};

#define TMPFS(member, column, kind, text) FIELD(struct tmpfs_mount, member, column, kind, text)
#define TMPFS_USE(member, column, text)                                                            \
	FIELD_IF(struct tmpfs_mount, member, column, COLUMN_U64, use_known, text)
const struct column tmpfs_columns[] = {
	TMPFS(path, "path", COLUMN_CHARS, "where it is mounted"),
	TMPFS(type, "type", COLUMN_CHARS, "tmpfs, devtmpfs, ramfs"),
	TMPFS(major, "major", COLUMN_U32, "device"),
	TMPFS(minor, "minor", COLUMN_U32, "device"),
	TMPFS_USE(size, "size_bytes", "at most; 0: no limit"),
	TMPFS_USE(used, "used_bytes", "now"),
	TMPFS_USE(n_inodes, "inodes", "files and directories"),
};

const struct column shm_columns[] = {
	FIELD(struct shm_file, dev, "dev", COLUMN_U64, "with inode: which file"),
	FIELD(struct shm_file, inode, "inode", COLUMN_U64, ""),
	FIELD_ENUM(struct shm_file, kind, "kind", _SHM_KIND_MAX,
		   "0 posix, 1 memfd, 2 tmpfs, 3 anonymous, 4 sysv"),
	FIELD(struct shm_file, name, "name", COLUMN_CHARS, "path"),
	FIELD(struct shm_file, is_deleted, "deleted", COLUMN_BOOL, "1: lives while it is held"),
	FIELD(struct shm_file, size, "size_bytes", COLUMN_U64,
	      "of the file; where allocated is not known as far as it was seen mapped"),
	FIELD_IF(struct shm_file, allocated, "allocated_bytes", COLUMN_U64, size_known,
		 "memory and swap it takes"),
	FIELD(struct shm_file, n_holders, "holders", COLUMN_U32, "processes seen to hold it"),
};

const struct column shm_holder_columns[] = {
	FIELD(struct shm_holder, dev, "dev", COLUMN_U64, "with inode: which file"),
	FIELD(struct shm_holder, inode, "inode", COLUMN_U64, ""),
	FIELD_PID(struct shm_holder),
	FIELD(struct shm_holder, comm, "comm", COLUMN_CHARS, "command name: any bytes"),
	FIELD(struct shm_holder, n_fds, "fds", COLUMN_U32, "descriptors"),
	FIELD(struct shm_holder, is_mapped, "mapped", COLUMN_BOOL, "1: seen mapped"),
};

#define MAPPING(member, text)                                                                      \
	FIELD(struct mapping_sample, member, #member "_bytes", COLUMN_U64, text)
const struct column mapping_columns[] = {
	FIELD_PID(struct mapping_sample),
	FIELD_ENUM(struct mapping_sample, class, "class", _MAPPING_CLASS_MAX,
		   "0 heap, 1 stack, 2 anonymous, 3 file, 4 shared memory, 5 device, 6 other"),
	FIELD(struct mapping_sample, n, "mappings", COLUMN_U32, ""),
	MAPPING(size, "address space"),
	MAPPING(rss, "resident"),
	MAPPING(pss, "shared pages counted in parts"),
	MAPPING(private_clean, ""),
	MAPPING(private_dirty, ""),
	MAPPING(shared_clean, ""),
	MAPPING(shared_dirty, ""),
	MAPPING(swap, "swapped out"),
	MAPPING(swap_pss, "shared swap counted in parts"),
	MAPPING(huge, "in transparent huge pages"),
	MAPPING(largest, "of the largest mapping"),
	FIELD(struct mapping_sample, name, "largest_name", COLUMN_CHARS, "what is mapped there"),
};
