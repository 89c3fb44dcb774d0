/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/cause_path.h"

#include <string.h>

#include "analyze/cause_who.h"
#include "analyze/report_math.h"

/* Who has less of the line than this share does not tell how it was asked for. */
#define SHARE_MIN_PERMILLE 300
/* So many of a line's largest paths are asked. */
#define PATHS_ASKED_MAX 64

static bool has_asker(const struct report_path *p, enum ledger_line line)
{
	return report_path__is_of_line(p, line) && p->asker < p->frames.n &&
	       p->frames.v[p->asker].function;
}

/* Strings of a report are kept once: equal ones have one address. */
static bool same_asker(const struct report_path *a, const struct report_path *b)
{
	return a->frames.v[a->asker].function == b->frames.v[b->asker].function &&
	       a->driver == b->driver && proc_id_equal(a->id, b->id) &&
	       !memcmp(a->comm, b->comm, sizeof(a->comm)) && a->place.cgroup == b->place.cgroup;
}

static int64_t sum_of(const struct report *r, const struct report_path *like, enum ledger_line line,
		      uint64_t *ret_error)
{
	int64_t sum = 0;

	*ret_error = 0;
	vec_for_each(p, &r->paths)
		if (has_asker(p, line) && same_asker(p, like)) {
			sum = add_sat(sum, p->growth_bytes);
			*ret_error = add_errors(*ret_error, p->error_bytes);
		}
	return sum;
}

static bool has_ended(const struct owner_sample *owners, size_t n, struct proc_id id)
{
	for (size_t i = 0; i < n; i++)
		if (id.pid && proc_id_equal(owners[i].id, id))
			return owners[i].dead;
	return false;
}

void cause_path__find(const struct report *r, const struct owner_sample *owners, size_t n_owners,
		      enum ledger_line line, uint64_t grown, struct cause_path *ret)
{
	int64_t most = (int64_t)(grown / 1000 * SHARE_MIN_PERMILLE);
	struct cause_path c = {0};
	int n = 0;

	/* They are sorted: the first of those that belong together is their largest. */
	vec_for_each(p, &r->paths) {
		uint64_t error;
		int64_t sum;

		if (!has_asker(p, line) || n++ >= PATHS_ASKED_MAX)
			continue;
		sum = sum_of(r, p, line, &error);
		if (sum <= most || (uint64_t)sum < error)
			continue;
		most = sum;
		c = (struct cause_path){p, (uint64_t)sum, error, false, r->info.pid};
	}
	if (c.path)
		c.ended = has_ended(owners, n_owners, c.path->id);
	*ret = c;
}

void cause_path__say(const struct cause_path *c, uint32_t told_pid, struct strbuf *b)
{
	const struct report_path *p = c->path;
	char bytes[HUMAN_BYTES_SIZE], error[HUMAN_BYTES_SIZE];

	strbuf_addf(b, "; %s +- %s asked for by %.60s", human_bytes(bytes, c->bytes),
		    human_bytes(error, c->error), p->frames.v[p->asker].function);
	if (p->driver)
		strbuf_addf(b, " [%.40s]", p->driver);
	if (p->id.pid && p->id.pid != told_pid) {
		strbuf_addf(b, ", ");
		cause_say_process(p->comm, p->id.pid, c->own_pid, b);
		if (c->ended)
			strbuf_addf(b, ", which has ended");
	} else if (!p->id.pid) {
		strbuf_addf(b, ", %s%.*s", *p->comm ? "several " : "interrupts", COMM_SIZE - 1,
			    p->comm);
	}
	if (path_place__is_container(&p->place))
		strbuf_addf(b, "%s %s container %.60s", p->id.pid ? " in" : " for",
			    container_runtime_names[p->place.runtime], p->place.name);
}
