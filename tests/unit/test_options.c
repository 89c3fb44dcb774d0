/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/log.h"
#include "capture.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "collect/bpf/sources.h"
#include "sink/sink.h"

#define WORDS_MAX 16
#define S 1000000000ull

/* Splits at blanks; "''" is an empty word. */
static int split(char *line, char **argv)
{
	int argc = 0;

	argv[argc++] = (char *)"memtrace";
	for (char *w = strtok(line, " "); w; w = strtok(NULL, " ")) {
		assert_true(argc < WORDS_MAX);
		argv[argc++] = strcmp(w, "''") ? w : w + 2;
	}
	argv[argc] = NULL;
	return argc;
}

struct parsed {
	char line[512];
	char *argv[WORDS_MAX + 1];
	struct options o;
	int err;
	struct capture stderr_text;
};

static void parse(struct parsed *p, const char *line)
{
	int argc;

	snprintf(p->line, sizeof(p->line), "%s", line);
	argc = split(p->line, p->argv);
	memset(&p->o, 0xa5, sizeof(p->o));
	capture_start(&p->stderr_text, 2);
	p->err = options__parse(argc, p->argv, &p->o);
	capture_stop(&p->stderr_text);
}

/* One line that holds `expect`, then the hint, nothing else; the result untouched. */
static void assert_refused(const char *line, const char *expect)
{
	static const char hint[] = "\nmemtrace: try --help\n";
	struct options untouched;
	struct parsed p;
	const char *end;

	memset(&untouched, 0xa5, sizeof(untouched));
	parse(&p, line);
	if (p.err != -EINVAL || !strstr(p.stderr_text.text, expect))
		fail_msg("`memtrace %s`: %d, said: %s", line, p.err, p.stderr_text.text);
	end = strchr(p.stderr_text.text, '\n');
	assert_non_null(end);
	assert_string_equal(end, hint);
	assert_memory_equal(&p.o, &untouched, sizeof(untouched));
}

static void assert_parsed(struct parsed *p, const char *line)
{
	parse(p, line);
	if (p->err || *p->stderr_text.text)
		fail_msg("`memtrace %s`: %d, said: %s", line, p->err, p->stderr_text.text);
}

/* A verdict needs samples. */
static void test_interval_of_a_short_run(void **state)
{
	struct parsed p;

	assert_parsed(&p, "--pid 42 --duration 30s");
	assert_int_equal(p.o.interval_ns, 3 * S / 2);
	options__free(&p.o);
	assert_parsed(&p, "--pid 42 --duration 2s");
	assert_int_equal(p.o.interval_ns, S / 2);
	options__free(&p.o);
	assert_parsed(&p, "--pid 42 --duration 1h");
	assert_int_equal(p.o.interval_ns, 5 * S);
	options__free(&p.o);
	assert_parsed(&p, "--pid 42 --duration 30s --interval 4s");
	assert_int_equal(p.o.interval_ns, 4 * S);
	options__free(&p.o);
}

static void test_defaults(void **state)
{
	struct parsed p;

	assert_parsed(&p, "--pid 42");
	assert_int_equal(p.o.mode, MODE_TRACE);
	assert_int_equal(p.o.pids.n, 1);
	assert_int_equal(p.o.pids.v[0], 42);
	assert_int_equal(p.o.interval_ns, 5 * S);
	assert_int_equal(p.o.duration_ns, 0);
	assert_string_equal(p.o.format, "text");
	assert_string_equal(p.o.sysroot, "/");
	assert_int_equal(p.o.top, 10);
	assert_null(p.o.comm);
	assert_null(p.o.cgroup);
	assert_null(p.o.command);
	assert_null(p.o.session);
	assert_null(p.o.output);
	assert_null(p.o.log_dir);
	assert_false(p.o.no_bpf || p.o.no_follow || p.o.no_session);
	assert_int_equal(p.o.verbose, 0);
	options__free(&p.o);
}

/* Few samples, whatever the duration. */
static void test_analyze(void **state)
{
	struct parsed p;

	assert_parsed(&p, "--analyze");
	assert_true(!p.o.analysis && p.o.duration_ns == 300 * S && p.o.interval_ns == 30 * S);
	options__free(&p.o);
	assert_parsed(&p, "--duration 20s --analyze /tmp/r.log");
	assert_true(!strcmp(p.o.analysis, "/tmp/r.log") && p.o.interval_ns == 2 * S);
	options__free(&p.o);
	assert_refused("--analyze a b", "unexpected argument 'b'");
}

