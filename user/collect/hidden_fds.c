/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the descriptors of a process hold. A file that several have open is told of the first. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "collect/fd_links.h"
#include "collect/fd_walk.h"
#include "collect/hidden_set.h"

#define FDINFO_MAX 8192
#define MAPS_MAX (64u * 1024 * 1024)
/* Files asked about in one look, and the sum of their sizes: cachestat() visits every folio. */
#define CACHED_FILES_MAX 256
#define CACHED_BYTES_MAX (256ull << 30)
/* Links to files that are looked at for their sizes: a system call each. */
#define FILES_MAX 8192
/* cachestat(2), 6.5: cf264e1329fb; one number for all architectures. */
#define NR_CACHESTAT 451

struct visit {
	struct hidden *h;
	const struct proc_sample *p;
	int pidfd;		     /* opened at the first pipe; -1: not yet, -2: cannot be */
	bool has_io_uring, has_perf; /* its mappings are worth a look */
	uint32_t holder;	     /* index of this process; UINT32_MAX: none yet */
};

bool hidden_is_new(struct hidden *h, enum seen_kind kind, uint64_t a, uint64_t b, int *err)
{
	const struct hmap_key key = {{kind, a, b}};
	uint32_t unused;

	if (hmap_get(&h->seen, key, &unused))
		return false;
	*err = hmap_put(&h->seen, key, 0);
	return !*err;
}

/* "socket:[4711]" */
static int inode_of(const char *link, uint64_t *ret)
{
	const char *at = strchr(link, '[');
	const char *end = at ? strchr(at, ']') : NULL;
	struct cursor number = {at ? at + 1 : NULL, end};

	return end ? cursor_u64(&number, ret) : -EBADMSG;
}

static int take_socket(struct visit *v, int dir_fd, const char *name, const char *link)
{
	const struct hidden_holder holder = {.id = v->p->id};
	uint64_t inode;
	uint32_t unused;
	struct hmap_key key;
	int err = 0;

	(void)dir_fd;
	(void)name;
	if (inode_of(link, &inode))
		return 0;
	key = (struct hmap_key){{inode, 0, 0}};
	if (hmap_get(&v->h->sockets, key, &unused))
		return 0;
	if (v->holder == UINT32_MAX) {
		err = vec_push(&v->h->holders, holder);
		if (err)
			return err;
		v->holder = (uint32_t)v->h->holders.n - 1;
		memcpy(v->h->holders.v[v->holder].comm, v->p->comm, sizeof(v->p->comm));
	}
	return hmap_put(&v->h->sockets, key, v->holder);
}

/*
 * What waits in a pipe is known to who has a descriptor of it. pidfd_getfd
 * (5.6) gives us the very one of the process: opening /proc/PID/fd/N would make
 * a new reader or writer, which both ends can notice.
 */
static int borrow_fd(struct visit *v, const char *name)
{
	uint32_t fd;

	if (parse_u32(name, &fd) || v->pidfd == -2)
		return -1;
	if (v->pidfd == -1)
		v->pidfd = (int)syscall(SYS_pidfd_open, v->p->id.pid, 0);
	if (v->pidfd < 0) {
		v->pidfd = -2;
		return -1;
	}
	return (int)syscall(SYS_pidfd_getfd, v->pidfd, fd, 0);
}

static int take_pipe(struct visit *v, int dir_fd, const char *name, const char *link)
{
	struct hidden_sample s = hidden_of(v->p, HIDDEN_PIPE, HIDDEN_AT_LEAST);
	uint64_t page = v->h->page_size, inode;
	_cleanup_close_ int fd = -1;
	int queued = 0, err = 0;

	(void)dir_fd;
	if (!v->h->is_live || inode_of(link, &inode) ||
	    !hidden_is_new(v->h, SEEN_PIPE, inode, 0, &err))
		return err;
	fd = borrow_fd(v, name);
	if (fd < 0 || ioctl(fd, FIONREAD, &queued) || queued < 0) {
		v->h->n_pipes_denied++;
		return 0;
	}
	s.bytes = ((uint64_t)queued + page - 1) / page * page;
	return queued ? hidden_set__add(&v->h->set, &s) : 0;
}

