/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/sampler_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hmap.h"
#include "base/log.h"
#include "cli/code_names.h"

int sampler_paths__open(struct sampler_paths *s, int root_fd, const char *const *debug_dirs)
{
	int err;

	s->root_fd = root_fd;
	s->open = true;
	err = code_book__init(&s->book, root_fd);
	return err ? err : code_names__new(debug_dirs, &s->symbolizer);
}

int sampler_paths__open_stacks(struct sampler_paths *s, const struct sampling_options *o)
{
	s->options = *o;
	return stack_walker__init(&s->walker, s->root_fd, o->stack_bytes, &s->book);
}

int sampler_paths__open_user(struct sampler_paths *s, struct pages *pages)
{
	const struct user_paths_options options = {
		.interval_bytes = s->options.interval_bytes,
		.budget_permille = s->options.budget_permille,
	};

	return user_paths__open(pages, &options, &s->walker, &s->paths);
}

int sampler_paths__open_vma(struct sampler_paths *s, struct tracer *tracer)
{
	return vma_paths__open(tracer, s->root_fd, s->options.budget_permille, &s->walker, &s->vma);
}

int sampler_paths__open_kernel(struct sampler_paths *s, struct pages *pages)
{
	return kernel_paths__open(pages, &s->book, &s->kernel);
}

int sampler_paths__start(struct sampler_paths *s)
{
	int err = s->paths ? user_paths__start(s->paths) : 0;

	if (!err && s->vma)
		err = vma_paths__start(s->vma);
	return err ? log_error_errno(err, "call paths") : 0;
}

void sampler_paths__close(struct sampler_paths *s)
{
	if (!s->open)
		return;
	s->open = false;
	user_paths__close(s->paths);
	s->paths = NULL;
	vma_paths__close(s->vma);
	s->vma = NULL;
	kernel_paths__close(s->kernel);
	s->kernel = NULL;
	sampler_slab__close(&s->slab);
	stack_walker__free(&s->walker);
	sampler_heap__close(&s->heap);
	code_book__free(&s->book);
	symbolizer__free(s->symbolizer);
	s->symbolizer = NULL;
	vec_free(&s->symbol_module);
	vec_free(&s->mapless);
	vec_free(&s->nodes);
	vec_free(&s->marked);
}

/* --- who is sampled --- */

struct marking {
	struct sampler_paths *s;
	VEC(struct proc_id) alive;
};

static bool is_in(const struct proc_id *v, size_t n, struct proc_id id)
{
	for (size_t i = 0; i < n; i++)
		if (proc_id_equal(v[i], id))
			return true;
	return false;
}

static int mark_one(void *arg, const struct target *t)
{
	struct marking *m = arg;
	int err;

	if (!t->alive)
		return 0;
	err = vec_push(&m->alive, t->id);
	if (err || is_in(m->s->marked.v, m->s->marked.n, t->id))
		return err;
	if (m->s->paths)
		err = user_paths__mark(m->s->paths, t->id, m->s->options.heirs);
	if (!err && m->s->vma)
		err = vma_paths__mark(m->s->vma, t->id, m->s->options.heirs);
	if (err)
		log_debug_errno(err, "pid %u is not sampled", t->id.pid);
	return 0;
}

static void forget(struct sampler_paths *s, struct proc_id id)
{
	if (s->paths)
		user_paths__forget(s->paths, id);
	if (s->vma)
		vma_paths__forget(s->vma, id);
}

int sampler_paths__mark(struct sampler_paths *s, const struct target_set *targets,
			const struct owner_list *owners, uint32_t waiting_pid)
{
	struct marking m = {.s = s};
	int err = sampler_heap__mark(&s->heap, targets, waiting_pid);

	if (err || (!s->paths && !s->vma) || !targets)
		return err;
	err = target_set__each(targets, mark_one, &m);
	if (err) {
		vec_free(&m.alive);
		return err;
	}
	vec_for_each(id, &s->marked)
		if (!is_in(m.alive.v, m.alive.n, *id))
			forget(s, *id);
	vec_for_each(o, owners)
		if (s->paths && o->kind == OWNER_PROCESS && !o->dead &&
		    is_in(m.alive.v, m.alive.n, o->id))
			user_paths__mark_owner(s->paths, o->owner, s->options.heirs);
	vec_free(&s->marked);
	s->marked.v = m.alive.v;
	s->marked.n = m.alive.n;
	s->marked.cap = m.alive.cap;
	return 0;
}

/* --- names --- */

