/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded code and the symbolizer: the one's modules and addresses for the other's. */
#pragma once

#include "model/code_history.h"
#include "model/limit.h"
#include "symbol/symbolizer.h"

int code_names__new(const char *const *debug_dirs, struct symbolizer **ret);

/* Finds names for the code of a session that has none: by its files, where they are the ones that
 * ran, and below debug_dirs. What fails is in l. 0 or -ENOMEM. */
int code_names__complete(struct code_history *c, const char *const *debug_dirs, struct limits *l);

/* fd, root_fd: of its file while it ran, or -1; of the kernel's code it is looked for below
 * root_dir (-1: not now), of a JIT's by the one below. 0 or -errno. */
int code_names__add(struct symbolizer *s, int root_dir, const struct code_module *m, int fd,
		    int root_fd, uint32_t *ret);

/* The perf map of a JIT's code, which may come at any time. 0; -ENOENT: it is not there; -ESRCH:
 * its process is gone; -errno. */
int code_names__look_for_map(struct symbolizer *s, int root_dir, struct proc_id id,
			     uint32_t module);

/* Appends to t->symbols what is known of the node's address; nothing when it has no name.
 * 0 or -ENOMEM. */
int code_names__frames(const struct symbolizer *s, uint32_t module, const struct code_node *n,
		       struct tick *t);
