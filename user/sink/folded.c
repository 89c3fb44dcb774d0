/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line a path, as flame graph tools read it: frames from the root to the
 * leaf with ';' between them, a blank, bytes (held at the end, or when the process ended). First
 * the kind of memory, whose kinds overlap and are not to be added, then the process:
 *
 *	user;python3 (1234);_start;main;grow 1048576
 */
#include "sink/sink.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "model/frame_text.h"
#include "sink/stack_name.h"

/* Every byte may become four (\xNN). */
#define SAFE_NAME_SIZE (4 * FRAME_NAME_SIZE)

static void put_name(FILE *out, const char *name)
{
	char safe[SAFE_NAME_SIZE];

	fputc(';', out);
	safe_text(safe, sizeof(safe), name, FRAME_NAME_SIZE);
	for (char *p = safe; *p; p++)
		fputc(*p == ';' ? ':' : *p, out);
}

static void put_path(FILE *out, const struct report_path *p)
{
	char owner[STACK_ROOT_SIZE], name[FRAME_NAME_SIZE];
	const char *missing = stack_missing(p);

	fputs(path_domain_names[p->domain], out);
	put_name(out, stack_owner(owner, p));
	if (missing)
		put_name(out, missing);
	for (size_t i = p->frames.n; i-- > 0;)
		put_name(out, frame_name(name, &p->frames.v[i]));
	fprintf(out, " %llu\n", (unsigned long long)report_path__held(p));
}

static int write_folded(const struct report *r, FILE *out)
{
	vec_for_each(p, &r->paths)
		if (report_path__held(p))
			put_path(out, p);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

const struct sink folded_sink = {
	.name = "folded",
	.help = "code paths and their bytes, a line each, for flame graph tools",
	.write = write_folded,
};
