/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event sources. To add one: bpf/NAME.bpf.c, a line in sources.c, and a
 * collector that reads its maps.
 */
#pragma once

#include <stddef.h>

struct bpf_source {
	const char *name;		      /* the word after --no-source */
	const void *(*elf)(size_t *size);     /* the object, built in */
	const void *(*elf_old)(size_t *size); /* tried when the kernel refuses it; NULL: none */
	const char *gives;		      /* what is missing without it, for people */
};

enum bpf_source_id {
	SOURCE_PAGE,
	SOURCE_FILEMAP,
	SOURCE_TASK,
	SOURCE_MIGRATE,
	SOURCE_ASYNC,
	SOURCE_TASK_ITER,
	SOURCE_OOM,
	SOURCE_VMA,
	SOURCE_OBJECTS,
	_SOURCE_MAX,
};

extern const struct bpf_source bpf_sources[_SOURCE_MAX];
