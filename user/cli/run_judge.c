/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/judge.h"
#include "cli/output.h"
#include "cli/run.h"

int run_judge(const struct options *o)
{
	_cleanup_(output__close) struct output out = {};
	int err;

	if (output__open(&out, o))
		return 1;
	if (judge_main(o->judge, o->format, out.out, NULL))
		return 1;
	if (!out.file)
		return 0;
	err = atomic_file__commit(out.file);
	out.file = NULL;
	return err ? (log_error_errno(err, "the verdict could not be written"), 1) : 0;
}