static struct cursor read_fdinfo(const struct visit *v, const char *name,
				 char text[static FDINFO_MAX])
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "proc/%u/fdinfo/%.12s", v->p->id.pid, name);
	len = read_file_at(v->h->root_fd, path, text, FDINFO_MAX);
	return (struct cursor){text, text + (len > 0 ? len : 0)};
}

static int take_bpf(struct visit *v, int dir_fd, const char *name, const char *link)
{
	struct hidden_sample s = hidden_of(v->p, HIDDEN_BPF, HIDDEN_ESTIMATE);
	bool is_map = strstr(link, "bpf-map");
	char text[FDINFO_MAX];
	struct cursor info = read_fdinfo(v, name, text);
	uint64_t id = 0, type;
	int err = 0;

	(void)dir_fd;
	if (fdinfo_find(info, "memlock", &s.bytes) ||
	    fdinfo_find(info, is_map ? "map_id" : "prog_id", &id) ||
	    !hidden_is_new(v->h, is_map ? SEEN_BPF_MAP : SEEN_BPF_PROG, id, 0, &err))
		return err;
	err = hidden_bpf_remember(v->h, is_map, (uint32_t)id, v->p);
	if (err)
		return err;
	/* Pages of their own, mapped twice over by vmap: vmalloc does not count them. Two pages
	 * beside the data hold positions, two more the ring itself (kernel/bpf/ringbuf.c). */
	if (is_map && !fdinfo_find(info, "map_type", &type) && type == HIDDEN_BPF_RINGBUF &&
	    !fdinfo_find(info, "max_entries", &s.bytes)) {
		s.kind = HIDDEN_BPF_RING;
		s.certainty = HIDDEN_EXACT;
		s.bytes += 4 * v->h->page_size;
		return hidden_set__add(&v->h->set, &s);
	}
	snprintf(s.name, sizeof(s.name), "BPF %s", is_map ? "maps" : "programs");
	return hidden_set__add(&v->h->set, &s);
}

static int take_io_uring(struct visit *v, int dir_fd, const char *name, const char *link)
{
	(void)dir_fd;
	(void)name;
	(void)link;
	v->has_io_uring = true;
	return 0;
}

static int take_perf(struct visit *v, int dir_fd, const char *name, const char *link)
{
	(void)dir_fd;
	(void)name;
	(void)link;
	v->has_perf = true;
	return 0;
}

static int take_dma_buf(struct visit *v, int dir_fd, const char *name, const char *link)
{
	struct hidden_sample s = hidden_of(v->p, HIDDEN_DMA_BUF, HIDDEN_AT_MOST);
	char text[FDINFO_MAX];
	struct cursor info = read_fdinfo(v, name, text);
	struct stat st;
	uint64_t inode = 0; /* told in fdinfo since 5.14 */
	int err = 0;

	(void)link;
	if (fdinfo_find(info, "size", &s.bytes))
		return 0;
	if (fdinfo_find(info, "ino", &inode)) {
		if (fstatat(dir_fd, name, &st, 0))
			return 0;
		inode = st.st_ino;
	}
	if (!hidden_is_new(v->h, SEEN_DMA_BUF, inode, 0, &err))
		return err;
	return hidden_set__add(&v->h->set, &s);
}

/* Buffers in system memory: TTM drivers tell drm-resident-gtt, i915 and xe -system0 and -system,
 * others -memory. A client may have several descriptors. */
