/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/pid_wait.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/file.h"

/* status lists up to 65,536 supplementary groups before the masks. */
#define STATUS_MAX (1 << 20)

/* Those that a program waits in. Not every architecture has all of them. */
static const struct {
	uint64_t number;
	const char *name;
} syscalls[] = {
#define NAME(x)                                                                                    \
	{                                                                                          \
		SYS_##x, #x                                                                        \
	}
	NAME(read),
	NAME(write),
	NAME(readv),
	NAME(ppoll),
	NAME(pselect6),
	NAME(epoll_pwait),
	NAME(futex),
	NAME(nanosleep),
	NAME(clock_nanosleep),
	NAME(wait4),
	NAME(waitid),
	NAME(accept),
	NAME(accept4),
	NAME(connect),
	NAME(recvfrom),
	NAME(recvmsg),
	NAME(sendto),
	NAME(sendmsg),
	NAME(rt_sigtimedwait),
	NAME(rt_sigsuspend),
	NAME(restart_syscall),
	NAME(flock),
	NAME(fcntl),
	NAME(fsync),
	NAME(openat),
	NAME(ioctl),
	NAME(semtimedop),
	NAME(msgrcv),
	NAME(io_getevents),
	NAME(io_uring_enter),
#ifdef SYS_poll
	NAME(poll),
	NAME(select),
	NAME(epoll_wait),
	NAME(pause),
#endif
#undef NAME
};

static const char *syscall_name(uint64_t number)
{
	for (size_t i = 0; i < sizeof(syscalls) / sizeof(syscalls[0]); i++)
		if (syscalls[i].number == number)
			return syscalls[i].name;
	return NULL;
}

/* "0x7ffefce72488" */
static int take_address(struct cursor word, uint64_t *ret)
{
	if (word.end - word.p < 3 || word.p[0] != '0' || word.p[1] != 'x')
		return -EBADMSG;
	word.p += 2;
	return cursor_hex(&word, ret) || word.p != word.end ? -EBADMSG : 0;
}

/* "NUMBER six arguments SP PC", "-1 SP PC" outside of any, or "running". */
int syscall_parse(struct cursor text, char ret[static SYSCALL_TEXT_SIZE])
{
	struct cursor line, word;
	uint64_t number, stack = 0, pc = 0;
	const char *name;
	bool is_32;

	if (cursor_line(&text, &line) || cursor_word(&line, &word))
		return -EBADMSG;
	if (cursor_is(word, "running") || cursor_is(word, "-1")) {
		*ret = '\0';
		return 0;
	}
	if (cursor_u64(&word, &number))
		return -EBADMSG;
	for (int i = 0; i < 8; i++) {
		if (cursor_word(&line, &word) || take_address(word, i < 7 ? &stack : &pc))
			return -EBADMSG;
	}
	/* Programs of the machine's own size have their stack near the end of it. */
	is_32 = sizeof(long) == 8 && stack && pc && stack <= UINT32_MAX && pc <= UINT32_MAX;
	name = is_32 ? NULL : syscall_name(number);
	if (name)
		snprintf(ret, SYSCALL_TEXT_SIZE, "%s", name);
	else
		snprintf(ret, SYSCALL_TEXT_SIZE, "syscall %u%s", (unsigned int)number,
			 is_32 ? " (32 bits)" : "");
	return 0;
}

enum sigchld sigchld_parse(struct cursor text)
{
	static const struct {
		const char *name;
		enum sigchld meaning;
	} masks[] = {
		{"SigBlk:", SIGCHLD_BLOCKED},
		{"SigIgn:", SIGCHLD_IGNORED},
		{"SigCgt:", SIGCHLD_HANDLED},
	};
	enum sigchld found = SIGCHLD_UNKNOWN;
	struct cursor line, name, word;
	size_t n_seen = 0;

	while (n_seen < 3 && !cursor_line(&text, &line)) {
		uint64_t mask;

		if (line.end == text.end || cursor_word(&line, &name) ||
		    !cursor_is(name, masks[n_seen].name))
			continue;
		if (cursor_word(&line, &word) || cursor_hex(&word, &mask) || word.p != word.end)
			return SIGCHLD_UNKNOWN;
		if (found == SIGCHLD_UNKNOWN && mask & 1ull << (SIGCHLD - 1))
			found = masks[n_seen].meaning;
		n_seen++;
	}
	if (n_seen < 3)
		return SIGCHLD_UNKNOWN;
	return found == SIGCHLD_UNKNOWN ? SIGCHLD_DEFAULT : found;
}

static ssize_t read_of(int root_fd, uint32_t pid, const char *name, char **buf, size_t *cap)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/%s", pid, name);
	return read_file_grow(root_fd, path, buf, cap, STATUS_MAX);
}

void pid_wait_read(int root_fd, struct zombie_parent *p)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_of(root_fd, p->id.pid, "syscall", &text, &cap);

	if (len > 0 && syscall_parse((struct cursor){text, text + len}, p->syscall))
		*p->syscall = '\0';
	len = read_of(root_fd, p->id.pid, "wchan", &text, &cap);
	/* "0": awake, or hidden */
	if (len > 0 && !(len == 1 && *text == '0'))
		cursor_copy((struct cursor){text, text + len}, p->wchan, sizeof(p->wchan));
	len = read_of(root_fd, p->id.pid, "status", &text, &cap);
	p->sigchld = len > 0 ? sigchld_parse((struct cursor){text, text + len}) : SIGCHLD_UNKNOWN;
}
