/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/sink.h"

#include <string.h>

static const struct sink *const sinks[] = {&text_sink,	 &json_sink,  &openmetrics_sink,
					   &folded_sink, &pprof_sink, &flamegraph_sink,
					   NULL};

const struct sink *const *sink_all(void)
{
	return sinks;
}

const struct sink *sink_find(const char *name)
{
	for (const struct sink *const *s = sinks; *s; s++)
		if (!strcmp((*s)->name, name))
			return *s;
	return NULL;
}
