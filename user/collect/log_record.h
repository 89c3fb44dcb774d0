/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of the kernel's log and of the journal, and which of them matter. Pure. */
#pragma once

#include "base/parse.h"
#include "model/boot.h"

/* What a message is about, by its words; CRITICAL_NONE for most. */
enum critical_kind critical_classify(struct cursor text, bool kernel);

/*
 * A record of /dev/kmsg. Its time counts from boot without suspends:
 * `mono_to_real_ns` is CLOCK_REALTIME - CLOCK_MONOTONIC now. 0, or -EBADMSG.
 * What other programs write into the kernel's log is theirs, not the kernel's.
 */
int kmsg_record_parse(struct cursor record, int64_t mono_to_real_ns, struct log_event *ret);

/*
 * The next entry of journalctl's export format, which is cut off *text. 0;
 * -ENODATA when there is no whole one; -EBADMSG for one that is no entry
 * (skipped). ret_cursor gets where it stands in the journal, "" if not told.
 */
#define JOURNAL_CURSOR_SIZE 256
int journal_entry_parse(struct cursor *text, struct log_event *ret,
			char ret_cursor[static JOURNAL_CURSOR_SIZE]);
