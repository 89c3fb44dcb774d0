/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A storm of kernel objects: made and given back over and over, nothing is held. */
#include "victim.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Of many files the directory entries and inodes are looked up again and again. */
#define FILES 1000

static char dir[] = "/tmp/memtrace-stormslab-XXXXXX";

static void make_files(void)
{
	if (!mkdtemp(dir))
		die("%s: %s", dir, strerror(errno));
	if (chdir(dir))
		die("%s: %s", dir, strerror(errno));
	for (unsigned int i = 0; i < FILES; i++) {
		char name[16];
		int fd;

		snprintf(name, sizeof(name), "%u", i);
		fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0)
			die("%s/%s: %s", dir, name, strerror(errno));
		close(fd);
	}
}

static void remove_files(void)
{
	for (unsigned int i = 0; i < FILES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", i);
		unlink(name);
	}
	rmdir(dir);
}

static void no_files(void)
{
}

static void pair_of(int fd[2], int err, const char *what)
{
	if (err)
		die("%s: %s", what, strerror(errno));
	close(fd[0]);
	close(fd[1]);
}

static void one_socketpair(uint64_t i)
{
	int fd[2];

	(void)i;
	pair_of(fd, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), "socketpair");
}

static void one_pipe(uint64_t i)
{
	int fd[2];

	(void)i;
	pair_of(fd, pipe2(fd, O_CLOEXEC), "pipe");
}

static void one_open(uint64_t i)
{
	struct stat st;
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%u", (unsigned int)(i % FILES));
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || stat(name, &st))
		die("%s: %s", name, strerror(errno));
	close(fd);
}

static const struct storm {
	const char *what;
	void (*make)(void);
	void (*one)(uint64_t i);
	void (*undo)(void);
} storms[] = {
	{"socketpair", no_files, one_socketpair, no_files},
	{"pipe", no_files, one_pipe, no_files},
	{"open", make_files, one_open, remove_files},
};

static const struct storm *find_storm(const char *what)
{
	for (size_t i = 0; i < sizeof(storms) / sizeof(storms[0]); i++)
		if (!strcmp(storms[i].what, what))
			return &storms[i];
	die("--what %s: socketpair, pipe or open", what);
}

int main(int argc, char **argv)
{
	uint64_t ops = 0, limit_ms = 10000, done = 0, until, cpu;
	const char *what = "socketpair";
	const struct victim_option own[] = {
		{"what", VICTIM_TEXT, &what, "socketpair, pipe or open (socketpair)"},
		{"ops", VICTIM_COUNT, &ops, "operations (0: until --seconds)"},
		{"seconds", VICTIM_SECONDS, &limit_ms, "how long at most (10)"},
		{0},
	};
	const struct storm *storm;

	victim_init(argc, argv, "stormslab", "Makes kernel objects and gives them back.", own);
	storm = find_storm(what);
	storm->make();
	victim_begin();
	until = now_ms() + limit_ms;
	cpu = cpu_ns();
	for (; (!ops || done < ops) && ((done & 0xff) || now_ms() < until); done++)
		storm->one(done);
	cpu = cpu_ns() - cpu;
	storm->undo();
	tell(&(struct truth){.kind = "none", .note = "storm over", .pid = getpid()},
	     "\"ops\":%llu,\"cpu_ns\":%llu", (unsigned long long)done, (unsigned long long)cpu);
	return 0;
}
