/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fixed-width types, on both sides of the wire. */
#pragma once

#ifdef __bpf__
#define static_assert _Static_assert
#else
#include <assert.h>
#include <linux/types.h>
#endif
