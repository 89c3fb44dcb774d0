/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/report_paths.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "analyze/kernel_class.h"
#include "analyze/path_verdict.h"
#include "analyze/report_classes.h"
#include "analyze/report_math.h"
#include "analyze/report_modules.h"
#include "base/cleanup.h"

/* The kernel walks deeper than people read; a damaged file may say anything. */
#define FRAMES_MAX 2048

/* An estimate this far outside its own error is off for another reason than chance: part of the
 * pages were not sampled, and then scaling would spread them over the wrong paths. */
#define SCALE_ERRORS 1.5

/* --- frames --- */

static int push_frame(struct report *r, const struct code_history *c, const struct code_node *n,
		      const struct code_symbol *s, struct path_frames *frames)
{
	const struct code_module *m = code_history__module(c, n->module);
	struct path_frame f = {.offset = n->addr};

	if (m) {
		f.module = strings__keep(&r->strings, m->name);
		f.build_id = strings__keep(&r->strings, m->build_id);
	}
	if (s) {
		f.function = strings__keep(&r->strings, s->function);
		f.file = strings__keep(&r->strings, s->file);
		f.line = s->line;
		f.inlined = s->inlined;
	}
	if ((m && m->name && !f.module) || (s && s->function && !f.function))
		return -ENOMEM;
	return vec_push(frames, f);
}

static int push_node(struct report *r, const struct code_history *c, const struct code_node *n,
		     struct path_frames *frames)
{
	const struct code_symbol *s = code_history__symbol(c, n, 0);
	uint32_t depth = 0;
	int err;

	do {
		err = push_frame(r, c, n, s, frames);
		s = s ? code_history__symbol(c, n, ++depth) : NULL;
	} while (!err && s && frames->n < FRAMES_MAX);
	return err;
}

static int push_frames(struct report *r, const struct code_history *c, uint32_t leaf,
		       struct path_frames *frames)
{
	const struct code_node *n = code_history__node(c, leaf);
	int err = 0;

	for (; !err && n && frames->n < FRAMES_MAX; n = code_history__node(c, n->parent))
		err = push_node(r, c, n, frames);
	return err;
}

static bool is_tracer(const struct path_frame *f)
{
	static const char *const ours[] = {"bpf_prog_", "bpf_trace_run", "__bpf_trace_",
					   "__traceiter_", "bpf_get_stack"};

	for (size_t i = 0; f->function && i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strncmp(f->function, ours[i], strlen(ours[i])))
			return true;
	return false;
}

/* A stack in the kernel begins with how our own program was called. */
static void drop_tracer(struct path_frames *frames)
{
	size_t n = 0;

	while (n < frames->n && is_tracer(&frames->v[n]))
		n++;
	memmove(frames->v, frames->v + n, (frames->n - n) * sizeof(*frames->v));
	frames->n -= n;
}

static int keep(struct report *r, const char *s, const char **ret)
{
	*ret = strings__keep(&r->strings, s);
	return s && !*ret ? -ENOMEM : 0;
}

static int tell_place(struct report *r, const struct path_place *from, struct path_place *to)
{
	int err;

	*to = *from;
	err = keep(r, from->cgroup, &to->cgroup);
	err = err ?: keep(r, from->name, &to->name);
	return err ?: keep(r, from->id, &to->id);
}

/* What the memory is for is told of pages only: objects have their cache. */
static void tell_asker(struct report_path *p)
{
	struct kernel_asker a;

	drop_tracer(&p->frames);
	a = kernel_asker_of(&p->frames);
	p->asker = a.frame;
	p->driver = a.driver;
	if (p->domain != PATH_KERNEL)
		return;
	p->class = a.class->name;
	p->line = a.class->line;
	p->line_more = a.class->more;
}

/* --- paths that read the same are one --- */

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

static uint64_t mix_text(uint64_t h, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, &text[i], sizeof(word));
		h = mix(h, word);
	}
	return h;
}

static struct hmap_key same_key(const struct report_path *p)
{
	uint64_t a = p->domain, b = p->complete + 2 * p->frames.n;

	vec_for_each(f, &p->frames) {
		/* Strings are kept once: equal ones have one address. */
		uint64_t word = f->function ? (uintptr_t)f->function : f->offset;

		a = mix(a, word);
		b = mix(b ^ (uintptr_t)f->module, word + f->inlined);
	}
	a = mix_text(a, p->what, sizeof(p->what));
	if (!p->id.pid) { /* several processes of one name; interrupts for one cgroup */
		a = mix_text(a, p->comm, sizeof(p->comm));
		b = mix(b, (uintptr_t)p->place.cgroup);
	}
	return (struct hmap_key){{mix(a, p->id.start_ticks), b, p->id.pid}};
}

