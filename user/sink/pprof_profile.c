/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/pprof_profile.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/frame_text.h"
#include "model/strings.h"
#include "sink/proto_write.h"
#include "sink/stack_name.h"

enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME_NS = 9,
	PROFILE_DURATION_NS = 10,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_TYPE = 14,

	VALUE_TYPE = 1,
	VALUE_UNIT = 2,

	SAMPLE_LOCATIONS = 1,
	SAMPLE_VALUES = 2,
	SAMPLE_LABEL = 3,

	LABEL_KEY = 1,
	LABEL_TEXT = 2,
	LABEL_NUMBER = 3,

	MAPPING_ID = 1,
	MAPPING_START = 2,
	MAPPING_LIMIT = 3,
	MAPPING_FILENAME = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILES = 8,
	MAPPING_HAS_LINES = 9,
	MAPPING_HAS_INLINES = 10,

	LOCATION_ID = 1,
	LOCATION_MAPPING = 2,
	LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,

	LINE_FUNCTION = 1,
	LINE_NUMBER = 2,

	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILE = 4,
};

/*
 * Addresses are a module's own, and modules' overlap: each is put at a place of
 * its own, 4 GiB after the one before, so that address less start is again the
 * address in the file.
 */
#define MAPPING_STRIDE (1ULL << 32)

struct mapping {
	const char *module, *build_id;
	uint64_t start, limit;
	bool has_names, lacks_names, has_lines, has_inlines;
};

struct profile {
	struct strings texts; /* kept once; where they are is their number less one */
	struct hmap text_numbers;
	VEC(struct mapping) mappings;
	struct hmap mapping_numbers, location_numbers, function_numbers;
	uint32_t n_locations, n_functions;
	struct strbuf locations, functions, samples;
	struct strbuf inner, line; /* being made */
	bool failed;
};

static void free_profile(struct profile *p)
{
	strings__free(&p->texts);
	hmap_free(&p->text_numbers);
	vec_free(&p->mappings);
	hmap_free(&p->mapping_numbers);
	hmap_free(&p->location_numbers);
	hmap_free(&p->function_numbers);
	strbuf_free(&p->locations);
	strbuf_free(&p->functions);
	strbuf_free(&p->samples);
	strbuf_free(&p->inner);
	strbuf_free(&p->line);
}

/* Its number in the string table, where 0 is the empty string. */
static uint64_t text(struct profile *p, const char *s)
{
	_cleanup_free_ char *utf8 = NULL;
	const char *kept;
	struct hmap_key key;
	uint32_t number = 0;
	size_t size;

	if (!s || !*s)
		return 0;
	size = 3 * strlen(s) + 1; /* U+FFFD has three bytes */
	utf8 = malloc(size);
	kept = utf8 ? strings__keep(&p->texts, safe_utf8(utf8, size, s, strlen(s))) : NULL;
	key = (struct hmap_key){{(uintptr_t)kept, 0, 0}};
	if (kept && hmap_get(&p->text_numbers, key, &number))
		return number;
	number = (uint32_t)p->texts.all.n;
	if (!kept || hmap_put(&p->text_numbers, key, number))
		p->failed = true;
	return number;
}

/* Whether the key is new; its number, counted from 1 on. */
static bool new_number(struct profile *p, struct hmap *m, struct hmap_key key, uint32_t *counter,
		       uint32_t *ret)
{
	if (hmap_get(m, key, ret))
		return false;
	*ret = ++*counter;
	if (hmap_put(m, key, *ret))
		p->failed = true;
	return true;
}

/* Number of the frame's mapping; 0: it has none. */
static uint32_t mapping_of(struct profile *p, const struct path_frame *f)
{
	const struct hmap_key key = {{text(p, f->module), text(p, f->build_id), 0}};
	uint32_t counter = (uint32_t)p->mappings.n, number;

	if (!f->module)
		return 0;
	if (new_number(p, &p->mapping_numbers, key, &counter, &number)) {
		struct mapping m = {.module = f->module, .build_id = f->build_id};

		/* The kernel's addresses are as they are, and above all others. */
		m.start = f->offset >> 63 ? 1ULL << 63 : number * MAPPING_STRIDE;
		m.limit = m.start + 1;
		if (vec_push(&p->mappings, m))
			p->failed = true;
	}
	return p->failed ? 0 : number;
}

