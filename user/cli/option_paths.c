/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/option_paths.h"

#include <string.h>

#include "base/parse.h"
#include "cli/option_values.h"

#define SAMPLE_BYTES_MIN (16ull << 10)
#define SAMPLE_BYTES_MAX (16ull << 30)
#define HEAP_SAMPLE_MIN (1ull << 10)
#define HEAP_SAMPLE_MAX (1ull << 30)
#define HEAP_BLOCKS_MAX 100000000u
#define STACK_BYTES_MIN (4u << 10)
#define STACK_BYTES_MAX (64u << 10)

int option_set_size(const struct option_def *def, const char *arg, struct options *o)
{
	char shown[TYPED_SIZE];
	uint64_t bytes;
	int err = parse_size(arg, &bytes);

	if (err == -ERANGE)
		return usage_error("--%s: '%s' is too large", def->name, typed(shown, arg));
	if (err)
		return usage_error("--%s: '%s' is not a size (4096, 512K, 1.5M, 2G)", def->name,
				   typed(shown, arg));
	*(uint64_t *)((char *)o + def->offset) = bytes;
	return 0;
}

/* 0: nothing is sampled. Above, a sample a page would be no sample. */
int option_set_sample(const struct option_def *def, const char *arg, struct options *o)
{
	uint64_t before = o->sample_bytes;
	int err = option_set_size(def, arg, o);

	if (err || !o->sample_bytes ||
	    (o->sample_bytes >= SAMPLE_BYTES_MIN && o->sample_bytes <= SAMPLE_BYTES_MAX))
		return err;
	o->sample_bytes = before;
	return usage_error("--%s: 0 (no samples), or 16K to 16G", def->name);
}

/* Both mean --heap as well. */
int option_set_heap_sample(const struct option_def *def, const char *arg, struct options *o)
{
	int err = option_set_size(def, arg, o);

	if (err)
		return err;
	o->heap = true;
	if (o->heap_sample_bytes >= HEAP_SAMPLE_MIN && o->heap_sample_bytes <= HEAP_SAMPLE_MAX)
		return 0;
	return usage_error("--%s: 1K to 1G", def->name);
}

int option_set_heap_max(const struct option_def *def, const char *arg, struct options *o)
{
	int err = set_u32(def, arg, o);

	if (err)
		return err;
	o->heap = true;
	if (o->heap_max >= 1 && o->heap_max <= HEAP_BLOCKS_MAX)
		return 0;
	return usage_error("--%s: 1 to %u", def->name, HEAP_BLOCKS_MAX);
}

int option_set_stack_size(const struct option_def *def, const char *arg, struct options *o)
{
	char shown[TYPED_SIZE];
	uint64_t bytes;

	if (parse_size(arg, &bytes) || bytes < STACK_BYTES_MIN || bytes > STACK_BYTES_MAX ||
	    bytes & (bytes - 1))
		return usage_error("--%s: '%s' is not one of 4K, 8K, 16K, 32K, 64K", def->name,
				   typed(shown, arg));
	o->stack_bytes = (uint32_t)bytes;
	return 0;
}

/* In percent; kept in tenths of one. */
int option_set_budget(const struct option_def *def, const char *arg, struct options *o)
{
	char shown[TYPED_SIZE];
	unsigned int whole, tenth = 0;
	char extra;
	int n = sscanf(arg, "%3u.%1u%c", &whole, &tenth, &extra);

	if (strspn(arg, "0123456789.") != strlen(arg) || n < 1 || n > 2 || whole > 100 ||
	    whole * 10 + tenth == 0)
		return usage_error("--%s: '%s' is not a percentage of one CPU (2, 0.5)", def->name,
				   typed(shown, arg));
	o->unwind_permille = whole * 10 + tenth;
	return 0;
}

int option_add_debug_dir(const struct option_def *def, const char *arg, struct options *o)
{
	int err;

	if (!*arg)
		return usage_error("--%s: the value is empty, it should be %s", def->name,
				   def->arg);
	/* The symbolizer wants them with a NULL at the end. */
	err = vec_reserve(&o->debug_dirs, o->debug_dirs.n + 2);
	if (err)
		return err;
	o->debug_dirs.v[o->debug_dirs.n++] = arg;
	o->debug_dirs.v[o->debug_dirs.n] = NULL;
	return 0;
}

int option_set_slab(const struct option_def *def, const char *arg, struct options *o)
{
	char shown[TYPED_SIZE];

	for (int mode = 0; mode < _SLAB_MODE_MAX; mode++)
		if (!strcmp(arg, slab_mode_names[mode])) {
			o->slab = mode;
			return 0;
		}
	return usage_error("--%s: '%s' is none of auto, on, off", def->name, typed(shown, arg));
}
