/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "objects": BPF maps and programs, whoever holds them, one record each
 * in one read. By id they can be had with CAP_SYS_ADMIN only.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "memtrace.h"

char LICENSE[] SEC("license") = "GPL";

SEC("iter/bpf_map")
int objects_map(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;
	struct mt_bpf_object o = {.is_map = 1};

	if (!map)
		return 0;
	o.id = map->id;
	o.type = map->map_type;
	o.key_bytes = map->key_size;
	o.value_bytes = map->value_size;
	o.max_entries = map->max_entries;
	o.n_users = map->usercnt.counter;
	bpf_probe_read_kernel(&o.name, sizeof(o.name), map->name);
	bpf_seq_write(ctx->meta->seq, &o, sizeof(o));
	return 0;
}

SEC("iter/bpf_prog")
int objects_program(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog;
	struct mt_bpf_object o = {};
	struct bpf_prog_aux *aux;
	struct user_struct *user;

	if (!prog)
		return 0;
	aux = prog->aux;
	o.id = aux->id;
	o.n_pages = prog->pages;
	o.load_ns = aux->load_time;
	user = BPF_CORE_READ(aux, user);
	o.uid = user ? BPF_CORE_READ(user, uid.val) : 0;
	bpf_probe_read_kernel(&o.name, sizeof(o.name), aux->name);
	bpf_seq_write(ctx->meta->seq, &o, sizeof(o));
	return 0;
}