/* Where the frame's code is in the profile's address space. */
static uint64_t address_of(struct profile *p, const struct path_frame *f, uint32_t mapping)
{
	struct mapping *m = mapping ? &p->mappings.v[mapping - 1] : NULL;
	uint64_t address = f->offset;

	if (!m)
		return address;
	if (!(m->start >> 63))
		address += m->start;
	if (address >= m->limit)
		m->limit = address + 1 ? address + 1 : address;
	return address;
}

static uint32_t function_of(struct profile *p, const struct path_frame *f)
{
	const struct hmap_key key = {{text(p, f->function), text(p, f->file), 0}};
	uint32_t number;

	if (!new_number(p, &p->function_numbers, key, &p->n_functions, &number))
		return number;
	proto_u64(&p->inner, FUNCTION_ID, number);
	proto_u64(&p->inner, FUNCTION_NAME, key.w[0]);
	proto_u64(&p->inner, FUNCTION_SYSTEM_NAME, key.w[0]);
	proto_u64(&p->inner, FUNCTION_FILE, key.w[1]);
	proto_inner(&p->functions, PROFILE_FUNCTION, &p->inner);
	return number;
}

static void note_names(struct profile *p, uint32_t mapping, const struct path_frame *f)
{
	struct mapping *m = mapping ? &p->mappings.v[mapping - 1] : NULL;

	if (!m)
		return;
	if (f->function)
		m->has_names = true;
	else
		m->lacks_names = true;
	m->has_lines |= f->line != 0;
	m->has_inlines |= f->inlined;
}

static void put_line(struct profile *p, struct strbuf *location, const struct path_frame *f)
{
	uint32_t function = f->function ? function_of(p, f) : 0;

	if (!function)
		return;
	proto_u64(&p->line, LINE_FUNCTION, function);
	proto_u64(&p->line, LINE_NUMBER, f->line);
	proto_inner(location, LOCATION_LINE, &p->line);
}

/*
 * The location of n frames: inlined functions, leaf first, and the one that
 * has their code. One address has the same ones wherever it is met, unless a
 * name was found in one process only: names are part of what it is known by.
 */
static uint32_t location_of(struct profile *p, const struct path_frame *v, size_t n)
{
	const struct path_frame *last = &v[n - 1];
	uint32_t mapping = mapping_of(p, last), number;
	uint64_t address = address_of(p, last, mapping);
	const struct hmap_key key = {{address, mapping, text(p, last->function)}};
	struct strbuf location = {0};

	if (!new_number(p, &p->location_numbers, key, &p->n_locations, &number))
		return number;
	proto_u64(&location, LOCATION_ID, number);
	proto_u64(&location, LOCATION_MAPPING, mapping);
	proto_u64(&location, LOCATION_ADDRESS, address);
	for (size_t i = 0; i < n; i++) {
		note_names(p, mapping, &v[i]);
		put_line(p, &location, &v[i]);
	}
	proto_inner(&p->locations, PROFILE_LOCATION, &location);
	strbuf_free(&location);
	return number;
}

/* What is no code, but has a place in the stack. */
static uint32_t location_named(struct profile *p, const char *name)
{
	const struct path_frame f = {.function = name};

	return location_of(p, &f, 1);
}

static void put_label(struct profile *p, struct strbuf *sample, const char *key, const char *s,
		      int64_t number)
{
	proto_u64(&p->inner, LABEL_KEY, text(p, key));
	proto_u64(&p->inner, LABEL_TEXT, text(p, s));
	proto_i64(&p->inner, LABEL_NUMBER, number);
	proto_inner(sample, SAMPLE_LABEL, &p->inner);
}

static void put_labels(struct profile *p, struct strbuf *sample, const struct report_path *path)
{
	char comm[COMM_SIZE + 1];

	put_label(p, sample, "domain", path_domain_names[path->domain], 0);
	if (path->id.pid)
		put_label(p, sample, "pid", NULL, path->id.pid);
	snprintf(comm, sizeof(comm), "%.*s", COMM_SIZE, path->comm);
	if (*comm)
		put_label(p, sample, "comm", comm, 0);
	if (stack_missing(path))
		put_label(p, sample, "stack", "incomplete", 0);
}

static void put_sample(struct profile *p, const struct report_path *path)
{
	const struct path_frames *f = &path->frames;
	const char *missing = stack_missing(path);
	struct strbuf ids = {0}, sample = {0}, values = {0};

	for (size_t i = 0, end; i < f->n; i = end) {
		for (end = i + 1; end < f->n && f->v[end - 1].inlined; end++)
			;
		proto_varint(&ids, location_of(p, f->v + i, end - i));
	}
	if (missing)
		proto_varint(&ids, location_named(p, missing));
	proto_inner(&sample, SAMPLE_LOCATIONS, &ids);
	proto_varint(&values, report_path__held(path));
	proto_varint(&values, path->samples);
	proto_varint(&values, (uint64_t)path->growth_bytes);
	proto_inner(&sample, SAMPLE_VALUES, &values);
	put_labels(p, &sample, path);
	proto_inner(&p->samples, PROFILE_SAMPLE, &sample);
	strbuf_free(&ids);
	strbuf_free(&values);
	strbuf_free(&sample);
}

