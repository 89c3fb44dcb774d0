/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc as a task source: for machines where the iterator does not work, and
 * to check it. About a dozen system calls a process.
 *
 * All files of a process are opened through one descriptor of its directory.
 * procfs ties that to the process, not to the number: once the process is gone
 * the files fail with -ENOENT or -ESRCH, also when the pid is in use again, so
 * what is read here is never of two processes. (The start time comes with it.)
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "collect/pid.h"
#include "collect/rss_exact.h"
#include "collect/tasks.h"

#define PF_KTHREAD 0x00200000

#define TEXT_MIN 4096
/* status lists the supplementary groups, up to 65,536 of them, before the
 * lines that matter here. */
#define TEXT_MAX (1 << 20)
/* The heap comes right after the program's own few mappings, unless something
 * was mapped below them. procfs gives 4 KiB a read. */
#define MAPS_MAX 16384

struct tasks_proc {
	struct task_source source; /* first member: callers hold a pointer to it */
	DIR *dir;
	bool is_procfs;
	bool fd_counts;	 /* st_size of PID/fd is the number of descriptors (6.2 on) */
	bool is_inexact; /* memory counters of this kernel */
	bool is_hiding;	 /* mounted with hidepid=, and we are one of those it hides from */
	char *text;
	size_t cap;
	uint64_t n_gone, n_unreadable; /* running totals */
	uint64_t n_denied, n_no_heap;  /* of the last reading */
};

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ESRCH;
}

/* Failures that are ours, not the process's: nothing read now is complete. */
static bool is_fatal(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}

static int grow_text(struct tasks_proc *s)
{
	return vec_grow_raw((void **)&s->text, &s->cap, s->cap ? s->cap * 2 : TEXT_MIN, 1);
}

/*
 * Reads a file that the kernel writes in one piece: a read that does not fill
 * the buffer has seen its end, which spares the read that says so.
 */
static int read_text(struct tasks_proc *s, int dirfd, const char *name, struct cursor *ret)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n;

		if (len == s->cap) {
			int err = s->cap >= TEXT_MAX ? -EFBIG : grow_text(s);

			if (err)
				return err;
		}
		n = read(fd, s->text + len, s->cap - len);
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (len < s->cap)
			break;
	}
	*ret = (struct cursor){s->text, s->text + len};
	return 0;
}

static int read_stat(struct tasks_proc *s, int dirfd, struct pid_stat *ret)
{
	struct cursor text;
	int err = read_text(s, dirfd, "stat", &text);

	return err ? err : pid_stat_parse(text, ret);
}

static int read_status(struct tasks_proc *s, int dirfd, struct pid_status *ret)
{
	struct cursor text;
	int err = read_text(s, dirfd, "status", &text);

	return err ? err : pid_status_parse(text, ret);
}

