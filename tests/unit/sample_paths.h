/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report with code paths: whole and cut ones, inlined and unnamed frames, names out to do harm.
 */
#pragma once

#include "sample_report.h"

#define PATH_BUILD_ID "0123456789abcdef0123456789abcdef01234567"

static inline struct path_frame frame(const char *function, const char *module, uint64_t offset)
{
	return (struct path_frame){.function = function, .module = module, .offset = offset};
}

static inline void add_path(struct report *r, struct report_path p, const struct path_frame *v,
			    size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (vec_push(&p.frames, v[i]))
			abort();
	if (vec_push(&r->paths, p))
		abort();
}

#define ADD_PATH(r, p, ...)                                                                        \
	do {                                                                                       \
		const struct path_frame frames_[] = {__VA_ARGS__};                                 \
		add_path(r, p, frames_, N_OF(frames_));                                            \
	} while (0)

static inline struct report_path shop_path(enum path_domain domain, uint64_t live, int64_t growth)
{
	struct report_path p = {.domain = domain, .id = {1234, 123400}};

	put(p.comm, sizeof(p.comm), "python3");
	p.live_bytes = live;
	p.growth_bytes = growth;
	p.start_bytes = live - (uint64_t)growth;
	p.taken_bytes = 2 * live;
	p.error_bytes = live / 16;
	p.samples = live >> 19;
	p.complete = true;
	return p;
}

static inline struct report *paths_report(void)
{
	static const char shop[] = "/usr/lib/shop.so", libc[] = "/lib/libc.so.6";
	struct path_frame inlined = frame("take_from_shelf", shop, 0x1240);
	struct path_frame outer = frame("store::stock(store::Shelf<int>&)", shop, 0x1240);
	struct path_frame main_frame = frame("main", "/usr/bin/shop", 0x401000);
	struct path_frame start = frame("__libc_start_main", libc, 0x29d90);
	struct report *r = empty_report();
	struct report_path p;

	r->info = story_info();
	r->start_ns = SAMPLE_START_NS;
	r->end_ns = SAMPLE_START_NS + 20 * SAMPLE_NS_PER_S;
	r->duration_ns = 20 * SAMPLE_NS_PER_S;
	if (limits__set(&r->limits, "stacks<cut>", 17, "\"less\" is known\n of these"))
		abort();

	inlined.inlined = true;
	inlined.file = outer.file = "/src/shop.cc";
	inlined.line = 12;
	outer.line = 34;
	inlined.build_id = outer.build_id = PATH_BUILD_ID;
	start.build_id = "aabb";
	ADD_PATH(r, shop_path(PATH_USER, 192 * MIB, 192 * MIB), inlined, outer, main_frame, start);
	ADD_PATH(r, shop_path(PATH_USER, 48 * MIB, -16 * (int64_t)MIB), frame(NULL, shop, 0x5678),
		 main_frame, start);
	p = shop_path(PATH_USER, 12 * MIB, 12 * MIB);
	p.complete = false;
	ADD_PATH(r, p, frame("a;b\n\"<&>'\xff\x1b[31m 7", "/tmp/]]>\n", 1),
		 frame(NULL, NULL, 0x7f00));
	p.id = (struct proc_id){1300, 130000};
	put(p.comm, sizeof(p.comm), "he;lper\n");
	p.frames = (struct path_frames){0};
	p.live_bytes = 4 * MIB;
	add_path(r, p, NULL, 0);
	p = shop_path(PATH_KERNEL, 3 * MIB, 0);
	p.id = (struct proc_id){0};
	p.comm[0] = '\0';
	ADD_PATH(r, p, frame("__alloc_pages", "[kernel]", 0xffffffff81200010),
		 frame("nf_grow", "nf_conntrack", 0xffffffffc0001004));
	ADD_PATH(r, shop_path(PATH_MMAP, 0, -(int64_t)MIB), main_frame); /* all freed */
	return r;
}
