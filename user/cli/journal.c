/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "collect/log_record.h"

#define NS_PER_S 1000000000ull
#define QUERY_NS (15 * NS_PER_S)
/* Given up after so many: a journal on a dead disk stays one. */
#define HUNG_MAX 3
#define FAILED_MAX 5
/* The newest of each query; -n of journalctl. */
#define LINES_MAX 1000
#define LINES_ARG "1000"
_Static_assert(LINES_MAX == 1000, "the argument says the same");

static bool given_up(const struct journal *j)
{
	return !j->wanted || j->start_err || j->n_hung >= HUNG_MAX || j->n_failed >= FAILED_MAX;
}

void journal__ask(struct journal *j, uint64_t now_ns)
{
	char fields[] = "--output-fields=MESSAGE,PRIORITY,UNIT,SYSLOG_IDENTIFIER,_TRANSPORT";
	char *argv[16], program[] = "journalctl", lines[] = LINES_ARG;
	char *const fixed[] = {program,
			       (char *)"--boot",
			       (char *)"--quiet",
			       (char *)"--no-pager",
			       (char *)"--output=export",
			       (char *)"--priority=warning",
			       (char *)"--lines",
			       lines,
			       fields};
	size_t n = sizeof(fixed) / sizeof(fixed[0]);

	if (given_up(j) || j->helper.pid)
		return;
	memcpy(argv, fixed, sizeof(fixed));
	if (j->after[0])
		argv[n++] = j->after;
	if (!j->with_kernel) {
		argv[n++] = (char *)"_TRANSPORT=journal";
		argv[n++] = (char *)"_TRANSPORT=stdout";
		argv[n++] = (char *)"_TRANSPORT=syslog";
	}
	argv[n] = NULL;
	j->helper.deadline_ns = now_ns + QUERY_NS;
	j->start_err = helper__start(&j->helper, argv, false);
	if (j->start_err)
		log_debug_errno(j->start_err, "journalctl");
	else
		j->n_queries++;
}

static void take_entries(struct journal *j)
{
	struct cursor text = {j->helper.text.s, j->helper.text.s + j->helper.text.len};
	char at[JOURNAL_CURSOR_SIZE];
	struct log_event e;
	unsigned int n = 0;
	int err;

	while (text.p && (err = journal_entry_parse(&text, &e, at)) != -ENODATA) {
		n++;
		if (at[0])
			snprintf(j->after, sizeof(j->after), "--after-cursor=%s", at);
		if (err)
			j->n_bad++;
		else if (vec_push(&j->found, e))
			j->n_cut++;
	}
	j->n_cut += n >= LINES_MAX || j->helper.cut;
}

bool journal__turn(struct journal *j, uint64_t now_ns)
{
	int status;

	if (!j->helper.pid)
		return true;
	if (!helper__poll(&j->helper, now_ns, &status))
		return false;
	if (j->helper.hung)
		j->n_hung++;
	else if (status) /* no journal yet, early in a boot, or a rotated-away place in it */
		j->n_failed++;
	else
		j->n_failed = 0;
	if (status && !j->helper.hung)
		j->after[0] = '\0';
	if (!j->helper.hung)
		take_entries(j);
	return true;
}

int journal__limits(const struct journal *j, struct limits *l)
{
	int err = 0;

	if (!j->wanted || j->start_err)
		err = limits__set(
			l, "no_journal", 0,
			"the journal was not read: services that failed are not told (%s)",
			j->wanted ? strerror(-j->start_err)
				  : "there is none, or another root was asked for");
	else if (j->n_hung)
		err = limits__set(l, "journal_hung", j->n_hung,
				  "queries of the journal that did not end in %llu s%s",
				  QUERY_NS / NS_PER_S, j->n_hung >= HUNG_MAX ? ": given up" : "");
	else if (j->n_failed >= FAILED_MAX)
		err = limits__set(l, "journal_failed", j->n_failed,
				  "queries of the journal that failed: given up");
	if (!err && j->n_cut)
		err = limits__set(l, "journal_cut", j->n_cut,
				  "queries of the journal with more than the %d warnings that are "
				  "kept of each",
				  LINES_MAX);
	if (!err && j->n_bad)
		err = limits__set(l, "journal_damaged", j->n_bad,
				  "entries of the journal that could not be understood");
	return err;
}

void journal__close(struct journal *j)
{
	helper__end(&j->helper);
	vec_free(&j->found);
}
