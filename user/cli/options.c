/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/str.h"
#include "analyze/alert.h"
#include "cli/option_table.h"
#include "cli/threshold.h"
#include "sink/sink.h"

/* getopt_long() returns a letter, or this plus an index of option_table[]. */
#define LONG_BASE 256
#define OPTIONS_MAX 64

#define NS_PER_MS 1000000ull

#define DEFAULT_INTERVAL_NS 5000000000ull
/* With --fail-on: test runs are short. */
#define GATE_INTERVAL_NS (1000 * NS_PER_MS)
#define DEFAULT_TOP 10
#define DEFAULT_SAMPLE_BYTES (512ull << 10)
#define DEFAULT_STACK_BYTES (16u << 10)
#define DEFAULT_UNWIND_PERMILLE 20
#define DEFAULT_HEAP_MAX 1000000

struct parse_state {
	struct options o;
	const struct option_def *chooser; /* the option that chose the mode */
	uint64_t given;			  /* bit (1 << index in option_table) */
	unsigned int n_words;		  /* of those that follow the chooser */
	const char *word;		  /* the argument getopt_long() is at */
};

struct getopt_tables {
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
};

void options__free(struct options *o)
{
	vec_free(&o->pids);
	vec_free(&o->disabled_sources);
	vec_free(&o->debug_dirs);
}

static void build_getopt_tables(struct getopt_tables *t)
{
	struct option *l = t->longs;
	char *p = t->letters;

	memset(t, 0, sizeof(*t));
	/* '-': hand out other words in place, ':': tell a missing value from an unknown option. */
	*p++ = '-';
	*p++ = ':';
	for (size_t i = 0; i < option_table_n; i++) {
		const struct option_def *def = &option_table[i];

		if (!*def->name)
			continue;
		*l++ = (struct option){
			.name = def->name,
			.has_arg = def->arg && !def->words ? required_argument : no_argument,
			.val = LONG_BASE + (int)i,
		};
		if (!def->letter)
			continue;
		*p++ = def->letter;
		if (def->arg)
			*p++ = ':';
	}
}

static const struct option_def *find_def(int code)
{
	if (code >= LONG_BASE && code < LONG_BASE + (int)option_table_n)
		return &option_table[code - LONG_BASE];
	for (size_t i = 0; i < option_table_n; i++)
		if (option_table[i].letter && option_table[i].letter == code)
			return &option_table[i];
	return NULL;
}

static const struct option_def *command_def(void)
{
	for (size_t i = 0; i < option_table_n; i++)
		if (!*option_table[i].name)
			return &option_table[i];
	return NULL;
}

static int choose_mode(struct parse_state *s, const struct option_def *def)
{
	char a[OPTION_LABEL_SIZE], b[OPTION_LABEL_SIZE];

	if (s->chooser == def && !def->repeats)
		return usage_error("%s is given twice", option_label(def, a));
	if (s->chooser && def->joins != MODE_NONE && s->o.mode == def->joins)
		return 0;
	if (s->chooser && s->chooser != def && s->chooser->joins == def->mode) {
		s->chooser = def;
		s->o.mode = def->mode;
		return 0;
	}
	if (s->chooser && s->chooser != def)
		return usage_error("%s and %s cannot be combined: one of them at a time",
				   option_label(s->chooser, a), option_label(def, b));
	s->chooser = def;
	s->o.mode = def->mode;
	return 0;
}

/* Abbreviated names are refused: one that is unique today breaks a script when an option is added.
 */
static bool is_whole_name(const char *word, const struct option_def *def)
{
	size_t len = strcspn(word + 2, "=");

	return strlen(def->name) == len && !memcmp(word + 2, def->name, len);
}

