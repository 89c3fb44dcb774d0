/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/option_table.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "analyze/verdict/verdict.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/str.h"
#include "cli/option_paths.h"
#include "cli/threshold.h"
#include "collect/bpf/sources.h"
#include "sink/sink.h"

/* PID_MAX_LIMIT of 64-bit kernels is 4 Mi, exclusive (include/linux/threads.h). */
#define PID_HIGHEST (4 * 1024 * 1024 - 1)

#define NS_PER_MS 1000000ull

/* From LOG_INFO that is up to LOG_TRACE, and down to LOG_ERROR: errors are never silenced. */
#define VERBOSE_MAX (LOG_TRACE - LOG_INFO)
#define VERBOSE_MIN (LOG_ERROR - LOG_INFO)

char *option_label(const struct option_def *def, char dst[static OPTION_LABEL_SIZE])
{
	snprintf(dst, OPTION_LABEL_SIZE, "--%s", *def->name ? def->name : " COMMAND");
	return dst;
}

char *typed(char dst[static TYPED_SIZE], const char *text)
{
	return safe_text(dst, TYPED_SIZE, text, strlen(text));
}

int usage_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_printv(LOG_ERROR, fmt, args);
	va_end(args);
	log_error("try --help");
	return -EINVAL;
}

static void *member(const struct option_def *def, struct options *o)
{
	return (char *)o + def->offset;
}

static int set_flag(const struct option_def *def, const char *arg, struct options *o)
{
	(void)arg;
	*(bool *)member(def, o) = true;
	return 0;
}

static int say_more(const struct option_def *def, const char *arg, struct options *o)
{
	(void)arg;
	if (*(int *)member(def, o) < VERBOSE_MAX)
		(*(int *)member(def, o))++;
	return 0;
}

static int say_less(const struct option_def *def, const char *arg, struct options *o)
{
	(void)arg;
	if (*(int *)member(def, o) > VERBOSE_MIN)
		(*(int *)member(def, o))--;
	return 0;
}

static int set_nothing(const struct option_def *def, const char *arg, struct options *o)
{
	(void)def;
	(void)arg;
	(void)o;
	return 0;
}

static int set_string(const struct option_def *def, const char *arg, struct options *o)
{
	if (!*arg)
		return usage_error("--%s: the value is empty, it should be %s", def->name,
				   def->arg);
	*(const char **)member(def, o) = arg;
	return 0;
}

static int set_u32(const struct option_def *def, const char *arg, struct options *o)
{
	char shown[TYPED_SIZE];
	uint32_t n;
	int err = parse_u32(arg, &n);

	if (err == -ERANGE)
		return usage_error("--%s: '%s' is too large", def->name, typed(shown, arg));
	if (err)
		return usage_error("--%s: '%s' is not a number", def->name, typed(shown, arg));
	*(uint32_t *)member(def, o) = n;
	return 0;
}

/* For a number that parse_duration_ns() calls out of range: below or above? */
static bool is_below_one(const char *number)
{
	char first = number[strspn(number, "0")];

	return first < '1' || first > '9';
}

static int set_duration(const struct option_def *def, const char *arg, struct options *o)
{
	char shown[TYPED_SIZE];
	uint64_t ns;
	int err = parse_duration_ns(arg, &ns);

	if (err == -ERANGE && is_below_one(arg))
		return usage_error("--%s: '%s' is no time at all", def->name, typed(shown, arg));
	if (err == -ERANGE)
		return usage_error("--%s: '%s' is too long, at most 10 years", def->name,
				   typed(shown, arg));
	if (err)
		return usage_error("--%s: '%s' is not a duration (90, 90s, 500ms, 5m, 2h, 1d)",
				   def->name, typed(shown, arg));
	if (ns < def->min)
		return usage_error("--%s: '%s' is too short, at least %llu ms", def->name,
				   typed(shown, arg), (unsigned long long)(def->min / NS_PER_MS));
	*(uint64_t *)member(def, o) = ns;
	return 0;
}

static int add_pid(const char *item, struct options *o)
{
	char shown[TYPED_SIZE];
	uint32_t pid;
	int err = parse_u32(item, &pid);

	if (!*item)
		return usage_error("--pid: an empty entry; PIDs are separated by single commas");
	if (err == -EINVAL)
		return usage_error("--pid: '%s' is not a PID (several: --pid 12,34)",
				   typed(shown, item));
	if (err || pid > PID_HIGHEST)
		return usage_error("--pid: %s is too large, the highest PID is %d",
				   typed(shown, item), PID_HIGHEST);
	if (!pid)
		return usage_error("--pid: 0 is not a process");
	vec_for_each(have, &o->pids)
		if (*have == pid)
			return usage_error("--pid: %u is given twice", pid);
	return vec_push(&o->pids, pid);
}

