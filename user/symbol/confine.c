/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH is this?"
#endif

/* What malloc, libelf, libdw and leaving take. fcntl() only reads or copies descriptors here. */
static const uint16_t always[] = {
	SYS_read,	 SYS_pread64,	 SYS_lseek,	    SYS_close,
	SYS_fstat,	 SYS_mmap,	 SYS_munmap,	    SYS_mremap,
	SYS_mprotect,	 SYS_madvise,	 SYS_brk,	    SYS_futex,
	SYS_exit,	 SYS_exit_group, SYS_rt_sigreturn,  SYS_rt_sigprocmask,
	SYS_getpid,	 SYS_gettid,	 SYS_clock_gettime, SYS_getrandom,
	SYS_sigaltstack, SYS_fcntl,	 SYS_sched_yield,   SYS_prlimit64,
};

/* "newfstatat" has two names. */
#ifndef SYS_newfstatat
#define SYS_newfstatat SYS_fstatat
#endif
static const uint16_t when_opening[] = {
	SYS_openat, SYS_openat2, SYS_newfstatat, SYS_prctl, SYS_seccomp,
#ifdef SYS_open
	SYS_open,
#endif
};

#define PROGRAM_MAX (2 * (N_ELEMS(always) + N_ELEMS(when_opening)) + 16)

struct program {
	struct sock_filter v[PROGRAM_MAX];
	unsigned short n;
};

static void add(struct program *p, struct sock_filter f)
{
	p->v[p->n++] = f;
}

static void load(struct program *p, size_t offset)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct program *p, uint32_t action)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void unless_equal_skip(struct program *p, uint32_t value, uint8_t n)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, n));
}

static void allow(struct program *p, const uint16_t *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unless_equal_skip(p, calls[i], 1);
		answer(p, SECCOMP_RET_ALLOW);
	}
}

bool confine(int write_fd, bool may_open)
{
	const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
	struct program p = {.n = 0};
	struct sock_fprog filter;

	load(&p, offsetof(struct seccomp_data, arch));
	unless_equal_skip(&p, ARCH, 1);
	add(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0));
	answer(&p, refuse);
	load(&p, offsetof(struct seccomp_data, nr));
	allow(&p, always, N_ELEMS(always));
	if (may_open)
		allow(&p, when_opening, N_ELEMS(when_opening));
	unless_equal_skip(&p, SYS_write, 3);
	load(&p, offsetof(struct seccomp_data, args)); /* the low half: both are little-endian */
	unless_equal_skip(&p, (uint32_t)write_fd, 1);
	answer(&p, SECCOMP_RET_ALLOW);
	answer(&p, refuse);
	filter = (struct sock_fprog){p.n, p.v};
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
