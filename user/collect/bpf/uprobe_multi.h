/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links of uprobes that are made by the system call itself: our libbpf is older than they are. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <bpf/libbpf.h>

struct uprobe_places {
	pid_t pid; /* all its threads, nobody else */
	const char *file;
	const uint64_t *offsets; /* in the file */
	const uint64_t *cookies; /* one for each */
	uint32_t n;
};

/* Before the program is loaded: it is run at the entry and at the return (kernel 6.13 on). */
void uprobe_multi_prepare(struct bpf_program *prog);
/* A link, to be closed by the caller, or -errno. */
int uprobe_multi_attach(const struct bpf_program *prog, const struct uprobe_places *at);
