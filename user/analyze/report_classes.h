/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel pages by what they are for, beside the ledger's lines. */
#pragma once

#include "model/report.h"

/* Adds up the paths of kernel pages; the ledger and all paths are there. 0 or -ENOMEM. */
int report_classes__add(struct report *r);
