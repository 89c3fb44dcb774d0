/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/option_values.h"

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

int set_flag(const struct option_def *def, const char *arg, struct options *o)
{
	(void)arg;
	*(bool *)member(def, o) = true;
	return 0;
}

int say_more(const struct option_def *def, const char *arg, struct options *o)
{
	(void)arg;
	if (*(int *)member(def, o) < VERBOSE_MAX)
		(*(int *)member(def, o))++;
	return 0;
}

int say_less(const struct option_def *def, const char *arg, struct options *o)
{
	(void)arg;
	if (*(int *)member(def, o) > VERBOSE_MIN)
		(*(int *)member(def, o))--;
	return 0;
}

int set_nothing(const struct option_def *def, const char *arg, struct options *o)
{
	(void)def;
	(void)arg;
	(void)o;
	return 0;
}

int set_string(const struct option_def *def, const char *arg, struct options *o)
{
	if (!*arg)
		return usage_error("--%s: the value is empty, it should be %s", def->name,
				   def->arg);
	*(const char **)member(def, o) = arg;
	return 0;
}

int set_u32(const struct option_def *def, const char *arg, struct options *o)
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

int set_duration(const struct option_def *def, const char *arg, struct options *o)
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

int add_pids(const struct option_def *def, const char *arg, struct options *o)
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

int set_format(const struct option_def *def, const char *arg, struct options *o)
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

int add_source(const struct option_def *def, const char *arg, struct options *o)
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

int set_threshold(const struct option_def *def, const char *arg, struct options *o)
{
	char why[THRESHOLD_WHY_SIZE];
	int err = threshold_set(arg, o->thresholds, &o->thresholds_given, why);

	return err ? usage_error("--%s: %s", def->name, why) : 0;
}

int set_fail_on(const struct option_def *def, const char *arg, struct options *o)
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

int set_monitor(const struct option_def *def, const char *arg, struct options *o)
{
	(void)def;
	(void)arg;
	o->duration_ns = MONITOR_DURATION_NS;
	o->interval_ns = MONITOR_INTERVAL_NS;
	return 0;
}

/* The times that are not given: complete_analyze() in options.c. */
int analyze_word(unsigned int nth, const char *arg, struct options *o)
{
	(void)nth;
	if (!*arg)
		return usage_error("--analyze: the name of the file is empty");
	o->analysis = arg;
	return 0;
}

/* MINUTES, SECONDS: numbers without a unit, a fraction allowed. */
int monitor_word(unsigned int nth, const char *arg, struct options *o)
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

int bugreport_word(unsigned int nth, const char *arg, struct options *o)
{
	(void)nth;
	if (!*arg)
		return usage_error("--bugreport: the name of the archive is empty");
	o->bugreport = arg;
	return 0;
}
