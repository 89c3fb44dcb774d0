/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot-diagnostics.service: its text and its place below a root. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "cli/options.h"
#include "model/boot.h"

#define SERVICE_NAME BOOT_UNIT
#define SERVICE_DIR "etc/systemd/system"

/*
 * Why a service of root must not run the file at this path: a sentence, or
 * NULL. Somebody else could change it or a directory above it, or systemd
 * would read its name as something else.
 */
const char *service_path_problem(const char *path);

/* The unit for this binary and these options; mem_total bytes decide its memory ceiling. Pure. */
void service_unit(struct strbuf *b, const char *path, const struct options *o, uint64_t mem_total);

/* SERVICE_NAME is wanted at boot, and there; below root_fd. */
bool service_is_installed(int root_fd);
bool service_is_enabled(int root_fd);
/* systemd runs below this root, and it is the machine's. */
bool service_has_systemd(int root_fd, const struct options *o);
