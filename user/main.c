/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/close_stdout.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/build_info.h"

static int help(const struct options *o)
{
	(void)o;
	options__help();
	return 0;
}

static int version(const struct options *o)
{
	(void)o;
	printf("memtrace %s\n", memtrace_version);
	return 0;
}

static int (*const modes[])(const struct options *o) = {
	[MODE_TRACE] = run_trace,
	[MODE_REPORT] = run_report,
	[MODE_DOCTOR] = run_doctor,
	[MODE_JUDGE] = run_judge,
	[MODE_MONITOR] = run_monitor,
	[MODE_ANALYZE] = run_analyze,
	[MODE_HELP] = help,
	[MODE_VERSION] = version,
	[MODE_BOOT] = run_boot,
	[MODE_INSTALL_SERVICE] = run_install_service,
	[MODE_UNINSTALL_SERVICE] = run_uninstall_service,
	[MODE_STATUS] = run_status,
	[MODE_BUGREPORT] = run_bugreport,

};

int main(int argc, char **argv)
{
	struct options options;
	int status, err;

	if (options__parse(argc, argv, &options))
		return 2;
	/* A file size limit or a reader that went away is an error of the write. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_INFO + options.verbose);
	status = modes[options.mode](&options);
	options__free(&options);
	err = close_stdout(stdout);
	if (err == -EPIPE && status <= 1)
		return 128 + SIGPIPE; /* what a shell has for those it ends */
	return err && err != -EPIPE ? 1 : status;
}