static int refuse(const struct parse_state *s, int code)
{
	const struct option_def *def = find_def(optopt);
	const char letter[2] = {(char)optopt, '\0'};
	char label[OPTION_LABEL_SIZE], shown[TYPED_SIZE];

	if (code == ':')
		return usage_error("%s needs a value: %s", option_label(def, label), def->arg);
	if (def && optopt >= LONG_BASE)
		return usage_error("%s takes no value", option_label(def, label));
	if (optopt)
		return usage_error("unknown option '-%s'", typed(shown, letter));
	return usage_error("unknown option '%s'", typed(shown, s->word));
}

static int take_word(struct parse_state *s, const char *word)
{
	char shown[TYPED_SIZE];

	if (!s->chooser || s->n_words >= s->chooser->words)
		return usage_error("unexpected argument '%s': a command to run goes after --",
				   typed(shown, word));
	return s->chooser->word(s->n_words++, word, &s->o);
}

/* 1: that was all (--help and --version end parsing), 0, or an error. */
static int take_option(struct parse_state *s, int code)
{
	const struct option_def *def;
	char shown[TYPED_SIZE];
	int err;

	if (code == 1)
		return take_word(s, optarg);
	if (code == '?' || code == ':')
		return refuse(s, code);
	def = find_def(code);
	if (code >= LONG_BASE && !is_whole_name(s->word, def))
		return usage_error("unknown option '%s': is --%s meant?", typed(shown, s->word),
				   def->name);
	if (def->mode == MODE_HELP || def->mode == MODE_VERSION) {
		s->o.mode = def->mode;
		return 1;
	}
	if (def->mode != MODE_NONE) {
		err = choose_mode(s, def);
		if (err)
			return err;
	}
	s->given |= 1ull << (def - option_table);
	return def->parse(def, optarg, &s->o);
}

static int take_command(struct parse_state *s, char **command)
{
	if (!*command)
		return usage_error("no command after --");
	if (!**command)
		return usage_error("the command after -- is empty");
	s->o.command = command;
	return choose_mode(s, command_def());
}

static int no_mode(void)
{
	struct strbuf list = {0};
	char label[OPTION_LABEL_SIZE];
	int err;

	for (size_t i = 0; i < option_table_n; i++) {
		const struct option_def *def = &option_table[i];

		if (def->mode == MODE_NONE || def->mode == MODE_HELP || def->mode == MODE_VERSION)
			continue;
		strbuf_addf(&list, "%s%s", list.len ? ", " : "", option_label(def, label));
	}
	err = usage_error("nothing to do: give one of %s", list.s ? list.s : "the modes");
	strbuf_free(&list);
	return err;
}

#define ANALYZE_DURATION_NS (300ull * 1000 * NS_PER_MS)
#define ANALYZE_SAMPLES 10
#define ANALYZE_INTERVAL_MIN_NS (250 * NS_PER_MS)

static uint64_t interval_for(uint64_t duration_ns, unsigned int samples, uint64_t min_ns)
{
	uint64_t ns = duration_ns / samples;

	return ns < min_ns ? min_ns : ns;
}

/* Samples cost: few of them, whatever the duration. */
static void complete_analyze(struct parse_state *s)
{
	struct options *o = &s->o;

	if (o->mode != MODE_ANALYZE)
		return;
	if (!o->duration_ns)
		o->duration_ns = ANALYZE_DURATION_NS;
	if (!o->interval_ns)
		o->interval_ns =
			interval_for(o->duration_ns, ANALYZE_SAMPLES, ANALYZE_INTERVAL_MIN_NS);
}

