/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Whether RssAnon and its like in /proc/PID/status are exact on this kernel:
 * 1 yes, 0 no, -errno when it could not be told (root_fd's proc is not ours).
 * Tries it out: a counter kept in parts, by CPU (6.2 on) or thread (before),
 * does not show single pages when only its main part is printed.
 */
int rss_is_exact(int root_fd);
