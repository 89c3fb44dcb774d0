/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/mapping.h"
#include "collect/pid.h"
#include "fixture.h"

#define ROOT "tests/fixtures/analysis"
#define KIB 1024ULL

static const struct proc_id captured = {700, 1512523};

static struct mapping_line line_of(const char *text)
{
	struct mapping_line m = {.start = 77};

	assert_int_equal(mapping_line_parse(text_of(text), &m), 0);
	return m;
}

static void lines(void **state)
{
	struct mapping_line m = line_of("7fbf4204b000-7fbf4214b000 rw-s 00000000 00:01 21156"
					"                      /memfd:cache one (deleted)");

	assert_true(m.start == 0x7fbf4204b000 && m.end == 0x7fbf4214b000 && m.is_shared);
	assert_true(m.dev == makedev(0, 1) && m.inode == 21156 && m.is_deleted);
	assert_string_equal(m.name, "/memfd:cache one");
	m = line_of("0-1000 rw-p 00000000 fe:01 7 /tmp/two\\012lines");
	assert_string_equal(m.name, "/tmp/two\nlines");
	assert_true(!m.is_deleted && !m.is_shared && m.dev == makedev(0xfe, 1));
	m = line_of("7f-80 rw-p 00000000 00:00 0 ");
	assert_string_equal(m.name, "");
	m = line_of("7f-80 rw-p 00000000 00:00 0");
	assert_string_equal(m.name, "");
}

static void no_lines(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"1000",
		"2000-1000 rw-p 0 00:00 0",
		"1-2 rw 0 00:00 0",
		"1-2 rw-p 0 00:00",
		"1-2 rw-p 0 0000 0",
		"1-2 rw-p z 00:00 0",
		"11111111111111111-2 rw-p 0 00:00 0",
		"1-2 rw-p 0 100000000:00 0",
		"1-2 rw-p",
		"1-2 rw-p ",
		"1-2 rw-p 0 00:00 x",
	};
	struct mapping_line m = {.start = 77};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!mapping_line_parse(text_of(bad[i]), &m))
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(m.start, 77);
}

static void classes(void **state)
{
	static const struct {
		const char *name;
		bool is_shared;
		enum mapping_class class;
	} cases[] = {
		{"", false, MAPPING_ANON},
		{"[heap]", false, MAPPING_HEAP},
		{"[stack]", false, MAPPING_STACK},
		{"[stack:77]", false, MAPPING_STACK},
		{"[anon:cache]", false, MAPPING_ANON},
		{"[vdso]", false, MAPPING_OTHER},
		{"/memfd:x", false, MAPPING_SHM},
		{"/SYSV00000000", true, MAPPING_SHM},
		{"/dev/shm/x", true, MAPPING_SHM},
		{"/dev/zero", true, MAPPING_SHM},
		{"/dev/zero", false, MAPPING_ANON},
		{"/dev/dri/card0", true, MAPPING_DEVICE},
		{"anon_inode:bpf-map", true, MAPPING_DEVICE},
		{"/usr/bin/x", false, MAPPING_FILE},
		{"[anon_shmem:x]", true, MAPPING_SHM},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mapping_line m = {.is_shared = cases[i].is_shared};

		snprintf(m.name, sizeof(m.name), "%s", cases[i].name);
		if (mapping_class_of(&m) != cases[i].class)
			fail_msg("%s: %s", m.name, mapping_class_names[mapping_class_of(&m)]);
	}
}

/* kB, by awk from the file */
static void captured_smaps(void **state)
{
	static const struct {
		enum mapping_class class;
		uint32_t n;
		uint64_t size, rss, pss, dirty;
		const char *name;
	} want[] = {
		{MAPPING_FILE, 32, 8300, 7196, 5441, 1388, "/usr/lib/libpython3.11.so.1.0"},
		{MAPPING_SHM, 2, 1088, 1028, 1028, 1028, "/memfd:cache one"},
		{MAPPING_ANON, 6, 8848, 7232, 7232, 7232, ""},
		{MAPPING_HEAP, 1, 2040, 2040, 2040, 2040, "[heap]"},
		{MAPPING_OTHER, 4, 36, 4, 0, 0, "[vdso]"},
		{MAPPING_STACK, 1, 132, 60, 60, 60, "[stack]"},
	};
	_cleanup_close_ int root = open_root(ROOT);
	struct smaps_scan scan = {0};

	assert_int_equal(smaps_classes_read(root, captured, &scan), 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct mapping_sample *m = &scan.class[want[i].class];

		assert_true(proc_id_equal(m->id, captured) && m->class == want[i].class);
		assert_int_equal(m->n, want[i].n);
		assert_int_equal(m->size, want[i].size * KIB);
		assert_int_equal(m->rss, want[i].rss * KIB);
		assert_int_equal(m->pss, want[i].pss * KIB);
		assert_int_equal(m->private_dirty, want[i].dirty * KIB);
		assert_string_equal(m->name, want[i].name);
	}
	assert_int_equal(scan.class[MAPPING_DEVICE].n, 0);
	/* another process has this pid, or nobody */
	assert_int_equal(smaps_classes_read(root, (struct proc_id){700, 1}, &scan), -ESRCH);
	assert_int_equal(smaps_classes_read(root, (struct proc_id){701, 1}, &scan), -ESRCH);
}

