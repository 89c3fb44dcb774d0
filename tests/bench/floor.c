/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor TRACEPOINT...: attaches an empty program to each, prints "ready", and
 * stays until stdin ends or a signal comes. tests/bench/run names the
 * tracepoints that a running memtrace holds, so that both always match.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "floor.skel.h"

static int attach_all(struct floor_bpf *skel, int n, char **names)
{
	for (int i = 0; i < n; i++) {
		/* The link is kept until the process ends. */
		if (!bpf_program__attach_raw_tracepoint(skel->progs.empty, names[i])) {
			fprintf(stderr, "floor: %s: %s\n", names[i], strerror(errno));
			return -errno;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct floor_bpf *skel;
	char c;

	if (argc < 2) {
		fprintf(stderr, "usage: floor TRACEPOINT...\n");
		return 2;
	}
	skel = floor_bpf__open_and_load();
	if (!skel) {
		fprintf(stderr, "floor: cannot load: %s\n", strerror(errno));
		return 1;
	}
	if (attach_all(skel, argc - 1, argv + 1))
		return 1;
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	floor_bpf__destroy(skel);
	return 0;
}