static void test_everything_at_once(void **state)
{
	struct parsed p;

	assert_parsed(&p, "-p 1,4194303 --duration=2h --interval 500ms --format json -o out.json "
			  "--top-processes 0 --log-dir /var/log/x");
	assert_int_equal(p.o.pids.n, 2);
	assert_int_equal(p.o.pids.v[1], 4194303);
	assert_int_equal(p.o.duration_ns, 7200 * S);
	assert_int_equal(p.o.interval_ns, S / 2);
	assert_string_equal(p.o.format, "json");
	assert_string_equal(p.o.output, "out.json");
	assert_string_equal(p.o.log_dir, "/var/log/x");
	assert_int_equal(p.o.top, 0);
	options__free(&p.o);

	assert_parsed(&p, "--comm x --no-bpf --no-follow --no-session --sysroot /tmp/r "
			  "--no-source page --no-source task_iter -vvv -q");
	assert_string_equal(p.o.comm, "x");
	assert_true(p.o.no_bpf && p.o.no_follow && p.o.no_session);
	assert_string_equal(p.o.sysroot, "/tmp/r");
	assert_int_equal(p.o.disabled_sources.n, 2);
	assert_string_equal(p.o.disabled_sources.v[1], "task_iter");
	assert_int_equal(p.o.verbose, 1); /* -vvv is no more than -vv */
	options__free(&p.o);
	assert_parsed(&p, "--doctor -qqqqq"); /* errors are never silenced */
	assert_int_equal(LOG_INFO + p.o.verbose, LOG_ERROR);
	options__free(&p.o);
}

static void test_modes(void **state)
{
	struct parsed p;

	assert_parsed(&p, "--cgroup system.slice/x");
	assert_int_equal(p.o.mode, MODE_TRACE);
	assert_string_equal(p.o.cgroup, "system.slice/x");
	options__free(&p.o);
	assert_parsed(&p, "--report a.db");
	assert_int_equal(p.o.mode, MODE_REPORT);
	assert_string_equal(p.o.session, "a.db");
	options__free(&p.o);
	assert_parsed(&p, "--doctor --format json");
	assert_int_equal(p.o.mode, MODE_DOCTOR);
	options__free(&p.o);
	assert_parsed(&p, "-p 1 -p 2 --pid 3");
	assert_int_equal(p.o.pids.n, 3);
	options__free(&p.o);
	/* Both end parsing: what follows is not looked at. */
	assert_parsed(&p, "--pid 1 --help --bogus");
	assert_int_equal(p.o.mode, MODE_HELP);
	options__free(&p.o);
	assert_parsed(&p, "-V");
	assert_int_equal(p.o.mode, MODE_VERSION);
	options__free(&p.o);
}

static void test_command(void **state)
{
	struct parsed p;

	assert_parsed(&p, "--duration 5 -- ls --pid 1 -- x");
	assert_int_equal(p.o.mode, MODE_TRACE);
	assert_string_equal(p.o.command[0], "ls");
	assert_string_equal(p.o.command[1], "--pid");
	assert_string_equal(p.o.command[4], "x");
	assert_null(p.o.command[5]);
	assert_int_equal(p.o.pids.n, 0);
	options__free(&p.o);

	/* "--" as a value is not the end of the options */
	assert_parsed(&p, "--comm --");
	assert_string_equal(p.o.comm, "--");
	assert_null(p.o.command);
	options__free(&p.o);
	assert_parsed(&p, "-o -- --comm x");
	assert_string_equal(p.o.output, "--");
	assert_string_equal(p.o.comm, "x");
	options__free(&p.o);

	assert_refused("--", "no command after --");
	assert_refused("-- ''", "the command after -- is empty");
	assert_refused("ls", "unexpected argument 'ls': a command to run goes after --");
	assert_refused("--duration 5 ls -l", "unexpected argument 'ls'");
	assert_refused("--pid 1 -- ls", "--pid and -- COMMAND cannot be combined");
	assert_refused("--report x -- ls", "--report and -- COMMAND cannot be combined");
}

static void test_exactly_one_mode(void **state)
{
	assert_refused(
		"",
		"nothing to do: give one of --pid, --comm, --cgroup, -- COMMAND, "
		"--monitor, --analyze, --boot, --install-service, --uninstall-service, --status, "
		"--bugreport, --report, --doctor");
	assert_refused("--duration 5", "nothing to do");
	assert_refused("--report x --pid 1", "--report and --pid cannot be combined");
	assert_refused("--pid 1 --comm x", "--pid and --comm cannot be combined");
	assert_refused("--comm x --comm y", "--comm is given twice");
	assert_refused("--doctor --doctor", "--doctor is given twice");
}