static struct smaps_scan scan_text(const char *text)
{
	struct smaps_scan scan = {0};
	struct cursor c = text_of(text), line;

	while (!cursor_line(&c, &line))
		smaps_scan__line(&scan, line);
	smaps_scan__end(&scan);
	return scan;
}

static void odd_smaps(void **state)
{
	struct smaps_scan s = scan_text("1000-2000 rw-p 0 00:00 0\nRss: 4 kB\nRss: 9 kB\n"
					"Later: words of a later kernel\nVmFlags: rd\n"
					"2000-3000 rw-p 0 00:00 0 [heap]\nSwap: 8 kB\n"
					"AnonHugePages: 2048 kB\nFilePmdMapped: 1024 kB\n");

	assert_int_equal(s.n_bad, 0);
	assert_int_equal(s.class[MAPPING_ANON].rss, 4 * KIB);
	assert_int_equal(s.class[MAPPING_HEAP].swap, 8 * KIB);
	assert_int_equal(s.class[MAPPING_HEAP].largest, 8 * KIB);
	assert_int_equal(s.class[MAPPING_HEAP].huge, 3072 * KIB);
	s = scan_text("Rss: 4 kB\n"); /* of no mapping */
	assert_int_equal(s.class[MAPPING_ANON].rss, 0);
	assert_true(scan_text("1000-2000 rw-p 0 00:00 0\nRss: x kB\n").n_bad);
	assert_true(scan_text("1000-2000 rw-p 0 00:00 0\nRss: 4\n").n_bad);
	assert_true(scan_text("1000-2000 rw-p 0 00:00 0\nRss: 18446744073709551615 kB\n").n_bad);
	assert_true(scan_text("hello\n").n_bad);
	s = scan_text("1000-2000 rw-p 0 00:00 0\nRss: 18014398509481983 kB\n"
		      "2000-3000 rw-p 0 00:00 0\nRss: 18014398509481983 kB\n");
	assert_true(s.class[MAPPING_ANON].rss ==
		    UINT64_MAX); /* the end of the range, not past it */
}

static int count_shared(void *arg, const struct mapping_line *m)
{
	*(int *)arg += mapping_class_of(m) == MAPPING_SHM;
	return 0;
}

static int stop(void *arg, const struct mapping_line *m)
{
	return -ENOMEM;
}

static void each(void **state)
{
	_cleanup_close_ int root = open_root(ROOT);
	int n = 0;

	assert_int_equal(maps_each(root, captured, count_shared, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(maps_each(root, captured, stop, NULL), -ENOMEM);
}

static void this_process(void **state)
{
	_cleanup_close_ int root = open_root("/");
	struct smaps_scan before, after;
	struct pid_stat stat;
	struct proc_id id = {.pid = (uint32_t)getpid()};
	char *p;

	assert_int_equal(pid_stat_read(root, id.pid, &stat), 0);
	id.start_ticks = stat.start_ticks;
	assert_int_equal(smaps_classes_read(root, id, &before), 0);
	p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	memset(p, 1, 4 << 20);
	assert_int_equal(smaps_classes_read(root, id, &after), 0);
	assert_int_equal(after.class[MAPPING_SHM].rss - before.class[MAPPING_SHM].rss, 4 << 20);
	munmap(p, 4 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),	cmocka_unit_test(no_lines),
		cmocka_unit_test(classes),	cmocka_unit_test(captured_smaps),
		cmocka_unit_test(odd_smaps),	cmocka_unit_test(each),
		cmocka_unit_test(this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
