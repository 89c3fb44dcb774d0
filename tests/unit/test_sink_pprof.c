/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes what the sink wrote by the wire format's rules alone, and not by the sink's own code. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <zlib.h>

#include "golden.h"
#include "sample_paths.h"
#include "sink/proto_write.h"

struct bytes {
	const unsigned char *p, *end;
};

struct field {
	uint32_t number, wire;
	uint64_t value;	     /* of a varint */
	struct bytes inside; /* of the rest */
};

static uint64_t varint(struct bytes *b)
{
	uint64_t n = 0;

	for (int shift = 0;; shift += 7) {
		assert_true(b->p < b->end && shift < 70);
		n |= (uint64_t)(*b->p & 0x7f) << shift;
		if (!(*b->p++ & 0x80))
			return n;
	}
}

static bool next_field(struct bytes *b, struct field *f)
{
	uint64_t tag;

	if (b->p == b->end)
		return false;
	tag = varint(b);
	*f = (struct field){.number = (uint32_t)(tag >> 3), .wire = tag & 7};
	if (f->wire == 0) {
		f->value = varint(b);
	} else {
		uint64_t len;

		assert_int_equal(f->wire, 2);
		len = varint(b);
		assert_true(len <= (uint64_t)(b->end - b->p));
		f->inside = (struct bytes){b->p, b->p + len};
		b->p += len;
	}
	return true;
}

/* The field's occurrence `index` in a message; false: none. */
static bool find_field(struct bytes message, uint32_t number, size_t index, struct field *ret)
{
	struct field f;

	while (next_field(&message, &f))
		if (f.number == number && !index--) {
			*ret = f;
			return true;
		}
	return false;
}

static uint64_t value_of(struct bytes message, uint32_t number)
{
	struct field f;

	return find_field(message, number, 0, &f) ? f.value : 0;
}

static size_t count_fields(struct bytes message, uint32_t number)
{
	struct field f;
	size_t n = 0;

	while (find_field(message, number, n, &f))
		n++;
	return n;
}

static void assert_text_is(struct bytes profile, uint64_t index, const char *want)
{
	struct field f;

	assert_true(find_field(profile, 6, index, &f));
	assert_int_equal(f.inside.end - f.inside.p, strlen(want));
	assert_memory_equal(f.inside.p, want, strlen(want));
}

/* The message of this field whose id (field 1) it is. */
static struct bytes by_id(struct bytes profile, uint32_t number, uint64_t id)
{
	struct field f;

	for (size_t i = 0; find_field(profile, number, i, &f); i++)
		if (value_of(f.inside, 1) == id)
			return f.inside;
	fail_msg("no message %u with id %llu", number, (unsigned long long)id);
	return (struct bytes){0};
}

static unsigned char buffer[1 << 20];

static struct bytes unpacked(const struct report *r)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	z_stream z = {.next_out = buffer, .avail_out = sizeof(buffer)};

	assert_int_equal(pprof_sink.write(r, f), 0);
	fclose(f);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (unsigned char *)text;
	z.avail_in = (uInt)len;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	inflateEnd(&z);
	free(text);
	return (struct bytes){buffer, buffer + z.total_out};
}

