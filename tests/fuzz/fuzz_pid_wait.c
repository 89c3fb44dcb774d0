/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syscall, and the signal masks of status. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "collect/pid_wait.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cursor text = {(const char *)data, (const char *)data + size};
	char name[SYSCALL_TEXT_SIZE] = "untouched";
	int err = syscall_parse(text, name);

	assert(memchr(name, '\0', sizeof(name)));
	assert(!err || (err == -EBADMSG && !strcmp(name, "untouched")));
	assert(sigchld_parse(text) < _SIGCHLD_MAX);
	return 0;
}
