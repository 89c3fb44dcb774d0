/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What removed cgroups left. Pure. */
#pragma once

#include "model/history.h"
#include "model/report.h"

/* 0 or -ENOMEM. */
int report_removed__add(const struct history *h, struct report *r);
