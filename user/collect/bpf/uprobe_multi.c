/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf/uprobe_multi.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

/* enum bpf_attach_type: the number is the kernel's ABI, its headers may be older. */
#define TRACE_UPROBE_SESSION 57

/* union bpf_attr, link_create with uprobe_multi. */
struct link_create {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, pad;
};

void uprobe_multi_prepare(struct bpf_program *prog)
{
	bpf_program__set_expected_attach_type(prog, (enum bpf_attach_type)TRACE_UPROBE_SESSION);
}

int uprobe_multi_attach(const struct bpf_program *prog, const struct uprobe_places *at)
{
	const struct link_create attr = {
		.prog_fd = (uint32_t)bpf_program__fd(prog),
		.attach_type = bpf_program__expected_attach_type(prog),
		.path = (uintptr_t)at->file,
		.offsets = (uintptr_t)at->offsets,
		.cookies = (uintptr_t)at->cookies,
		.cnt = at->n,
		.pid = (uint32_t)at->pid,
	};
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}