static int take_gpu(struct visit *v, int dir_fd, const char *name, const char *link)
{
	static const char *const regions[] = {"drm-resident-gtt", "drm-resident-system0",
					      "drm-resident-system", "drm-resident-memory",
					      "drm-memory-gtt"};
	struct hidden_sample s = hidden_of(v->p, HIDDEN_GPU, HIDDEN_ESTIMATE);
	char text[FDINFO_MAX];
	struct cursor info;
	uint64_t client;
	int err = 0;

	(void)dir_fd;
	if (strncmp(link, "/dev/dri/", strlen("/dev/dri/")))
		return 0;
	info = read_fdinfo(v, name, text);
	if (fdinfo_find(info, "drm-client-id", &client) ||
	    !hidden_is_new(v->h, SEEN_GPU, client, 0, &err))
		return err;
	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (!fdinfo_find(info, regions[i], &s.bytes))
			return hidden_set__add(&v->h->set, &s);
	return 0;
}

static bool is_tmpfs(int dir_fd, const char *name)
{
	_cleanup_close_ int fd = openat(dir_fd, name, O_PATH | O_CLOEXEC);
	struct statfs fs;

	return fd >= 0 && !fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC;
}

struct cachestat_range {
	uint64_t off, len; /* 0, 0: all of it */
};

struct cachestat {
	uint64_t cached, dirty, writeback, evicted, recently_evicted; /* pages */
};

int hidden_cached(const struct hidden *h, int fd, uint64_t *ret)
{
	struct cachestat_range all = {0};
	struct cachestat cs;

	if (fd < 0 || syscall(NR_CACHESTAT, fd, &all, &cs, 0))
		return -ENOENT;
	*ret = cs.cached * h->page_size;
	return 0;
}

static int ask_cached(struct visit *v, const char *name, uint64_t *ret)
{
	_cleanup_close_ int fd = v->h->is_live ? borrow_fd(v, name) : -1;

	return hidden_cached(v->h, fd, ret);
}

