/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/tasks.h"

void task_list__clear(struct task_list *l)
{
	vec_for_each(p, l)
		free(p->cgroup);
	l->n = 0;
}

void task_list__free(struct task_list *l)
{
	task_list__clear(l);
	vec_free(l);
}
