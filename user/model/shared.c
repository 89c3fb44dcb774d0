/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/shared.h"

const char *const fd_kind_names[] = {
	[FD_FILE] = "file",	[FD_SHM] = "shared memory", [FD_DEVICE] = "device",
	[FD_SOCKET] = "socket", [FD_PIPE] = "pipe",	    [FD_EVENT] = "event",
	[FD_EPOLL] = "epoll",	[FD_BPF] = "bpf",	    [FD_OTHER] = "other",
};
