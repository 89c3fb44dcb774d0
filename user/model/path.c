/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/path.h"

const char *const path_domain_names[_PATH_DOMAIN_MAX] = {
	[PATH_USER] = "user", [PATH_HEAP] = "heap", [PATH_KERNEL] = "kernel",
	[PATH_SLAB] = "slab", [PATH_MMAP] = "mmap",
};
