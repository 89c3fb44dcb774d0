/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/str.h"
#include "golden.h"
#include "leak_run.h"
#include "sink/text_table.h"

static void golden_files(void **state)
{
	struct report *(*const make[])(void) = {story_report, hostile_report, empty_report,
						watched_leak_report};
	const char *const names[] = {"story.txt", "hostile.txt", "empty.txt", "leak.txt"};

	for (size_t i = 0; i < N_OF(make); i++) {
		struct report *r = make[i]();
		char *text = written(&text_sink, r);

		assert_golden(names[i], text);
		free(text);
		report__free(r);
	}
}

/* Its cgroup's path has no more than its id: a person knows its name. */
static void a_container_has_its_name(void **state)
{
	struct report *r;
	char *text;

	leak_runtime = RUNTIME_DOCKER;
	r = watched_leak_report();
	leak_runtime = RUNTIME_SERVICE;
	text = written(&text_sink, r);
	assert_non_null(strstr(text, "! docker container web.service, memory without its page"));
	assert_null(strstr(text, "! cgroup /system.slice"));
	free(text);
	text = written(&json_sink, r);
	assert_non_null(strstr(text, "\"container\":\"web.service\""));
	free(text);
	report__free(r);
}

static size_t width_of(const char *line, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len; i++)
		width += ((unsigned char)line[i] & 0xc0) != 0x80;
	return width;
}

/* Whatever names hold: only line ends of our own, nothing that a terminal
 * would act on, valid UTF-8, and lines that fit. */
static void assert_safe(const char *text)
{
	size_t size = 4 * strlen(text) + 1;
	char *safe = malloc(size);

	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		assert_true(len == 0 || line[len - 1] != ' ');
		if (width_of(line, len) > TEXT_WIDTH)
			fail_msg("too wide: %.*s", (int)len, line);
		safe_text(safe, size, line, len);
		assert_int_equal(strlen(safe), len);
		assert_memory_equal(safe, line, len);
	}
	free(safe);
}

static void safe_for_a_terminal(void **state)
{
	struct report *(*const make[])(void) = {story_report, hostile_report, empty_report};

	for (size_t i = 0; i < N_OF(make); i++) {
		struct report *r = make[i]();
		char *text = written(&text_sink, r);

		assert_safe(text);
		free(text);
		report__free(r);
	}
}

/* Each hostile string in each place where a string goes. */
static void every_string_member(void **state)
{
	for (size_t i = 0; i < N_OF(hostile_strings); i++) {
		const char *s = hostile_strings[i];
		struct report r = {.info = {.bpf = true}};
		struct report_process p = {.id = {7, 7}, .flags = PROC_TARGET, .cgroup = s};
		struct report_residue left = {.owner = {.id = {8, 8}, .dead = true}, .held = 1};
		struct report_owner other = {{.kind = OWNER_KTHREAD, .live = {1}}};
		struct report_hidden hidden = {.last.id = {9, 9}, .end = 2 * MIB};
		struct report_ledger_line line = {.line = hidden_kinds[0].line, .end = 2 * MIB};
		struct report_note note;
		struct event e = {.time_ns = 1};
		char *text;

		put(r.info.mode, sizeof(r.info.mode), s);
		put(r.info.kernel, sizeof(r.info.kernel), s);
		put(r.info.arch, sizeof(r.info.arch), s);
		put(r.info.version, sizeof(r.info.version), s);
		put(r.info.host, sizeof(r.info.host), s);
		put(r.info.target, sizeof(r.info.target), s);
		put(p.comm, sizeof(p.comm), s);
		put(left.owner.comm, sizeof(left.owner.comm), s);
		put(other.owner.comm, sizeof(other.owner.comm), s);
		put(hidden.last.name, sizeof(hidden.last.name), s);
		put(hidden.last.comm, sizeof(hidden.last.comm), s);
		r.total.ledger_known = true;
		put(note.text, sizeof(note.text), s);
		put(e.text, sizeof(e.text), s);
		assert_int_equal(vec_push(&r.processes, p) | vec_push(&r.left_behind, left) |
					 vec_push(&r.other_owners, other) |
					 vec_push(&r.ledger, line) | vec_push(&r.hidden, hidden) |
					 vec_push(&r.head, note) | vec_push(&r.events, e) |
					 limits__set(&r.limits, s, 1, "%s", s),
				 0);
		text = written(&text_sink, &r);
		assert_safe(text);
		free(text);
		vec_free(&r.processes);
		vec_free(&r.left_behind);
		vec_free(&r.other_owners);
		vec_free(&r.ledger);
		vec_free(&r.hidden);
		vec_free(&r.head);
		vec_free(&r.events);
		limits__free(&r.limits);
	}
}

static const char *line_of(const char *text, const char *start)
{
	const char *line = text;

	for (; *line; line += strcspn(line, "\n") + 1)
		if (!strncmp(line + strspn(line, " "), start, strlen(start)))
			return line;
	fail_msg("no line starts with: %s", start);
	return NULL;
}

