/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf_objects.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "collect/bpf/tracer.h"
#include "collect/hidden_set.h"

/* Records a read() returns: the kernel hands out at most what its seq buffer of eight pages holds.
 */
#define BATCH (8 * 4096 / sizeof(struct mt_bpf_object))

struct bpf_objects {
	struct bpf_link *link[2];
};

void bpf_objects__close(struct bpf_objects *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < 2; i++)
		bpf_link__destroy(b->link[i]);
	free(b);
}

int bpf_objects__open(const struct tracer *tracer, struct bpf_objects **ret)
{
	static const char *const names[] = {"objects_map", "objects_program"};
	const struct bpf_object *obj = tracer->obj[SOURCE_OBJECTS];
	struct bpf_objects *b = calloc(1, sizeof(*b));
	int err = 0;

	if (!b)
		return -ENOMEM;
	for (size_t i = 0; i < 2 && !err; i++) {
		struct bpf_program *p =
			obj ? bpf_object__find_program_by_name(obj, names[i]) : NULL;

		b->link[i] = p ? bpf_program__attach(p) : NULL;
		err = b->link[i] ? 0 : p ? -errno : -ENOENT;
	}
	if (err) {
		bpf_objects__close(b);
		return err;
	}
	*ret = b;
	return 0;
}

static int read_all(struct bpf_link *link, struct bpf_object_list *ret)
{
	_cleanup_close_ int fd = bpf_iter_create(bpf_link__fd(link));
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		if (vec_reserve(ret, ret->n + BATCH))
			return -ENOMEM;
		n = read(fd, ret->v + ret->n, BATCH * sizeof(*ret->v));
		if (n < 0)
			return -errno;
		ret->n += (size_t)n / sizeof(*ret->v);
	} while (n);
	return 0;
}

int bpf_objects__read(struct bpf_objects *b, struct bpf_object_list *ret)
{
	int err;

	ret->n = 0;
	err = read_all(b->link[0], ret);
	return err ? err : read_all(b->link[1], ret);
}

static bool is_per_cpu(uint32_t type)
{
	/* PERCPU_HASH, PERCPU_ARRAY, LRU_PERCPU_HASH, PERCPU_CGROUP_STORAGE */
	return type == 5 || type == 6 || type == 10 || type == 21;
}

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

uint64_t bpf_object_bytes(const struct mt_bpf_object *o, uint64_t page_size, unsigned int n_cpus)
{
	uint64_t value = o->value_bytes, bytes;

	if (!o->is_map)
		return o->n_pages * page_size;
	/* Two pages beside the data hold positions, two more the ring itself. */
	if (o->type == HIDDEN_BPF_RINGBUF)
		return o->max_entries + 4 * page_size;
	if (is_per_cpu(o->type))
		value = round_up(value, 8) * n_cpus;
	if (__builtin_mul_overflow(round_up(o->key_bytes + value, 8), o->max_entries, &bytes) ||
	    bytes > UINT64_MAX - page_size)
		return UINT64_MAX;
	return round_up(bytes, page_size);
}
