/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json.h>
#include <stdio.h>

#include "model/alert.h"

/* One alert as a JSON object: schema "memtrace.alert/1"; 0 or -errno. Members: time, kind,
 * state, severity, subject and pid where it is about one, value, threshold,
 * unit, message. */
int alert_json(const struct alert *a, FILE *out);
/* The same without the schema, as a row of a report. */
struct json_object *alert_object(const struct alert *a);
