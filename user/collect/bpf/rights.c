/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf/rights.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Bits of CapEff, see capability.h. CAP_SYS_ADMIN holds the two others, which are 5.8's. */
#define HAS(caps, bit) ((caps) >> (bit)&1)
#define SYS_ADMIN 21
#define PERFMON 38
#define BPF 39

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

const char *bpf_missing_right(struct cursor status)
{
	uint64_t caps;

	if (!find_caps(status, &caps))
		return "no right to load BPF programs";
	if (HAS(caps, SYS_ADMIN) || (HAS(caps, BPF) && HAS(caps, PERFMON)))
		return "the kernel refuses BPF programs here, whatever rights we have (lockdown, "
		       "or a container's rules)";
	if (HAS(caps, BPF))
		return "not run as root, and CAP_PERFMON is missing beside CAP_BPF";
	if (HAS(caps, PERFMON))
		return "not run as root, and CAP_BPF is missing beside CAP_PERFMON";
	return "not run as root, nor with CAP_BPF and CAP_PERFMON";
}

const char *bpf_missing_right_here(void)
{
	char text[8192];
	ssize_t len = read_file_at(AT_FDCWD, "/proc/self/status", text, sizeof(text));

	return bpf_missing_right((struct cursor){text, text + (len > 0 ? len : 0)});
}
