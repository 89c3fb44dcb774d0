/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/pid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define STAT_TEXT_MAX 4096
#define CGROUP_TEXT_MAX (64 << 10)

#define PF_WQ_WORKER 0x00000020

/* Fields of /proc/PID/stat as proc(5) numbers them; 1 and 2 are pid and comm. */
enum stat_field {
	STAT_STATE = 3,
	STAT_PPID = 4,
	STAT_FLAGS = 9,
	STAT_NUM_THREADS = 20,
	STAT_STARTTIME = 22,
	STAT_VSIZE = 23,
	STAT_START_BRK = 47, /* 3.5 on */
};

static size_t cursor_len(struct cursor c)
{
	return (size_t)(c.end - c.p);
}

static void copy_comm(char dst[static COMM_SIZE], const char *src, size_t len)
{
	if (len >= COMM_SIZE)
		len = COMM_SIZE - 1;
	memset(dst, 0, COMM_SIZE);
	memcpy(dst, src, len);
}

/*
 * "kworker/0:1-events" is the thread "kworker/0:1", idle after work on the
 * queue "events"; '+' while it works. Rescuers are named "kworker/R-QUEUE" (6.9
 * on) and keep that.
 */
static void cut_work(char comm[static COMM_SIZE])
{
	static const char prefix[] = "kworker/", rescuer[] = "kworker/R-";
	char *work;

	if (strncmp(comm, prefix, sizeof(prefix) - 1) ||
	    !strncmp(comm, rescuer, sizeof(rescuer) - 1))
		return;
	work = strpbrk(comm, "+-");
	if (work)
		memset(work, 0, (size_t)(comm + COMM_SIZE - work));
}

static int take_u32(struct cursor word, uint32_t *ret)
{
	uint64_t value;

	if (cursor_u64(&word, &value) || value > UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)value;
	return 0;
}

static int take_field(struct pid_stat *s, enum stat_field field, struct cursor word)
{
	switch (field) {
	case STAT_STATE:
		s->state = *word.p;
		return cursor_len(word) == 1 ? 0 : -EBADMSG;
	case STAT_PPID:
		return take_u32(word, &s->ppid);
	case STAT_FLAGS:
		return take_u32(word, &s->flags);
	case STAT_NUM_THREADS:
		return take_u32(word, &s->n_threads);
	case STAT_STARTTIME:
		return cursor_u64(&word, &s->start_ticks) ? -EBADMSG : 0;
	case STAT_VSIZE:
		return cursor_u64(&word, &s->vsize) ? -EBADMSG : 0;
	case STAT_START_BRK:
		return cursor_u64(&word, &s->start_brk) ? -EBADMSG : 0;
	}
	return 0;
}

int pid_stat_parse(struct cursor text, struct pid_stat *ret)
{
	size_t len = cursor_len(text);
	const char *open = len ? memchr(text.p, '(', len) : NULL;
	const char *close = len ? memrchr(text.p, ')', len) : NULL;
	struct pid_stat s = {0};
	struct cursor rest, word;
	int field = STAT_STATE;

	if (!open || !close || close < open || text.end[-1] != '\n')
		return -EBADMSG;
	copy_comm(s.comm, open + 1, (size_t)(close - open - 1));
	rest = (struct cursor){close + 1, text.end};
	for (; field <= STAT_START_BRK && !cursor_word(&rest, &word); field++)
		if (take_field(&s, (enum stat_field)field, word))
			return -EBADMSG;
	if (field <= STAT_VSIZE)
		return -EBADMSG;
	if (s.flags & PF_WQ_WORKER)
		cut_work(s.comm);
	*ret = s;
	return 0;
}

/* Files of a process that is gone are not there, or fail to be read with -ESRCH. */
static ssize_t read_pid_file(int root_fd, uint32_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "proc/%u/%s", pid, name);
	len = read_file_at(root_fd, path, buf, size);
	return len == -ENOENT ? -ESRCH : len;
}