/* A module of the kernel has its addresses, and its names in the same file, read once. */
static int add_module(struct sampler_paths *s, const struct code_module *m)
{
	struct module_files files = code_book__files(&s->book, m->id);
	uint32_t id = UINT32_MAX, kernel = s->book.kernel_module;
	int err;

	if (m->kind == CODE_KERNEL && kernel <= s->symbol_module.n)
		return vec_push(&s->symbol_module, s->symbol_module.v[kernel - 1]);
	err = code_names__add(s->symbolizer, s->root_fd, m, files.fd, files.root_fd, &id);
	if (!err && m->kind == CODE_JIT)
		err = vec_push(&s->mapless, (struct code_without_map){m->proc, id});
	return err ? err : vec_push(&s->symbol_module, id);
}

/* Some write their map when they are asked to, and are gone at our end. */
static void look_for_maps(struct sampler_paths *s)
{
	size_t kept = 0;

	vec_for_each(m, &s->mapless) {
		int err = code_names__look_for_map(s->symbolizer, s->root_fd, m->id, m->module);

		if (err && err != -ESRCH)
			s->mapless.v[kept++] = *m;
	}
	s->mapless.n = kept;
}

static int want(struct sampler_paths *s, const struct code_node *n)
{
	int err = 0;

	if (n->module && n->module <= s->symbol_module.n)
		err = symbolizer__want(s->symbolizer, s->symbol_module.v[n->module - 1], n->addr);
	return err ? err : vec_push(&s->nodes, *n);
}

/* Frames of many stacks share an address: told once. */
static int add_names(struct sampler_paths *s, struct tick *t)
{
	int err = symbolizer__run(s->symbolizer);
	_cleanup_(hmap_free) struct hmap told = {};
	uint32_t i;

	vec_for_each(n, &s->nodes) {
		struct hmap_key key = {{n->module, n->addr, 0}};

		if (err || !n->module || n->module > s->symbol_module.n || hmap_get(&told, key, &i))
			continue;
		err = code_names__frames(s->symbolizer, s->symbol_module.v[n->module - 1], n, t);
		if (!err)
			err = hmap_put(&told, key, 0);
	}
	return err ? err : symbolizer__limits(s->symbolizer, &t->limits);
}

static int update_kernel(struct sampler_paths *s, struct tick *t)
{
	int err = s->kernel ? kernel_paths__update(s->kernel) : 0;

	if (err && err != -ENOMEM)
		err = limits__set(&t->limits, "kernel_reads_lost", 0,
				  "samples of kernel pages could not be read: %s", strerror(-err));
	if (!err && s->kernel)
		err = kernel_paths__limits(s->kernel, &t->limits);
	return err;
}

static uint64_t size_of_targets(const struct tick *t)
{
	uint64_t size = 0;

	vec_for_each(p, &t->procs)
		if (p->flags & (PROC_TARGET | PROC_FOLLOWED) && p->known & 1u << PROC_VSZ)
			size += p->value[PROC_VSZ];
	return size;
}

/* Where nobody maps anything the calls rest. */
static int update_calls(struct sampler_paths *s, struct tick *t)
{
	bool was_on = !s->calls.resting;
	bool on = call_tier__step(&s->calls, size_of_targets(t), vma_paths__last_ns(s->vma),
				  clock_ns(CLOCK_BOOTTIME));
	int err;

	if (on == was_on)
		return 0;
	err = vma_paths__rest(s->vma, !on);
	if (err)
		return limits__set(&t->limits, "source_vma", 0,
				   "calls of mmap and brk are no longer traced: %s",
				   strerror(-err));
	return tick__note(
		t, t->time_ns,
		on ? "the address space of watched processes changed: mmap and brk are traced "
		     "from here on"
		   : "watched processes map nothing: mmap and brk are not traced until their "
		     "address space changes");
}

static int update(struct sampler_paths *s, bool last, struct tick *t)
{
	int err = s->paths ? user_paths__tell(s->paths, last, t) : 0;

	if (!err && s->paths)
		err = user_paths__limits(s->paths, &t->limits);
	if (!err)
		err = sampler_heap__tick(&s->heap, last, t);
	if (!err && s->vma && !last)
		err = update_calls(s, t);
	if (!err && s->vma)
		err = vma_paths__tell(s->vma, last, t);
	if (!err && s->vma)
		err = vma_paths__limits(s->vma, &t->limits);
	if (!err)
		err = update_kernel(s, t);
	return err ? err : sampler_slab__tick(&s->slab, t);
}

int sampler_paths__tick(struct sampler_paths *s, bool last, struct tick *t)
{
	int err;

	if (!s->open)
		return 0;
	err = update(s, last, t);
	if (!err)
		err = code_book__tell(&s->book, t);
	if (!err)
		err = code_book__limits(&s->book, &t->limits);
	vec_for_each(m, &t->modules)
		if (!err)
			err = add_module(s, m);
	look_for_maps(s);
	vec_for_each(n, &t->nodes)
		if (!err)
			err = want(s, n);
	if (!err && last)
		err = add_names(s, t);
	return err;
}
