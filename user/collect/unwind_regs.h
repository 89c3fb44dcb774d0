/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to unwind*.c. */
#pragma once

#include <elfutils/libdwfl.h>

#include "memtrace.h"

bool unwind_set_registers(Dwfl_Thread *thread, const struct mt_sample *s);
