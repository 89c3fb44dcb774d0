/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/history.h"
#include "model/report_analysis.h"

/* Open files of the whole machine at both ends of a run. Pure. */
struct machine_files machine_files_of(const struct history *h);
