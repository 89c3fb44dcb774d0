/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Members of the JSON report that are about verdicts:
 *
 *   processes[].verdict        on anon + swap (rss where those are unknown): is it a leak
 *       .series                "anon_swap", "rss"; elsewhere "shmem" "fds" "threads" "heap"
 *                              "vsz" "cgroup" "slab" "ledger" "path"
 *       .kind                  "leak" "growing" (suspected) "plateau" "sawtooth" "step" "spikes"
 *                              "seasonal" "stable" "shrinking" "insufficient" (too short to tell)
 *       .shape                 "flat" "linear" "accelerating" "slowing" "late" "steps"
 *                              "sawtooth" "seasonal" "spikes" "noisy" "falling" "none"
 *       .rate_bytes_per_hour .rate_low .rate_high
 *                              of the growth that lasts, the true one lies within in about 95 %
 *                              of leaks; of counts .rate_per_hour. Absent: unknown, of growth
 *                              whose rate may as well be none
 *       .confidence_permille   that it is right about leak or no leak
 *       .leak_permille         probability of a leak
 *       .exhaustion_s .exhaustion_low_s .exhaustion_high_s
 *                              until memory, or the limit of .exhausts_cgroup, is used up;
 *                              the high one is absent when that may be never
 *       .detectable_bytes_per_hour
 *                              a leak faster than this would have been called one by now; of
 *                              counts .detectable_per_hour
 *       .samples .span_s       that were judged
 *       .reason                one sentence
 *   paths[].verdict            on live_bytes over the run; growth that may be the error of
 *                              sampling is none. Part of what its process holds: not in
 *                              verdicts[] nor judged.leaks
 *   verdicts[]                 every series that is a leak or suspected, leaks first
 *     .subject                 "process" "cgroup" "slab" "ledger"
 *     .pid .start_ticks .comm, or .name
 *     .container .runtime      of a container's cgroup
 *     .watched                 true: asked for
 *     .counts                  false: part of another series or only a promise (rss, heap, vsz)
 *     .verdict                 as above
 *   containers[]               containers, services and cgroups with a limit, by growth
 *     .cgroup .name .runtime
 *     .ended                   true: gone
 *     .use_bytes               charged, less the page cache of files: {start,end,delta}
 *     .limit_bytes             absent: none
 *     .reclaims                times it was throttled or reclaimed at its limit in this run
 *     .verdict
 *   slab_caches[]              those that changed by 64 KiB or more, by growth
 *     .cache .page_bytes{start,end,delta}
 *     .reclaimable             the kernel takes it back when it must; absent: not known
 *     .verdict
 *   judged                     how much was judged, and how false alarms are kept few
 *     .values .series .judged  followed; of them changed; of them moved enough to be weighed
 *     .leaks .suspected
 *     .withheld                leaks told as suspected, to keep the next promise
 *     .false_discovery_permille  of the leaks told, at most this share is expected to be false
 *                              (of series nobody asked for)
 *     .prior_permille          so many in a thousand such series are taken to leak
 */
#include "sink/json_verdict.h"

#include <string.h>

static void add_verdict_members(struct json_object *o, const struct report_verdict *v)
{
	json_add_string(o, "series", v->series, 32);
	json_add_string(o, "kind", v->kind, 32);
	json_add_string(o, "shape", v->shape, 32);
	if (v->has_rate) {
		json_add_rounded(o, v->is_count ? "rate_per_hour" : "rate_bytes_per_hour", v->rate);
		json_add_rounded(o, "rate_low", v->rate_low);
		json_add_rounded(o, "rate_high", v->rate_high);
	}
	if (strcmp(v->kind, "insufficient")) {
		json_add_u64(o, "confidence_permille", v->confidence_permille);
		json_add_u64(o, "leak_permille", v->leak_permille);
	}
	if (v->has_exhaustion) {
		json_add_rounded(o, "exhaustion_s", v->exhaustion_s);
		json_add_rounded(o, "exhaustion_low_s", v->exhaustion_low_s);
		json_add_rounded(o, "exhaustion_high_s", v->exhaustion_high_s);
		if (v->exhausts[0])
			json_add_string(o, "exhausts_cgroup", v->exhausts, sizeof(v->exhausts));
	}
	if (v->has_detectable)
		json_add_rounded(o,
				 v->is_count ? "detectable_per_hour" : "detectable_bytes_per_hour",
				 v->detectable);
	json_add_u64(o, "samples", v->samples);
	json_add_rounded(o, "span_s", v->span_s);
	json_add_string(o, "reason", v->reason, sizeof(v->reason));
}

