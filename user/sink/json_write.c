/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/json_write.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

#define NS_PER_S 1000000000ULL
#define STYLE (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* An object's user data when a member of it is missing for lack of memory. */
static char spoiled;

static void spoil(struct json_object *o)
{
	json_object_set_userdata(o, &spoiled, NULL);
}

static bool is_whole(struct json_object *o)
{
	return o && json_object_get_userdata(o) != &spoiled;
}

struct json_object *json_new(void)
{
	return json_object_new_object();
}

void json_add(struct json_object *o, const char *name, struct json_object *value)
{
	if (!o) {
		json_object_put(value);
		return;
	}
	if (!is_whole(value))
		spoil(o);
	if (value && json_object_object_add(o, name, value)) {
		json_object_put(value);
		spoil(o);
	}
}

struct json_object *json_string(const char *s, size_t size)
{
	size_t len = strnlen(s, size), utf8_size = 3 * len + 1; /* U+FFFD has three bytes */
	_cleanup_free_ char *utf8 = malloc(utf8_size);

	if (!utf8)
		return NULL;
	return json_object_new_string(safe_utf8(utf8, utf8_size, s, len));
}

void json_add_string(struct json_object *o, const char *name, const char *s, size_t size)
{
	json_add(o, name, json_string(s, size));
}

void json_add_u64(struct json_object *o, const char *name, uint64_t n)
{
	json_add(o, name, json_object_new_uint64(n));
}

void json_add_i64(struct json_object *o, const char *name, int64_t n)
{
	json_add(o, name, json_object_new_int64(n));
}

void json_add_bool(struct json_object *o, const char *name, bool b)
{
	json_add(o, name, json_object_new_boolean(b));
}

void json_add_seconds(struct json_object *o, const char *name, uint64_t ns)
{
	char text[48];
	int len = snprintf(text, sizeof(text), "%llu.%09llu", (unsigned long long)(ns / NS_PER_S),
			   (unsigned long long)(ns % NS_PER_S));

	while (text[len - 1] == '0' && text[len - 2] != '.')
		text[--len] = '\0';
	json_add(o, name, json_object_new_double_s((double)ns / (double)NS_PER_S, text));
}

void json_add_rounded(struct json_object *o, const char *name, double n)
{
	if (fabs(n) < 9.2e18)
		json_add_i64(o, name, (int64_t)llround(n));
}

/* --- writing --- */

static void put(struct json_writer *w, const char *s, size_t len)
{
	if (!w->err && fwrite(s, 1, len, w->out) != len)
		w->err = errno ? -errno : -EIO;
}

static void put_text(struct json_writer *w, const char *s)
{
	put(w, s, strlen(s));
}

/* The text of o, which lives as long as o does; NULL when there is none. */
static const char *text_of(struct json_writer *w, struct json_object *o, size_t *ret_len)
{
	const char *text =
		is_whole(o) ? json_object_to_json_string_length(o, STYLE, ret_len) : NULL;

	if (!text && !w->err)
		w->err = -ENOMEM;
	return text;
}

void json_begin(struct json_writer *w)
{
	put_text(w, "{\n");
}

static void begin_member(struct json_writer *w)
{
	if (w->has_member)
		put_text(w, ",\n");
	w->has_member = true;
}

void json_members(struct json_writer *w, struct json_object *o)
{
	size_t len = 0;
	const char *text = text_of(w, o, &len);

	if (text && len > 2) {
		begin_member(w);
		put(w, text + 1, len - 2); /* without its braces */
	}
	json_object_put(o);
}

void json_array_begin(struct json_writer *w, const char *name)
{
	begin_member(w);
	put_text(w, "\"");
	put_text(w, name);
	put_text(w, "\":[");
	w->has_row = false;
}

void json_row(struct json_writer *w, struct json_object *row)
{
	size_t len = 0;
	const char *text = text_of(w, row, &len);

	put_text(w, w->has_row ? ",\n" : "\n");
	if (text)
		put(w, text, len);
	w->has_row = true;
	json_object_put(row);
}

void json_array_end(struct json_writer *w)
{
	put_text(w, w->has_row ? "\n]" : "]");
}

int json_end(struct json_writer *w)
{
	put_text(w, "\n}\n");
	if (!w->err && fflush(w->out))
		w->err = errno ? -errno : -EIO;
	return w->err;
}
