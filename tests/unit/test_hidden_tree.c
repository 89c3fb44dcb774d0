/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds what, by trees that say what a machine would say. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collect/hidden.h"
#include "collect/machine.h"
#include "fixture.h"
#include "model/machine.h"
#include "skip.h"

static void write_at(const char *root, const char *path, const char *text)
{
	char full[256], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void link_at(const char *root, const char *path, const char *target)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	assert_int_equal(symlink(target, full), 0);
}

static const struct hidden_sample *row_of(const struct tick *t, enum hidden_kind kind)
{
	vec_for_each(row, &t->hidden)
		if (row->kind == kind)
			return row;
	return NULL;
}

static void a_captured_tree(void **state)
{
	char root[] = "/tmp/memtrace-hidden.XXXXXX", command[64];
	struct proc_sample p = {.id = {77, 1}, .comm = "holder"};
	struct task_list procs = {&p, 1, 1};
	struct hidden *h = NULL;
	struct tick t = {0};
	int fd;

	assert_non_null(mkdtemp(root));
	write_at(root, "proc/77/fd/.keep", "");
	link_at(root, "proc/77/fd/3", "anon_inode:bpf-map");
	link_at(root, "proc/77/fd/4", "anon_inode:[perf_event]");
	link_at(root, "proc/77/fd/5", "/dev/dri/renderD128");
	link_at(root, "proc/77/fd/6", "pipe:[99]"); /* of another machine: not asked */
	write_at(root, "proc/77/fdinfo/3", "map_type:\t2\nmemlock:\t8388608\nmap_id:\t5\n");
	link_at(root, "proc/77/fd/7", "anon_inode:bpf-map");
	write_at(root, "proc/77/fdinfo/7",
		 "map_type:\t27\nmax_entries:\t1048576\nmemlock:\t1056000\nmap_id:\t6\n");
	write_at(root, "proc/77/fdinfo/5",
		 "drm-client-id:\t9\ndrm-resident-gtt:\t1024 KiB\ndrm-memory-gtt:\t9 KiB\n");
	link_at(root, "proc/77/fd/8", "/dmabuf:frame");
	write_at(root, "proc/77/fdinfo/8", "pos:\t0\nino:\t17\nsize:\t2097152\ncount:\t3\n");
	link_at(root, "proc/77/fd/9", "/dmabuf:frame"); /* the same one */
	write_at(root, "proc/77/fdinfo/9", "pos:\t0\nino:\t17\nsize:\t2097152\ncount:\t3\n");
	write_at(root, "sys/block/zram1/disksize", "1073741824\n");
	write_at(root, "sys/block/zram1/mm_stat",
		 "  8388608  1048576  1228800        0  1228800        1        0        0        "
		 "0\n");
	write_at(root, "proc/77/maps",
		 "7f0000000000-7f0000200000 rw-s 0 00:0e 1   anon_inode:[perf_event]\n");
	write_at(
		root, "proc/sysvipc/shm",
		"       key      shmid perms                  size  cpid  lpid nattch   uid   gid  "
		"cuid  cgid      atime      dtime      ctime                   rss                "
		"  swap\n"
		"         0          3   600              4194304    40    40      0     0     0   "
		"  "
		"0     0          1          2          1               4194304                    "
		" 0\n");
	write_at(root, "proc/slabinfo",
		 "slabinfo - version: 2.1\n# name\n"
		 "dentry 100 100 192 21 1 : tunables 0 0 0 : slabdata 512 512 0\n"
		 "kmalloc-1k 8 8 1024 32 8 : tunables 0 0 0 : slabdata 2 2 0\n");
	write_at(root, "proc/allocinfo",
		 "allocinfo - version: 1.0\n  1048576 256 net/x.c:7 [x] func:leaks_pages\n");
	write_at(root, "sys/kernel/debug/page_owner_stacks/show_stacks",
		 " leaks_pages+0x1/0x2 [x]\nnr_base_pages: 256\n");
	write_at(root, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "3\n");
	write_at(root, "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "2\n");
	write_at(root, "sys/kernel/mm/ksm/pages_shared", "10\n");
	write_at(root, "sys/fs/cgroup/cgroup.stat", "nr_descendants 5\nnr_dying_descendants 100\n");
	write_at(root, "proc/spl/kstat/zfs/arcstats", "13 1 0x01\nname type data\nsize 4 123456\n");
	write_at(root, "proc/sys/fs/dentry-state", "124205\t121975\t45\t0\t40353\t0\n");
	fd = open_root(root);
	assert_int_equal(hidden__new(fd, 4096, &h), 0);
	assert_int_equal(hidden__read(h, &procs, &t), 0);
	assert_int_equal(row_of(&t, HIDDEN_BPF)->bytes, 8388608);
	assert_int_equal(row_of(&t, HIDDEN_BPF)->id.pid, 77);
	assert_int_equal(row_of(&t, HIDDEN_BPF_RING)->bytes, 1048576 + 4 * 4096);
	assert_int_equal(row_of(&t, HIDDEN_PERF_RING)->bytes, 0x200000);
	assert_int_equal(row_of(&t, HIDDEN_GPU)->bytes, 1024 * 1024);
	assert_null(row_of(&t, HIDDEN_PIPE));
	assert_int_equal(row_of(&t, HIDDEN_DMA_BUF)->bytes, 2097152);
	assert_int_equal(row_of(&t, HIDDEN_ZRAM)->bytes, 1228800);
	assert_string_equal(row_of(&t, HIDDEN_ZRAM)->name, "zram1");
	assert_int_equal(row_of(&t, HIDDEN_SYSV)->bytes, 4194304);
	assert_true(row_of(&t, HIDDEN_SYSV)->is_left);
	assert_int_equal(row_of(&t, HIDDEN_SLAB_RECLAIMABLE)->bytes, 512 * 4096);
	assert_int_equal(row_of(&t, HIDDEN_SLAB_UNRECLAIMABLE)->bytes, 2 * 8 * 4096);
	assert_string_equal(row_of(&t, HIDDEN_ALLOC_SITE)->name, "net/x.c:7 [x] leaks_pages");
	assert_int_equal(row_of(&t, HIDDEN_PAGE_STACK)->bytes, 256 * 4096);
	assert_int_equal(row_of(&t, HIDDEN_HUGETLB)->bytes, 3 * 2048 * 1024);
	assert_int_equal(row_of(&t, HIDDEN_HUGETLB)->count, 2);
	assert_int_equal(row_of(&t, HIDDEN_KSM)->bytes, 10 * 4096);
	assert_int_equal(row_of(&t, HIDDEN_DYING_CGROUP)->count, 100);
	assert_int_equal(row_of(&t, HIDDEN_LOOK)->count, 7);
	assert_int_equal(machine_read(fd, 4096, &t), 0);
	assert_int_equal(t.machine.n, 2); /* no sys/fs/file-nr: not said to be none */
	assert_string_equal(t.machine.v[0].name, MACHINE_NEGATIVE_DENTRIES);
	assert_int_equal(t.machine.v[0].bytes, 40353);
	assert_string_equal(t.machine.v[1].name, MACHINE_ARC);
	assert_int_equal(t.machine.v[1].bytes, 123456);
	hidden__free(h);
	tick__free(&t);
	close(fd);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

static const struct hidden_sample *row_named(const struct tick *t, enum hidden_kind kind,
					     const char *name)
{
	vec_for_each(row, &t->hidden)
		if (row->kind == kind && !strcmp(row->name, name))
			return row;
	return NULL;
}

static void fill_file(const char *root, const char *path, size_t kib)
{
	char text[1025] = "";

	write_at(root, path, "");
	memset(text, 'x', 1024);
	for (size_t i = 0; i < kib; i++) {
		char full[256];
		FILE *f;

		snprintf(full, sizeof(full), "%s/%s", root, path);
		f = fopen(full, "a");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
}

/* A real filesystem in memory: what it is said to have is what the kernel says. */
static void files_in_memory(void **state)
{
	char root[] = "/dev/shm/memtrace-hidden.XXXXXX", command[64], path[300], to[300], line[128];
	struct task_list procs = {0};
	struct hidden *h = NULL;
	struct limits l = {0};
	struct tick t = {0};
	struct statfs fs;
	struct stat st;
	int fd;

	if (statfs("/dev/shm", &fs) || fs.f_type != TMPFS_MAGIC || !mkdtemp(root))
		skip_because("/dev/shm is no tmpfs that can be written to");
	assert_int_equal(stat(root, &st), 0);
	snprintf(line, sizeof(line), "1 0 %u:%u / / rw - tmpfs x rw\n", major(st.st_dev),
		 minor(st.st_dev));
	write_at(root, "proc/self/mountinfo", line);
	fill_file(root, "a/b/large", 1024);
	fill_file(root, "a/small", 8);
	fill_file(root, "two", 512);
	snprintf(path, sizeof(path), "%s/two", root);
	snprintf(to, sizeof(to), "%s/a/names", root);
	assert_int_equal(link(path, to), 0);
	link_at(root, "a/up", "..");
	fd = open_root(root);
	assert_int_equal(hidden__new(fd, 4096, &h), 0);
	assert_int_equal(hidden__read(h, &procs, &t), 0);
	assert_int_equal(row_named(&t, HIDDEN_TMPFS_FILE, "/a/b/large")->bytes, 1024 * 1024);
	assert_null(row_named(&t, HIDDEN_TMPFS_FILE, "/a/small"));
	assert_true(!row_named(&t, HIDDEN_TMPFS_FILE, "/two") !=
		    !row_named(&t, HIDDEN_TMPFS_FILE, "/a/names"));
	assert_non_null(row_named(&t, HIDDEN_TMPFS, "/"));
	assert_int_equal(hidden__limits(h, &l), 0);
	assert_null(limits__find(&l, "tmpfs_names_skipped"));
	/* Deeper than anybody looks: said, not silently left out. */
	snprintf(path, sizeof(path), "mkdir -p %s/$(printf 'd/%%.0s' $(seq 40))", root);
	assert_int_equal(system(path), 0);
	assert_int_equal(hidden__read(h, &procs, &t), 0);
	assert_int_equal(hidden__limits(h, &l), 0);
	assert_non_null(limits__find(&l, "tmpfs_names_skipped"));
	hidden__free(h);
	limits__free(&l);
	tick__free(&t);
	close(fd);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

/* Nothing there: a look that found nothing, not a failure. */
static void an_empty_tree(void **state)
{
	char root[] = "/tmp/memtrace-hidden.XXXXXX";
	struct task_list procs = {0};
	struct hidden *h = NULL;
	struct tick t = {0};
	struct limits l = {0};
	int fd;

	assert_non_null(mkdtemp(root));
	fd = open_root(root);
	assert_int_equal(hidden__new(fd, 4096, &h), 0);
	assert_int_equal(hidden__read(h, &procs, &t), 0);
	assert_int_equal(t.hidden.n, 1);
	assert_int_equal(machine_read(fd, 4096, &t), 0);
	assert_int_equal(t.machine.n, 0);
	assert_int_equal(hidden__limits(h, &l), 0);
	assert_int_equal(l.n, 0);
	hidden__free(h);
	tick__free(&t);
	limits__free(&l);
	close(fd);
	rmdir(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_captured_tree),
		cmocka_unit_test(files_in_memory),
		cmocka_unit_test(an_empty_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
