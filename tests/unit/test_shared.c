/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/fd_links.h"
#include "collect/sysv_shm.h"
#include "collect/tmpfs.h"
#include "fixture.h"
#include "skip.h"

#define MIB (1024 * 1024)

static void cleanup_sysv(struct sysv_list *l)
{
	vec_free(l);
}

static void cleanup_tmpfs(struct tmpfs_list *l)
{
	vec_free(l);
}

#define _cleanup_sysv_ _cleanup_(cleanup_sysv)
#define _cleanup_tmpfs_ _cleanup_(cleanup_tmpfs)
#define _cleanup_files_ _cleanup_(open_files__free)

static void test_segments(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_close_ int none = open_root("tests/fixtures/system/v2");
	_cleanup_sysv_ struct sysv_list l = {0};
	const struct sysv_segment *s;

	assert_int_equal(sysv_shm_read(root, &l), 0);
	assert_int_equal(l.n, 3);
	s = &l.v[0];
	assert_int_equal(s->id, 5);
	assert_int_equal(s->mode, 0600);
	assert_true(s->is_removed);
	assert_int_equal(s->size, 32 * MIB);
	assert_int_equal(s->creator, 4711);
	assert_int_equal(s->last_user, 4712);
	assert_int_equal(s->n_attached, 2);
	assert_int_equal(s->attached_s, 1714532000);
	assert_int_equal(s->rss, 8 * MIB);
	assert_int_equal(s->swap, 4096);
	s = &l.v[1];
	assert_int_equal(s->key, (int32_t)0xdeadbeef);
	assert_false(s->is_removed);
	assert_int_equal(s->n_attached, 0);
	assert_int_equal(s->uid, 26);
	assert_int_equal(s->creator_uid, 0);
	assert_true(l.v[2].is_locked);
	assert_int_equal(sysv_shm_read(none, &l), -ENOENT);
	assert_int_equal(sysv_shm_parse(text_of("1 2 3\n"), &l), -EBADMSG);
}

static void test_own_segment(void **state)
{
	_cleanup_close_ int root = open_root("/");
	_cleanup_sysv_ struct sysv_list l = {0};
	int id = shmget(IPC_PRIVATE, MIB, IPC_CREAT | 0600);
	const struct sysv_segment *found = NULL;
	char *p;

	if (id < 0)
		skip_because("no System V segment to be had");
	p = shmat(id, NULL, 0);
	assert_ptr_not_equal(p, (char *)-1);
	memset(p, 1, MIB);
	assert_int_equal(sysv_shm_read(root, &l), 0);
	assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
	vec_for_each(s, &l)
		if (s->id == (uint32_t)id)
			found = s;
	assert_non_null(found);
	assert_int_equal(found->creator, getpid());
	assert_int_equal(found->uid, geteuid());
	assert_int_equal(found->n_attached, 1);
	assert_int_equal(found->size, MIB);
	assert_int_equal(found->rss + found->swap, MIB);
	assert_false(found->is_removed);
	shmdt(p);
}

static void test_mounts(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_tmpfs_ struct tmpfs_list l = {0};

	assert_int_equal(tmpfs_read(root, &l), 0);
	assert_int_equal(l.n, 4);
	assert_string_equal(l.v[0].path, "/dev");
	assert_string_equal(l.v[0].type, "devtmpfs");
	assert_string_equal(l.v[1].path, "/dev/shm");
	assert_int_equal(l.v[1].minor, 24);
	assert_string_equal(l.v[2].path, "/media/with blank");
	assert_string_equal(l.v[3].type, "ramfs");
	vec_for_each(m, &l)
		assert_false(m->use_known); /* nothing is mounted there */
}

static void test_own_mounts(void **state)
{
	_cleanup_close_ int root = open_root("/");
	_cleanup_tmpfs_ struct tmpfs_list l = {0};
	size_t n_known = 0;

	assert_int_equal(tmpfs_read(root, &l), 0);
	vec_for_each(m, &l) {
		n_known += m->use_known;
		assert_true(!m->use_known || m->used <= m->size || !m->size);
	}
	if (!l.n)
		skip_because("no tmpfs is mounted");
	assert_true(n_known > 0);
}