static void test_options_of_other_modes(void **state)
{
	assert_refused("--report x --duration 5", "--duration has no meaning with --report");
	assert_refused("--doctor --interval 5", "--interval has no meaning with --doctor");
	assert_refused("--no-bpf --report x", "--no-bpf has no meaning with --report");
	assert_refused("--doctor -o x", "--output has no meaning with --doctor");
	assert_refused("--doctor --log-dir x", "--log-dir has no meaning with --doctor");
}

static void test_durations(void **state)
{
	static const char *const opts[] = {"--duration", "--interval"};
	struct parsed p;

	for (size_t i = 0; i < 2; i++) {
		static const struct {
			const char *value, *expect;
		} cases[] = {
			{"0", "'0' is no time at all"},
			{"0.0h", "'0.0h' is no time at all"},
			{"-5", "'-5' is not a duration"},
			{"1e9h", "'1e9h' is not a duration"},
			{"junk", "'junk' is not a duration"},
			{"''", "'' is not a duration"},
			{"5x", "'5x' is not a duration"},
			{"999999999h", "'999999999h' is too long"},
			{"99999999999999999999", "is too long"},
		};

		for (size_t j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
			char line[128], expect[128];

			snprintf(line, sizeof(line), "--pid 1 %s %s", opts[i], cases[j].value);
			snprintf(expect, sizeof(expect), "%s", cases[j].expect);
			assert_refused(line, expect);
			assert_refused(line, opts[i]);
		}
	}
	assert_refused("--pid 1 --interval 99ms", "'99ms' is too short, at least 100 ms");
	assert_refused("--pid 1 --interval 0.05", "is too short");
	assert_parsed(&p, "--pid 1 --interval 100ms --duration 1ms --quiet");
	options__free(&p.o);
}

static void test_interval_longer_than_duration_is_said(void **state)
{
	struct parsed p;

	parse(&p, "--pid 1 --interval 10s --duration 5s");
	assert_int_equal(p.err, 0);
	assert_non_null(
		strstr(p.stderr_text.text, "--duration is shorter than the interval (10000 ms)"));
	assert_null(strstr(p.stderr_text.text, "try --help"));
	options__free(&p.o);
	assert_parsed(&p, "--pid 1 --interval 10s --duration 10s");
	options__free(&p.o);
	assert_parsed(&p, "--pid 1 --interval 10s");
	options__free(&p.o);
}

static void test_pids(void **state)
{
	assert_refused("--pid 0", "0 is not a process");
	assert_refused("--pid 1,0", "0 is not a process");
	assert_refused("--pid 7,8,7", "7 is given twice");
	assert_refused("--pid 7 -p 7", "7 is given twice");
	assert_refused("--pid 4194304", "4194304 is too large");
	assert_refused("--pid 99999999999999999999999", "is too large");
	assert_refused("--pid -1", "'-1' is not a PID");
	assert_refused("--pid 1x", "'1x' is not a PID");
	assert_refused("--pid 0x10", "'0x10' is not a PID");
	assert_refused("--pid 1,", "an empty entry");
	assert_refused("--pid 1,,2", "an empty entry");
	assert_refused("--pid ''", "an empty entry");
	assert_refused("--pid", "--pid needs a value: PID[,PID...]");
}

/* Zeros in front make a number longer, not larger: nothing may be cut on the way. */
static void test_long_pid(void **state)
{
	struct parsed p;

	assert_parsed(&p, "--pid 0000000000000000000000000000000000000001234,5");
	assert_int_equal(p.o.pids.n, 2);
	assert_int_equal(p.o.pids.v[0], 1234);
	assert_int_equal(p.o.pids.v[1], 5);
	options__free(&p.o);
}

static void test_words_from_a_list(void **state)
{
	char expect[512] = "--format: 'xml' is not a format; known:";

	for (const struct sink *const *s = sink_all(); *s; s++)
		snprintf(expect + strlen(expect), sizeof(expect) - strlen(expect), " %s",
			 (*s)->name);
	strncat(expect, "\n", sizeof(expect) - strlen(expect) - 1);
	assert_refused("--pid 1 --format xml", expect);
	assert_refused("--pid 1 --format ''", "'' is not a format");
	assert_refused("--pid 1 --no-source pages",
		       "--no-source: 'pages' is not a source; known: page ");
	assert_refused("--pid 1 --no-source page,task", "is not a source");
	assert_refused("--report x --top-processes -1", "--top-processes: '-1' is not a number");
	assert_refused("--report x --top-processes 4294967296", "is too large");
}

