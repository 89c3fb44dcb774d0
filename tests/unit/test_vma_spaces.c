/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls, forks, execs and looks into address spaces. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "collect/vma_look.h"
#include "collect/vma_spaces.h"

#define PAGE 4096ull
#define TICK 10000000ull

static struct vma_spaces s;
static uint64_t now;

static int reset(void **state)
{
	s = (struct vma_spaces){.page_size = PAGE, .huge_size = 512 * PAGE};
	now = 1000;
	return 0;
}

static int done(void **state)
{
	vma_spaces__free(&s);
	return 0;
}

static struct proc_id id_of(uint32_t pid)
{
	return (struct proc_id){pid, 7};
}

static struct mt_vma record(uint32_t pid, uint64_t mm, uint32_t kind)
{
	now += 100;
	return (struct mt_vma){
		.kind = kind,
		.mm = mm,
		.enter_ns = now - 50,
		.at = {.tgid = pid, .start_ns = 7 * TICK, .time_ns = now},
	};
}

static void apply(struct mt_vma v, uint32_t path)
{
	struct range_tag tag = {
		.since_ns = v.at.time_ns,
		.origin = v.kind == MT_VMA_BRK ? RANGE_BRK : RANGE_MMAP,
		.path = path,
		.p = 1,
	};

	assert_int_equal(vma_spaces__apply(&s, &v, &tag), 0);
}

static void map(uint32_t pid, uint64_t mm, uint64_t addr, uint64_t len, uint32_t path)
{
	struct mt_vma v = record(pid, mm, MT_VMA_MAP);

	v.addr = addr;
	v.len = len;
	apply(v, path);
}

static void unmap(uint32_t pid, uint64_t mm, uint64_t addr, uint64_t len, uint64_t enter_ns)
{
	struct mt_vma v = record(pid, mm, MT_VMA_UNMAP);

	v.old_addr = addr;
	v.old_len = len;
	v.enter_ns = enter_ns ?: v.enter_ns;
	apply(v, 0);
}

struct sum {
	uint32_t path;
	uint64_t bytes;
};

static int add(void *arg, uint64_t start, uint64_t end, struct range_tag *tag)
{
	struct sum *sum = arg;

	if (tag->path == sum->path)
		sum->bytes += end - start;
	return 0;
}

static uint64_t held(uint32_t pid, uint32_t path)
{
	struct vma_process *p = vma_spaces__find(&s, id_of(pid));
	struct sum sum = {.path = path};

	assert_non_null(p);
	ranges__each(&p->space->ranges, add, &sum);
	return sum.bytes;
}

static void whole_pages(void **state)
{
	map(1, 0xa, 0x10000, 5000, 1);
	assert_int_equal(held(1, 1), 2 * PAGE);
	unmap(1, 0xa, 0x11000, 1, 0);
	assert_int_equal(held(1, 1), PAGE);
}

/* One thread unmaps, another is given the place before the first call returns. */
static void place_given_away_before_return(void **state)
{
	uint64_t enter;

	map(1, 0xa, 0x10000, 4 * PAGE, 1);
	enter = now + 1;
	map(1, 0xa, 0x10000, 2 * PAGE, 2);
	unmap(1, 0xa, 0x10000, 4 * PAGE, enter);
	assert_int_equal(held(1, 1), 0);
	assert_int_equal(held(1, 2), 2 * PAGE);
}

static void moves(void **state)
{
	struct mt_vma v;

	map(1, 0xa, 0x10000, 4 * PAGE, 1);
	v = record(1, 0xa, MT_VMA_MOVE);
	v.old_addr = 0x10000;
	v.old_len = 4 * PAGE;
	v.addr = 0x50000;
	v.len = 6 * PAGE;
	assert_int_equal(vma_added_bytes(&s, &v), 2 * PAGE);
	apply(v, 2);
	assert_int_equal(held(1, 1), 4 * PAGE);
	assert_int_equal(held(1, 2), 2 * PAGE);
	unmap(1, 0xa, 0x10000, 4 * PAGE, 0); /* it is there no longer */
	assert_int_equal(held(1, 1), 4 * PAGE);

	v = record(1, 0xa, MT_VMA_MOVE); /* shrinks where it is */
	v.old_addr = v.addr = 0x50000;
	v.old_len = 6 * PAGE;
	v.len = PAGE;
	assert_int_equal(vma_added_bytes(&s, &v), 0);
	apply(v, 0);
	assert_int_equal(held(1, 1), PAGE);
	assert_int_equal(held(1, 2), 0);

	v = record(1, 0xa, MT_VMA_MOVE); /* the old place stays */
	v.flags = MT_VMA_KEEP_OLD;
	v.old_addr = 0x50000;
	v.addr = 0x90000;
	v.old_len = v.len = PAGE;
	assert_int_equal(vma_added_bytes(&s, &v), PAGE);
	apply(v, 3);
	assert_int_equal(held(1, 1), PAGE);
	assert_int_equal(held(1, 3), PAGE);
}

