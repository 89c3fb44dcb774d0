/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>

#include "collect/activity.h"
#include "collect/facts.h"
#include "collect/log_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor all = {(const char *)data, (const char *)data + size}, text = all;
	char at[JOURNAL_CURSOR_SIZE];
	struct package_set set;
	struct activity a = {0};
	struct log_event e;
	uint64_t bytes;
	int err;

	kmsg_record_parse(all, INT64_MIN, &e);
	while ((err = journal_entry_parse(&text, &e, at)) != -ENODATA)
		if (text.p > text.end)
			abort();
	dpkg_status_parse(all, &set);
	proc_stat_parse(all, 100, &a);
	net_dev_parse(all, &bytes);
	return 0;
}
