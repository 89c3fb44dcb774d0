/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds memory that is in no process's counters: rings, pipes, sockets, maps, segments … */
#include "victim.h"

#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#define FDS_MAX 100000
/* What a process has open beside the objects under test. */
#define FDS_OWN 64
#define WORKERS_MAX 40

static int fds[FDS_MAX];
static size_t n_fds;
static const char *dir = "/tmp";
static uint64_t count; /* objects, where the size is not ours to choose */
static size_t held;

static void keep(int fd)
{
	if (fd < 0)
		die("descriptor %zu: %s", n_fds, strerror(errno));
	if (n_fds >= FDS_MAX)
		die("more than %d descriptors", FDS_MAX);
	fds[n_fds++] = fd;
}

static void close_all(void)
{
	while (n_fds)
		close(fds[--n_fds]);
}

/* --- packet sockets: protocol 0 receives nothing --- */

static void set_ring(int fd, size_t bytes)
{
	struct tpacket_req req = {.tp_block_size = 256 * 1024, .tp_frame_size = 2048};

	req.tp_block_nr = (unsigned int)(bytes / req.tp_block_size);
	req.tp_frame_nr = (unsigned int)(bytes / req.tp_frame_size);
	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		victim_skip("PACKET_RX_RING", errno);
}

static void take_packet(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		victim_skip("packet socket", errno);
	keep(fd);
	set_ring(fd, victim_bytes());
	held = victim_bytes();
}

/* --- pipes, each as large as it is allowed to be, and full --- */

static void take_pipes(void)
{
	static char block[64 * 1024];
	int ends[2], size;

	while (held < victim_bytes()) {
		if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
			die("pipe: %s", strerror(errno));
		keep(ends[0]);
		keep(ends[1]);
		size = fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
		if (size < 0)
			victim_skip("F_SETPIPE_SZ", errno);
		for (int at = 0; at < size; at += (int)sizeof(block))
			if (write(ends[1], block, sizeof(block)) != (ssize_t)sizeof(block))
				die("write: %s", strerror(errno));
		held += (size_t)size;
	}
}

/* --- sockets, empty and full --- */

static void socket_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		die("socketpair: %s", strerror(errno));
	keep(pair[0]);
	keep(pair[1]);
}

static void make_socket(void)
{
	int pair[2];

	socket_pair(pair);
}

static void make_eventfd(void)
{
	keep(eventfd(0, EFD_CLOEXEC));
}