static void put_type(struct profile *p, struct strbuf *out, const char *type, const char *unit)
{
	proto_u64(&p->inner, VALUE_TYPE, text(p, type));
	proto_u64(&p->inner, VALUE_UNIT, text(p, unit));
	proto_inner(out, PROFILE_SAMPLE_TYPE, &p->inner);
}

static void put_mappings(struct profile *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->mappings.n; i++) {
		const struct mapping *m = &p->mappings.v[i];

		proto_u64(&p->inner, MAPPING_ID, i + 1);
		proto_u64(&p->inner, MAPPING_START, m->start);
		proto_u64(&p->inner, MAPPING_LIMIT, m->limit);
		proto_u64(&p->inner, MAPPING_FILENAME, text(p, m->module));
		proto_u64(&p->inner, MAPPING_BUILD_ID, text(p, m->build_id));
		/* Said only where nothing is left for pprof to look up. */
		proto_u64(&p->inner, MAPPING_HAS_FUNCTIONS, m->has_names && !m->lacks_names);
		proto_u64(&p->inner, MAPPING_HAS_FILES, m->has_lines && !m->lacks_names);
		proto_u64(&p->inner, MAPPING_HAS_LINES, m->has_lines && !m->lacks_names);
		proto_u64(&p->inner, MAPPING_HAS_INLINES, m->has_inlines);
		proto_inner(out, PROFILE_MAPPING, &p->inner);
	}
}

static void put_comment(struct profile *p, struct strbuf *out, const char *s)
{
	uint64_t number = text(p, s);

	if (!number)
		return;
	/* Repeated numbers are packed: one in each pack is as good. */
	proto_varint(&p->inner, number);
	proto_inner(out, PROFILE_COMMENT, &p->inner);
}

static void put_comments(struct profile *p, struct strbuf *out, const struct report *r)
{
	char line[LIMIT_KIND_SIZE + LIMIT_MEANING_SIZE + 64];

	snprintf(line, sizeof(line), "memtrace %.*s, mode %.*s, host %.*s",
		 (int)sizeof(r->info.version), r->info.version, (int)sizeof(r->info.mode),
		 r->info.mode, (int)sizeof(r->info.host), r->info.host);
	put_comment(p, out, line);
	put_comment(p, out,
		    "domain user: resident pages, by the path that first touched them. Domains "
		    "overlap: choose one (label domain) before adding.");
	for (size_t i = 0; i < r->limits.n; i++) {
		const struct limit *l = &r->limits.v[i];

		snprintf(line, sizeof(line), "limit %.*s: %llu: %.*s", LIMIT_KIND_SIZE, l->kind,
			 (unsigned long long)l->count, LIMIT_MEANING_SIZE, l->meaning);
		put_comment(p, out, line);
	}
}

int pprof_profile(const struct report *r, struct strbuf *ret)
{
	_cleanup_(free_profile) struct profile p = {0};

	put_type(&p, ret, "inuse_space", "bytes");
	put_type(&p, ret, "samples", "count");
	put_type(&p, ret, "growth_space", "bytes");
	proto_u64(ret, PROFILE_DEFAULT_TYPE, text(&p, "inuse_space"));
	proto_u64(ret, PROFILE_TIME_NS, r->end_ns);
	proto_u64(ret, PROFILE_DURATION_NS, r->duration_ns);
	vec_for_each(path, &r->paths)
		if (report_path__held(path) || path->growth_bytes)
			put_sample(&p, path);
	strbuf_add(ret, p.samples.s, p.samples.len);
	put_mappings(&p, ret);
	strbuf_add(ret, p.locations.s, p.locations.len);
	strbuf_add(ret, p.functions.s, p.functions.len);
	put_comments(&p, ret, r);
	proto_bytes(ret, PROFILE_STRING, "", 0);
	vec_for_each(s, &p.texts.all)
		proto_bytes(ret, PROFILE_STRING, *s, strlen(*s));
	if (p.failed || p.samples.failed || p.locations.failed || p.functions.failed ||
	    p.inner.failed || p.line.failed || ret->failed)
		return -ENOMEM;
	return 0;
}
