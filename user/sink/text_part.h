/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the text report, in files by what they are about. To add a section:
 * a function here and a line in text.c's table, which is their order. */
#pragma once

#include <stdio.h>

#include "model/report.h"

void text_processes(const struct report *r, FILE *out);
void text_details(const struct report *r, FILE *out);
void text_verdicts(const struct report *r, FILE *out);
void text_containers(const struct report *r, FILE *out);
/* "verdict on WHAT: …" as a paragraph; nothing when it was not judged. */
void text_verdict(const struct report_verdict *v, FILE *out, const char *lead);
void text_paths(const struct report *r, FILE *out);
void text_classes(const struct report *r, FILE *out);
void text_left_behind(const struct report *r, FILE *out);
void text_removed(const struct report *r, FILE *out);
void text_ledger(const struct report *r, FILE *out);
void text_other_owners(const struct report *r, FILE *out);

/* Of --analyze; nothing in other reports. */
void text_looks(const struct report *r, FILE *out);
void text_alerts(const struct report *r, FILE *out);
void text_analysis(const struct report *r, FILE *out);
void text_analysis_kept(const struct report *r, FILE *out);
void text_analysis_maps(const struct report *r, FILE *out);

/* "exit 3", "signal 9" of a wait(2) status. */
#define STATUS_SIZE 24
char *status_text(char dst[static STATUS_SIZE], int status);
