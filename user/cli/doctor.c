/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/doctor.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

#define STATE_COLUMNS 9 /* "degraded" and a blank */
/* Every byte of a text may become four: \xNN in a terminal, U+FFFD (3) in JSON. */
#define SAFE_SIZE(field) (4 * sizeof(field) + 1)

static void cleanup_json(struct json_object **o)
{
	json_object_put(*o);
}

static int stream_error(FILE *out)
{
	return ferror(out) ? -EIO : 0;
}

static size_t name_columns(const struct features *f)
{
	size_t widest = 0;

	for (size_t i = 0; i < f->n; i++) {
		size_t len = strlen(f->v[i].name);

		widest = len > widest ? len : widest;
	}
	return widest;
}

static void print_feature(const struct feature *f, int columns, FILE *out)
{
	char detail[SAFE_SIZE(f->detail)], fix[SAFE_SIZE(f->fix)];

	safe_text(detail, sizeof(detail), f->detail, sizeof(f->detail));
	safe_text(fix, sizeof(fix), f->fix, sizeof(f->fix));
	fprintf(out, "%-*s %-*s%s%s\n", STATE_COLUMNS, feature_state_names[f->state],
		*detail ? columns : 0, f->name, *detail ? "  " : "", detail);
	if (*fix)
		fprintf(out, "%*sfix: %s\n", STATE_COLUMNS + 1 + columns + 2, "", fix);
}

int doctor_print_text(const struct features *f, FILE *out)
{
	size_t count[_FEATURE_STATE_MAX] = {0};
	int columns = (int)name_columns(f);

	for (size_t i = 0; i < f->n; i++) {
		print_feature(&f->v[i], columns, out);
		count[f->v[i].state]++;
	}
	fputs(f->n ? "\n" : "nothing was probed\n\n", out);
	for (int s = 0; s < _FEATURE_STATE_MAX; s++)
		fprintf(out, "%s%zu %s", s ? ", " : "", count[s], feature_state_names[s]);
	fputc('\n', out);
	return stream_error(out);
}

/* 0 or -ENOMEM; parent owns what was added. */
static int add_text(struct json_object *parent, const char *key, const char *text, size_t size)
{
	char safe[SAFE_SIZE(((struct feature *)0)->detail)];
	struct json_object *value;

	value = json_object_new_string(safe_utf8(safe, sizeof(safe), text, size));
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(parent, key, value)) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

static int feature_json(const struct feature *f, struct json_object **ret)
{
	_cleanup_(cleanup_json) struct json_object *o = json_object_new_object();
	const char *state = feature_state_names[f->state];

	if (!o || add_text(o, "name", f->name, strlen(f->name)) ||
	    add_text(o, "state", state, strlen(state)) ||
	    add_text(o, "detail", f->detail, sizeof(f->detail)))
		return -ENOMEM;
	if (*f->fix && add_text(o, "fix", f->fix, sizeof(f->fix)))
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

static int features_json(const struct features *f, struct json_object **ret)
{
	_cleanup_(cleanup_json) struct json_object *list = json_object_new_array();

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < f->n; i++) {
		struct json_object *o;

		if (feature_json(&f->v[i], &o))
			return -ENOMEM;
		if (json_object_array_add(list, o)) {
			json_object_put(o);
			return -ENOMEM;
		}
	}
	*ret = TAKE_PTR(list);
	return 0;
}

int doctor_print_json(const struct features *f, FILE *out)
{
	static const char schema[] = "memtrace.doctor/1";
	_cleanup_(cleanup_json) struct json_object *root = json_object_new_object();
	struct json_object *list;
	const char *text;

	if (!root || add_text(root, "schema", schema, strlen(schema)) || features_json(f, &list))
		return -ENOMEM;
	if (json_object_object_add(root, "features", list)) {
		json_object_put(list);
		return -ENOMEM;
	}
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return -ENOMEM;
	fputs(text, out);
	fputc('\n', out);
	return stream_error(out);
}

int doctor_print(const struct features *f, const char *format, FILE *out)
{
	if (!strcmp(format, "text"))
		return doctor_print_text(f, out);
	if (!strcmp(format, "json"))
		return doctor_print_json(f, out);
	return -EINVAL;
}