static void make_timerfd(void)
{
	keep(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
}

/* One process may not have as many descriptors as were asked for: others have the rest. */
static pid_t workers[WORKERS_MAX];
static size_t n_workers;
static int life[2]; /* a pipe: the workers end when it closes */

static void make(void (*one)(void), uint64_t n)
{
	uint64_t until = n_fds + n;

	while (n_fds < until)
		one();
}

__attribute__((noreturn)) static void work(void (*one)(void), uint64_t n, int done)
{
	char byte = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(life[1]);
	n_fds = 0; /* not ours to close */
	make(one, n);
	if (write(done, &byte, 1) != 1)
		_exit(1);
	close(done);
	_exit(read(life[0], &byte, 1) != 0);
}

static void start_worker(void (*one)(void), uint64_t n)
{
	int done[2];
	char byte;

	if (n_workers >= WORKERS_MAX)
		die("more than %d processes", WORKERS_MAX);
	if (pipe2(done, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	workers[n_workers] = fork();
	if (!workers[n_workers])
		work(one, n, done[1]);
	close(done[1]);
	if (workers[n_workers++] < 0 || read(done[0], &byte, 1) != 1)
		die("a process with %llu descriptors failed", (unsigned long long)n);
	close(done[0]);
}

static void take_many(void (*one)(void))
{
	struct rlimit files;
	uint64_t left = count, most;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur <= 2 * FDS_OWN)
		die("too few descriptors are allowed");
	most = (files.rlim_cur < FDS_MAX ? files.rlim_cur : FDS_MAX) - FDS_OWN;
	most -= most % 2;
	if (left <= most) {
		make(one, left);
		return;
	}
	if (pipe2(life, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	for (; left; left -= left < most ? left : most)
		start_worker(one, left < most ? left : most);
}

static void give_many(void)
{
	int status, failed = 0;

	close_all();
	if (n_workers)
		close(life[1]);
	while (n_workers)
		failed += waitpid(workers[--n_workers], &status, 0) < 0 || status;
	if (failed)
		die("a process with descriptors failed");
}

static void take_sockets(void)
{
	take_many(make_socket);
}

static void take_eventfds(void)
{
	take_many(make_eventfd);
}

static void take_timerfds(void)
{
	take_many(make_timerfd);
}

static void take_socketdata(void)
{
	static char block[64 * 1024];
	int pair[2], room = 8 << 20;

	while (held < victim_bytes()) {
		ssize_t n;

		socket_pair(pair);
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
		while ((n = write(pair[0], block, sizeof(block))) > 0)
			held += (size_t)n;
	}
}

/* --- page tables: one page of the zero page's for each table --- */

static void take_tables(void)
{
	const size_t one = 2 * MIB; /* what a table maps, with pages of 4 KiB */
	size_t n = victim_bytes() / page_size();
	char *mem =
		mmap(NULL, n * one, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	madvise(mem, n * one, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < n; i++)
		(void)*(volatile char *)(mem + i * one);
	held = n * page_size();
}

/* --- BPF maps --- */

static void take_bpf(void)
{
	union bpf_attr attr;
	size_t one = 16 * MIB;

	while (held < victim_bytes()) {
		int fd;

		memset(&attr, 0, sizeof(attr));
		attr.map_type = BPF_MAP_TYPE_ARRAY;
		attr.key_size = 4;
		attr.value_size = 4096;
		attr.max_entries = (uint32_t)(one / attr.value_size);
		fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
		if (fd < 0)
			victim_skip("BPF_MAP_CREATE", errno);
		keep(fd);
		held += one;
	}
}

/* --- rings that are mapped --- */

static void take_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_DUMMY};
	size_t one = 8 * MIB;

	while (held < victim_bytes()) {
		int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

		if (fd < 0)
			victim_skip("perf_event_open", errno);
		keep(fd);
		if (mmap(NULL, one + page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
		    MAP_FAILED)
			victim_skip("perf ring", errno);
		held += one + page_size();
	}
}

/* Each part of a ring is one block of the page allocator. */
static size_t block_of(size_t bytes)
{
	size_t block = page_size();

	while (block < bytes)
		block *= 2;
	return block;
}

static void take_uring(void)
{
	while (held < victim_bytes()) {
		struct io_uring_params p = {.flags = 0};
		int fd = (int)syscall(SYS_io_uring_setup, 32768, &p);
		size_t ring, entries;

		if (fd < 0)
			victim_skip("io_uring_setup", errno);
		keep(fd);
		ring = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
		if (p.sq_off.array + p.sq_entries * 4 > ring)
			ring = p.sq_off.array + p.sq_entries * 4;
		entries = p.sq_entries * sizeof(struct io_uring_sqe);
		if (mmap(NULL, ring, PROT_READ, MAP_SHARED, fd, IORING_OFF_SQ_RING) == MAP_FAILED ||
		    mmap(NULL, entries, PROT_READ, MAP_SHARED, fd, IORING_OFF_SQES) == MAP_FAILED)
			die("mmap: %s", strerror(errno));
		held += block_of(ring) + block_of(entries);
		count++;
	}
}

/* --- shared memory that outlives its maker, or its name --- */

static int shm_id = -1;
static pid_t maker;

static void give_sysv(void)
{
	if (shm_id >= 0)
		shmctl(shm_id, IPC_RMID, NULL);
	shm_id = -1;
}

static void take_sysv(void)
{
	int status;

	maker = fork();
	if (!maker) {
		int id = shmget(0x6d74, victim_bytes(), IPC_CREAT | IPC_EXCL | 0600);
		char *mem = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

		if (mem == (char *)-1)
			_exit(1);
		touch_pages(mem, victim_bytes());
		_exit(0);
	}
	if (maker < 0 || waitpid(maker, &status, 0) != maker || status)
		die("the segment's maker failed");
	shm_id = shmget(0x6d74, 0, 0);
	atexit(give_sysv);
	held = victim_bytes();
}

static void take_tmpfs(void)
{
	static char block[64 * 1024];
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/dev/shm/memtrace-victim.%d", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		victim_skip("/dev/shm", errno);
	unlink(path);
	keep(fd);
	for (; held < victim_bytes(); held += sizeof(block))
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
			die("write: %s", strerror(errno));
}

/* --- names that are not there --- */

static const char *names_dir(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/memtrace-victim.%d", dir, (int)getpid());
	return path;
}

/* The names go with their directory. */
static void give_dentries(void)
{
	rmdir(names_dir());
}

static void take_dentries(void)
{
	const char *names = names_dir();
	char path[512];
	struct stat st;

	if (mkdir(names, 0700))
		victim_skip(names, errno);
	atexit(give_dentries);
	for (uint64_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/missing-%llu", names, (unsigned long long)i);
		if (!stat(path, &st))
			die("%s is there", path);
	}
}

/* --- what to do --- */

static const struct what {
	const char *name;
	void (*take)(void), (*give)(void);
} whats[] = {
	{"packet", take_packet, close_all},
	{"pipes", take_pipes, close_all},
	{"sockets", take_sockets, give_many},
	{"eventfds", take_eventfds, give_many},
	{"timerfds", take_timerfds, give_many},
	{"socketdata", take_socketdata, close_all},
	{"tables", take_tables, NULL},
	{"bpf", take_bpf, close_all},
	{"perf", take_perf, NULL},
	{"uring", take_uring, NULL},
	{"sysv", take_sysv, give_sysv},
	{"tmpfs", take_tmpfs, close_all},
	{"dentries", take_dentries, give_dentries},
};

static const struct what *find(const char *name)
{
	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++)
		if (!strcmp(whats[i].name, name))
			return &whats[i];
	die("--what: '%s' is not known", name);
}

static void say(const char *kind, const char *note)
{
	char list[WORKERS_MAX * 12] = "";
	size_t len = 0;

	for (size_t i = 0; i < n_workers; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%d", i ? "," : "",
					(int)workers[i]);
	tell(&(struct truth){.kind = kind, .note = note, .pid = getpid(), .held = held},
	     "\"count\":%llu,\"maker\":%d,\"workers\":[%s]", (unsigned long long)count, (int)maker,
	     list);
}

int main(int argc, char **argv)
{
	const char *name = "packet";
	const struct victim_option own[] = {
		{"what", VICTIM_TEXT, &name, "kind of memory (packet)"},
		{"count", VICTIM_COUNT, &count, "objects, where --mib does not say the size"},
		{"dir", VICTIM_TEXT, &dir, "where dentries are made (/tmp)"},
		{0},
	};
	struct rlimit files = {FDS_MAX + FDS_OWN, FDS_MAX + FDS_OWN};
	const struct what *what;

	victim_init(argc, argv, "kernelmem", "Holds memory that no process's counters show.", own);
	what = find(name);
	if (setrlimit(RLIMIT_NOFILE, &files) && !getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max; /* may not be raised: all that is allowed */
		setrlimit(RLIMIT_NOFILE, &files);
	}
	victim_begin();
	what->take();
	say(name, "held");
	victim_phase();
	if (!what->give) /* what is mapped goes with the process */
		return 0;
	what->give();
	held = 0;
	say(name, "given back");
	victim_hold();
	return 0;
}
