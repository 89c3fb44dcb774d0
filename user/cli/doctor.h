/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "model/feature.h"

/*
 * Prints what was probed, in the order it was, as
 *
 *   works     page attribution  owner table of 8 MiB
 *   missing   fentry            attach refused: Operation not permitted
 *                               fix: boot with lockdown=none
 *
 *   1 works, 0 degraded, 1 missing
 *
 * or as JSON, schema "memtrace.doctor/1": {schema, features[]{name, state,
 * detail, fix}}; fix is absent where nothing would change it.
 * 0 or -errno; write errors that stdio holds back are close_stdout()'s.
 */
int doctor_print_text(const struct features *f, FILE *out);
int doctor_print_json(const struct features *f, FILE *out);

/* By the word after --format: "text" or "json"; -EINVAL for others. */
int doctor_print(const struct features *f, const char *format, FILE *out);
