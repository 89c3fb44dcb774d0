/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/json_part.h"
#include "sink/json_verdict.h"

#include <string.h>

static void add_text(struct json_object *o, const char *name, const char *s)
{
	if (s)
		json_add_string(o, name, s, strlen(s));
}

static void write_sampling(struct json_writer *w, const struct report *r)
{
	struct json_object *o = json_new(), *outer = json_new();

	json_add_u64(o, "asked_bytes", r->sampling.asked_bytes);
	json_add_u64(o, "interval_bytes", r->sampling.interval_bytes);
	json_add_u64(o, "stacks", r->sampling.stacks);
	json_add_u64(o, "repeated", r->sampling.repeated);
	json_add_u64(o, "whole", r->sampling.whole);
	json_add_u64(o, "unwind_ns", r->sampling.unwind_ns);
	json_add(outer, "sampling", o);
	json_members(w, outer);
}

static void add_who(struct json_object *o, enum path_domain domain, struct proc_id id,
		    const char comm[static COMM_SIZE])
{
	if ((unsigned int)domain < _PATH_DOMAIN_MAX)
		json_add_string(o, "domain", path_domain_names[domain], 32);
	if (id.pid)
		json_add_u64(o, "pid", id.pid);
	if (id.pid)
		json_add_u64(o, "start_ticks", id.start_ticks);
	if (*comm)
		json_add_string(o, "comm", comm, COMM_SIZE);
}

static void write_totals(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "path_totals");
	vec_for_each(t, &r->path_totals) {
		struct json_object *o = json_new();

		add_who(o, t->domain, t->id, t->comm);
		json_add_u64(o, "estimate_bytes", t->estimate_bytes);
		if (t->exit_bytes)
			json_add_u64(o, "exit_bytes", t->exit_bytes);
		json_add_u64(o, "error_bytes", t->error_bytes);
		json_add_u64(o, "taken_bytes", t->taken_bytes);
		json_add_u64(o, "samples", t->samples);
		json_add_u64(o, "complete_samples", t->complete_samples);
		if (t->held_known)
			json_add_u64(o, "held_bytes", t->held_bytes);
		json_add_bool(o, "scaled", t->scaled);
		json_row(w, o);
	}
	json_array_end(w);
}

static struct json_object *frame_object(const struct path_frame *f)
{
	struct json_object *o = json_new();

	add_text(o, "function", f->function);
	add_text(o, "module", f->module);
	json_add_u64(o, "offset", f->offset);
	add_text(o, "build_id", f->build_id);
	add_text(o, "file", f->file);
	if (f->line)
		json_add_u64(o, "line", f->line);
	json_add_bool(o, "inlined", f->inlined);
	return o;
}

/* As growers and containers have them. */
static void add_place(struct json_object *o, const struct path_place *p)
{
	add_text(o, "cgroup", p->cgroup);
	if (p->cgroup)
		json_add_bool(o, "charged", p->charged);
	if (p->runtime != RUNTIME_NONE)
		add_text(o, "runtime", container_runtime_names[p->runtime]);
	if (path_place__is_container(p)) {
		add_text(o, "container", p->name);
		add_text(o, "container_id", p->id);
	}
}

static bool is_kernel(const struct report_path *p)
{
	return p->domain == PATH_KERNEL || p->domain == PATH_SLAB;
}

static void write_path(struct json_writer *w, const struct report_path *p)
{
	struct json_object *o = json_new(), *stack = json_object_new_array();

	add_who(o, p->domain, p->id, p->comm);
	if (*p->what)
		json_add_string(o, "what", p->what, sizeof(p->what));
	add_place(o, &p->place);
	add_text(o, "class", p->class);
	add_text(o, "driver", p->driver);
	if (is_kernel(p) && p->asker < p->frames.n)
		add_text(o, "asked_by", p->frames.v[p->asker].function);
	json_add_u64(o, "live_bytes", p->live_bytes);
	if (p->exit_bytes)
		json_add_u64(o, "exit_bytes", p->exit_bytes);
	json_add_u64(o, "error_bytes", p->error_bytes);
	json_add_u64(o, "start_bytes", p->start_bytes);
	json_add_i64(o, "growth_bytes", p->growth_bytes);
	json_add_u64(o, "taken_bytes", p->taken_bytes);
	json_add_u64(o, "samples", p->samples);
	json_add_bool(o, "complete", p->complete);
	if (p->age_known)
		json_add_seconds(o, "oldest_age_s", p->oldest_age_ns);
	json_add_verdict(o, &p->verdict);
	vec_for_each(f, &p->frames) {
		struct json_object *frame = frame_object(f);

		if (!frame || !stack || json_object_array_add(stack, frame)) {
			json_object_put(frame);
			json_object_put(stack);
			stack = NULL;
			break;
		}
	}
	json_add(o, "stack", stack); /* spoils o when there was no memory for all of it */
	json_row(w, o);
}

static void write_classes(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "kernel_classes");
	vec_for_each(c, &r->kernel_classes) {
		struct json_object *o = json_new();

		add_text(o, "class", c->name);
		json_add_u64(o, "live_bytes", c->live_bytes);
		json_add_u64(o, "error_bytes", c->error_bytes);
		json_add_u64(o, "samples", c->samples);
		add_text(o, "line", ledger_lines[c->line].word);
		json_add_u64(o, "line_live_bytes", c->line_bytes);
		json_add_u64(o, "line_error_bytes", c->line_error);
		if (c->line_known) {
			json_add_i64(o, "line_delta_bytes", c->line_delta);
			json_add_i64(o, "difference_bytes", c->line_delta - (int64_t)c->line_bytes);
		}
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_modules(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "kernel_modules");
	vec_for_each(m, &r->kernel_modules) {
		struct json_object *o = json_new();

		add_text(o, "name", m->name);
		json_add_u64(o, "live_bytes", m->live_bytes);
		json_add_u64(o, "error_bytes", m->error_bytes);
		json_add_u64(o, "slab_bytes", m->slab_bytes);
		json_add_u64(o, "samples", m->samples);
		json_add_u64(o, "paths", m->paths);
		json_row(w, o);
	}
	json_array_end(w);
}

void write_paths(struct json_writer *w, const struct report *r)
{
	if (r->has_sampling)
		write_sampling(w, r);
	write_totals(w, r);
	json_array_begin(w, "paths");
	vec_for_each(p, &r->paths)
		write_path(w, p);
	json_array_end(w);
	write_classes(w, r);
	write_modules(w, r);
}
