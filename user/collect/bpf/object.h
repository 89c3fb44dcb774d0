/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One BPF object: opened, configured, loaded and attached, or one reason why not. */
#pragma once

#include <bpf/libbpf.h>

#include "memtrace.h"

#define BPF_REASON_SIZE 160

/* Size of a map that depends on the machine. */
struct bpf_map_size {
	const char *map;
	__u32 max_entries;
	__u32 value_size; /* 0: as it is */
	__u32 flags;	  /* added to what it has */
};

/* Maps that several objects share: the first object that loads creates them. */
struct bpf_shared {
	const struct bpf_map_size *sizes; /* terminated by map NULL */
	struct bpf_object *first;	  /* NULL: nobody yet; not owned */
};

struct bpf_spec {
	const void *elf;
	size_t elf_size;
	const struct mt_config *config;
	struct bpf_shared *shared; /* NULL: shares nothing */
	const char *autoload;	   /* one optional program to load as well; NULL none */
	void (*prepare)(struct bpf_object *obj); /* what else to set before loading; NULL nothing */
};

struct bpf_links {
	struct bpf_link **v;
	size_t n, cap;
	struct {
		int *v;
		size_t n, cap;
	} fds; /* those that libbpf has no object of */
};

/* Messages of libbpf go through our logger, one level down: -v is ours, -vv is libbpf's. */
void bpf_log_init(void);

/* Opens and loads. 0 or -errno, with the kernel's or libbpf's own words in reason. */
int bpf_load(const struct bpf_spec *spec, char reason[static BPF_REASON_SIZE],
	     struct bpf_object **ret);

/* Attaches one program; the link is added to links. 0 or -errno. */
int bpf_attach(struct bpf_object *obj, const char *program, struct bpf_links *links,
	       char reason[static BPF_REASON_SIZE]);
void bpf_links__free(struct bpf_links *links);

/* Sums over all programs of the object. */
struct bpf_prog_stats {
	__u64 missed; /* events not seen: the program was already running on that CPU (5.12 on) */
	__u64 run_ns, runs; /* 0 unless the system keeps them: sysctl kernel.bpf_stats_enabled */
};
void bpf_prog_stats(const struct bpf_object *obj, struct bpf_prog_stats *ret);
/* Kernel memory of the object's maps as the kernel tells it (fdinfo memlock), bytes. */
__u64 bpf_map_memory(const struct bpf_object *obj);
