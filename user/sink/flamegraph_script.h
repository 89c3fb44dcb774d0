/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* JavaScript of the flame graph: zoom, search, details. Holds no "]]>". */
extern const char flamegraph_script[];
