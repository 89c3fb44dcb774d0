/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/code.h"

void code_module__clear(struct code_module *m)
{
	free(m->name);
	free(m->build_id);
	*m = (struct code_module){0};
}

void code_symbol__clear(struct code_symbol *s)
{
	free(s->function);
	free(s->file);
	*s = (struct code_symbol){0};
}