static int add_pids(const struct option_def *def, const char *arg, struct options *o)
{
	(void)def;
	for (;;) {
		size_t len = strcspn(arg, ",");
		_cleanup_free_ char *item = strndup(arg, len);
		int err = item ? add_pid(item, o) : -ENOMEM;

		if (err)
			return err;
		arg += len;
		if (!*arg)
			return 0;
		arg++;
	}
}

static int set_format(const struct option_def *def, const char *arg, struct options *o)
{
	char shown[TYPED_SIZE], known[256];
	size_t len = 0;

	if (sink_find(arg)) {
		*(const char **)member(def, o) = arg;
		return 0;
	}
	known[0] = '\0';
	for (const struct sink *const *s = sink_all(); *s && len < sizeof(known); s++)
		len += snprintf(known + len, sizeof(known) - len, " %s", (*s)->name);
	return usage_error("--format: '%s' is not a format; known:%s", typed(shown, arg), known);
}

static int add_source(const struct option_def *def, const char *arg, struct options *o)
{
	char shown[TYPED_SIZE], known[256];
	size_t len = 0;

	known[0] = '\0';
	for (int i = 0; i < _SOURCE_MAX; i++) {
		const char *name = bpf_sources[i].name;

		if (!strcmp(name, arg))
			return vec_push(&o->disabled_sources, name);
		if (len < sizeof(known))
			len += snprintf(known + len, sizeof(known) - len, " %s", name);
	}
	return usage_error("--%s: '%s' is not a source; known:%s", def->name, typed(shown, arg),
			   known);
}

static int set_threshold(const struct option_def *def, const char *arg, struct options *o)
{
	char why[THRESHOLD_WHY_SIZE];
	int err = threshold_set(arg, o->thresholds, &o->thresholds_given, why);

	return err ? usage_error("--%s: %s", def->name, why) : 0;
}

static int set_fail_on(const struct option_def *def, const char *arg, struct options *o)
{
	static const enum verdict_kind kinds[] = {VERDICT_LEAK, VERDICT_GROWING};
	char shown[TYPED_SIZE];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(arg, verdict_kind_names[kinds[i]])) {
			o->fail_on = kinds[i];
			return 0;
		}
	return usage_error("--%s: '%s' is not a verdict to fail on; known: leak growing", def->name,
			   typed(shown, arg));
}

#define MONITOR_DURATION_NS (3600ull * 1000 * NS_PER_MS)
#define MONITOR_INTERVAL_NS (30ull * 1000 * NS_PER_MS)

static int set_monitor(const struct option_def *def, const char *arg, struct options *o)
{
	(void)def;
	(void)arg;
	o->duration_ns = MONITOR_DURATION_NS;
	o->interval_ns = MONITOR_INTERVAL_NS;
	return 0;
}

/* MINUTES, SECONDS: numbers without a unit, a fraction allowed. */
static int monitor_word(unsigned int nth, const char *arg, struct options *o)
{
	static const struct {
		const char *name, *unit;
	} words[] = {{"MINUTES", "m"}, {"SECONDS", "s"}};
	char shown[TYPED_SIZE], text[64];
	uint64_t ns;
	int err = -EINVAL;

	if (strspn(arg, "0123456789.") == strlen(arg) && strlen(arg) < sizeof(text) - 2) {
		snprintf(text, sizeof(text), "%s%s", arg, words[nth].unit);
		err = parse_duration_ns(text, &ns);
	}
	if (err == -ERANGE)
		return usage_error(
			"--monitor: %s is '%s', which is no time at all or more than 10 years",
			words[nth].name, typed(shown, arg));
	if (err)
		return usage_error("--monitor: %s is '%s', which is not a number", words[nth].name,
				   typed(shown, arg));
	if (nth && ns < 100 * NS_PER_MS)
		return usage_error("--monitor: SECONDS is '%s', which is too short, at least 0.1",
				   typed(shown, arg));
	*(nth ? &o->interval_ns : &o->duration_ns) = ns;
	return 0;
}

#define IN(mode) (1u << (mode))
#define IN_TRACE IN(MODE_TRACE)
#define IN_REPORT IN(MODE_REPORT)
#define IN_DOCTOR IN(MODE_DOCTOR)
#define IN_JUDGE IN(MODE_JUDGE)
#define IN_MONITOR IN(MODE_MONITOR)
#define IN_RUN (IN_TRACE | IN_MONITOR)
#define IN_ALL (IN_RUN | IN_REPORT | IN_DOCTOR | IN_JUDGE)

