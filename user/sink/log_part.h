/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces that the logs are put together from. */
#pragma once

#include "sink/log.h"

/* The lines for people that every log begins with. */
void log_head(struct strbuf *b, const struct run_info *info, const char *what);
/* Time and word. */
void log_start(struct strbuf *b, const struct moment *m, const char *word);
/* Each a blank and a column. */
void log_kb(struct strbuf *b, bool known, uint64_t bytes);
void log_change_kb(struct strbuf *b, bool known, uint64_t before, uint64_t now); /* with sign */
void log_count(struct strbuf *b, int width, bool known, uint64_t n);
void log_percent(struct strbuf *b, bool known, uint32_t hundredths);
void log_name(struct strbuf *b, const char *name, size_t size);
/* What the interval was used for, in boot diagnostics. */
void log_phase(struct strbuf *b, const struct moment *m);
/* The line of an alert. */
void log_alert(struct strbuf *b, const struct moment *m, const struct alert *a);
/* A line that says why this part is not there. */
void log_missing(struct strbuf *b, const struct moment *m, enum system_part part);