bool hidden_may_ask(struct hidden *h, const struct statx *st, int *err)
{
	if (!S_ISREG(st->stx_mode) || st->stx_size < HIDDEN_CACHED_MIN ||
	    !hidden_is_new(h, SEEN_FILE, (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor,
			   st->stx_ino, err))
		return false;
	if (h->n_cached >= CACHED_FILES_MAX || st->stx_size > CACHED_BYTES_MAX - h->cached_sizes) {
		h->n_files_skipped++;
		return false;
	}
	h->n_cached++;
	h->cached_sizes += st->stx_size;
	return true;
}

/* A file of a disk's filesystem that somebody has open. */
static int take_cached(struct visit *v, int dir_fd, const char *name, const char *target)
{
	struct hidden_sample s = hidden_of(v->p, HIDDEN_CACHED_FILE, HIDDEN_EXACT);
	struct hidden *h = v->h;
	struct statx st;
	int err = 0;

	if (!h->is_live || strncmp(target, "/", 1) || !strncmp(target, "/dev/", 5) ||
	    !strncmp(target, "/proc/", 6) || !strncmp(target, "/sys/", 5))
		return 0;
	if (h->n_files >= FILES_MAX) {
		h->n_files_skipped++;
		return 0;
	}
	h->n_files++;
	if (statx(dir_fd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st) ||
	    is_tmpfs(dir_fd, name) || !hidden_may_ask(h, &st, &err) ||
	    ask_cached(v, name, &s.bytes) || s.bytes < HIDDEN_CACHED_MIN)
		return err;
	snprintf(s.name, sizeof(s.name), "%.95s", target);
	return hidden_set__add(&h->set, &s);
}

/* memfd, /dev/shm, and deleted files wherever they are: on a disk's filesystem their blocks are
 * the disk's, and the most the page cache can have of them. */
static int take_file(struct visit *v, int dir_fd, const char *name, const char *link)
{
	struct hidden_sample s = hidden_of(v->p, HIDDEN_SHM_FILE, HIDDEN_AT_MOST);
	struct open_file f;
	struct statx st;
	int err = 0;

	fd_link_parse(link, &f);
	if (f.kind != FD_SHM && !f.is_deleted)
		return take_cached(v, dir_fd, name, f.target);
	if (statx(dir_fd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st) ||
	    !S_ISREG(st.stx_mode) || !st.stx_blocks ||
	    !hidden_is_new(v->h, SEEN_FILE, (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor,
			   st.stx_ino, &err))
		return err;
	if (f.kind != FD_SHM && !is_tmpfs(dir_fd, name))
		s.kind = HIDDEN_DELETED_FILE;
	s.bytes = st.stx_blocks * 512;
	if (s.kind == HIDDEN_DELETED_FILE && !ask_cached(v, name, &s.bytes))
		s.certainty = HIDDEN_EXACT;
	snprintf(s.name, sizeof(s.name), "%.80s%s", f.target, f.is_deleted ? " (deleted)" : "");
	return hidden_set__add(&v->h->set, &s);
}

/* By the beginning of the link, the first that fits. */
static int visit_fd(void *arg, int dir_fd, const char *name, const char *link)
{
	static const struct {
		const char *prefix;
		int (*take)(struct visit *v, int dir_fd, const char *name, const char *link);
	} kinds[] = {
		{"socket:[", take_socket},
		{"pipe:[", take_pipe},
		{"anon_inode:bpf-map", take_bpf},
		{"anon_inode:bpf-prog", take_bpf},
		{"anon_inode:[bpf-map", take_bpf},
		{"anon_inode:[bpf-prog", take_bpf},
		{"anon_inode:[io_uring]", take_io_uring},
		{"anon_inode:[perf_event]", take_perf},
		{"/dmabuf:", take_dma_buf},
		{"/dev/dri/", take_gpu},
		{"/", take_file},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(link, kinds[i].prefix, strlen(kinds[i].prefix)))
			return kinds[i].take(arg, dir_fd, name, link);
	return 0;
}

/* io_uring takes each part of a ring as one block of the page allocator, whose sizes are powers of
 * two, and page by page (from 6.10 on) only where it is larger than the largest. */
#define URING_BLOCK_MAX (4ull << 20)

static int add_mappings(struct visit *v, struct cursor maps, const char *name,
			enum hidden_kind kind, enum hidden_certainty certainty)
{
	struct hidden_sample s = hidden_of(v->p, kind, certainty);

	maps_sum(maps, name, kind == HIDDEN_IO_URING ? URING_BLOCK_MAX : 0, &s.bytes, &s.count);
	return s.bytes ? hidden_set__add(&v->h->set, &s) : 0;
}

/* What both ends of a ring share is mapped; an io_uring's can be mapped twice, or given by the
 * user. */
static int take_rings(struct visit *v)
{
	_cleanup_free_ char *text = NULL;
	struct cursor maps;
	size_t cap = 0;
	char path[32];
	ssize_t len;
	int err;

	snprintf(path, sizeof(path), "proc/%u/maps", v->p->id.pid);
	len = read_file_grow(v->h->root_fd, path, &text, &cap, MAPS_MAX);
	if (len < 0)
		return len == -ENOMEM ? -ENOMEM : 0;
	maps = (struct cursor){text, text + len};
	err = add_mappings(v, maps, "anon_inode:[io_uring]", HIDDEN_IO_URING, HIDDEN_ESTIMATE);
	return err ? err
		   : add_mappings(v, maps, "anon_inode:[perf_event]", HIDDEN_PERF_RING,
				  HIDDEN_EXACT);
}

int hidden_fds(struct hidden *h, const struct proc_sample *p)
{
	struct visit v = {.h = h, .p = p, .pidfd = -1, .holder = UINT32_MAX};
	int err;

	if (p->flags & PROC_KTHREAD || p->end.ended)
		return 0;
	err = fd_walk(h->root_fd, p->id.pid, visit_fd, &v, &h->n_fds);
	if (v.pidfd >= 0)
		close(v.pidfd);
	if (err == -EACCES || err == -EPERM)
		h->n_procs_denied++;
	if (err)
		return err == -ENOMEM ? err : 0;
	return v.has_io_uring || v.has_perf ? take_rings(&v) : 0;
}