static void numbers_on_the_wire(void **state)
{
	static const struct {
		uint64_t n;
		const char *bytes;
		size_t len;
	} cases[] = {
		{0, "\0", 1},	      {1, "\x01", 1},
		{127, "\x7f", 1},     {128, "\x80\x01", 2},
		{300, "\xac\x02", 2}, {UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct strbuf b = {0};

		proto_varint(&b, cases[i].n);
		assert_int_equal(b.len, cases[i].len);
		assert_memory_equal(b.s, cases[i].bytes, cases[i].len);
		strbuf_free(&b);
	}
}

static void sample_types(void **state)
{
	static const char *const want[][2] = {
		{"inuse_space", "bytes"}, {"samples", "count"}, {"growth_space", "bytes"}};
	struct report *r = paths_report();
	struct bytes profile = unpacked(r);
	struct field f;

	assert_int_equal(count_fields(profile, 1), N_OF(want));
	for (size_t i = 0; i < N_OF(want); i++) {
		assert_true(find_field(profile, 1, i, &f));
		assert_text_is(profile, value_of(f.inside, 1), want[i][0]);
		assert_text_is(profile, value_of(f.inside, 2), want[i][1]);
	}
	assert_text_is(profile, 0, "");
	assert_text_is(profile, value_of(profile, 14), "inuse_space");
	assert_int_equal(value_of(profile, 9), r->end_ns);
	assert_int_equal(value_of(profile, 10), 20 * 1000000000ULL);
	report__free(r);
}

/* The first path: an inlined function and its caller are one location of two lines. */
static void a_sample(void **state)
{
	struct report *r = paths_report();
	struct bytes profile = unpacked(r), ids, values, location, line, function, mapping;
	struct field f;

	assert_true(find_field(profile, 2, 0, &f));
	assert_true(find_field(f.inside, 2, 0, &f));
	values = f.inside;
	assert_int_equal(varint(&values), 192 * MIB);
	assert_int_equal(varint(&values), 384);
	assert_int_equal(varint(&values), 192 * MIB);
	assert_ptr_equal(values.p, values.end);

	assert_true(find_field(profile, 2, 0, &f));
	assert_true(find_field(f.inside, 1, 0, &f));
	ids = f.inside;
	location = by_id(profile, 4, varint(&ids));
	assert_int_equal(count_fields(location, 4), 2);
	assert_true(find_field(location, 4, 0, &f));
	line = f.inside;
	assert_int_equal(value_of(line, 2), 12);
	function = by_id(profile, 5, value_of(line, 1));
	assert_text_is(profile, value_of(function, 2), "take_from_shelf");
	assert_text_is(profile, value_of(function, 4), "/src/shop.cc");
	assert_true(find_field(location, 4, 1, &f));
	function = by_id(profile, 5, value_of(f.inside, 1));
	assert_text_is(profile, value_of(function, 2), "store::stock(store::Shelf<int>&)");

	mapping = by_id(profile, 3, value_of(location, 2));
	assert_text_is(profile, value_of(mapping, 5), "/usr/lib/shop.so");
	assert_text_is(profile, value_of(mapping, 6), PATH_BUILD_ID);
	assert_int_equal(value_of(location, 3) - value_of(mapping, 2), 0x1240);
	assert_true(value_of(location, 3) < value_of(mapping, 3));
	varint(&ids);
	varint(&ids);
	assert_ptr_equal(ids.p, ids.end);
	report__free(r);
}

static void negative_growth(void **state)
{
	struct report *r = paths_report();
	struct bytes profile = unpacked(r), values;
	struct field f;

	assert_true(find_field(profile, 2, 1, &f));
	assert_true(find_field(f.inside, 2, 0, &f));
	values = f.inside;
	varint(&values);
	varint(&values);
	assert_int_equal((int64_t)varint(&values), -16 * (int64_t)MIB);
	report__free(r);
}

/* A path that was freed shows what it lost; nothing of it is live. */
static void every_path_with_its_labels(void **state)
{
	static const struct {
		const char *key, *text;
		uint64_t number;
	} want[] = {{"domain", "user", 0},
		    {"pid", NULL, 1234},
		    {"comm", "python3", 0},
		    {"stack", "incomplete", 0}};
	struct report *r = paths_report();
	struct bytes profile = unpacked(r), sample;
	struct field f;

	assert_int_equal(count_fields(profile, 2), r->paths.n);
	assert_true(find_field(profile, 2, 2, &f)); /* the cut one */
	sample = f.inside;
	assert_int_equal(count_fields(sample, 3), N_OF(want));
	for (size_t i = 0; i < N_OF(want); i++) {
		assert_true(find_field(sample, 3, i, &f));
		assert_text_is(profile, value_of(f.inside, 1), want[i].key);
		if (want[i].text)
			assert_text_is(profile, value_of(f.inside, 2), want[i].text);
		assert_int_equal(value_of(f.inside, 3), want[i].number);
	}
	report__free(r);
}

static bool is_utf8(struct bytes b)
{
	size_t len = (size_t)(b.end - b.p), size = 3 * len + 1;
	char *copy = malloc(size), *text = strndup((const char *)b.p, len);
	bool same;

	safe_utf8(copy, size, text, len);
	same = !strcmp(copy, text);
	free(copy);
	free(text);
	return same;
}

/* What references point to exists, ids are unique, strings are UTF-8. */
static void references(void **state)
{
	struct report *r = paths_report();
	struct bytes profile = unpacked(r);
	size_t n_strings = count_fields(profile, 6);
	struct field f, inner;

	for (size_t i = 0; find_field(profile, 6, i, &f); i++)
		assert_true(is_utf8(f.inside));
	for (size_t i = 0; find_field(profile, 4, i, &f); i++) {
		assert_int_equal(value_of(f.inside, 1), i + 1);
		if (value_of(f.inside, 2))
			by_id(profile, 3, value_of(f.inside, 2));
		for (size_t j = 0; find_field(f.inside, 4, j, &inner); j++)
			by_id(profile, 5, value_of(inner.inside, 1));
	}
	for (size_t i = 0; find_field(profile, 5, i, &f); i++)
		assert_true(value_of(f.inside, 2) && value_of(f.inside, 2) < n_strings);
	for (size_t i = 0; find_field(profile, 3, i, &f); i++)
		assert_true(value_of(f.inside, 5) < n_strings &&
			    value_of(f.inside, 2) < value_of(f.inside, 3));
	report__free(r);
}

static void nothing_known(void **state)
{
	struct report *r = empty_report();
	struct bytes profile = unpacked(r);

	assert_int_equal(count_fields(profile, 1), 3);
	assert_int_equal(count_fields(profile, 2), 0);
	report__free(r);
	r = paths_report();
	assert_write_error(&pprof_sink, r);
	assert_true(pprof_sink.binary);
	report__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_on_the_wire),
		cmocka_unit_test(sample_types),
		cmocka_unit_test(a_sample),
		cmocka_unit_test(negative_growth),
		cmocka_unit_test(every_path_with_its_labels),
		cmocka_unit_test(references),
		cmocka_unit_test(nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
