/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* This process's own vdso (every 64-bit process has the same) as a file; -ENOENT: it has none. */
int vdso_open(void);
