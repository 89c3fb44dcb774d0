/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/vma_spaces.h"

#include <errno.h>

#define NS_PER_TICK 10000000ull

static struct proc_id caller_of(const struct mt_vma *v)
{
	return (struct proc_id){v->at.tgid, v->at.start_ns / NS_PER_TICK};
}

/* --- spaces and who has them --- */

static struct vma_space *find_space(const struct vma_spaces *s, uint64_t mm)
{
	vec_for_each(space, &s->spaces)
		if (mm && (*space)->mm == mm)
			return *space;
	return NULL;
}

static struct vma_space *new_space(struct vma_spaces *s, uint64_t mm)
{
	struct vma_space *space = calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->mm = mm;
	space->look_due = true;
	if (vec_push(&s->spaces, space)) {
		free(space);
		return NULL;
	}
	return space;
}

static void release(struct vma_spaces *s, struct vma_space *space)
{
	size_t n = 0;

	if (--space->n_users)
		return;
	for (size_t i = 0; i < s->spaces.n; i++)
		if (s->spaces.v[i] != space)
			s->spaces.v[n++] = s->spaces.v[i];
	s->spaces.n = n;
	ranges__free(&space->ranges);
	free(space);
}

struct vma_process *vma_spaces__find(struct vma_spaces *s, struct proc_id id)
{
	vec_for_each(p, &s->procs)
		if (proc_id_equal(p->id, id))
			return p;
	return NULL;
}

static int add(struct vma_spaces *s, struct proc_id id, struct vma_space *space)
{
	const struct vma_process p = {.id = id, .space = space};

	if (!space)
		return -ENOMEM;
	space->n_users++;
	if (!vec_push(&s->procs, p))
		return 0;
	release(s, space);
	return -ENOMEM;
}

int vma_spaces__add(struct vma_spaces *s, struct proc_id id)
{
	struct vma_process *p = vma_spaces__find(s, id);

	if (!p && add(s, id, new_space(s, 0)))
		return -ENOMEM;
	p = vma_spaces__find(s, id);
	p->asked = true;
	return 0;
}

void vma_spaces__remove(struct vma_spaces *s, struct proc_id id)
{
	struct vma_process *p = vma_spaces__find(s, id);

	if (!p)
		return;
	release(s, p->space);
	*p = s->procs.v[--s->procs.n];
}

static int move_to(struct vma_spaces *s, struct vma_process *p, struct vma_space *space)
{
	if (!space)
		return -ENOMEM;
	space->n_users++;
	release(s, p->space);
	p->space = space;
	return 0;
}

/* The process of an event, in the address space that the event names. NULL: no memory. */
static struct vma_process *resolve(struct vma_spaces *s, struct proc_id id, uint64_t mm)
{
	struct vma_process *p = vma_spaces__find(s, id);
	struct vma_space *there = find_space(s, mm);

	if (!p)
		return add(s, id, there ?: new_space(s, mm)) ? NULL : vma_spaces__find(s, id);
	if (p->space->mm == mm)
		return p;
	if (!there && !p->space->mm) {
		p->space->mm = mm; /* looked at before it did anything */
		return p;
	}
	return move_to(s, p, there ?: new_space(s, mm)) ? NULL : p;
}

void vma_spaces__free(struct vma_spaces *s)
{
	while (s->procs.n)
		vma_spaces__remove(s, s->procs.v[0].id);
	vec_free(&s->procs);
	vec_free(&s->spaces);
}

/* --- lives --- */

struct inheritance {
	vma_inherit_fn *fn;
	void *arg;
	struct proc_id child;
};

static int inherit_range(void *arg, uint64_t start, uint64_t end, struct range_tag *tag)
{
	const struct inheritance *h = arg;

	(void)start;
	(void)end;
	return tag->path ? h->fn(h->arg, h->child, tag->path, &tag->path) : 0;
}

