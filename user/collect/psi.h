/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/parse.h"
#include "model/system.h"

/*
 * Text of /proc/pressure/X or a cgroup's X.pressure. A line counts when it has
 * avg10, avg60, avg300 and total and is not cut; other fields and lines are
 * left to the future. 0, or -EBADMSG when there is no such line. Pure.
 */
int psi_parse(struct cursor text, struct psi *ret);
/* Below dir_fd; 0 or -errno (-EOPNOTSUPP: switched off at boot). */
int psi_read_at(int dir_fd, const char *path, struct psi *ret);
/* The three of the machine; what is missing alone (irq, cpu) is not known. 0 or -errno when
 * memory's could not be read. */
int psi_read(int root_fd, struct psi ret[_PSI_RESOURCE_MAX]);