static void test_unknown_options(void **state)
{
	assert_refused("--bogus", "unknown option '--bogus'");
	assert_refused("--pid 1 -x", "unknown option '-x'");
	assert_refused("-vqx", "unknown option '-x'");
	assert_refused("--dur 5", "unknown option '--dur': is --duration meant?");
	assert_refused("--no", "unknown option '--no'");
	assert_refused("--no-bpf=1 --pid 1", "--no-bpf takes no value");
	assert_refused("--comm ''", "--comm: the value is empty");
	assert_refused("--comm x -o", "--output needs a value: FILE");
	assert_refused("--report ''", "--report: the value is empty");
}

/* What was typed comes back on a terminal: it must not be able to write to it. */
static void test_hostile_values(void **state)
{
	struct parsed p;

	assert_refused("--pid \033[2Jx", "'\\x1b[2Jx' is not a PID");
	assert_refused("--b\ngus", "unknown option '--b\\x0agus'");
	assert_refused("-\xff", "unknown option '-\\xff'");
	parse(&p, "--duration \x07\xc2\x9b");
	assert_int_equal(p.err, -EINVAL);
	assert_null(strpbrk(p.stderr_text.text, "\x07\xc2\x9b"));
}

static void test_table_is_sound(void **state)
{
	bool letters[256] = {false};

	for (size_t i = 0; i < option_table_n; i++) {
		const struct option_def *d = &option_table[i];

		assert_non_null(d->name);
		assert_true(d->help && *d->help);
		assert_true(d->parse || !*d->name);
		/* either it chooses a mode, or it says which modes it may go with */
		assert_true((d->mode == MODE_NONE) == (d->modes != 0));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(d->name, option_table[j].name);
		if (!d->letter)
			continue;
		assert_false(letters[(unsigned char)d->letter]);
		letters[(unsigned char)d->letter] = true;
	}
}

/* One line of the help that starts like the option; its explanation follows. */
static bool has_row(const char *help, const struct option_def *d)
{
	const char *found;
	char row[128];

	if (!*d->name)
		snprintf(row, sizeof(row), "\n      -- %s", d->arg);
	else if (d->letter)
		snprintf(row, sizeof(row), "\n  -%c, --%s%s%s", d->letter, d->name,
			 d->arg ? " " : "", d->arg ? d->arg : "");
	else
		snprintf(row, sizeof(row), "\n      --%s%s%s", d->name, d->arg ? " " : "",
			 d->arg ? d->arg : "");
	found = strstr(help, row);
	return found && strchr(" \n", found[strlen(row)]);
}

static void test_help(void **state)
{
	struct capture c;
	const char *help;

	capture_start(&c, 1);
	options__help();
	help = capture_stop(&c);
	for (size_t i = 0; i < option_table_n; i++)
		if (has_row(help, &option_table[i]) == option_table[i].hidden)
			fail_msg("--%s in help: %s", option_table[i].name, help);
	for (const struct sink *const *s = sink_all(); *s; s++)
		assert_non_null(strstr(help, (*s)->name));
	for (int i = 0; i < _SOURCE_MAX; i++)
		assert_non_null(strstr(help, bpf_sources[i].name));
	assert_true(strstr(help, "--doctor") < strstr(help, "\nOptions:\n"));
	assert_true(strstr(help, "      --duration") > strstr(help, "\nOptions:\n"));
	assert_non_null(strstr(help, "\nExamples:\n"));
	while (*help) {
		size_t len = strcspn(help, "\n");

		assert_true(len <= 100);
		assert_true(!len || help[len - 1] != ' ');
		help += len + (help[len] == '\n');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_interval_of_a_short_run),
		cmocka_unit_test(test_everything_at_once),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_exactly_one_mode),
		cmocka_unit_test(test_analyze),
		cmocka_unit_test(test_options_of_other_modes),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_interval_longer_than_duration_is_said),
		cmocka_unit_test(test_pids),
		cmocka_unit_test(test_long_pid),
		cmocka_unit_test(test_words_from_a_list),
		cmocka_unit_test(test_unknown_options),
		cmocka_unit_test(test_hostile_values),
		cmocka_unit_test(test_table_is_sound),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
