/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all victims share: options, the order of events, the truth line.
 *
 * A victim does one known thing to memory, says on stdout as one JSON line
 * what it did, and holds that state so that somebody can measure it. Memory
 * under test is mapped directly and touched page by page, so that the numbers
 * printed are exact; libc's own pages (a few dozen) come on top.
 *
 * SIGUSR1 moves a waiting victim on at once; SIGTERM and SIGINT end it tidily
 * with status 0. Nothing waits for ever: --hold bounds the life.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Older libc headers lack these; the numbers are the kernel's. */
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define MIB (1024UL * 1024)
#define HUGE_SIZE (2 * MIB) /* PMD size on x86-64 and on arm64 with 4 KiB pages */

/* Exit status of a victim that cannot do its thing on this kernel. */
#define VICTIM_SKIP 77

enum victim_option_type {
	VICTIM_FLAG,	/* bool * */
	VICTIM_COUNT,	/* uint64_t * */
	VICTIM_SECONDS, /* uint64_t *, in milliseconds; the argument may have a fraction */
	VICTIM_TEXT,	/* const char ** */
};

/* A list ends with a NULL name. */
struct victim_option {
	const char *name;
	enum victim_option_type type;
	void *value;
	const char *help;
};

static struct {
	const char *name, *about;
	uint64_t mib;
	uint64_t steps;	   /* growth is cut into so many parts … */
	uint64_t pause_ms; /* … with this pause between them */
	uint64_t delay_ms; /* before anything is touched */
	uint64_t phase_ms; /* between the phases of a victim that has several */
	uint64_t hold_ms;  /* after the last truth line */
	bool wait;	   /* start on SIGUSR1 (or after --hold) instead of after --delay */
} victim = {.mib = 64, .steps = 1, .phase_ms = 1000, .hold_ms = 60000};

static const struct victim_option victim_common[] = {
	{"mib", VICTIM_COUNT, &victim.mib, "size of the memory under test in MiB (64)"},
	{"steps", VICTIM_COUNT, &victim.steps, "grow in so many parts (1)"},
	{"pause", VICTIM_SECONDS, &victim.pause_ms, "seconds between the parts (0)"},
	{"delay", VICTIM_SECONDS, &victim.delay_ms, "seconds before the start (0)"},
	{"wait", VICTIM_FLAG, &victim.wait, "start on SIGUSR1"},
	{"phase", VICTIM_SECONDS, &victim.phase_ms, "seconds between phases, or SIGUSR1 (1)"},
	{"hold", VICTIM_SECONDS, &victim.hold_ms, "seconds to hold the end state (60)"},
	{NULL, VICTIM_FLAG, NULL, NULL},
};

#define VICTIM_OPTIONS_MAX 24

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "%s: %s\n", victim.name, text);
	exit(1);
}

/* The state cannot be reached on this kernel: not the victim's failure. */
__attribute__((noreturn)) static inline void victim_skip(const char *what, int err)
{
	dprintf(STDERR_FILENO, "%s: skipped: %s: %s\n", victim.name, what, strerror(err));
	exit(VICTIM_SKIP);
}

static inline void victim_help_list(int fd, const struct victim_option *list)
{
	static const char *const arg[] = {"", " N", " SECONDS", " TEXT"};

	for (; list && list->name; list++)
		dprintf(fd, "  --%s%s\n        %s\n", list->name, arg[list->type], list->help);
}

__attribute__((noreturn)) static inline void victim_usage(int status,
							  const struct victim_option *own)
{
	int fd = status ? STDERR_FILENO : STDOUT_FILENO;

	dprintf(fd, "usage: %s [OPTION]...\n%s\n", victim.name, victim.about);
	victim_help_list(fd, own);
	victim_help_list(fd, victim_common);
	exit(status);
}

static inline bool victim_number(const char *text, double max, double *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret = strtod(text, &end);
	return !errno && !*end && *ret <= max;
}

static inline bool victim_store(const struct victim_option *o, const char *arg)
{
	double number = 0;

	switch (o->type) {
	case VICTIM_FLAG:
		*(bool *)o->value = true;
		return true;
	case VICTIM_TEXT:
		*(const char **)o->value = arg;
		return true;
	case VICTIM_SECONDS:
		if (!victim_number(arg, 86400, &number))
			return false;
		*(uint64_t *)o->value = (uint64_t)(number * 1000);
		return true;
	case VICTIM_COUNT:
		if (!victim_number(arg, 1e12, &number) || number != (double)(uint64_t)number)
			return false;
		*(uint64_t *)o->value = (uint64_t)number;
		return true;
	}
	return false;
}

static inline size_t victim_collect(const struct victim_option *list, size_t n,
				    struct option *longs, const struct victim_option **found)
{
	for (; list && list->name && n < VICTIM_OPTIONS_MAX; list++, n++) {
		found[n] = list;
		longs[n] = (struct option){
			.name = list->name,
			.has_arg = list->type == VICTIM_FLAG ? no_argument : required_argument,
			.val = 256 + (int)n,
		};
	}
	return n;
}

/* Reads the options and blocks the signals that victim_wait() takes. */
static inline void victim_init(int argc, char **argv, const char *name, const char *about,
			       const struct victim_option *own)
{
	struct option longs[VICTIM_OPTIONS_MAX + 2] = {0};
	const struct victim_option *found[VICTIM_OPTIONS_MAX];
	sigset_t set;
	size_t n;
	int c;

	victim.name = name;
	victim.about = about;
	n = victim_collect(own, 0, longs, found);
	n = victim_collect(victim_common, n, longs, found);
	longs[n] = (struct option){.name = "help", .val = 'h'};
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h')
			victim_usage(0, own);
		if (c < 256)
			victim_usage(2, own);
		if (!victim_store(found[c - 256], optarg)) {
			dprintf(STDERR_FILENO, "%s: --%s: bad value '%s'\n", name,
				found[c - 256]->name, optarg);
			victim_usage(2, own);
		}
	}
	if (optind < argc || !victim.steps || !victim.mib)
		victim_usage(2, own);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Waits; true when SIGUSR1 cut it short. SIGTERM and SIGINT end the program. */
