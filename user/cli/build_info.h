/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

extern const char memtrace_version[];
