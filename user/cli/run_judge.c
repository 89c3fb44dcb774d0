/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/judge.h"
#include "cli/output.h"
#include "cli/run.h"
#include "cli/run_common.h"

int run_judge(const struct options *o)
{
	_cleanup_(output__close) struct output out = {};
	enum verdict_kind kind;
	int err, status;

	if (output__open(&out, o))
		return 1;
	if (judge_main(o->judge, o->format, out.out, &kind))
		return 1;
	status = o->fail_on && (kind == VERDICT_LEAK || (int)kind == o->fail_on) ? EXIT_FAIL_ON : 0;
	if (!out.file)
		return status;
	err = atomic_file__commit(out.file);
	out.file = NULL;
	return err ? (log_error_errno(err, "the verdict could not be written"), 1) : status;
}