static void heap(void **state)
{
	struct mt_vma v = record(1, 0xa, MT_VMA_BRK);

	v.old_addr = 0x10010;
	v.addr = 0x14010;
	assert_int_equal(vma_added_bytes(&s, &v), 4 * PAGE);
	apply(v, 1);
	v = record(1, 0xa, MT_VMA_BRK);
	v.old_addr = 0x14010;
	v.addr = 0x12ff0;
	apply(v, 0);
	assert_int_equal(held(1, 1), 2 * PAGE);
}

static int renumber(void *arg, struct proc_id child, uint32_t path, uint32_t *ret)
{
	assert_int_equal(child.pid, 2);
	*ret = path + 10;
	return 0;
}

static void forks(void **state)
{
	struct mt_vma v;

	map(1, 0xa, 0x10000, 4 * PAGE, 1);
	v = record(1, 0xa, MT_VMA_FORK);
	v.child_tgid = 2;
	v.child_start_ns = 7 * TICK;
	v.child_mm = 0xb;
	assert_int_equal(vma_spaces__fork(&s, &v, renumber, NULL), 0);
	unmap(2, 0xb, 0x10000, PAGE, 0);
	map(1, 0xa, 0x20000, PAGE, 1);
	assert_int_equal(held(1, 1), 5 * PAGE);
	assert_int_equal(held(2, 11), 3 * PAGE);
	assert_int_equal(held(2, 1), 0);
}

/* vfork(): until it executes another program the child works in its parent's address space. */
static void vforks(void **state)
{
	struct mt_vma v;

	assert_int_equal(vma_spaces__add(&s, id_of(1)), 0);
	map(1, 0xa, 0x10000, 4 * PAGE, 1);
	v = record(1, 0xa, MT_VMA_FORK);
	v.child_tgid = 2;
	v.child_start_ns = 7 * TICK;
	v.child_mm = 0xa;
	assert_int_equal(vma_spaces__fork(&s, &v, renumber, NULL), 0);
	unmap(2, 0xa, 0x10000, PAGE, 0);
	assert_int_equal(held(1, 1), 3 * PAGE);
	v = record(2, 0xb, MT_VMA_EXEC);
	assert_int_equal(vma_spaces__exec(&s, &v), 0);
	assert_int_equal(held(1, 1), 3 * PAGE);
	assert_int_equal(held(2, 1), 0);
	vma_spaces__remove(&s, id_of(2));
	assert_int_equal(s.spaces.n, 1);
	assert_true(vma_spaces__find(&s, id_of(1))->asked);
}

static void execs(void **state)
{
	struct mt_vma v;

	assert_int_equal(vma_spaces__add(&s, id_of(1)), 0);
	map(1, 0xa, 0x10000, 4 * PAGE, 1);
	v = record(1, 0xa, MT_VMA_EXEC); /* a structure at the same address */
	assert_int_equal(vma_spaces__exec(&s, &v), 0);
	assert_int_equal(held(1, 1), 0);
	assert_true(vma_spaces__find(&s, id_of(1))->asked);
	assert_true(vma_spaces__find(&s, id_of(1))->space->look_due);
}

static void look(uint32_t pid, const char *text, uint64_t *stale)
{
	struct cursor maps = {text, text + strlen(text)};

	now += 100;
	assert_int_equal(vma_space__look(vma_spaces__find(&s, id_of(pid))->space, maps, now, stale),
			 0);
}

static void looks(void **state)
{
	struct vma_bytes b;
	uint64_t stale;

	assert_int_equal(vma_spaces__add(&s, id_of(1)), 0);
	map(1, 0xa, 0x10000, 2 * PAGE, 1);
	/* The first: what is not known was there before. */
	look(1,
	     "00010000-00012000 rw-p 00000000 00:00 0 \n"
	     "00400000-00404000 r-xp 00000000 08:01 99 /bin/x\n"
	     "7ff000000000-7ff000002000 rw-p 00000000 00:00 0 [stack]\n"
	     "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n",
	     &stale);
	vma_space__bytes(vma_spaces__find(&s, id_of(1))->space, &b);
	assert_int_equal(stale, 0);
	assert_int_equal(b.of[RANGE_MMAP], 2 * PAGE);
	assert_int_equal(b.of[RANGE_BEFORE], 6 * PAGE);
	/* Later: one page of ours has gone, two are new, the stack has grown. */
	look(1,
	     "00010000-00011000 rw-p 00000000 00:00 0 \n"
	     "00400000-00404000 r-xp 00000000 08:01 99 /bin/x\n"
	     "00500000-00502000 rw-s 00000000 00:00 0 /SYSV00000000 (deleted)\n"
	     "7fefffffe000-7ff000002000 rw-p 00000000 00:00 0 [stack]\n",
	     &stale);
	vma_space__bytes(vma_spaces__find(&s, id_of(1))->space, &b);
	assert_int_equal(stale, PAGE);
	assert_int_equal(b.of[RANGE_MMAP], PAGE);
	assert_int_equal(b.of[RANGE_UNSEEN], 2 * PAGE);
	assert_int_equal(b.of[RANGE_BEFORE], 8 * PAGE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, reset, done)
	const struct CMUnitTest tests[] = {
		TEST(whole_pages), TEST(place_given_away_before_return),
		TEST(moves),	   TEST(heap),
		TEST(forks),	   TEST(vforks),
		TEST(execs),	   TEST(looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