const struct option_def option_table[] = {
	{.name = "pid",
	 .letter = 'p',
	 .arg = "PID[,PID...]",
	 .mode = MODE_TRACE,
	 .repeats = true,
	 .parse = add_pids,
	 .help = "attribute the growth of these processes and of their children"},
	{.name = "comm",
	 .arg = "NAME",
	 .mode = MODE_TRACE,
	 .parse = set_string,
	 .offset = offsetof(struct options, comm),
	 .help = "the same for every process of this name, also those that start later; the kernel "
		 "keeps 15 bytes of a name, so only those are compared"},
	{.name = "cgroup",
	 .arg = "PATH",
	 .mode = MODE_TRACE,
	 .parse = set_string,
	 .offset = offsetof(struct options, cgroup),
	 .help = "the same for every process in this cgroup or below it; PATH as below "
		 "/sys/fs/cgroup, or with that in front"},
	{.name = "",
	 .arg = "COMMAND [ARG...]",
	 .mode = MODE_TRACE,
	 .parse = NULL,
	 .help = "run COMMAND and trace it from its first instruction; under sudo it runs as the "
		 "user who called sudo"},
	{.name = "monitor",
	 .arg = "[MINUTES [SECONDS]]",
	 .words = 2,
	 .mode = MODE_MONITOR,
	 .parse = set_monitor,
	 .word = monitor_word,
	 .help = "watch the whole machine for MINUTES (default 60), a sample each SECONDS (default "
		 "30): six logs in --log-dir, alerts, and a report at the end"},
	{.name = "report",
	 .arg = "SESSION",
	 .mode = MODE_REPORT,
	 .parse = set_string,
	 .offset = offsetof(struct options, session),
	 .help = "print the report of a session file written earlier; needs neither root nor BPF"},
	{.name = "doctor",
	 .mode = MODE_DOCTOR,
	 .parse = set_nothing,
	 .help = "tell what works here, what does not, why, and what would fix it"},
	{.name = "judge",
	 .arg = "FILE|DIR",
	 .mode = MODE_JUDGE,
	 .parse = set_string,
	 .offset = offsetof(struct options, judge),
	 .help = "is this a leak? the verdict on a series from anywhere: lines of "
		 "t_seconds,value_kb, - for standard input; on a directory of labelled ones the "
		 "score of the verdicts"},

	{.name = "duration",
	 .arg = "TIME",
	 .modes = IN_TRACE,
	 .parse = set_duration,
	 .offset = offsetof(struct options, duration_ns),
	 .help = "stop after TIME (90, 90s, 5m, 2h, 1d); without it when the processes are gone, "
		 "or on Ctrl-C"},
	{.name = "interval",
	 .arg = "TIME",
	 .modes = IN_TRACE,
	 .parse = set_duration,
	 .offset = offsetof(struct options, interval_ns),
	 .min = 100 * NS_PER_MS,
	 .help = "time between two samples, at least 100ms; default 5s"},
	{.name = "no-follow",
	 .modes = IN_TRACE,
	 .parse = set_flag,
	 .offset = offsetof(struct options, no_follow),
	 .help = "leave the children of the chosen processes out"},
	{.name = "format",
	 .arg = "FORMAT",
	 .modes = IN_ALL,
	 .parse = set_format,
	 .offset = offsetof(struct options, format),
	 .help = "what the report is printed as, see below; default text"},
	{.name = "output",
	 .letter = 'o',
	 .arg = "FILE",
	 .modes = IN_RUN | IN_REPORT | IN_JUDGE,
	 .parse = set_string,
	 .offset = offsetof(struct options, output),
	 .help = "write the report to FILE instead of standard output"},
	{.name = "top-processes",
	 .arg = "N",
	 .modes = IN_RUN | IN_REPORT,
	 .parse = set_u32,
	 .offset = offsetof(struct options, top),
	 .help = "of the processes that were not chosen show the N that moved most; default 10, "
		 "0 shows all"},
	{.name = "sample",
	 .arg = "SIZE",
	 .modes = IN_TRACE,
	 .parse = option_set_sample,
	 .offset = offsetof(struct options, sample_bytes),
	 .help = "look at the call path of one user page in about SIZE bytes taken; default 512K, "
		 "0: of none"},
	{.name = "stack-size",
	 .arg = "SIZE",
	 .modes = IN_TRACE,
	 .parse = option_set_stack_size,
	 .help = "how much of the stack is looked at for a call path, 4K to 64K; default 16K"},
	{.name = "unwind-budget",
	 .arg = "PERCENT",
	 .modes = IN_TRACE,
	 .parse = option_set_budget,
	 .help = "CPU time that call paths may take, of one CPU; beyond it samples become rarer; "
		 "default 2"},
	{.name = "top-paths",
	 .arg = "N",
	 .modes = IN_TRACE | IN_REPORT,
	 .parse = set_u32,
	 .offset = offsetof(struct options, top_paths),
	 .help = "show the N call paths that hold most; default 10, 0 shows all"},
	{.name = "min-bytes",
	 .arg = "SIZE",
	 .modes = IN_TRACE | IN_REPORT,
	 .parse = option_set_size,
	 .offset = offsetof(struct options, min_bytes),
	 .help = "leave out call paths that hold less than SIZE; default 0"},
	{.name = "since",
	 .arg = "TIME",
	 .modes = IN_TRACE | IN_REPORT,
	 .parse = set_duration,
	 .offset = offsetof(struct options, since_ns),
	 .help = "count the growth of call paths over the last TIME of the run instead of all of "
		 "it"},
	{.name = "debug-dir",
	 .arg = "DIR",
	 .modes = IN_TRACE | IN_REPORT,
	 .parse = option_add_debug_dir,
	 .help = "look for debug files below DIR as well; may be repeated"},
	{.name = "log-dir",
	 .arg = "DIR",
	 .modes = IN_RUN,
	 .parse = set_string,
	 .offset = offsetof(struct options, log_dir),
	 .help = "where the session file and logs are written; default /var/log/memtrace "
		 "(--monitor: /var/log/memory-monitor), not as root the same below "
		 "~/.local/state"},
	{.name = "threshold",
	 .arg = "NAME=VALUE",
	 .modes = IN_MONITOR,
	 .parse = set_threshold,
	 .help = "alert above VALUE, see below; may be repeated"},
	{.name = "config",
	 .arg = "FILE",
	 .modes = IN_MONITOR,
	 .parse = set_string,
	 .offset = offsetof(struct options, config),
	 .help = "thresholds from FILE, a line NAME=VALUE each; --threshold goes before it"},
	{.name = "on-alert",
	 .arg = "PROGRAM",
	 .modes = IN_MONITOR,
	 .parse = set_string,
	 .offset = offsetof(struct options, on_alert),
	 .help = "run PROGRAM, without a shell, for each alert, which it gets as JSON on its "
		 "standard input"},
	{.name = "fail-on",
	 .arg = "KIND",
	 .modes = IN_RUN | IN_REPORT | IN_JUDGE,
	 .parse = set_fail_on,
	 .help = "exit with 10 when the verdict on what is watched is KIND: leak, or growing (a "
		 "leak or suspected); a run samples each second then, unless --interval says "
		 "otherwise"},
	{.name = "no-session",
	 .modes = IN_RUN,
	 .parse = set_flag,
	 .offset = offsetof(struct options, no_session),
	 .help = "write no session file"},
	{.name = "no-bpf",
	 .modes = IN_RUN | IN_DOCTOR,
	 .parse = set_flag,
	 .offset = offsetof(struct options, no_bpf),
	 .help = "load nothing into the kernel: sample /proc alone, without page attribution"},
	{.name = "no-source",
	 .arg = "NAME",
	 .modes = IN_RUN | IN_DOCTOR,
	 .parse = add_source,
	 .help = "leave this event source off, see below; may be repeated"},
	{.name = "sysroot",
	 .arg = "DIR",
	 .modes = IN_RUN | IN_DOCTOR,
	 .parse = set_string,
	 .offset = offsetof(struct options, sysroot),
	 .help = "read proc/ and sys/ below DIR instead of below /"},
	{.name = "verbose",
	 .letter = 'v',
	 .modes = IN_ALL,
	 .parse = say_more,
	 .offset = offsetof(struct options, verbose),
	 .help = "say more on standard error; twice: what libbpf says, too"},
	{.name = "quiet",
	 .letter = 'q',
	 .modes = IN_ALL,
	 .parse = say_less,
	 .offset = offsetof(struct options, verbose),
	 .help = "say less: no progress, no notes; twice: no warnings"},
	{.name = "help",
	 .letter = 'h',
	 .mode = MODE_HELP,
	 .parse = set_nothing,
	 .help = "print this text"},
	{.name = "version",
	 .letter = 'V',
	 .mode = MODE_VERSION,
	 .parse = set_nothing,
	 .help = "print the version"},
};

const size_t option_table_n = sizeof(option_table) / sizeof(option_table[0]);

/* options.c keeps what was given in the bits of one word. */
_Static_assert(sizeof(option_table) / sizeof(option_table[0]) <= 64, "more options than bits");
