/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A skip without a reason counts as a failure (tests/lib/tap.awk). After cmocka.h. */
#pragma once

#define skip_because(...)                                                                          \
	do {                                                                                       \
		print_message("\nskip: " __VA_ARGS__);                                             \
		print_message("\n");                                                               \
		skip();                                                                            \
	} while (0)
