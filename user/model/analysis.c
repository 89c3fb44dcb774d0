/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/analysis.h"

#include <string.h>

const char *const analysis_part_names[] = {
	[PART_ZOMBIES] = "zombies", [PART_FDS] = "fds", [PART_SYSV] = "sysv",
	[PART_TMPFS] = "tmpfs",	    [PART_SHM] = "shm", [PART_MAPPINGS] = "mappings",
};

const char *const shm_kind_names[] = {
	[SHM_POSIX] = "posix",	  [SHM_MEMFD] = "memfd",  [SHM_TMPFS] = "tmpfs",
	[SHM_ANON] = "anonymous", [SHM_SEGMENT] = "sysv",
};

const char *const mapping_class_names[] = {
	[MAPPING_HEAP] = "heap",   [MAPPING_STACK] = "stack",	    [MAPPING_ANON] = "anonymous",
	[MAPPING_FILE] = "file",   [MAPPING_SHM] = "shared memory", [MAPPING_DEVICE] = "device",
	[MAPPING_OTHER] = "other",
};

void analysis__clear(struct analysis *a)
{
	a->notes.n = a->zombies.n = a->parents.n = a->fds.n = a->fd_groups.n = 0;
	a->sysv.n = a->tmpfs.n = a->shm.n = a->holders.n = a->mappings.n = 0;
}

void analysis__free(struct analysis *a)
{
	vec_free(&a->notes);
	vec_free(&a->zombies);
	vec_free(&a->parents);
	vec_free(&a->fds);
	vec_free(&a->fd_groups);
	vec_free(&a->sysv);
	vec_free(&a->tmpfs);
	vec_free(&a->shm);
	vec_free(&a->holders);
	vec_free(&a->mappings);
}

#define COPY(to, from)                                                                             \
	({                                                                                         \
		int _copy_err = vec_reserve(to, (from)->n);                                        \
		if (!_copy_err && (from)->n)                                                       \
			memcpy((to)->v, (from)->v, (from)->n * sizeof(*(to)->v));                  \
		(to)->n = _copy_err ? 0 : (from)->n;                                               \
		_copy_err;                                                                         \
	})

int analysis__copy(struct analysis *to, const struct analysis *from)
{
	if (COPY(&to->notes, &from->notes) || COPY(&to->zombies, &from->zombies) ||
	    COPY(&to->parents, &from->parents) || COPY(&to->fds, &from->fds) ||
	    COPY(&to->fd_groups, &from->fd_groups) || COPY(&to->sysv, &from->sysv) ||
	    COPY(&to->tmpfs, &from->tmpfs) || COPY(&to->shm, &from->shm) ||
	    COPY(&to->holders, &from->holders) || COPY(&to->mappings, &from->mappings)) {
		analysis__clear(to);
		return -ENOMEM;
	}
	return 0;
}

int analysis_span__add(struct analysis_span *s, const struct analysis *a, uint64_t mono_ns)
{
	int err = 0;

	if (!a->notes.n)
		return 0;
	if (!s->known) {
		err = analysis__copy(&s->first, a);
		s->first_ns = mono_ns;
	}
	if (!err)
		err = analysis__copy(&s->last, a);
	s->last_ns = mono_ns;
	s->known |= !err;
	return err;
}

void analysis_span__free(struct analysis_span *s)
{
	analysis__free(&s->first);
	analysis__free(&s->last);
}

const struct analysis_note *analysis__note(const struct analysis *a, enum analysis_part part)
{
	vec_for_each(note, &a->notes)
		if (note->part == part)
			return note;
	return NULL;
}
