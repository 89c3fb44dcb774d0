/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/stack_name.h"

#include <stdio.h>

char *stack_owner(char dst[static STACK_ROOT_SIZE], const struct report_path *p)
{
	if (p->id.pid)
		snprintf(dst, STACK_ROOT_SIZE, "%.*s (%u)", COMM_SIZE, p->comm, p->id.pid);
	else
		snprintf(dst, STACK_ROOT_SIZE, "%.*s", COMM_SIZE,
			 *p->comm ? p->comm : "(no process)");
	return dst;
}