static void merge(struct report_path *to, struct report_path *from)
{
	if (report_path__held(from) > report_path__held(to)) { /* its lines are told */
		struct path_frames frames = to->frames;

		to->frames = from->frames;
		from->frames = frames;
		if (from->place.cgroup)
			to->place = from->place;
	}
	to->live_bytes = add_sat_u64(to->live_bytes, from->live_bytes);
	to->exit_bytes = add_sat_u64(to->exit_bytes, from->exit_bytes);
	to->start_bytes = add_sat_u64(to->start_bytes, from->start_bytes);
	to->taken_bytes = add_sat_u64(to->taken_bytes, from->taken_bytes);
	to->error_bytes = add_errors(to->error_bytes, from->error_bytes);
	to->samples = add_sat_u64(to->samples, from->samples);
	if (from->age_known && (!to->age_known || from->oldest_age_ns > to->oldest_age_ns)) {
		to->age_known = true;
		to->oldest_age_ns = from->oldest_age_ns;
	}
}

/* The paths of the report in the making. */
struct places {
	struct hmap index;
	struct path_tracks tracks;
};

static void places_free(struct places *p)
{
	hmap_free(&p->index);
	vec_free(&p->tracks);
}

/* Takes its frames, whatever it returns. */
static int keep_path(struct report *r, struct hmap *index, struct report_path *p, uint32_t *ret)
{
	struct hmap_key key = same_key(p);
	uint32_t i;
	int err;

	if (hmap_get(index, key, &i)) {
		merge(&r->paths.v[i], p);
		free(p->frames.v);
		*ret = i;
		return 0;
	}
	err = vec_push(&r->paths, *p);
	if (!err && hmap_put(index, key, r->paths.n - 1)) {
		r->paths.n--;
		err = -ENOMEM;
	}
	if (err)
		free(p->frames.v);
	else
		*ret = (uint32_t)r->paths.n - 1;
	return err;
}

static int add_path(const struct history *h, struct report *r, struct places *places,
		    const struct path_history *p)
{
	const struct path_sample *s = &p->last;
	const struct proc_history *proc = history__find_proc(h, s->proc);
	struct report_path path = {
		.domain = s->domain,
		.id = s->proc,
		.live_bytes = s->live,
		.exit_bytes = s->at_exit,
		.start_bytes = code_history__base(&h->code, p, h->end_mono_ns),
		.taken_bytes = s->taken,
		.error_bytes = s->error,
		.samples = s->samples,
		.complete = s->complete,
		.age_known = s->oldest && s->oldest <= h->end_mono_ns,
	};
	uint32_t i = 0;
	int err;

	/* Of one that lives on: what a forked child held last, and it not any more. */
	if (proc && !proc->last.end.ended)
		path.exit_bytes = 0;
	if (!report_path__held(&path) && !path.start_bytes)
		return 0;
	if (path.age_known)
		path.oldest_age_ns = h->end_mono_ns - s->oldest;
	memcpy(path.comm, s->comm, sizeof(path.comm));
	memcpy(path.what, s->what, sizeof(path.what));
	err = tell_place(r, &p->place, &path.place);
	err = err ?: push_frames(r, &h->code, s->leaf, &path.frames);
	if (err) {
		free(path.frames.v);
		return err;
	}
	if (s->domain == PATH_KERNEL || s->domain == PATH_SLAB)
		tell_asker(&path);
	err = keep_path(r, &places->index, &path, &i);
	return err ? err : path_tracks__add(&places->tracks, i, &h->code, p);
}

/* --- what the process holds in all --- */

static struct report_path_total *total_of(struct report *r, const struct report_path *p)
{
	struct report_path_total fresh = {.domain = p->domain, .id = p->id};

	vec_for_each(t, &r->path_totals)
		if (t->domain == p->domain && proc_id_equal(t->id, p->id))
			return t;
	memcpy(fresh.comm, p->comm, sizeof(fresh.comm));
	return vec_push(&r->path_totals, fresh) ? NULL : &r->path_totals.v[r->path_totals.n - 1];
}

/* In the kernel there are too many processes: kernel_classes adds those paths up. */
static int add_total(struct report *r, const struct report_path *p)
{
	struct report_path_total *t;

	if (p->domain == PATH_KERNEL)
		return 0;
	t = total_of(r, p);
	if (!t)
		return -ENOMEM;
	t->estimate_bytes = add_sat_u64(t->estimate_bytes, report_path__held(p));
	t->exit_bytes = add_sat_u64(t->exit_bytes, p->exit_bytes);
	t->taken_bytes = add_sat_u64(t->taken_bytes, p->taken_bytes);
	t->error_bytes = add_errors(t->error_bytes, p->error_bytes);
	t->samples = add_sat_u64(t->samples, p->samples);
	if (p->complete)
		t->complete_samples = add_sat_u64(t->complete_samples, p->samples);
	return 0;
}

