/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/close_stdout.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio_ext.h>

#include "base/log.h"

int stdout_failed(FILE *out, int err, const char *what)
{
	if (err == -EPIPE)
		return err;
	__fpurge(out);
	clearerr(out);
	return log_error_errno(err, "%s could not be written", what);
}

static bool is_read_by_nobody(FILE *out)
{
	struct pollfd p = {.fd = fileno(out)};

	return poll(&p, 1, 0) == 1 && p.revents & (POLLERR | POLLHUP);
}

int close_stdout(FILE *out)
{
	bool pending = __fpending(out) != 0;
	bool failed = ferror(out) != 0;
	bool gone = failed && is_read_by_nobody(out);
	int err = 0;

	errno = 0;
	if (fclose(out))
		err = errno ? -errno : -EIO;
	else if (failed)
		err = -EIO; /* an earlier write; its errno is gone */
	if (err && gone)
		err = -EPIPE;
	/* `memtrace >&-` that printed nothing */
	if (err == -EBADF && !pending && !failed)
		err = 0;
	if (err && err != -EPIPE)
		log_error_errno(err, "cannot write to standard output");
	return err;
}
