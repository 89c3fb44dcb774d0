/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/samples.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "collect/pages_table.h"

struct samples {
	struct pages *pages;
	struct mt_sample_control *control;
	__u64 *exits; /* the map of this name */
	struct ring_buffer *ring;
	int free_fd, targets_fd;
	sample_fn *fn;
	void *arg;
};

static int on_record(void *ctx, void *data, size_t size)
{
	const struct samples *s = ctx;
	const struct mt_sample *sample = data;

	if (size >= sizeof(*sample) && sample->stack_bytes <= size - sizeof(*sample) &&
	    sample->slot < samples__n_slots(s))
		s->fn(s->arg, sample, size);
	return 0;
}

static void fill_free_slots(const struct samples *s)
{
	for (uint32_t id = samples__n_slots(s); id-- > 0;)
		if (bpf_map_update_elem(s->free_fd, NULL, &id, BPF_ANY))
			break;
}

static void samples__closep(struct samples **s)
{
	samples__close(*s);
}

int samples__open(struct pages *pages, sample_fn *fn, void *arg, struct samples **ret)
{
	_cleanup_(samples__closep) struct samples *s = calloc(1, sizeof(*s));
	const struct bpf_object *obj = pages->tracer->obj[SOURCE_PAGE];

	if (!s)
		return -ENOMEM;
	if (!pages->tracer->n_slots)
		return -ENODATA;
	s->pages = pages;
	s->fn = fn;
	s->arg = arg;
	s->free_fd = bpf_object__find_map_fd_by_name(obj, "free_slots");
	s->targets_fd = bpf_object__find_map_fd_by_name(pages->tracer->shared.first, "targets");
	s->control = mmap(NULL, sizeof(*s->control), PROT_READ | PROT_WRITE, MAP_SHARED,
			  bpf_object__find_map_fd_by_name(obj, "sample_control"), 0);
	if (s->control == MAP_FAILED) {
		s->control = NULL;
		return -errno;
	}
	s->exits = mmap(NULL, sizeof(*s->exits), PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_object__find_map_fd_by_name(pages->tracer->shared.first, "exits"), 0);
	if (s->exits == MAP_FAILED) {
		s->exits = NULL;
		return -errno;
	}
	s->ring = ring_buffer__new(bpf_object__find_map_fd_by_name(obj, "sample_ring"), on_record,
				   s, NULL);
	if (!s->ring)
		return -errno;
	fill_free_slots(s);
	*ret = TAKE_PTR(s);
	return 0;
}

void samples__close(struct samples *s)
{
	if (!s)
		return;
	samples__set_interval(s, 0);
	ring_buffer__free(s->ring);
	if (s->control)
		munmap(s->control, sizeof(*s->control));
	if (s->exits)
		munmap(s->exits, sizeof(*s->exits));
	free(s);
}

void samples__set_interval(struct samples *s, uint64_t bytes)
{
	if (s->control)
		__atomic_store_n(&s->control->interval, bytes, __ATOMIC_RELAXED);
}

static uint32_t flags_of(bool heirs)
{
	return MT_OWNER_TARGET | (heirs ? MT_OWNER_HEIRS : 0);
}

int samples__mark(struct samples *s, struct proc_id id, bool heirs)
{
	const struct mt_target t = {.start_ticks = id.start_ticks, .flags = flags_of(heirs)};

	return bpf_map_update_elem(s->targets_fd, &id.pid, &t, BPF_ANY) ? -errno : 0;
}

int samples__forget(struct samples *s, struct proc_id id)
{
	struct mt_target t;

	if (bpf_map_lookup_elem(s->targets_fd, &id.pid, &t))
		return -errno;
	if (t.start_ticks != id.start_ticks) /* the pid is another's by now */
		return 0;
	return bpf_map_delete_elem(s->targets_fd, &id.pid) ? -errno : 0;
}

void samples__mark_owner(struct samples *s, uint32_t owner, bool heirs)
{
	__u32 *flags = &s->pages->owners[owner].flags, want = flags_of(heirs);

	if ((__atomic_load_n(flags, __ATOMIC_RELAXED) & want) == want)
		return;
	__atomic_fetch_or(flags, want, __ATOMIC_RELAXED);
	/* Each CPU looks at the flags again; 0 stays: it does so anyway. */
	if (__atomic_load_n(s->exits, __ATOMIC_RELAXED))
		__atomic_fetch_add(s->exits, 1, __ATOMIC_RELEASE);
}

int samples__consume(struct samples *s)
{
	return ring_buffer__consume(s->ring);
}

int samples__fd(const struct samples *s)
{
	return ring_buffer__epoll_fd(s->ring);
}

uint32_t samples__stack_bytes(const struct samples *s)
{
	return s->pages->tracer->machine.config.stack_bytes;
}

uint32_t samples__n_slots(const struct samples *s)
{
	return s->pages->tracer->n_slots;
}

struct sample_state samples__state(const struct samples *s, uint32_t slot)
{
	const struct mt_slot *k = &s->pages->slots[slot];
	int32_t live = __atomic_load_n(&k->live, __ATOMIC_RELAXED);
	struct sample_state state = {.pages = __atomic_load_n(&k->pages, __ATOMIC_RELAXED)};

	state.live = live < 0 ? 0 : (uint32_t)live;
	if (state.live > state.pages)
		state.live = state.pages;
	state.ended = __atomic_load_n(&k->ended, __ATOMIC_RELAXED);
	if (state.ended > state.pages - state.live)
		state.ended = state.pages - state.live;
	return state;
}

void samples__release(struct samples *s, uint32_t slot)
{
	if (bpf_map_update_elem(s->free_fd, NULL, &slot, BPF_ANY))
		log_debug_errno(errno, "slot %u not given back, ignoring", slot);
}

void samples__comm(const struct samples *s, uint32_t slot, char ret[static COMM_SIZE])
{
	uint32_t owner = s->pages->slots[slot].owner;

	memset(ret, 0, COMM_SIZE);
	if (owner < s->pages->tracer->max_owners)
		memcpy(ret, s->pages->owners[owner].comm, COMM_SIZE - 1);
}
