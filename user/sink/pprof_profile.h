/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report's paths as a message of pprof's profile.proto, uncompressed. The
 * field numbers are the public format's (github.com/google/pprof, profile.proto).
 */
#pragma once

#include "base/str.h"
#include "model/report.h"

/* 0 or -ENOMEM. */
int pprof_profile(const struct report *r, struct strbuf *ret);
