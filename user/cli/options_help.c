/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "analyze/alert.h"
#include "cli/option_table.h"
#include "collect/bpf/sources.h"
#include "sink/sink.h"

#define HELP_COLUMNS 100
#define HELP_INDENT 28 /* where the explanations start */

static const char *const intro =
	"Usage: memtrace [OPTION]... --pid PID[,PID...] | --comm NAME | --cgroup PATH\n"
	"       memtrace [OPTION]... -- COMMAND [ARG...]\n"
	"       memtrace [OPTION]... --monitor [MINUTES [SECONDS]]\n"
	"       memtrace [OPTION]... --analyze [FILE]\n"
	"       memtrace [OPTION]... --report SESSION\n"
	"       memtrace [OPTION]... --doctor\n"
	"       memtrace [OPTION]... --judge FILE|DIR\n"
	"\n"
	"Tells who takes the memory of this machine: every page is attributed to the process that\n"
	"took it, from the moment memtrace starts, and what was not seen is said.\n";

static const char *const outro =
	"\n"
	"Examples:\n"
	"  sudo memtrace --pid 1234 --duration 5m      what 1234 and its children take in 5 "
	"minutes\n"
	"  sudo memtrace --duration 10s -- ./server -x run a program and trace it\n"
	"  sudo memtrace --comm nginx --format json -o nginx.json --duration 1h\n"
	"  sudo memtrace --monitor 180 30              the whole machine for 3 hours, every 30 s\n"
	"  sudo memtrace --analyze --duration 1m       every process, who leaks what\n"
	"  memtrace --report SESSION.db                the report of an earlier run again\n"
	"  memtrace --judge rss.csv                    is this series (t_seconds,value_kb) a "
	"leak?\n"
	"  sudo memtrace --doctor                      what works here, and what would fix the "
	"rest\n"
	"\n"
	"Exit status: 0 fine, 1 failed, 2 wrong usage, 141 nobody reads standard output. Ctrl-C\n"
	"ends a run early with a full report.\n";

/* Prints text from column `at` on, broken at blanks, further lines indented. */
static void print_wrapped(FILE *out, const char *text, size_t at)
{
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && at + 1 + len > HELP_COLUMNS) {
			fprintf(out, "\n%*s", HELP_INDENT, "");
			at = HELP_INDENT;
			first = true;
		}
		fprintf(out, "%s%.*s", first ? "" : " ", (int)len, text);
		at += len + !first;
		first = false;
		text += len + strspn(text + len, " ");
	}
	fputc('\n', out);
}

static void print_row(FILE *out, const char *left, const char *text)
{
	int used = fprintf(out, "  %s", left);

	if (used < 0)
		return;
	/* at least two blanks between the columns, else a line of its own */
	if (used > HELP_INDENT - 2) {
		fputc('\n', out);
		used = 0;
	}
	fprintf(out, "%*s", HELP_INDENT - used, "");
	print_wrapped(out, text, HELP_INDENT);
}

static void print_option(FILE *out, const struct option_def *def)
{
	char left[80], letter[8] = "    ";

	if (def->letter)
		snprintf(letter, sizeof(letter), "-%c, ", def->letter);
	if (!*def->name)
		snprintf(left, sizeof(left), "    -- %s", def->arg);
	else
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, def->name, def->arg ? " " : "",
			 def->arg ? def->arg : "");
	print_row(out, left, def->help);
}

static bool is_mode(const struct option_def *def)
{
	return def->mode != MODE_NONE && def->mode != MODE_HELP && def->mode != MODE_VERSION;
}

static void print_options(FILE *out, bool modes)
{
	for (size_t i = 0; i < option_table_n; i++)
		if (!option_table[i].hidden && is_mode(&option_table[i]) == modes)
			print_option(out, &option_table[i]);
}

static void print_thresholds(FILE *out)
{
	fputs("\nAlerts, for --threshold, with what each begins above:\n", out);
	for (int kind = 0; kind < _ALERT_KIND_MAX; kind++) {
		const struct alert_def *def = &alert_defs[kind];
		char text[160];

		snprintf(text, sizeof(text), "%s; %llu%s", def->help,
			 (unsigned long long)def->threshold,
			 def->unit == ALERT_PERCENT ? " %"
			 : def->unit == ALERT_BYTES ? " bytes"
						    : "");
		print_row(out, alert_kind_names[kind], text);
	}
}

void options_help_print(FILE *out)
{
	fputs(intro, out);
	fputs("\nWhat to do, one of:\n", out);
	print_options(out, true);
	fputs("\nOptions:\n", out);
	print_options(out, false);
	fputs("\nFormats, for --format:\n", out);
	for (const struct sink *const *s = sink_all(); *s; s++)
		print_row(out, (*s)->name, (*s)->help);
	print_thresholds(out);
	fputs("\nEvent sources, for --no-source, and what they are for:\n", out);
	for (int i = 0; i < _SOURCE_MAX; i++)
		print_row(out, bpf_sources[i].name, bpf_sources[i].gives);
	fputs(outro, out);
}

void options__help(void)
{
	options_help_print(stdout);
}
