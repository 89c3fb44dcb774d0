/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of others, read with json-c: of any shape, and bounded in depth. */
#pragma once

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/parse.h"

static inline void cleanup_json(struct json_object **o)
{
	json_object_put(*o);
}
#define _cleanup_json_ _cleanup_(cleanup_json)

/* 0, -EBADMSG, -ENOMEM; *ret is the caller's to put. */
int json_read(struct cursor text, struct json_object **ret);
/* Borrowed; NULL when o is no object or has none of this name. */
struct json_object *json_member(struct json_object *o, const char *key);
/* A whole number that is not below 0; 0, or -ENOENT. */
int json_u64(struct json_object *o, uint64_t *ret);
