/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts in the JSON report. */
#pragma once

#include "model/report.h"
#include "sink/json_write.h"

/* Member "verdict" of o; nothing when it was not judged. */
void json_add_verdict(struct json_object *o, const struct report_verdict *v);

/* "verdicts", "containers", "slab_caches", "judged". */
void json_write_verdicts(struct json_writer *w, const struct report *r);