static size_t count(const char *line, char c)
{
	size_t n = 0;

	for (; *line && *line != '\n'; line++)
		n += *line == c;
	return n;
}

/* A process of which nothing is known shows no number but its pid. */
static void unknown_is_not_zero(void **state)
{
	struct report r = {0};
	struct report_process p = {.id = {7, 7}, .flags = PROC_TARGET, .comm = "x"};
	char *text;

	assert_int_equal(vec_push(&r.processes, p), 0);
	text = written(&text_sink, &r);
	assert_int_equal(count(line_of(text, "7 x"), '?'), 10);
	assert_int_equal(count(line_of(text, "7 x"), '0'), 0);
	assert_non_null(strstr(text, "not known: resident, anonymous, file, shared, swapped out"));
	assert_non_null(strstr(text, "\nLEFT BEHIND BY EXITED PROCESSES\nnot known"));
	free(text);
	vec_free(&r.processes);
}

static void limits_come_last(void **state)
{
	struct report *r = story_report();
	char *text = written(&text_sink, r), *last = strstr(text, "\nLIMITS OF THESE NUMBERS\n");

	assert_non_null(last);
	assert_non_null(strstr(last, "- pages_moved_lost: 17: "));
	for (char *line = strchr(last + 1, '\n') + 1; *line; line = strchr(line, '\n') + 1)
		assert_true(!strncmp(line, "- ", 2) || !strncmp(line, "  ", 2));
	free(text);
	report__free(r);
}

static void long_lists_are_cut_and_say_so(void **state)
{
	struct report r = {.info = {.bpf = true}};
	char *text;

	for (uint32_t i = 0; i < 30; i++) {
		struct report_process p = {.id = {i, i}, .flags = PROC_TARGET};
		struct report_residue left = {.owner = {.id = {i, i}}, .held = MIB};
		assert_int_equal(vec_push(&r.processes, p) | vec_push(&r.left_behind, left) |
					 vec_push(&r.events, (struct event){.time_ns = i}),
				 0);
	}
	text = written(&text_sink, &r);
	assert_non_null(strstr(text, "\n20 more watched processes: see --format json\n"));
	assert_non_null(strstr(text, "\nand 15 more, 15.0 MiB together\n"));
	assert_non_null(strstr(text, "\nand 10 more: see --format json\n"));
	free(text);
	vec_free(&r.processes);
	vec_free(&r.left_behind);
	vec_free(&r.events);
}

static void numbers_in_cells(void **state)
{
	static const struct {
		int64_t n;
		const char *exact, *approx;
	} cases[] = {
		{0, "0", "~0"},
		{1, "+1", "~+1"},
		{-999, "-999", "~-999"},
		{1000, "+0.98K", "~+1.0K"},
		{1024, "+1.00K", "~+1.0K"},
		{10229, "+9.99K", "~+10K"},
		{10239, "+10.0K", "~+10K"},
		{102348, "+99.9K", "~+100K"},
		{102399, "+100K", "~+100K"},
		{1023487, "+999K", "~+999K"},
		{1023490, "+0.98M", "~+1.0M"},
		{-(int64_t)(300 * MIB), "-300M", "~-300M"},
		{INT64_MAX, "+8.00E", "~+8.0E"},
		{INT64_MIN, "-8.00E", "~-8.0E"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		char cell[CELL_SIZE];

		cell_delta(cell, false, cases[i].n);
		assert_string_equal(cell, cases[i].exact);
		assert_true(strlen(cell) <= 6);
		cell_delta(cell, true, cases[i].n);
		assert_string_equal(cell, cases[i].approx);
		assert_true(strlen(cell) <= 6);
	}
}

static void paragraphs(void **state)
{
	char word[301], *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	memset(word, 'w', 300);
	word[300] = '\0';
	text_paragraph(f, "* ", "");
	text_paragraph(f, "- ", word);
	fclose(f);
	assert_non_null(strstr(text, "*\n"));
	/* 98 + 98 + 98 + 6: a word longer than a line is cut, not lost */
	assert_int_equal(len, 2 + 2 + 300 + 4 + 3 * 2);
	assert_non_null(strstr(text, "\n  wwwwww\n"));
	free(text);
}

static void full_disk(void **state)
{
	struct report *r = story_report();

	assert_write_error(&text_sink, r);
	report__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_files),
		cmocka_unit_test(a_container_has_its_name),
		cmocka_unit_test(safe_for_a_terminal),
		cmocka_unit_test(every_string_member),
		cmocka_unit_test(unknown_is_not_zero),
		cmocka_unit_test(limits_come_last),
		cmocka_unit_test(long_lists_are_cut_and_say_so),
		cmocka_unit_test(numbers_in_cells),
		cmocka_unit_test(paragraphs),
		cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests_name("sink_text", tests, NULL, NULL);
}