static int check_combination(const struct parse_state *s)
{
	const struct options *o = &s->o;
	char a[OPTION_LABEL_SIZE], b[OPTION_LABEL_SIZE];

	if (o->mode == MODE_NONE)
		return no_mode();
	for (size_t i = 0; i < option_table_n; i++) {
		const struct option_def *def = &option_table[i];

		if (!(s->given & (1ull << i)) || def->mode != MODE_NONE)
			continue;
		if (!(def->modes & (1u << o->mode)))
			return usage_error("%s has no meaning with %s", option_label(def, a),
					   option_label(s->chooser, b));
	}
	if ((o->mode == MODE_DOCTOR || o->mode == MODE_JUDGE) && strcmp(o->format, "text") &&
	    strcmp(o->format, "json"))
		return usage_error("%s prints as text or json, not as %s",
				   option_label(s->chooser, a), o->format);
	if (sink_find(o->format)->moment && o->mode != MODE_MONITOR)
		return usage_error("--format %s is for --monitor alone", o->format);
	if (sink_find(o->format)->moment && !o->output)
		return usage_error("--format %s needs -o FILE, which each sample replaces",
				   o->format);
	if (o->duration_ns && o->interval_ns > o->duration_ns && o->verbose >= 0)
		log_warning("--duration is shorter than the interval (%llu ms): one sample at the "
			    "start and one at the end",
			    (unsigned long long)(o->interval_ns / NS_PER_MS));
	return 0;
}

#define TRACE_SAMPLES 20
#define TRACE_INTERVAL_MIN_NS (500 * NS_PER_MS)

/* Enough samples for a verdict in a run that is short on purpose. */
static uint64_t trace_interval(uint64_t duration_ns)
{
	uint64_t ns = interval_for(duration_ns, TRACE_SAMPLES, TRACE_INTERVAL_MIN_NS);

	return !duration_ns || ns > DEFAULT_INTERVAL_NS ? DEFAULT_INTERVAL_NS : ns;
}

/* What was not given, where that depends on the mode. */
static void fill_times(struct options *o)
{
	bool boot = o->mode == MODE_BOOT || o->mode == MODE_INSTALL_SERVICE;

	if (boot && !o->duration_ns)
		o->duration_ns = BOOT_DURATION_NS;
	if (o->interval_ns)
		return;
	o->interval_ns = boot	      ? BOOT_INTERVAL_NS
			 : o->fail_on ? GATE_INTERVAL_NS
				      : trace_interval(o->duration_ns);
}

static int parse_words(int argc, char **argv, struct parse_state *s)
{
	struct getopt_tables t;

	build_getopt_tables(&t);
	opterr = 0;
	optind = 0; /* glibc and musl: start anew, also when parsing has been done before */
	for (;;) {
		/* 0 and 1 are both the first word: getopt_long() has not run yet at 0 */
		int at = optind ? optind : 1;
		int code, err;

		s->word = at < argc ? argv[at] : "";
		code = getopt_long(argc, argv, t.letters, t.longs, NULL);
		if (code == -1)
			return strcmp(s->word, "--") ? 0 : take_command(s, argv + optind);
		err = take_option(s, code);
		if (err)
			return err > 0 ? 0 : err;
	}
}

int options__parse(int argc, char **argv, struct options *ret)
{
	struct parse_state s = {
		.o =
			{
				.format = "text",
				.sysroot = "/",
				.top = DEFAULT_TOP,
				.top_paths = DEFAULT_TOP,
				.sample_bytes = DEFAULT_SAMPLE_BYTES,
				.stack_bytes = DEFAULT_STACK_BYTES,
				.heap_max = DEFAULT_HEAP_MAX,
				.unwind_permille = DEFAULT_UNWIND_PERMILLE,
				.warm_up_ns = DEFAULT_WARM_UP_NS,
				.keep_sessions = DEFAULT_KEEP_SESSIONS,
				.keep_bytes = DEFAULT_KEEP_BYTES,
			},
	};
	int err;

	for (int kind = 0; kind < _ALERT_KIND_MAX; kind++)
		s.o.thresholds[kind] = alert_defs[kind].threshold;
	err = parse_words(argc, argv, &s);
	if (!err)
		complete_analyze(&s);
	fill_times(&s.o);
	if (!err && s.o.mode != MODE_HELP && s.o.mode != MODE_VERSION)
		err = check_combination(&s);
	if (!err && s.o.config)
		err = config_read(s.o.config, &s.o);
	if (err == -ENOMEM)
		log_error("out of memory");
	if (err) {
		options__free(&s.o);
		return err;
	}
	*ret = s.o;
	return 0;
}
