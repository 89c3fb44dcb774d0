/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How columns are written down, and those of schema_analysis.c and schema_code.c. */
#pragma once

#include "store/schema.h"

/* type of the row, member, kind, documentation */
#define FIELD(type, member, column, k, text)                                                       \
	{                                                                                          \
		.name = (column), .doc = (text), .kind = (k), .offset = offsetof(type, member),    \
		.size = sizeof(((type *)NULL)->member)                                             \
	}
#define FIELD_IF(type, member, column, k, known, text)                                             \
	{                                                                                          \
		.name = (column), .doc = (text), .kind = (k), .when = WHEN_BOOL,                   \
		.offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member),          \
		.flag = offsetof(type, known)                                                      \
	}
#define FIELD_ENUM(type, member, column, n, text)                                                  \
	{                                                                                          \
		.name = (column), .doc = (text), .kind = COLUMN_ENUM,                              \
		.offset = offsetof(type, member), .size = (n)                                      \
	}
#define FIELD_PID(type)                                                                            \
	FIELD(type, id.pid, "pid", COLUMN_U32, "with start_ticks: which process"),                 \
		FIELD(type, id.start_ticks, "start_ticks", COLUMN_U64, "1/100 s since boot")

/* With their lengths: row_tables[] needs them. */
extern const struct column alert_columns[10], analysis_columns[3], zombie_columns[7],
	zombie_parent_columns[8], fd_columns[15], fd_group_columns[6], sysv_columns[18],
	tmpfs_columns[7], shm_columns[8], shm_holder_columns[7], mapping_columns[16],
	module_columns[6], node_columns[4], symbol_columns[7], path_columns[14],
	path_cgroup_columns[6], path_ages_columns[3 + PATH_EPOCHS], sampling_columns[6];
