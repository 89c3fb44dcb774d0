/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/alert_json.h"

#include <string.h>

#include "base/when.h"
#include "sink/json_write.h"

static void add_word(struct json_object *o, const char *name, const char *word)
{
	json_add_string(o, name, word, strlen(word));
}

struct json_object *alert_object(const struct alert *a)
{
	struct json_object *o = json_new();
	char time[UTC_TIME_SIZE];

	add_word(o, "time", utc_time(time, a->time_ns));
	add_word(o, "kind", alert_kind_names[a->kind]);
	add_word(o, "state", alert_state_names[a->state]);
	add_word(o, "severity", alert_severity_names[alert_severity(a)]);
	if (a->subject[0])
		json_add_string(o, "subject", a->subject, sizeof(a->subject));
	if (a->id.pid)
		json_add_u64(o, "pid", a->id.pid);
	json_add_u64(o, "value", a->value);
	json_add_u64(o, "threshold", a->threshold);
	add_word(o, "unit", alert_unit_names[a->unit]);
	json_add_string(o, "message", a->message, sizeof(a->message));
	return o;
}

int alert_json(const struct alert *a, FILE *out)
{
	struct json_writer w = {.out = out};
	struct json_object *schema = json_new();

	add_word(schema, "schema", "memtrace.alert/1");
	json_begin(&w);
	json_members(&w, schema);
	json_members(&w, alert_object(a));
	return json_end(&w);
}
