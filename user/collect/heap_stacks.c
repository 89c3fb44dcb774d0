/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths of blocks: as the kernel side has walked them, or by rules that it is taught here. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "base/log.h"
#include "base/clock.h"
#include "collect/heap_part.h"

/* Code that is loaded while the program runs: of a CPU's time one part in so many may go into
 * looks at its mappings. */
#define REFRESH_SHARE 20
/* A program that has just begun maps its libraries: so many looks without waiting. */
#define REFRESHES_FREE 64

void heap_stacks__forget_rules(struct heap *h, struct heap_watched *w)
{
	if (!w->rules.n)
		return;
	vec_for_each(taught, &w->rules) {
		const struct mt_heap_at at = {taught->pc, w->space};

		bpf_map_delete_elem(h->rules_fd, &at);
	}
	w->rules.n = 0;
	hmap_clear(&w->rule_at);
	if (heap__renew(h))
		h->counts.failed++;
}

struct teaching {
	struct heap *h;
	struct heap_watched *w;
};

int heap_stacks__refresh(struct heap *h, struct heap_watched *w)
{
	uint64_t before = unwind_space__replaced(w->unwind);
	int err = unwind_space__refresh(w->unwind, clock_ns(CLOCK_MONOTONIC), 0);

	if (unwind_space__replaced(w->unwind) != before)
		heap_stacks__forget_rules(h, w);
	return err;
}

/* Whether there is code that we know of; looks again when there was none. */
static bool has_code(struct heap *h, struct heap_watched *w, uint64_t addr)
{
	uint64_t start_ns, end_ns;

	if (unwind_space__has(w->unwind, addr))
		return true;
	start_ns = clock_ns(CLOCK_MONOTONIC);
	if (w->refreshes++ >= REFRESHES_FREE && start_ns < w->refresh_ns)
		return false;
	heap_stacks__refresh(h, w);
	end_ns = clock_ns(CLOCK_MONOTONIC);
	w->refresh_ns = end_ns + REFRESH_SHARE * (end_ns - start_ns);
	return unwind_space__has(w->unwind, addr);
}

static void tell_rule(struct heap *h, struct heap_watched *w, const struct heap_taught *taught)
{
	const struct mt_heap_at at = {taught->pc, w->space};

	if (bpf_map_update_elem(h->rules_fd, &at, &taught->rule, BPF_ANY))
		h->counts.rules_full++;
	else if (vec_push(&w->rules, *taught) ||
		 hmap_put(&w->rule_at, (struct hmap_key){{taught->pc}}, (uint32_t)w->rules.n - 1))
		h->counts.failed++;
}

/* One that was told before, or new and told now: of many stacks that were sent before the first of
 * them was read, all but that one find what they lack here. */
static struct mt_heap_rule teach(void *arg, uint64_t pc)
{
	struct teaching *t = arg;
	struct heap_taught taught = {.pc = pc};
	uint32_t i;

	if (hmap_get(&t->w->rule_at, (struct hmap_key){{pc}}, &i))
		return t->w->rules.v[i].rule;
	/* Where nothing is known of the code, it may be a moment later. */
	if (!has_code(t->h, t->w, pc - 1) && !unwind_space__has(t->w->unwind, pc))
		return (struct mt_heap_rule){.kind = MT_RULE_BROKEN};
	taught.rule = unwind_rule(t->w->unwind, pc);
	tell_rule(t->h, t->w, &taught);
	return taught.rule;
}

/* A path of the book with these addresses. 0 or -ENOMEM. */
static int intern(struct heap *h, const struct heap_watched *w, const struct mt_heap_path *p,
		  uint32_t *ret)
{
	struct path_frame_at at[MT_HEAP_DEPTH];
	struct path_sample like = {.domain = PATH_HEAP, .proc = w->id};
	uint32_t n = p->n < MT_HEAP_DEPTH ? p->n : MT_HEAP_DEPTH;
	int err;

	for (uint32_t i = 0; i < n; i++) {
		struct unwind_frame f = unwind_space__frame(w->unwind, p->ip[i], i > 0);

		at[i] = (struct path_frame_at){f.module, f.addr};
	}
	memcpy(like.comm, w->comm, sizeof(like.comm));
	err = path_table__stack(&h->book->table, at, n, &like.leaf);
	like.complete = p->end == MT_RULE_END && like.leaf;
	h->counts.broken += !like.complete;
	return err ? err : path_table__path(&h->book->table, &like, w->space >> 22, ret);
}

static uint64_t key_of(const struct mt_heap_path *p)
{
	uint64_t hash = p->space;

	for (uint32_t i = 0; i < p->n && i < MT_HEAP_DEPTH; i++)
		hash = mt_heap_mix(hash, p->ip[i]);
	return mt_heap_key(mt_heap_mix(hash, p->end));
}

static int keep_path(struct heap *h, const struct heap_watched *w, const struct mt_heap_path *p,
		     uint32_t *ret)
{
	const struct hmap_key key = {{key_of(p), 0, 0}};
	int err;

	if (hmap_get(&h->paths, key, ret))
		return 0;
	err = intern(h, w, p, ret);
	return err ? err : hmap_put(&h->paths, key, *ret);
}

static int lost_path(struct heap *h, struct heap_watched *w, uint32_t *ret)
{
	struct path_sample like = {.domain = PATH_HEAP, .proc = w->id};
	int err = 0;

	memcpy(like.comm, w->comm, sizeof(like.comm));
	if (!w->lost_path)
		err = path_table__path(&h->book->table, &like, w->space >> 22, &w->lost_path);
	*ret = w->lost_path;
	return err;
}

int heap_stacks__path(struct heap *h, struct heap_watched *w, uint64_t key, uint32_t *ret)
{
	const struct hmap_key at = {{key, 0, 0}};
	struct mt_heap_path p;

	if (!key || key & MT_HEAP_PENDING)
		return hmap_get(&h->pending, at, ret) ? 0 : lost_path(h, w, ret);
	if (hmap_get(&h->paths, at, ret))
		return 0;
	if (!w->unwind || bpf_map_lookup_elem(h->paths_fd, &key, &p))
		return lost_path(h, w, ret);
	return keep_path(h, w, &p, ret);
}

void heap_stacks__add(struct heap *h, const struct mt_heap_stack *s, size_t size)
{
	struct heap_watched *w = heap_watch__find(h, s->head.space);
	struct teaching t = {h, w};
	uint32_t path;
	int err;

	if (!w || !w->unwind || s->stack_bytes > size - sizeof(*s) ||
	    s->stack_bytes > h->options.stack_bytes || s->path.n >= MT_HEAP_DEPTH) {
		h->counts.unknown++;
		return;
	}
	memcpy(h->scratch, s, sizeof(*s) + s->stack_bytes);
	h->scratch->path.space = s->head.space;
	has_code(h, w, s->path.ip[0]);
	unwind_by_rules(h->scratch, teach, &t);
	/* Entered by a jump: the path is that of who jumped. */
	if (h->scratch->path.n == 2 && unwind_space__is_trampoline(w->unwind, s->path.ip[1]))
		err = heap_stacks__path(h, w, s->before, &path);
	else
		err = keep_path(h, w, &h->scratch->path, &path);
	if (!err)
		err = hmap_put(&h->pending, (struct hmap_key){{s->number, 0, 0}}, path);
	if (!err)
		err = vec_push(&h->recent, s->number);
	if (err)
		h->counts.failed++;
}
