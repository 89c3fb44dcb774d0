/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has mapped: /proc/PID/maps and smaps. */
#pragma once

#include "base/parse.h"
#include "model/analysis.h"

/* As struct map_line, with what the path says taken apart, and a copy of it. */
struct mapping_line {
	uint64_t start, end;
	bool is_shared;
	uint64_t dev, inode; /* dev as makedev() packs it; both 0: no file */
	bool is_deleted;     /* name has lost the kernel's " (deleted)" */
	char name[192];	     /* "/usr/bin/x", "[heap]", "[anon:cache]", "": raw, cut when longer */
};

/* A mapping's first line; 0 or -EBADMSG. Pure. */
int mapping_line_parse(struct cursor line, struct mapping_line *ret);
enum mapping_class mapping_class_of(const struct mapping_line *m);

/* Adds up smaps line by line, whatever its length. All zero is empty. */
struct smaps_scan {
	struct mapping_sample class[_MAPPING_CLASS_MAX]; /* id left alone */
	uint64_t n_bad; /* lines that are neither a mapping nor a field: 0 for a kernel's file */
	/* private: of the mapping that is being read */
	struct mapping_line at;
	bool has_mapping;
	uint64_t seen; /* fields */
	uint64_t held;
};

void smaps_scan__line(struct smaps_scan *s, struct cursor line);
/* After the last line. */
void smaps_scan__end(struct smaps_scan *s);

/*
 * The whole file. What the process mapped or unmapped meanwhile may be in it
 * or not; 0; -ESRCH: gone, or another process has the pid; -EACCES; -ENOENT: a
 * kernel without it; -EBADMSG; -errno. ret is replaced on success only.
 */
int smaps_classes_read(int root_fd, struct proc_id id, struct smaps_scan *ret);

/* Each mapping of /proc/PID/maps; stops at the callback's error. 0 or as above. */
int maps_each(int root_fd, struct proc_id id, int (*each)(void *arg, const struct mapping_line *m),
	      void *arg);
