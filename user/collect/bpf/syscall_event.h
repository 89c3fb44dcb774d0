/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracepoints of single system calls. Unlike those that BTF names they have to
 * be asked for by a number that only tracefs tells: where nobody has mounted it,
 * we do so for us alone.
 */
#pragma once

#include "collect/bpf/object.h"

/* The directory of the events, to be closed; or -errno. */
int syscall_events_open(int root_fd);

/* Attaches a program to syscalls/EVENT ("sys_enter_mmap"). 0 or -errno. */
int bpf_attach_syscall(struct bpf_object *obj, const char *program, int events_fd,
		       const char *event, struct bpf_links *links,
		       char reason[static BPF_REASON_SIZE]);
