/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts into the report: of its processes, of containers, slab caches and
 * lines of meminfo, and the list of all that grow. */
#pragma once

#include "analyze/follow.h"
#include "analyze/verdict/verdict.h"
#include "base/str.h"
#include "model/code_history.h"
#include "model/report.h"

/* After the rows of the report are there; code has the ages of sampled pages. 0 or -ENOMEM. */
int report_verdict__add(const struct follow *f, const struct code_history *code, struct report *r);

/* Something that leaks or may, and that the run is about. */
bool report_verdict__has_finding(const struct report *r);
/* The finding about leaks for the head of the report; nothing when nothing was judged. */
void report_verdict__note(const struct report *r, struct strbuf *b);

/* Does the report match --fail-on? Of a run that watched some, those alone count. */
bool report_verdict__has(const struct report *r, enum verdict_kind kind);
