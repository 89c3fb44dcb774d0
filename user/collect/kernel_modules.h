/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the code of loaded kernel modules is: which of them an address of a kernel stack is in. */
#pragma once

#include "base/parse.h"
#include "base/vec.h"

#define KERNEL_MODULE_NAME_SIZE 64

struct kernel_module {
	uint64_t start,
		end; /* at most: the kernel tells where its code begins, and the size of all */
	char name[KERNEL_MODULE_NAME_SIZE];
};

/* Ordered by address. */
struct kernel_modules {
	struct kernel_module *v;
	size_t n, cap;
};

/* From the text of /proc/modules, whose addresses are 0 to those who may not see them: such lines
 * are left out. ret is cleared first. 0 or -ENOMEM. */
int kernel_modules_parse(struct cursor text, struct kernel_modules *ret);
/* NULL: in none of them. */
const struct kernel_module *kernel_modules__at(const struct kernel_modules *m, uint64_t addr);
