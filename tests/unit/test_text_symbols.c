/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/parse.h"
#include "skip.h"
#include "symbol/answer.h"
#include "symbol/confine.h"
#include "symbol/function_table.h"
#include "symbol/line_file.h"
#include "symbol/symbolizer.h"
#include "symbol/text_symbols.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static int file_of(const char *text, size_t size)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, size), size);
	return fd;
}

static void hexadecimal(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"ffffffff81000000 T", 0, 0xffffffff81000000},
		{"0x7F", 0, 0x7f},
		{"ffffffffffffffff", 0, UINT64_MAX},
		{"10000000000000000", -ERANGE, 0},
		{"12g", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{" ", -ENODATA, 0},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct cursor c = {cases[i].text, cases[i].text + strlen(cases[i].text)};
		uint64_t n = 7;

		assert_int_equal(cursor_hex(&c, &n), cases[i].err);
		assert_int_equal(n, cases[i].err ? 7 : cases[i].value);
	}
}

/* --- lines --- */

struct seen {
	size_t lines, bytes, longest;
};

static void see(void *arg, struct cursor line)
{
	struct seen *s = arg;
	size_t len = (size_t)(line.end - line.p);

	s->lines++;
	s->bytes += len;
	if (len > s->longest)
		s->longest = len;
}

static void lines_longer_than_the_buffer(void **state)
{
	size_t size = 3 * LINE_FILE_MAX_LINE;
	char *text = malloc(size);
	struct seen s = {0};
	int fd;

	memset(text, 'x', size);
	text[1] = '\n';	       /* "x" */
	text[size - 2] = '\n'; /* a very long one, then "x" without its end */
	fd = file_of(text, size);
	assert_int_equal(line_file_read(fd, UINT64_MAX, see, &s), 0);
	assert_int_equal(s.lines, 3);
	assert_int_equal(s.longest, LINE_FILE_MAX_LINE); /* its beginning */
	s = (struct seen){0};
	assert_int_equal(line_file_read(fd, 100, see, &s), -EFBIG);
	close(fd);
	free(text);
	assert_int_equal(line_file_read(-1, 100, see, &s), -EBADF);
}

/* --- perf maps --- */

static void the_last_entry_counts(void **state)
{
	static const char text[] = "1000 100 old name\n"
				   "1000 80 lib::new name; with (signs)\n"
				   "2000 0 empty\n"
				   "ffffffffffffff00 200 wraps\n"
				   "0x3000 0x10 prefixed\n"
				   "nonsense\n"
				   "4000 10 \n";
	struct text_symbol v[] = {{.addr = 0x1010}, {.addr = 0x10f0}, {.addr = 0x2000},
				  {.addr = 0x1100}, {.addr = 0x300f}, {.addr = 0x4000}};
	static const char *const want[] = {"lib::new name; with (signs)",
					   "old name",
					   NULL,
					   NULL,
					   "prefixed",
					   NULL}; /* by address */
	int fd = file_of(text, sizeof(text) - 1);

	assert_int_equal(perf_map_find(fd, v, N_OF(v)), 0);
	for (size_t i = 0; i < N_OF(v); i++) {
		if (want[i])
			assert_string_equal(v[i].name, want[i]);
		else
			assert_null(v[i].name);
		free(v[i].name);
	}
	close(fd);
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* In the process's own root, by its own pid there, and only when it can be trusted. */
static void whose_perf_map(void **state)
{
	char dir[] = "/tmp/memtrace-perfmap-XXXXXX", command[512], status[128], path[128];
	int proc, fd;

	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command), "mkdir -p %s/42/root/tmp %s/43/root/tmp", dir, dir);
	assert_int_equal(system(command), 0);
	snprintf(status, sizeof(status), "Name:\tx\nUid:\t7\t%u\t7\t7\nNSpid:\t42\t9\t3\n",
		 geteuid());
	put_file(dir, "42/status", status);
	put_file(dir, "43/status", "Name:\tno uid\n");
	proc = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(perf_map_open(proc, 41), -ESRCH);
	assert_int_equal(perf_map_open(proc, 43), -EBADMSG);
	fd = perf_map_open(proc, 42);
	if (fd == -ENOSYS)
		skip_because("no openat2 here");
	assert_int_equal(fd, -ENOENT);

	put_file(dir, "42/root/tmp/perf-42.map", "1000 10 outside\n");
	assert_int_equal(perf_map_open(proc, 42), -ENOENT);
	put_file(dir, "42/root/tmp/perf-3.map", "1000 10 inside\n");
	fd = perf_map_open(proc, 42);
	assert_true(fd >= 0);
	close(fd);

	snprintf(path, sizeof(path), "%s/42/root/tmp/perf-3.map", dir);
	assert_int_equal(chmod(path, 0666), 0); /* anybody may have written it */
	assert_int_equal(perf_map_open(proc, 42), -EPERM);
	assert_int_equal(chmod(path, 0644), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 1, 1), 0);
		assert_int_equal(perf_map_open(proc, 42), -EPERM);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("perf-42.map", path), 0);
	assert_int_equal(perf_map_open(proc, 42), -EPERM);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(perf_map_open(proc, 42), -EPERM);
	close(proc);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

