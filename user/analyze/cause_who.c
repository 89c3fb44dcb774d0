/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/cause_who.h"

void cause_say_process(const char comm[static COMM_SIZE], uint32_t pid, uint32_t own_pid,
		       struct strbuf *b)
{
	if (*comm)
		strbuf_addf(b, "%.*s (pid %u)", COMM_SIZE - 1, comm, pid);
	else
		strbuf_addf(b, "pid %u", pid);
	if (pid == own_pid)
		strbuf_addf(b, ", this tool itself");
}