/* Samples that were dropped in a rush are missing from every path alike. */
static double dropped_bytes(const struct history *h)
{
	const struct limit *dropped = limits__find(&h->limits, "samples_dropped");

	return dropped ? (double)dropped->count * (double)h->code.sampling.interval_bytes : 0;
}

/* Counted page by page, or call by call. */
static bool count_held(const struct history *h, const struct report_path_total *t, uint64_t *ret)
{
	const struct owner_sample *o =
		t->domain == PATH_USER ? history__find_owner(h, t->id) : NULL;
	const struct proc_history *p = t->domain == PATH_MMAP ? history__find_proc(h, t->id) : NULL;

	/* What it held when it ended was counted by nobody. */
	if (t->exit_bytes)
		return false;
	if (o && o->live[PAGES_USER] >= 0)
		*ret = (uint64_t)o->live[PAGES_USER];
	else if (p && p->has_mapped)
		*ret = p->mapped.mmap + p->mapped.brk;
	else
		return false;
	return true;
}

/* The whole is known better than its parts. */
static void find_held(const struct history *h, struct report_path_total *t)
{
	if (!count_held(h, t, &t->held_bytes))
		return;
	t->held_known = true;
	t->scaled = t->estimate_bytes && t->error_bytes &&
		    fabs((double)t->held_bytes - (double)t->estimate_bytes) <=
			    SCALE_ERRORS * (double)t->error_bytes + dropped_bytes(h);
}

static uint64_t scale(uint64_t bytes, double by)
{
	return (uint64_t)fmin((double)bytes * by, 0x1p63);
}

static void scale_path(struct report *r, struct report_path *p)
{
	const struct report_path_total *t = p->domain == PATH_KERNEL ? NULL : total_of(r, p);
	double by;

	if (t && t->scaled) {
		by = (double)t->held_bytes / (double)t->estimate_bytes;
		p->live_bytes = scale(p->live_bytes, by);
		p->start_bytes = scale(p->start_bytes, by);
		p->taken_bytes = scale(p->taken_bytes, by);
		p->error_bytes = scale(p->error_bytes, by);
	}
	p->growth_bytes = (int64_t)(report_path__held(p) - p->start_bytes);
}

static int compare_paths(const void *a, const void *b)
{
	const struct report_path *x = a, *y = b;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (report_path__held(x) != report_path__held(y))
		return report_path__held(x) < report_path__held(y) ? 1 : -1;
	if (x->taken_bytes != y->taken_bytes)
		return x->taken_bytes < y->taken_bytes ? 1 : -1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

/* The totals are over all paths, shown or not. */
static void drop_small(struct report *r, uint64_t min_bytes)
{
	size_t n = 0;

	vec_for_each(p, &r->paths) {
		if (report_path__held(p) >= min_bytes || p->start_bytes >= min_bytes)
			r->paths.v[n++] = *p;
		else
			free(p->frames.v);
	}
	r->n_paths_small = r->paths.n - n;
	r->paths.n = n;
}

int report_paths__add(const struct history *h, const struct report_options *o, struct report *r)
{
	_cleanup_(places_free) struct places places = {};
	int err = 0;

	r->has_sampling = h->code.sampled;
	r->sampling = h->code.sampling;
	r->since_ns = h->code.since_ns;
	r->top_paths = o->top_paths;
	vec_for_each(p, &h->code.paths)
		err = err ?: add_path(h, r, &places, p);
	vec_for_each(p, &r->paths)
		err = err ?: add_total(r, p);
	if (!err)
		err = report_classes__add(r);
	if (!err)
		err = report_modules__add(r);
	if (err)
		return err;
	vec_for_each(t, &r->path_totals)
		find_held(h, t);
	vec_for_each(p, &r->paths)
		scale_path(r, p);
	if (o->follow)
		err = path_tracks__judge(&places.tracks, &h->code, o->follow, o->path_min_bytes, r);
	if (err)
		return err;
	if (r->paths.n)
		qsort(r->paths.v, r->paths.n, sizeof(*r->paths.v), compare_paths);
	drop_small(r, o->path_min_bytes);
	if (h->code.n_strays)
		err = limits__set(&r->limits, "session_code_damaged", h->code.n_strays,
				  "rows about code and call paths in the session file that point "
				  "nowhere: left out");
	return err;
}