/* --- functions --- */

static void aliases_and_overlaps(void **state)
{
	static const struct function_symbol symbols[] = {
		{"__libc_malloc", 0x1000, 0x100, 0, FUNCTION_GLOBAL},
		{"malloc", 0x1000, 0x100, 0, FUNCTION_GLOBAL},
		{"local_malloc", 0x1000, 0x100, 0, FUNCTION_LOCAL},
		{"outer", 0x2000, 0x100, 0, FUNCTION_GLOBAL},
		{"inner", 0x2040, 0x10, 0, FUNCTION_LOCAL},
		{"endless", 0x3000, 0, 0x3080, FUNCTION_GLOBAL},
		{"unknown_end", 0x4000, 0, 0, FUNCTION_GLOBAL},
		{"beyond", UINT64_MAX - 1, 100, 0, FUNCTION_GLOBAL},
	};
	static const struct {
		uint64_t addr;
		const char *name;
	} cases[] = {
		{0xfff, NULL},	     {0x1000, "malloc"},  {0x10ff, "malloc"}, {0x1100, NULL},
		{0x2040, "inner"},   {0x2050, "outer"},	  {0x20ff, "outer"},  {0x2100, NULL},
		{0x3000, "endless"}, {0x307f, "endless"}, {0x3080, NULL},     {0x4000, NULL},
		{UINT64_MAX, NULL},
	};
	struct function_table t = {0};

	for (size_t i = 0; i < N_OF(symbols); i++)
		assert_int_equal(function_table__add(&t, &symbols[i]), 0);
	assert_int_equal(function_table__sort(&t), 0);
	for (size_t i = 0; i < N_OF(cases); i++) {
		const char *name = function_table__find(&t, cases[i].addr);

		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
		else
			assert_null(name);
	}
	function_table__free(&t);
}

/* --- what a child answers --- */

static int check_frames(void *arg, uint32_t number, const struct path_frame *v, size_t n)
{
	++*(int *)arg;
	if (number == 1) {
		assert_int_equal(n, 0);
		return 0;
	}
	assert_int_equal(n, 2);
	assert_string_equal(v[0].function, "leaf");
	assert_true(v[0].inlined);
	assert_null(v[0].file);
	assert_int_equal(strlen(v[1].function), ANSWER_STRING_MAX);
	assert_string_equal(v[1].function + ANSWER_STRING_MAX - 4, "x...");
	assert_string_equal(v[1].file, "");
	assert_int_equal(v[1].line, 7);
	return 0;
}

static void check_note(void *arg, enum note_kind kind, const char *file)
{
	++*(int *)arg;
	assert_int_equal(kind, NOTE_MISMATCH);
	assert_string_equal(file, "x.debug");
}

static void answers_whole_and_cut(void **state)
{
	char name[5001];
	const struct path_frame v[] = {{.function = "leaf", .inlined = true},
				       {.function = name, .file = "", .line = 7}};
	struct strbuf b = {0};
	int n = 0;
	const struct answer_reader r = {&n, check_frames, check_note};

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	answer_put_frames(&b, 0, v, 2);
	answer_put_frames(&b, 1, NULL, 0);
	answer_put_note(&b, NOTE_MISMATCH, "x.debug");
	assert_int_equal(answers_read(b.s, b.len, &r), 0);
	assert_int_equal(n, 3);
	for (size_t len = 0; len < b.len; len++) {
		char *copy = malloc(len + 1); /* exactly: reading beyond is seen */

		n = 0;
		copy = realloc(memcpy(copy, b.s, len), len ? len : 1);
		assert_int_equal(answers_read(copy, len, &r), 0);
		assert_true(n < 3);
		free(copy);
	}
	strbuf_free(&b);
}

/* --- the child's prison --- */

/* What a child of ours could still do, as bits. */
static int try_all(int fd, bool may_open)
{
	void *memory;
	int done = 0;

	confine(fd, true);
	if (!may_open)
		confine(fd, false);
	done |= write(fd, "x", 1) == 1 ? 1 : 0;
	memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	done |= memory != MAP_FAILED ? 2 : 0;
	done |= open("/proc/self/status", O_RDONLY | O_CLOEXEC) >= 0 ? 4 : 0;
	done |= write(STDERR_FILENO, "", 0) == 0 ? 8 : 0;
	done |= socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 16 : 0;
	done |= kill(getpid(), 0) == 0 ? 32 : 0;
	done |= execl("/bin/true", "true", NULL) && errno == EPERM ? 64 : 0;
	return done;
}

static void a_parser_that_was_taken_over(void **state)
{
	int fd = file_of("", 0);

	for (int may_open = 0; may_open < 2; may_open++) {
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(try_all(fd, may_open));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) & 32)
			skip_because("no seccomp filters here");
		assert_int_equal(WEXITSTATUS(status), 1 | 2 | (may_open ? 4 : 0) | 64);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(lines_longer_than_the_buffer),
		cmocka_unit_test(the_last_entry_counts),
		cmocka_unit_test(whose_perf_map),
		cmocka_unit_test(aliases_and_overlaps),
		cmocka_unit_test(answers_whole_and_cut),
		cmocka_unit_test(a_parser_that_was_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