int pid_stat_read(int root_fd, uint32_t pid, struct pid_stat *ret)
{
	char text[STAT_TEXT_MAX];
	ssize_t len = read_pid_file(root_fd, pid, "stat", text, sizeof(text));

	if (len < 0)
		return (int)len;
	return pid_stat_parse((struct cursor){text, text + len}, ret);
}

int pid_tgid_read(int root_fd, uint32_t pid, uint32_t *ret)
{
	/* "Tgid:" is the fourth line; the lines before it are short. */
	char text[512];
	ssize_t len = read_pid_file(root_fd, pid, "status", text, sizeof(text));
	struct cursor c = {text, text + (len == -EFBIG ? (ssize_t)sizeof(text) - 1 : len)};
	struct cursor line, word;
	uint64_t tgid;

	if (len < 0 && len != -EFBIG)
		return (int)len;
	while (cursor_line(&c, &line) == 0) {
		if (cursor_word(&line, &word) || word.end - word.p != 5 ||
		    memcmp(word.p, "Tgid:", 5))
			continue;
		if (cursor_u64(&line, &tgid) || tgid > UINT32_MAX)
			return -EBADMSG;
		*ret = (uint32_t)tgid;
		return 0;
	}
	return -EBADMSG;
}

/* How a line of /proc/PID/status becomes values. */
struct status_field {
	const char *name; /* colon included */
	enum proc_value value;
	bool is_kb;
};

static const struct status_field status_fields[] = {
	{"RssAnon:", PROC_ANON, true},	   {"RssFile:", PROC_FILE, true},
	{"RssShmem:", PROC_SHMEM, true},   {"VmSwap:", PROC_SWAP, true},
	{"VmPTE:", PROC_PAGE_TABLE, true}, {"Threads:", PROC_THREADS, false},
};

/* "   123 kB" or "   123" */
static int take_number(struct cursor line, bool is_kb, uint64_t *ret)
{
	struct cursor unit;
	uint64_t value;

	if (cursor_u64(&line, &value))
		return -EBADMSG;
	if (is_kb && (cursor_word(&line, &unit) || !cursor_is(unit, "kB") ||
		      __builtin_mul_overflow(value, 1024, &value)))
		return -EBADMSG;
	*ret = value;
	return 0;
}

static bool take_status_line(struct pid_status *s, struct cursor line)
{
	struct cursor name;
	uint64_t value;

	if (cursor_word(&line, &name))
		return false;
	if (cursor_is(name, "Uid:") && !s->has_uid) {
		s->has_uid = !cursor_u64(&line, &value) && value <= UINT32_MAX;
		s->uid = s->has_uid ? (uint32_t)value : 0;
		return s->has_uid;
	}
	for (size_t i = 0; i < sizeof(status_fields) / sizeof(status_fields[0]); i++) {
		const struct status_field *f = &status_fields[i];
		uint32_t bit = 1U << f->value;

		if (!cursor_is(name, f->name))
			continue;
		if ((s->known & bit) || take_number(line, f->is_kb, &value))
			return false;
		s->value[f->value] = value;
		s->known |= bit;
		return true;
	}
	return false;
}

int pid_status_parse(struct cursor text, struct pid_status *ret)
{
	const uint32_t parts = 1U << PROC_ANON | 1U << PROC_FILE | 1U << PROC_SHMEM;
	struct pid_status s = {0};
	struct cursor line;
	bool any = false;
	uint64_t rss;

	while (!cursor_line(&text, &line))
		any |= line.end < text.end && take_status_line(&s, line);
	if (!any)
		return -EBADMSG;
	if ((s.known & parts) == parts &&
	    !__builtin_add_overflow(s.value[PROC_ANON], s.value[PROC_FILE], &rss) &&
	    !__builtin_add_overflow(rss, s.value[PROC_SHMEM], &rss)) {
		s.value[PROC_RSS] = rss;
		s.known |= 1U << PROC_RSS;
	}
	*ret = s;
	return 0;
}

