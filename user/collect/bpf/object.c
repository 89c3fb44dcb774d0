/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/vec.h"

/* libbpf says why a load failed only in its messages: the last warning is kept. */
static char last_warning[BPF_REASON_SIZE];

static enum log_level level_of(enum libbpf_print_level level)
{
	static const enum log_level map[] = {
		[LIBBPF_WARN] = LOG_DEBUG, /* who reads the result decides what a failure means */
		[LIBBPF_INFO] = LOG_DEBUG,
		[LIBBPF_DEBUG] = LOG_TRACE,
	};

	return level <= LIBBPF_DEBUG ? map[level] : LOG_TRACE;
}

__attribute__((format(printf, 2, 0))) static int print(enum libbpf_print_level level,
						       const char *fmt, va_list args)
{
	if (level == LIBBPF_WARN) {
		char line[BPF_REASON_SIZE];
		va_list copy;

		va_copy(copy, args);
		vsnprintf(line, sizeof(line), fmt, copy);
		va_end(copy);
		line[strcspn(line, "\n")] = '\0';
		/* The first one names the program and the error; the rest repeats it. */
		if (!last_warning[0])
			snprintf(last_warning, sizeof(last_warning), "%s", line);
	}
	log_printv(level_of(level), fmt, args);
	return 0;
}

void bpf_log_init(void)
{
	libbpf_set_print(print);
}

static int explain(int err, const char *what, char reason[static BPF_REASON_SIZE])
{
	const char *words = last_warning;

	if (!strncmp(words, "libbpf: ", 8))
		words += 8;
	snprintf(reason, BPF_REASON_SIZE, "%s: %s%s%.90s", what, strerror(-err), *words ? "; " : "",
		 words);
	return err;
}

static int configure(struct bpf_object *obj, const struct bpf_spec *spec)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, ".rodata.cfg");
	struct bpf_program *prog;
	int err;

	if (map) {
		err = bpf_map__set_initial_value(map, spec->config, sizeof(*spec->config));
		if (err)
			return err;
	}
	if (spec->prepare)
		spec->prepare(obj);
	if (!spec->autoload)
		return 0;
	prog = bpf_object__find_program_by_name(obj, spec->autoload);
	return prog ? bpf_program__set_autoload(prog, true) : -ENOENT;
}

static int share_maps(struct bpf_object *obj, const struct bpf_shared *shared)
{
	for (const struct bpf_map_size *s = shared->sizes; s->map; s++) {
		struct bpf_map *map = bpf_object__find_map_by_name(obj, s->map);
		int err, fd = shared->first && map
				      ? bpf_object__find_map_fd_by_name(shared->first, s->map)
				      : -ENOENT;

		if (!map)
			continue;
		if (fd >= 0)
			err = bpf_map__reuse_fd(map, fd);
		else
			err = bpf_map__set_max_entries(map, s->max_entries);
		if (!err && fd < 0 && s->value_size)
			err = bpf_map__set_value_size(map, s->value_size);
		if (!err && fd < 0 && s->flags)
			err = bpf_map__set_map_flags(map, bpf_map__map_flags(map) | s->flags);
		if (err)
			return err;
	}
	return 0;
}

int bpf_load(const struct bpf_spec *spec, char reason[static BPF_REASON_SIZE],
	     struct bpf_object **ret)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "memtrace");
	struct bpf_object *obj;
	int err;

	last_warning[0] = '\0';
	obj = bpf_object__open_mem(spec->elf, spec->elf_size, &opts);
	if (!obj)
		return explain(-errno, "open", reason);
	err = configure(obj, spec);
	if (!err && spec->shared)
		err = share_maps(obj, spec->shared);
	if (!err)
		err = bpf_object__load(obj);
	if (err) {
		bpf_object__close(obj);
		return explain(err, "load", reason);
	}
	if (spec->shared && !spec->shared->first)
		spec->shared->first = obj;
	*ret = obj;
	return 0;
}

int bpf_attach(struct bpf_object *obj, const char *program, struct bpf_links *links,
	       char reason[static BPF_REASON_SIZE])
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, program);
	struct bpf_link *link;
	int err;

	last_warning[0] = '\0';
	link = prog ? bpf_program__attach(prog) : NULL;
	if (!link) {
		char what[64];

		err = prog ? -errno : -ENOENT;
		if (prog && err == -ENOENT) {
			snprintf(reason, BPF_REASON_SIZE, "this kernel has no %s",
				 bpf_program__section_name(prog));
			return err;
		}
		snprintf(what, sizeof(what), "attach %.32s", program);
		return explain(err, what, reason);
	}
	err = vec_push(links, link);
	if (err)
		bpf_link__destroy(link);
	return err;
}

void bpf_links__free(struct bpf_links *links)
{
	while (links->n)
		bpf_link__destroy(links->v[--links->n]);
	while (links->fds.n)
		close(links->fds.v[--links->fds.n]);
	vec_free(&links->fds);
	vec_free(links);
}

void bpf_prog_stats(const struct bpf_object *obj, struct bpf_prog_stats *ret)
{
	struct bpf_prog_stats sum = {};
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
	{
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(prog); /* negative: not loaded */

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
			continue;
		sum.missed += info.recursion_misses;
		sum.run_ns += info.run_time_ns;
		sum.runs += info.run_cnt;
	}
	*ret = sum;
}

__u64 bpf_map_memory(const struct bpf_object *obj)
{
	struct bpf_map *map;
	__u64 sum = 0;

	bpf_object__for_each_map(map, obj)
	{
		_cleanup_fclose_ FILE *f = NULL;
		char path[64], line[128];
		unsigned long long bytes;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "memlock: %llu", &bytes) == 1)
				sum += bytes;
	}
	return sum;
}
