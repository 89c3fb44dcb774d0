/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An object written member by member and its arrays row by row, values by
 * json-c. Out of memory is remembered and told by json_end(): the functions in
 * between take NULL objects.
 */
#pragma once

#include <json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_writer {
	FILE *out;
	bool has_member, has_row;
	int err; /* the first */
};

void json_begin(struct json_writer *w);
/* Closes the object and flushes: 0, -ENOMEM or -errno of a failed write. */
int json_end(struct json_writer *w);
/* Writes the members of o as members of the object, and drops o. */
void json_members(struct json_writer *w, struct json_object *o);
void json_array_begin(struct json_writer *w, const char *name);
void json_row(struct json_writer *w, struct json_object *row); /* drops row */
void json_array_end(struct json_writer *w);

struct json_object *json_new(void);
/* At most size bytes, up to a NUL; made valid UTF-8. */
struct json_object *json_string(const char *s, size_t size);

/* A member of o. A value that could not be made spoils o, so that a member is
 * never missing for lack of memory. */
void json_add(struct json_object *o, const char *name, struct json_object *value);
void json_add_string(struct json_object *o, const char *name, const char *s, size_t size);
void json_add_u64(struct json_object *o, const char *name, uint64_t n);
void json_add_i64(struct json_object *o, const char *name, int64_t n);
void json_add_bool(struct json_object *o, const char *name, bool b);
void json_add_seconds(struct json_object *o, const char *name, uint64_t ns);
/* As a whole number; absent when it is none that 64 bits hold. */
void json_add_rounded(struct json_object *o, const char *name, double n);