int vma_spaces__fork(struct vma_spaces *s, const struct mt_vma *v, vma_inherit_fn *inherit,
		     void *arg)
{
	struct proc_id child = {v->child_tgid, v->child_start_ns / NS_PER_TICK};
	struct inheritance h = {inherit, arg, child};
	const struct vma_process *parent = resolve(s, caller_of(v), v->mm);
	const struct vma_space *from = parent ? parent->space : NULL;
	struct vma_process *p = vma_spaces__find(s, child);
	bool asked = p && p->asked; /* before we heard of the fork */
	int err;

	if (!from)
		return -ENOMEM;
	vma_spaces__remove(s, child);
	p = resolve(s, child, v->child_mm);
	if (!p)
		return -ENOMEM;
	p->asked = asked;
	if (p->space == from)
		return 0;
	ranges__free(&p->space->ranges);
	err = ranges__copy(&from->ranges, &p->space->ranges);
	if (!err)
		err = ranges__each(&p->space->ranges, inherit_range, &h);
	p->space->base_known = from->base_known;
	p->space->look_due = from->look_due || err;
	p->space->changed_ns = v->at.time_ns;
	return err;
}

int vma_spaces__exec(struct vma_spaces *s, const struct mt_vma *v)
{
	struct proc_id id = caller_of(v);
	struct vma_process *p = vma_spaces__find(s, id);
	bool asked = p && p->asked;

	/* The address is of a structure: that of one that is gone may be used again. */
	vma_spaces__remove(s, id);
	p = resolve(s, id, v->mm);
	if (!p)
		return -ENOMEM;
	p->asked = asked;
	p->space->changed_ns = v->at.time_ns;
	return 0;
}

/* --- calls --- */

static uint64_t round_up(uint64_t bytes, uint64_t size)
{
	return (bytes + size - 1) / size * size;
}

static uint64_t pages(const struct vma_spaces *s, uint64_t bytes)
{
	return round_up(bytes, s->page_size);
}

static uint64_t map_bytes(const struct vma_spaces *s, const struct mt_vma *v)
{
	return round_up(v->len, v->flags & MT_VMA_HUGETLB ? s->huge_size : s->page_size);
}

uint64_t vma_added_bytes(const struct vma_spaces *s, const struct mt_vma *v)
{
	uint64_t old, new;

	switch (v->kind) {
	case MT_VMA_MAP:
		return map_bytes(s, v);
	case MT_VMA_MOVE:
		new = pages(s, v->len);
		old = v->flags & MT_VMA_KEEP_OLD ? 0 : pages(s, v->old_len);
		break;
	case MT_VMA_BRK:
		new = pages(s, v->addr);
		old = pages(s, v->old_addr);
		break;
	default:
		return 0;
	}
	return new > old ? new - old : 0;
}

/* With a length of 0, too, the old place stays: shared memory is mapped once more. */
static int apply_move(const struct vma_spaces *s, struct ranges *r, const struct mt_vma *v,
		      const struct range_tag *tag)
{
	uint64_t old = pages(s, v->old_len), new = pages(s, v->len);
	uint64_t both = old < new ? old : new;
	int err = 0;

	if (!old || v->flags & MT_VMA_KEEP_OLD)
		return ranges__set(r, v->addr, v->addr + new, tag);
	if (v->addr != v->old_addr)
		err = ranges__move(r, v->old_addr, v->addr, both, v->enter_ns);
	if (!err)
		err = ranges__clear(r, v->old_addr + both, v->old_addr + old, v->enter_ns);
	if (!err)
		err = ranges__set(r, v->addr + both, v->addr + new, tag);
	return err;
}

static int apply_brk(const struct vma_spaces *s, struct ranges *r, const struct mt_vma *v,
		     const struct range_tag *tag)
{
	uint64_t old = pages(s, v->old_addr), new = pages(s, v->addr);

	return new > old ? ranges__set(r, old, new, tag) : ranges__clear(r, new, old, UINT64_MAX);
}

int vma_spaces__apply(struct vma_spaces *s, const struct mt_vma *v, const struct range_tag *tag)
{
	struct vma_process *p = resolve(s, caller_of(v), v->mm);
	struct ranges *r;
	int err = 0;

	if (!p)
		return -ENOMEM;
	r = &p->space->ranges;
	p->space->changed_ns = v->at.time_ns;
	switch (v->kind) {
	case MT_VMA_MAP:
		err = ranges__set(r, v->addr, v->addr + map_bytes(s, v), tag);
		break;
	case MT_VMA_UNMAP:
		err = ranges__clear(r, v->old_addr, v->old_addr + pages(s, v->old_len),
				    v->enter_ns);
		break;
	case MT_VMA_MOVE:
		err = apply_move(s, r, v, tag);
		break;
	case MT_VMA_BRK:
		err = apply_brk(s, r, v, tag);
		break;
	}
	if (err)
		p->space->look_due = true;
	return err;
}