static void test_links(void **state)
{
	static const struct {
		const char *link, *target;
		enum fd_kind kind;
		bool is_deleted;
	} links[] = {
		{"/var/log/x.log", "/var/log/x.log", FD_FILE, false},
		{"/var/log/x (deleted)", "/var/log/x", FD_FILE, true},
		{"/memfd:cache (deleted)", "/memfd:cache", FD_SHM, true},
		{"/dev/shm/sem.a", "/dev/shm/sem.a", FD_SHM, false},
		{"/SYSV00000000 (deleted)", "/SYSV00000000", FD_SHM, true},
		{"/dev/null", "/dev/null", FD_DEVICE, false},
		{"socket:[4711]", "socket:[4711]", FD_SOCKET, false},
		{"pipe:[1]", "pipe:[1]", FD_PIPE, false},
		{"anon_inode:[eventpoll]", "anon_inode:[eventpoll]", FD_EPOLL, false},
		{"anon_inode:inotify", "anon_inode:inotify", FD_EVENT, false},
		{"anon_inode:bpf-map", "anon_inode:bpf-map", FD_BPF, false},
		{"anon_inode:[io_uring]", "anon_inode:[io_uring]", FD_OTHER, false},
		{"net:[4026531840]", "net:[4026531840]", FD_OTHER, false},
		{" (deleted)", " (deleted)", FD_OTHER, false},
		{"", "", FD_OTHER, false},
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct open_file f;

		fd_link_parse(links[i].link, &f);
		assert_string_equal(f.target, links[i].target);
		assert_int_equal(f.kind, links[i].kind);
		assert_int_equal(f.is_deleted, links[i].is_deleted);
	}
}

static void test_long_link(void **state)
{
	struct open_file f;
	char link[2000] = "/";

	memset(link + 1, 'a', 1500);
	strcat(link, " (deleted)");
	fd_link_parse(link, &f);
	assert_true(f.is_deleted);
	assert_int_equal(strlen(f.target), sizeof(f.target) - 1);
}

static const struct open_file *find_fd(const struct open_files *files, int fd)
{
	for (size_t i = 0; i < files->n; i++)
		if (files->v[i].fd == (uint32_t)fd)
			return &files->v[i];
	fail_msg("descriptor %d is not listed", fd);
	return NULL;
}

static void test_own_files(void **state)
{
	_cleanup_close_ int root = open_root("/"), event = eventfd(0, 0);
	_cleanup_close_ int memfd = memfd_create("te,st\n", 0);
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_STREAM, 0);
	_cleanup_files_ struct open_files files = {0};
	const struct open_file *f;
	uint64_t sum = 0;
	char page[4096] = {1};

	assert_true(event >= 0 && memfd >= 0 && sock >= 0);
	assert_int_equal(write(memfd, page, sizeof(page)), sizeof(page));
	assert_int_equal(ftruncate(memfd, MIB), 0);
	assert_int_equal(open_files__read(root, (uint32_t)getpid(), 1000, &files), 0);
	f = find_fd(&files, memfd);
	assert_int_equal(f->kind, FD_SHM);
	assert_string_equal(f->target, "/memfd:te,st\n");
	assert_true(f->size_known);
	assert_int_equal(f->size, MIB);
	assert_int_equal(f->allocated, sizeof(page));
	assert_int_equal(find_fd(&files, sock)->kind, FD_SOCKET);
	assert_int_equal(find_fd(&files, event)->kind, FD_EVENT);
	for (size_t i = 1; i < files.n; i++)
		assert_true(files.v[i - 1].fd < files.v[i].fd);
	for (int i = 0; i < _FD_KIND_MAX; i++)
		sum += files.count[i];
	assert_int_equal(sum, files.n);
}

static void test_bounds_and_failures(void **state)
{
	_cleanup_close_ int root = open_root("/"), made = open_root("tests/fixtures/system/made");
	_cleanup_files_ struct open_files files = {0};
	uint64_t sum = 0;

	assert_int_equal(open_files__read(root, (uint32_t)getpid(), 2, &files), 0);
	assert_int_equal(files.n, 2);
	for (int i = 0; i < _FD_KIND_MAX; i++)
		sum += files.count[i];
	assert_true(sum >= 5); /* counted all the same */
	assert_int_equal(sum - files.n, files.n_skipped);
	assert_int_equal(open_files__read(made, 77, 2, &files), -ESRCH);
	assert_int_equal(files.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),  cmocka_unit_test(test_own_segment),
		cmocka_unit_test(test_mounts),	  cmocka_unit_test(test_own_mounts),
		cmocka_unit_test(test_links),	  cmocka_unit_test(test_long_link),
		cmocka_unit_test(test_own_files), cmocka_unit_test(test_bounds_and_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
