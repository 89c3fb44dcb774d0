/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/shm_files.h"
#include "fixture.h"

#define _cleanup_shm_ _cleanup_(shm_files__free)

static struct open_file file_of(const char *target, enum fd_kind kind, uint64_t inode)
{
	struct open_file f = {.kind = kind, .size_known = true, .dev = 1, .inode = inode};

	snprintf(f.target, sizeof(f.target), "%s", target);
	f.size = 8192;
	f.allocated = 4096;
	return f;
}

static void open_and_mapped(void **state)
{
	const struct proc_sample a = {.id = {10, 1}, .comm = "a"}, b = {.id = {11, 2}, .comm = "b"};
	struct open_file files[] = {
		file_of("/memfd:x", FD_SHM, 7),	   file_of("/memfd:x", FD_SHM, 7),
		file_of("/var/log/y", FD_FILE, 8), file_of("/run/gone", FD_FILE, 9),
		file_of("/run/there", FD_FILE, 5), file_of("/dev/shm", FD_SHM, 6),
	};
	struct mapping_line m = {.start = 0x1000, .end = 0x3000, .is_shared = true, .dev = 1};
	const struct open_files list = {.v = files, .n = sizeof(files) / sizeof(files[0])};
	struct tmpfs_mount mount = {.minor = 1};
	const struct tmpfs_list tmpfs = {.v = &mount, .n = 1};
	_cleanup_shm_ struct shm_files s = {0};

	files[3].is_deleted = true;
	files[5].size_known = false; /* a directory */
	assert_int_equal(makedev(0, 1), 1);
	assert_int_equal(shm_files__add_open(&s, &a, &list, &tmpfs), 0);
	assert_int_equal(s.files.n, 2); /* the memfd, and the tmpfs file without a name */
	assert_true(s.files.v[0].kind == SHM_MEMFD && s.files.v[0].n_holders == 1);
	assert_int_equal(s.files.v[1].kind, SHM_TMPFS);
	assert_int_equal(s.holders.v[0].n_fds, 2);
	/* another has it mapped, and no descriptor */
	m.inode = 7;
	snprintf(m.name, sizeof(m.name), "/memfd:x");
	assert_int_equal(shm_files__add_mapping(&s, &b, &m), 0);
	assert_int_equal(s.files.n, 2);
	assert_int_equal(s.files.v[0].n_holders, 2);
	assert_int_equal(s.files.v[0].allocated, 4096);
	assert_true(s.holders.v[2].is_mapped && !s.holders.v[2].n_fds);
	/* System V, told by its mapping alone: how much of it is mapped */
	m.inode = 32769;
	snprintf(m.name, sizeof(m.name), "/SYSV00000000");
	assert_int_equal(shm_files__add_mapping(&s, &b, &m), 0);
	assert_true(s.files.v[2].kind == SHM_SEGMENT && !s.files.v[2].size_known);
	assert_int_equal(s.files.v[2].size, 0x2000);
	/* a program's text is none of this */
	snprintf(m.name, sizeof(m.name), "/usr/bin/x");
	m.inode = 99;
	assert_int_equal(shm_files__add_mapping(&s, &b, &m), 0);
	assert_int_equal(s.files.n, 3);
}

static void names(void **state)
{
	char dir[] = "/tmp/memtrace-shm-XXXXXX", path[128], command[160];
	_cleanup_shm_ struct shm_files s = {0};
	_cleanup_close_ int root = -1;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	root = open_root(dir);
	assert_int_equal(shm_files__add_dir(&s, root), -ENOENT);
	snprintf(path, sizeof(path), "%s/dev", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/dev/shm", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/dev/shm/sub", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/dev/shm/link", dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/dev/shm/two\nlines", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("x", f);
	fclose(f);
	assert_int_equal(shm_files__add_dir(&s, root), 0);
	assert_int_equal(s.files.n, 1);
	assert_string_equal(s.files.v[0].name, "/dev/shm/two\nlines");
	assert_true(s.files.v[0].size_known && s.files.v[0].size == 1 && !s.files.v[0].n_holders);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_and_mapped),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
