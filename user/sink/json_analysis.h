/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/report.h"
#include "sink/json_write.h"

/* The members of --analyze; nothing for other reports. Pure of I/O but for w's. */
void json_analysis(struct json_writer *w, const struct report *r);
