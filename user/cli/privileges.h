/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rights are given up once everything is attached and opened. */
#pragma once

#include <stdbool.h>

struct privileges_keep {
	bool bpf;	     /* new snapshots of the task iterator need CAP_BPF, CAP_PERFMON */
	bool probes;	     /* uprobes on others: before 5.8 and from 6.18 on CAP_SYS_ADMIN */
	bool map_files;	     /* the files behind mappings, by /proc/PID/map_files: 5.9 on */
	bool kill;	     /* a command that runs as another user gets our signals */
	bool write_anywhere; /* report or session go to a directory that is not ours */
};

/*
 * Keeps of what we have only what sampling still needs: reading other
 * processes' /proc files, and what `keep` says; sets NO_NEW_PRIVS. 0 or -errno.
 */
int privileges_drop(const struct privileges_keep *keep);
