/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BPF maps and programs that no process holds: pinned, or held by what they are attached to. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/when.h"
#include "collect/bpf_objects.h"
#include "collect/hidden_set.h"

#define HOLDERS_MAX 4096

static struct hmap_key key_of(bool is_map, uint32_t id)
{
	return (struct hmap_key){{is_map, id, 0}};
}

int hidden_bpf_remember(struct hidden *h, bool is_map, uint32_t id, const struct proc_sample *p)
{
	struct bpf_holder row = {.is_map = is_map, .id = id, .holder.id = p->id}, *old;
	uint32_t at;
	int err;

	memcpy(row.holder.comm, p->comm, sizeof(row.holder.comm));
	if (hmap_get(&h->bpf_index, key_of(is_map, id), &at)) {
		old = &h->bpf_holders.v[at];
		*old = row;
		return 0;
	}
	if (!h->bpf || h->bpf_holders.n >= HOLDERS_MAX)
		return 0;
	err = vec_push(&h->bpf_holders, row);
	return err ? err
		   : hmap_put(&h->bpf_index, key_of(is_map, id), (uint32_t)h->bpf_holders.n - 1);
}

static void name_object(const struct mt_bpf_object *o, char name[static HIDDEN_NAME_SIZE])
{
	char time[UTC_TIME_SIZE];
	uint64_t boot = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);

	if (o->is_map)
		snprintf(name, HIDDEN_NAME_SIZE, "map %u %.16s, %s", o->id, o->name,
			 o->n_users ? "pinned" : "held by a program");
	else
		snprintf(name, HIDDEN_NAME_SIZE, "program %u %.16s, loaded by uid %u at %.19sZ",
			 o->id, o->name, o->uid, utc_time(time, boot + o->load_ns));
}

static bool lives(const struct task_list *procs, struct proc_id id)
{
	vec_for_each(p, procs)
		if (proc_id_equal(p->id, id))
			return !p->end.ended;
	return false;
}

static int add_object(struct hidden *h, const struct task_list *procs,
		      const struct mt_bpf_object *o)
{
	bool is_ring = o->is_map && o->type == HIDDEN_BPF_RINGBUF;
	struct hidden_sample s = {
		.kind = is_ring ? HIDDEN_BPF_RING : HIDDEN_BPF_LEFT,
		.certainty = is_ring ? HIDDEN_EXACT : HIDDEN_ESTIMATE,
		.count = 1,
		.bytes = bpf_object_bytes(o, h->page_size,
					  (unsigned int)sysconf(_SC_NPROCESSORS_CONF)),
	};
	uint32_t at;

	name_object(o, s.name);
	if (hmap_get(&h->bpf_index, key_of(o->is_map, o->id), &at)) {
		s.id = h->bpf_holders.v[at].holder.id;
		s.is_left = !lives(procs, s.id);
		memcpy(s.comm, h->bpf_holders.v[at].holder.comm, sizeof(s.comm));
	}
	return hidden_set__add(&h->set, &s);
}

int hidden_bpf(struct hidden *h, const struct task_list *procs)
{
	struct bpf_object_list l = {0};
	int err = h->bpf ? bpf_objects__read(h->bpf, &l) : -ENOENT;
	uint32_t unused;

	for (size_t i = 0; !err && i < l.n; i++) {
		const struct mt_bpf_object *o = &l.v[i];
		const struct hmap_key key = {{o->is_map ? SEEN_BPF_MAP : SEEN_BPF_PROG, o->id, 0}};

		if (hmap_get(&h->seen, key, &unused))
			continue;
		if (h->n_procs_denied)
			h->n_bpf_unsure++;
		else
			err = add_object(h, procs, o);
	}
	vec_free(&l);
	return err == -ENOMEM ? err : 0;
}
