/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/parse.h"
#include "model/shared.h"

/* Text of mountinfo: appends the filesystems whose files live in memory, each once however often
 * it is mounted, use not known. 0 or -ENOMEM. Pure. */
int tmpfs_parse(struct cursor text, struct tmpfs_list *l);
/*
 * Those of our mount namespace, with their use. Containers have others of
 * their own; the kernel's, which holds System V segments and memfds, is mounted
 * nowhere. Appends; 0 or -errno.
 */
int tmpfs_read(int root_fd, struct tmpfs_list *l);