void json_add_verdict(struct json_object *o, const struct report_verdict *v)
{
	struct json_object *verdict;

	if (!v->known)
		return;
	verdict = json_new();
	add_verdict_members(verdict, v);
	json_add(o, "verdict", verdict);
}

static void add_span(struct json_object *o, const char *name, const struct span *s)
{
	struct json_object *span = json_new();

	json_add_u64(span, "start", s->start);
	json_add_u64(span, "end", s->end);
	json_add_i64(span, "delta", span_delta(*s));
	json_add(o, name, span);
}

static void write_growers(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "verdicts");
	vec_for_each(g, &r->growers) {
		struct json_object *o = json_new();

		json_add_string(o, "subject", g->subject, 16);
		if (g->id.pid) {
			json_add_u64(o, "pid", g->id.pid);
			json_add_u64(o, "start_ticks", g->id.start_ticks);
			json_add_string(o, "comm", g->comm, sizeof(g->comm));
		}
		if (g->name[0])
			json_add_string(o, "name", g->name, sizeof(g->name));
		if (g->runtime) {
			json_add_string(o, "container", g->container, sizeof(g->container));
			json_add_string(o, "runtime", g->runtime, 16);
		}
		json_add_bool(o, "watched", g->watched);
		json_add_bool(o, "counts", g->counts);
		json_add_verdict(o, &g->verdict);
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_containers(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "containers");
	vec_for_each(c, &r->containers) {
		struct json_object *o = json_new();

		json_add_string(o, "cgroup", c->path, strlen(c->path));
		if (c->name[0])
			json_add_string(o, "name", c->name, sizeof(c->name));
		if (c->runtime > RUNTIME_NONE && c->runtime < _CONTAINER_RUNTIME_MAX)
			json_add_string(o, "runtime", container_runtime_names[c->runtime], 32);
		if (c->ended)
			json_add_bool(o, "ended", true);
		add_span(o, "use_bytes", &c->use);
		if (c->has_limit)
			json_add_u64(o, "limit_bytes", c->limit);
		if (c->reclaims_known)
			json_add_u64(o, "reclaims", c->reclaims);
		json_add_verdict(o, &c->verdict);
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_slab_caches(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "slab_caches");
	vec_for_each(c, &r->slab_caches) {
		struct json_object *o = json_new();

		json_add_string(o, "cache", c->name, sizeof(c->name));
		add_span(o, "page_bytes", &c->bytes);
		if (c->reclaim_known)
			json_add_bool(o, "reclaimable", c->is_reclaimable);
		json_add_verdict(o, &c->verdict);
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_judged(struct json_writer *w, const struct report_judged *n)
{
	struct json_object *o, *outer;

	o = json_new();
	outer = json_new();
	json_add_u64(o, "values", n->values);
	json_add_u64(o, "series", n->series);
	json_add_u64(o, "judged", n->judged);
	json_add_u64(o, "leaks", n->leaks);
	json_add_u64(o, "suspected", n->suspected);
	json_add_u64(o, "withheld", n->withheld);
	json_add_u64(o, "prior_permille", n->prior_permille);
	json_add_u64(o, "false_discovery_permille", n->false_permille);
	json_add(outer, "judged", o);
	json_members(w, outer);
}

void json_write_verdicts(struct json_writer *w, const struct report *r)
{
	if (!r->judged.known)
		return;
	write_growers(w, r);
	write_containers(w, r);
	write_slab_caches(w, r);
	write_judged(w, &r->judged);
}
