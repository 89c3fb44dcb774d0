/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links of uprobes that are made by the system call itself: our libbpf is older than they are. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <bpf/libbpf.h>

struct uprobe_place {
	pid_t pid; /* all its threads, nobody else */
	const char *file;
	uint64_t offset; /* in the file */
	uint64_t cookie;
};

/* Before the program is loaded. `session`: it is run at the return as well (kernel 6.13 on), else
 * at the entry only (6.6 on). */
void uprobe_multi_prepare(struct bpf_program *prog, bool session);
/* A link, to be closed by the caller, or -errno. */
int uprobe_multi_attach(const struct bpf_program *prog, const struct uprobe_place *at);
