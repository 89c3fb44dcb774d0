/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/close_stdout.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio_ext.h>

#include "base/log.h"

int close_stdout(FILE *out)
{
	bool pending = __fpending(out) != 0;
	bool failed = ferror(out) != 0;
	int err = 0;

	errno = 0;
	if (fclose(out))
		err = errno ? -errno : -EIO;
	else if (failed)
		err = -EIO; /* an earlier write; its errno is gone */
	/* `memtrace >&-` that printed nothing */
	if (err == -EBADF && !pending && !failed)
		err = 0;
	if (err && err != -EPIPE)
		log_error_errno(err, "cannot write to standard output");
	return err;
}