static int take_hex(struct cursor *c, uint64_t *ret)
{
	const char *start = c->p;
	uint64_t value = 0;

	for (; c->p < c->end; c->p++) {
		char digit = *c->p;
		unsigned int nibble;

		if (digit >= '0' && digit <= '9')
			nibble = (unsigned int)(digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			nibble = (unsigned int)(digit - 'a') + 10;
		else
			break;
		if (value >> 60)
			return -EBADMSG;
		value = value << 4 | nibble;
	}
	if (c->p == start)
		return -EBADMSG;
	*ret = value;
	return 0;
}

struct mapping {
	uint64_t start, end;
	bool is_heap;
};

/* "55a3c000-55a5d000 rw-p 00000000 00:00 0    [heap]": only the kernel names a
 * mapping so, a file's name starts with a slash. */
static int parse_mapping(struct cursor line, struct mapping *ret)
{
	struct mapping m = {0};
	struct cursor word;
	int n_words = 0;

	if (take_hex(&line, &m.start) || line.p == line.end || *line.p++ != '-' ||
	    take_hex(&line, &m.end) || m.end < m.start)
		return -EBADMSG;
	while (n_words < 5 && !cursor_word(&line, &word))
		n_words++;
	if (n_words < 4)
		return -EBADMSG;
	m.is_heap = n_words == 5 && cursor_is(word, "[heap]") && cursor_word(&line, &word);
	*ret = m;
	return 0;
}

int pid_heap_parse(struct cursor text, bool whole, uint64_t start_brk, uint64_t *ret_bytes)
{
	uint64_t bytes = 0, last_end = 0;
	bool seen = false, decided = false;
	struct cursor line;

	if (text.p >= text.end)
		return -ENODATA; /* the address space is gone */
	while (!decided && !cursor_line(&text, &line)) {
		struct mapping m;

		if (line.end == text.end && !whole)
			return -ENODATA;
		if (parse_mapping(line, &m) || m.start < last_end)
			return -EBADMSG;
		last_end = m.end;
		if (m.is_heap) {
			if (m.start < start_brk)
				m.start = start_brk < m.end ? start_brk : m.end;
			bytes += m.end - m.start;
			seen = true;
		} else {
			/* Mappings are sorted: what starts above the heap's start
			 * comes after the heap, if there is one. */
			decided = seen || (start_brk && m.start > start_brk);
		}
	}
	if (!decided && !whole)
		return -ENODATA;
	*ret_bytes = bytes;
	return 0;
}

static bool has_controller(struct cursor list, const char *name)
{
	while (list.p < list.end) {
		const char *comma = memchr(list.p, ',', cursor_len(list));
		struct cursor one = {list.p, comma ? comma : list.end};

		if (cursor_is(one, name))
			return true;
		list.p = comma ? comma + 1 : list.end;
	}
	return false;
}

/* "4:cpu,memory:/path" or "0::/path"; the path may hold colons. */
static int parse_cgroup_line(struct cursor line, struct cursor *ret_controllers,
			     struct cursor *ret_path)
{
	const char *first = memchr(line.p, ':', cursor_len(line));
	const char *second = first ? memchr(first + 1, ':', (size_t)(line.end - first - 1)) : NULL;

	if (!second || second + 1 == line.end || second[1] != '/')
		return -EBADMSG;
	*ret_controllers = (struct cursor){first + 1, second};
	*ret_path = (struct cursor){second + 1, line.end};
	return 0;
}

int cgroup_parse(struct cursor text, char **ret)
{
	struct cursor line, controllers, path, found = {NULL, NULL};
	char *copy;

	while (!cursor_line(&text, &line)) {
		if (parse_cgroup_line(line, &controllers, &path))
			continue;
		if (has_controller(controllers, "memory")) {
			found = path;
			break;
		}
		if (controllers.p == controllers.end)
			found = path;
	}
	if (!found.p)
		return -ENOENT;
	copy = strndup(found.p, cursor_len(found));
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

int cgroup_read(int root_fd, uint32_t pid, char **ret)
{
	_cleanup_free_ char *text = malloc(CGROUP_TEXT_MAX);
	ssize_t len;

	if (!text)
		return -ENOMEM;
	len = read_pid_file(root_fd, pid, "cgroup", text, CGROUP_TEXT_MAX);
	if (len < 0)
		return (int)len;
	return cgroup_parse((struct cursor){text, text + len}, ret);
}