/* Size of the heap; -ENODATA when the head of the file does not tell. */
static int read_heap(struct tasks_proc *s, int dirfd, uint64_t start_brk, uint64_t *ret)
{
	_cleanup_close_ int fd = openat(dirfd, "maps", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	int err = -ENODATA;

	if (fd < 0)
		return -errno;
	while (s->cap < MAPS_MAX)
		if (grow_text(s))
			return -ENOMEM;
	while (err == -ENODATA && len < MAPS_MAX) {
		ssize_t n = read(fd, s->text + len, MAPS_MAX - len);

		if (n < 0)
			return -errno;
		len += (size_t)n;
		err = pid_heap_parse((struct cursor){s->text, s->text + len}, n == 0, start_brk,
				     ret);
		if (n == 0)
			break;
	}
	return err;
}

static int count_fd_entries(int dirfd, uint64_t *ret)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int err = open_dir_at(dirfd, "fd", &dir);
	struct dirent *entry;
	uint64_t n = 0;

	if (err)
		return err;
	for (errno = 0; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	if (errno)
		return -errno;
	*ret = n;
	return 0;
}

static int count_fds(struct tasks_proc *s, int dirfd, uint64_t *ret)
{
	struct stat st;

	if (!s->is_procfs)
		return count_fd_entries(dirfd, ret);
	if (fstatat(dirfd, "fd", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	s->fd_counts |= st.st_size > 0;
	if (!s->fd_counts)
		return count_fd_entries(dirfd, ret);
	*ret = (uint64_t)st.st_size;
	return 0;
}

static void set_value(struct proc_sample *p, enum proc_value i, uint64_t value)
{
	p->value[i] = value;
	p->known |= 1U << i;
}

/* Descriptor of task/TID of a thread other than the first, or -errno. */
static int open_other_thread(int proc_fd, uint32_t pid)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int err = open_dir_at(proc_fd, "task", &dir);
	struct dirent *entry;
	uint32_t tid;

	if (err)
		return err;
	while ((entry = readdir(dir))) {
		int fd;

		if (parse_u32(entry->d_name, &tid) || tid == pid)
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	return -ESRCH;
}

/* What a process with an address space has; what cannot be read stays unknown. */
static int read_memory(struct tasks_proc *s, int dirfd, const struct pid_stat *stat,
		       struct proc_sample *p)
{
	static const enum proc_value counters[] = {PROC_RSS, PROC_ANON, PROC_FILE, PROC_SHMEM,
						   PROC_SWAP};
	uint64_t value;
	int err;

	set_value(p, PROC_VSZ, stat->vsize);
	for (size_t i = 0; s->is_inexact && i < sizeof(counters) / sizeof(counters[0]); i++)
		p->approx |= p->known & 1U << counters[i];

	err = read_heap(s, dirfd, stat->start_brk, &value);
	if (!err)
		set_value(p, PROC_HEAP, value);
	s->n_denied += err == -EACCES || err == -EPERM;
	s->n_no_heap += err == -ENODATA || err == -EBADMSG;
	if (is_fatal(err))
		return err;

	err = count_fds(s, dirfd, &value);
	if (!err)
		set_value(p, PROC_FDS, value);
	return is_fatal(err) ? err : 0;
}

/*
 * When the first thread has ended before the others it is a zombie without an
 * address space, although the process lives: another thread tells then.
 */
static int read_leaderless(struct tasks_proc *s, int dirfd, struct proc_sample *p)
{
	_cleanup_close_ int thread_fd = open_other_thread(dirfd, p->id.pid);
	uint64_t n_threads = p->value[PROC_THREADS];
	struct pid_status status;
	struct pid_stat stat;
	int err;

	if (thread_fd < 0)
		return is_fatal(thread_fd) ? thread_fd : 0;
	err = read_stat(s, thread_fd, &stat);
	if (!err)
		err = read_status(s, thread_fd, &status);
	if (err)
		return is_fatal(err) ? err : 0;
	if (!(status.known & 1U << PROC_ANON))
		return 0;
	p->state = stat.state;
	p->known |= status.known;
	memcpy(p->value, status.value, sizeof(p->value));
	p->value[PROC_THREADS] = n_threads;
	return read_memory(s, thread_fd, &stat, p);
}

static void set_identity(struct proc_sample *p, uint32_t pid, const struct pid_stat *stat)
{
	*p = (struct proc_sample){
		.id = {.pid = pid, .start_ticks = stat->start_ticks},
		.ppid = stat->ppid,
		.state = stat->state,
		.flags = stat->flags & PF_KTHREAD ? PROC_KTHREAD : 0,
	};
	memcpy(p->comm, stat->comm, COMM_SIZE);
	set_value(p, PROC_THREADS, stat->n_threads);
}

/* Returns 0 or -errno; ret is only complete with 0. */
static int read_process(struct tasks_proc *s, const char *name, uint32_t pid,
			struct proc_sample *ret)
{
	_cleanup_close_ int fd = openat(dirfd(s->dir), name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct pid_status status;
	struct pid_stat stat;
	int err;

	if (fd < 0)
		return -errno;
	err = read_stat(s, fd, &stat);
	if (err)
		return err;
	set_identity(ret, pid, &stat);
	if (ret->flags & PROC_KTHREAD) /* the kernel's credentials: uid 0 */
		return 0;
	err = read_status(s, fd, &status);
	if (!err && !status.has_uid)
		err = -EBADMSG;
	if (err)
		return err;
	ret->uid = status.uid;

	status.known &= ~(1U << PROC_THREADS);
	ret->known |= status.known;
	status.value[PROC_THREADS] = stat.n_threads;
	memcpy(ret->value, status.value, sizeof(ret->value));
	if (status.known & 1U << PROC_ANON)
		return read_memory(s, fd, &stat, ret);
	return stat.n_threads > 1 ? read_leaderless(s, fd, ret) : 0;
}

static int compare_pid(const void *a, const void *b)
{
	const struct proc_sample *x = a, *y = b;

	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

static int add_process(struct tasks_proc *s, const char *name, struct task_list *l)
{
	struct proc_sample sample;
	uint32_t pid;
	int err;

	if (name[0] < '0' || name[0] > '9' || parse_u32(name, &pid))
		return 0;
	err = read_process(s, name, pid, &sample);
	if (!err)
		return vec_push(l, sample);
	if (is_fatal(err))
		return err;
	if (is_gone(err))
		s->n_gone++;
	else
		s->n_unreadable++;
	return 0;
}

static int tasks_proc__read(struct task_source *source, struct task_list *ret)
{
	struct tasks_proc *s = (struct tasks_proc *)source;
	struct dirent *entry;
	bool is_sorted = true;

	task_list__clear(ret);
	s->n_denied = s->n_no_heap = 0;
	rewinddir(s->dir);
	while (errno = 0, (entry = readdir(s->dir))) {
		int err = add_process(s, entry->d_name, ret);

		if (err)
			return err;
		if (ret->n > 1)
			is_sorted &= compare_pid(&ret->v[ret->n - 2], &ret->v[ret->n - 1]) < 0;
	}
	if (errno)
		return -errno;
	if (!is_sorted) /* procfs is, a captured tree need not be */
		qsort(ret->v, ret->n, sizeof(*ret->v), compare_pid);
	return 0;
}

int tasks_proc__add(struct task_source *source, uint32_t pid, struct task_list *l)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", pid);
	return add_process((struct tasks_proc *)source, name, l);
}

static int tasks_proc__limits(const struct task_source *source, struct limits *l)
{
	const struct tasks_proc *s = (const struct tasks_proc *)source;
	int err = 0;

	if (s->n_gone)
		err = limits__set(l, "proc_gone_while_read", s->n_gone,
				  "processes that ended while /proc was read: left out of that "
				  "reading");
	if (!err && s->n_unreadable)
		err = limits__set(l, "proc_unreadable", s->n_unreadable,
				  "readings of processes whose stat or status could not be read or "
				  "understood: left out of that reading");
	if (!err && s->n_denied)
		err = limits__set(l, "proc_denied", s->n_denied,
				  "processes whose heap size, and before Linux 6.2 whose number of "
				  "descriptors, is unknown for lack of rights");
	if (!err && s->is_hiding)
		err = limits__set(l, "proc_hidden", 0,
				  "/proc is mounted with hidepid: processes of other users are "
				  "missing from every reading");
	if (!err && s->n_no_heap)
		err = limits__set(l, "proc_heap_unknown", s->n_no_heap,
				  "processes whose heap size is unknown: it is not in the first "
				  "%d bytes of their list of mappings",
				  MAPS_MAX);
	if (!err && s->is_inexact)
		err = limits__set(
			l, "rss_approximate", 0,
			"this kernel prints its memory counters without the parts kept by "
			"each CPU or thread: resident and swap sizes may be off by 32 or "
			"64 pages for each of them");
	return err;
}

static void tasks_proc__close(struct task_source *source)
{
	struct tasks_proc *s = (struct tasks_proc *)source;

	if (!s)
		return;
	if (s->dir)
		closedir(s->dir);
	free(s->text);
	free(s);
}

static void tasks_proc__closep(struct tasks_proc **s)
{
	tasks_proc__close((struct task_source *)*s);
}

int tasks_proc__open(int root_fd, struct task_source **ret)
{
	_cleanup_(tasks_proc__closep) struct tasks_proc *s = calloc(1, sizeof(*s));
	struct statfs fs;
	int fd, err;

	if (!s)
		return -ENOMEM;
	s->source = (struct task_source){
		.name = "/proc",
		.read = tasks_proc__read,
		.limits = tasks_proc__limits,
		.close = tasks_proc__close,
	};
	err = open_dir_at(root_fd, "proc", &s->dir);
	if (err)
		return err;
	fd = dirfd(s->dir);
	s->is_procfs = fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
	s->is_inexact = s->is_procfs && rss_is_exact(root_fd) != 1;
	/* There always is a process 1. */
	s->is_hiding = s->is_procfs && faccessat(fd, "1", F_OK, 0) < 0 && errno == ENOENT;
	*ret = &TAKE_PTR(s)->source;
	return 0;
}
