/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Bits of CapEff, see capability.h. CAP_SYS_ADMIN holds the two others, which are 5.8's. */
#define HAS(caps, bit) ((caps) >> (bit)&1)
#define SYS_ADMIN 21
#define PERFMON 38
#define BPF 39

static const char kernel_refuses[] =
	"the kernel refuses BPF programs here, whatever rights we have (lockdown, or a container's "
	"rules)";

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool find_caps(struct cursor status, uint64_t *ret)
{
	struct cursor line, word;
	uint64_t caps = 0;

	while (!cursor_line(&status, &line)) {
		if (cursor_word(&line, &word) || !cursor_is(word, "CapEff:") ||
		    cursor_word(&line, &word))
			continue;
		for (; word.p < word.end && hex_digit(*word.p) >= 0; word.p++)
			caps = caps << 4 | (uint64_t)hex_digit(*word.p);
		*ret = caps;
		return word.p == word.end;
	}
	return false;
}

static const char *missing_right(struct cursor status)
{
	uint64_t caps;

	if (!find_caps(status, &caps))
		return "no right to load BPF programs";
	if (HAS(caps, SYS_ADMIN) || (HAS(caps, BPF) && HAS(caps, PERFMON)))
		return kernel_refuses;
	if (HAS(caps, BPF))
		return "not run as root, and CAP_PERFMON is missing beside CAP_BPF";
	if (HAS(caps, PERFMON))
		return "not run as root, and CAP_BPF is missing beside CAP_PERFMON";
	return "not run as root, nor with CAP_BPF and CAP_PERFMON";
}

/* The level in force stands in brackets: "none integrity [confidentiality]". Only the highest
 * forbids programs to read kernel memory: since 5.14 such a helper does not exist then, which the
 * verifier calls EINVAL; before, and for attaching, it is EPERM. */
static bool is_confidential(struct cursor lockdown)
{
	struct cursor word;

	while (!cursor_word(&lockdown, &word))
		if (cursor_is(word, "[confidentiality]"))
			return true;
	return false;
}

struct bpf_refusal bpf_refused(int err, const char *words, struct cursor status,
			       struct cursor lockdown)
{
	const char *right = err == -EPERM ? missing_right(status) : NULL;

	if (is_confidential(lockdown) && (!right || right == kernel_refuses))
		return (struct bpf_refusal){
			"kernel lockdown (confidentiality) forbids BPF programs to read kernel "
			"memory, to root as well",
			"boot without it: lockdown=integrity or none on the kernel command line",
		};
	return (struct bpf_refusal){
		right ?: words,
		"run as root (or with CAP_BPF, CAP_PERFMON) on a kernel with BTF",
	};
}

static struct cursor read_text(int root_fd, const char *path, char *text, size_t size)
{
	ssize_t len = read_file_at(root_fd, path, text, size);

	return (struct cursor){text, text + (len > 0 ? len : 0)};
}

struct bpf_refusal bpf_refused_here(int root_fd, int err, const char *words)
{
	char status[8192], lockdown[128];

	return bpf_refused(
		err, words, read_text(AT_FDCWD, "/proc/self/status", status, sizeof(status)),
		read_text(root_fd, "sys/kernel/security/lockdown", lockdown, sizeof(lockdown)));
}