static inline bool victim_wait(uint64_t ms)
{
	struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	do {
		sig = sigtimedwait(&set, NULL, &t);
	} while (sig < 0 && errno == EINTR);
	if (sig == SIGTERM || sig == SIGINT)
		exit(0);
	return sig == SIGUSR1;
}

/* The moment before anything is touched. */
static inline void victim_begin(void)
{
	if (victim.wait)
		victim_wait(victim.hold_ms);
	else if (victim.delay_ms)
		victim_wait(victim.delay_ms);
}

static inline void victim_phase(void)
{
	victim_wait(victim.phase_ms);
}

static inline void victim_hold(void)
{
	victim_wait(victim.hold_ms);
}

static inline size_t victim_bytes(void)
{
	return victim.mib * MIB;
}

static inline size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* A private anonymous mapping, aligned to a huge page, of 4 KiB pages or not. */
static inline char *map_anon(size_t bytes, int advice)
{
	char *raw, *start;

	raw = mmap(NULL, bytes + HUGE_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (raw == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	start = (char *)(((uintptr_t)raw + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1));
	if (start > raw)
		munmap(raw, (size_t)(start - raw));
	munmap(start + bytes, (size_t)(raw + HUGE_SIZE - start));
	/* EINVAL: a kernel without THP has only small pages anyway. */
	if (madvise(start, bytes, advice) && advice != MADV_NOHUGEPAGE)
		victim_skip("madvise", errno);
	return start;
}

/* Writes into every page; contents differ, so that no two pages can be merged. */
static inline void touch_pages(char *start, size_t bytes)
{
	size_t step = page_size();

	for (size_t at = 0; at < bytes; at += step)
		*(volatile uint64_t *)(start + at) = at + 1;
}

/* touch_pages() in --steps parts with --pause between them. */
static inline void grow_pages(char *start, size_t bytes)
{
	size_t page = page_size(), done = 0;

	for (uint64_t i = 1; i <= victim.steps; i++) {
		size_t until = bytes / page * i / victim.steps * page;

		touch_pages(start + done, until - done);
		done = until;
		if (i < victim.steps)
			victim_wait(victim.pause_ms);
	}
}

/* Sum of one smaps field over the mappings inside [start, start + bytes), in bytes. */
static inline size_t smaps_bytes(const char *start, size_t bytes, const char *field)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	size_t total = 0, kib, len = strlen(field);
	unsigned long lo, hi;
	bool inside = false;
	char line[512];

	if (!f)
		die("/proc/self/smaps: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2)
			inside = lo >= (uintptr_t)start && hi <= (uintptr_t)start + bytes;
		else if (inside && !strncmp(line, field, len) && line[len] == ':' &&
			 sscanf(line + len + 1, "%zu", &kib) == 1)
			total += kib * 1024;
	}
	fclose(f);
	return total;
}

/* A kB field of /proc/PID/status in bytes; 0 when it is not there. */
static inline size_t status_bytes(pid_t pid, const char *field)
{
	size_t kib = 0, len = strlen(field);
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	if (!f)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, field, len) && line[len] == ':' &&
		    sscanf(line + len + 1, "%zu", &kib) == 1)
			break;
	fclose(f);
	return kib * 1024;
}

/* What a victim did: what it holds and what it ever touched, in bytes. */
struct truth {
	const char *kind; /* "anon", "file", "shmem", "none" */
	const char *note; /* the state in words; no characters that JSON escapes */
	pid_t pid, child; /* child 0: none */
	size_t held, touched;
};

/* One line, one write. `fmt` adds members: "\"moves\":%d", or NULL. */
__attribute__((format(printf, 2, 3))) static inline void tell(const struct truth *t,
							      const char *fmt, ...)
{
	char line[1024], extra[600] = "", child[32] = "";
	struct timespec now;
	va_list ap;
	int n;

	if (t->child)
		snprintf(child, sizeof(child), ",\"child\":%d", (int)t->child);
	if (fmt) {
		extra[0] = ',';
		va_start(ap, fmt);
		vsnprintf(extra + 1, sizeof(extra) - 1, fmt, ap);
		va_end(ap);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	n = snprintf(line, sizeof(line),
		     "{\"victim\":\"%s\",\"pid\":%d%s,\"kind\":\"%s\",\"held_bytes\":%zu,"
		     "\"touched_bytes\":%zu%s,\"time_ms\":%lld,\"note\":\"%s\"}\n",
		     victim.name, (int)t->pid, child, t->kind, t->held, t->touched, extra,
		     (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, t->note);
	if (n < 0 || (size_t)n >= sizeof(line) || write(STDOUT_FILENO, line, (size_t)n) != n)
		die("cannot print the truth");
}

/* User and system time of ourselves and of children waited for, ns. */
static inline uint64_t cpu_ns(void)
{
	struct rusage self, kids;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &kids);
	return (uint64_t)(self.ru_utime.tv_sec + self.ru_stime.tv_sec + kids.ru_utime.tv_sec +
			  kids.ru_stime.tv_sec) *
		       1000000000 +
	       (uint64_t)(self.ru_utime.tv_usec + self.ru_stime.tv_usec + kids.ru_utime.tv_usec +
			  kids.ru_stime.tv_usec) *
		       1000;
}

static inline uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* xorshift (Marsaglia 2003): the same numbers in each run. */
static inline uint64_t victim_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}
