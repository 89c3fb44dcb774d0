/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/when.h"
#include "sink/json_part.h"
#include "sink/json_verdict.h"

static void write_lines(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "ledger");
	vec_for_each(l, &r->ledger) {
		const struct ledger_line_def *def = &ledger_lines[l->line];
		struct json_object *o = json_new();

		json_add_string(o, "line", def->word, strlen(def->word));
		json_add_u64(o, "start_bytes", l->start);
		json_add_u64(o, "end_bytes", l->end);
		json_add_i64(o, "delta_bytes", (int64_t)(l->end - l->start));
		json_add_string(o, "source", def->source, strlen(def->source));
		json_add_bool(o, "available", def->is_available);
		if (def->since_start)
			json_add_bool(o, "since_start", true);
		json_add_verdict(o, &l->verdict);
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_total(struct json_writer *w, const struct report *r)
{
	struct json_object *o, *outer;

	if (!r->available.known && !r->total.ledger_known)
		return;
	o = json_new();
	outer = json_new();
	if (r->total.ledger_known)
		json_add_u64(o, "mem_total_bytes", r->total.mem_total);
	if (r->available.known) {
		json_add_u64(o, "available_start_bytes", r->available.start);
		json_add_u64(o, "available_end_bytes", r->available.end);
		json_add_i64(o, "available_delta_bytes", span_delta(r->available));
	}
	if (r->total.ledger_known) {
		json_add_i64(o, "free_delta_bytes", r->total.free);
		json_add_i64(o, "unexplained_bytes", r->total.unexplained);
		json_add_u64(o, "taken_bytes", r->total.taken);
		json_add_i64(o, "locked_delta_bytes", r->total.locked);
	}
	if (r->total.explained_known)
		json_add_u64(o, "explained_permille", r->total.explained_permille);
	json_add(outer, "ledger_total", o);
	json_members(w, outer);
}

static void add_holder(struct json_object *o, const struct hidden_sample *s)
{
	if (s->id.pid) {
		json_add_u64(o, "pid", s->id.pid);
		if (s->id.start_ticks)
			json_add_u64(o, "start_ticks", s->id.start_ticks);
	}
	if (*s->comm)
		json_add_string(o, "comm", s->comm, sizeof(s->comm));
	if (s->is_left)
		json_add_bool(o, "ended", true);
	if (*s->name)
		json_add_string(o, "name", s->name, sizeof(s->name));
}

static void write_hidden(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "hidden_owners");
	vec_for_each(row, &r->hidden) {
		const struct hidden_kind_def *def = &hidden_kinds[row->last.kind];
		const char *certainty = hidden_certainty_names[row->last.certainty];
		struct json_object *o = json_new();

		json_add_string(o, "kind", def->word, strlen(def->word));
		json_add_string(o, "line", ledger_lines[def->line].word,
				strlen(ledger_lines[def->line].word));
		add_holder(o, &row->last);
		json_add_time(o, "exit_time", row->ended_ns);
		if (row->start_known)
			json_add_u64(o, "start_bytes", row->start);
		json_add_u64(o, "end_bytes", row->end);
		json_add_i64(o, "delta_bytes", (int64_t)(row->end - row->start));
		if (def->counts && row->start_known) {
			json_add_u64(o, "start_count", row->start_count);
			json_add_u64(o, "end_count", row->end_count);
		}
		json_add_string(o, "certainty", certainty, strlen(certainty));
		json_add_string(o, "source", def->source, strlen(def->source));
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_unclassified(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "unclassified");
	vec_for_each(l, &r->unclassified) {
		struct json_object *o = json_new();

		json_add_string(o, "line", l->name, sizeof(l->name));
		json_add_u64(o, l->is_count ? "end_count" : "end_bytes", l->bytes);
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_removed(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "removed_cgroups");
	vec_for_each(c, &r->removed_cgroups) {
		struct json_object *o = json_new();
		char time[UTC_TIME_SIZE];

		json_add_string(o, "cgroup", c->path, strlen(c->path));
		if (*c->name)
			json_add_string(o, "name", c->name, sizeof(c->name));
		if (c->runtime > RUNTIME_NONE && c->runtime < _CONTAINER_RUNTIME_MAX)
			json_add_string(o, "runtime", container_runtime_names[c->runtime], 32);
		json_add_string(o, "removed", utc_time(time, c->time_ns), UTC_TIME_SIZE);
		json_add_u64(o, "left_bytes", c->left);
		json_add_u64(o, "page_cache_bytes", c->cache);
		json_add_u64(o, "shmem_bytes", c->shmem);
		json_add_u64(o, "slab_bytes", c->slab);
		json_row(w, o);
	}
	json_array_end(w);
}

void json_ledger(struct json_writer *w, const struct report *r)
{
	write_lines(w, r);
	write_total(w, r);
	write_hidden(w, r);
	write_removed(w, r);
	write_unclassified(w, r);
}
