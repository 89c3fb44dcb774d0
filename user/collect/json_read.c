/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/json_read.h"

#include <errno.h>
#include <limits.h>

#define JSON_DEPTH 32

int json_read(struct cursor text, struct json_object **ret)
{
	struct json_tokener *t;
	struct json_object *o;

	if (text.p == text.end || text.end - text.p > INT_MAX)
		return -EBADMSG;
	t = json_tokener_new_ex(JSON_DEPTH);
	if (!t)
		return -ENOMEM;
	o = json_tokener_parse_ex(t, text.p, (int)(text.end - text.p));
	json_tokener_free(t);
	if (!o)
		return -EBADMSG;
	*ret = o;
	return 0;
}

struct json_object *json_member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (o && json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &value);
	return value;
}

int json_u64(struct json_object *o, uint64_t *ret)
{
	int64_t n;

	if (!o || !json_object_is_type(o, json_type_int))
		return -ENOENT;
	n = json_object_get_int64(o);
	if (n < 0)
		return -ENOENT;
	*ret = (uint64_t)n;
	return 0;
}
