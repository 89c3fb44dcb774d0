/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What boot diagnostics found, in words and short tables, for the end of the summary log. */
#pragma once

#include "base/str.h"
#include "model/boot_growth.h"

/* The first line of it, to be found again. */
#define BOOT_SUMMARY_TITLE "== BOOT DIAGNOSTICS SUMMARY =="

/* growers: what is worth a line, ranked by who called. */
void boot_summary_text(struct strbuf *b, const struct boot_summary *s);
