/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "collect/delta.h"

struct fixture {
	struct delta *d;
	struct task_list now;
	struct tick t;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	return !f || delta__new(&f->d);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	delta__free(f->d);
	task_list__free(&f->now);
	tick__free(&f->t);
	free(f);
	return 0;
}

static struct proc_sample *see(struct fixture *f, uint32_t pid, uint64_t start, uint64_t anon)
{
	struct proc_sample s = {.id = {pid, start}, .ppid = 1, .comm = "x", .state = 'S'};

	s.known = 1U << PROC_ANON;
	s.value[PROC_ANON] = anon;
	assert_int_equal(vec_push(&f->now, s), 0);
	return &f->now.v[f->now.n - 1];
}

/* Ends the reading: turns it into the next tick. */
static void tick(struct fixture *f)
{
	uint64_t time_ns = f->t.time_ns + 1;

	tick__clear(&f->t);
	f->t.time_ns = time_ns;
	assert_int_equal(delta__procs(f->d, &f->now, &f->t), 0);
	assert_int_equal(f->t.n_procs, f->now.n);
	task_list__clear(&f->now);
}

static void assert_row(const struct fixture *f, size_t i, uint32_t pid, uint64_t start, bool ended)
{
	const struct proc_sample *p = &f->t.procs.v[i];

	assert_true(i < f->t.procs.n);
	assert_int_equal(p->id.pid, pid);
	assert_int_equal(p->id.start_ticks, start);
	assert_int_equal(p->end.ended, ended);
	assert_int_equal(p->end.time_ns, ended ? f->t.time_ns : 0);
	assert_false(p->end.status_known);
}

static void appear_change_end(void **state)
{
	struct fixture *f = *state;

	tick(f);
	assert_int_equal(f->t.procs.n, 0);
	see(f, 1, 10, 100);
	see(f, 2, 20, 200);
	see(f, 3, 30, 300);
	tick(f);
	assert_int_equal(f->t.procs.n, 3);
	assert_row(f, 0, 1, 10, false);
	assert_row(f, 2, 3, 30, false);

	see(f, 1, 10, 100);
	see(f, 2, 20, 201);
	see(f, 4, 40, 400);
	tick(f);
	assert_int_equal(f->t.procs.n, 3);
	assert_row(f, 0, 2, 20, false);
	assert_int_equal(f->t.procs.v[0].value[PROC_ANON], 201);
	assert_row(f, 1, 3, 30, true);
	assert_int_equal(f->t.procs.v[1].value[PROC_ANON], 300); /* what it had last */
	assert_true(f->t.procs.v[1].known & 1U << PROC_ANON);
	assert_row(f, 2, 4, 40, false);

	see(f, 1, 10, 100);
	see(f, 2, 20, 201);
	see(f, 4, 40, 400);
	tick(f);
	assert_int_equal(f->t.procs.n, 0);
	tick(f);
	assert_int_equal(f->t.procs.n, 3);
	tick(f);
	assert_int_equal(f->t.procs.n, 0); /* an end is told once */
}

static void reused_pid(void **state)
{
	struct fixture *f = *state;

	see(f, 7, 10, 100);
	tick(f);
	see(f, 7, 99, 100);
	tick(f);
	assert_int_equal(f->t.procs.n, 2);
	assert_row(f, 0, 7, 10, true);
	assert_row(f, 1, 7, 99, false);
}

typedef void (*change_fn)(struct proc_sample *s);

static void change_nothing(struct proc_sample *s)
{
	s->state = 'R';		    /* is no change */
	s->value[PROC_HEAP] = 4711; /* is not known */
	s->end.time_ns = 1;
}
static void change_known(struct proc_sample *s)
{
	s->known |= 1U << PROC_HEAP;
}
static void change_approx(struct proc_sample *s)
{
	s->approx = 1U << PROC_ANON;
}
static void change_comm(struct proc_sample *s)
{
	s->comm[COMM_SIZE - 1] = 'y';
}
static void change_flags(struct proc_sample *s)
{
	s->flags = PROC_TARGET;
}
static void change_uid(struct proc_sample *s)
{
	s->uid = 5;
}
static void change_ppid(struct proc_sample *s)
{
	s->ppid = 2;
}
static void change_cgroup(struct proc_sample *s)
{
	s->cgroup = strdup("/new");
}

static void what_counts_as_change(void **state)
{
	static const struct {
		change_fn change;
		size_t n_rows;
	} cases[] = {
		{change_nothing, 0}, {change_known, 1}, {change_approx, 1}, {change_comm, 1},
		{change_flags, 1},   {change_uid, 1},	{change_ppid, 1},   {change_cgroup, 1},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		see(f, 1, 10 + i, 100);
		tick(f);
		cases[i].change(see(f, 1, 10 + i, 100));
		tick(f);
		assert_int_equal(f->t.procs.n, cases[i].n_rows);
	}
}

static void cgroups(void **state)
{
	struct fixture *f = *state;

	see(f, 1, 10, 100)->cgroup = strdup("/a");
	tick(f);
	assert_string_equal(f->t.procs.v[0].cgroup, "/a");
	see(f, 1, 10, 100)->cgroup = strdup("/a");
	tick(f);
	assert_int_equal(f->t.procs.n, 0);
	see(f, 1, 10, 100); /* not read this time */
	tick(f);
	assert_int_equal(f->t.procs.n, 0);
	see(f, 1, 10, 101);
	tick(f);
	assert_string_equal(f->t.procs.v[0].cgroup, "/a");
	see(f, 1, 10, 101)->cgroup = strdup("/b");
	tick(f);
	assert_string_equal(f->t.procs.v[0].cgroup, "/b");
	tick(f);
	assert_true(f->t.procs.v[0].end.ended);
	assert_string_equal(f->t.procs.v[0].cgroup, "/b");
}

/* A source that breaks the order costs time, not truth. */
static void unordered_reading(void **state)
{
	struct fixture *f = *state;

	see(f, 3, 30, 1);
	see(f, 1, 10, 1)->cgroup = strdup("/a");
	see(f, 2, 20, 1);
	tick(f);
	assert_int_equal(f->t.procs.n, 3);
	assert_row(f, 0, 1, 10, false);
	assert_row(f, 1, 2, 20, false);
	assert_row(f, 2, 3, 30, false);
	see(f, 2, 20, 1);
	see(f, 3, 30, 1);
	see(f, 1, 10, 1);
	tick(f);
	assert_int_equal(f->t.procs.n, 0);

	tick__clear(&f->t);
	see(f, 2, 20, 1);
	see(f, 2, 20, 5);
	see(f, 1, 10, 1);
	assert_int_equal(delta__procs(f->d, &f->now, &f->t), 0);
	assert_int_equal(f->t.n_procs, 2);
}

static void thousands(void **state)
{
	struct fixture *f = *state;

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t pid = 1; pid <= 10000; pid++)
			see(f, pid, pid, pid % 100 ? 5 : round);
		tick(f);
		assert_int_equal(f->t.procs.n, round ? 100 : 10000);
	}
}

static struct owner_sample owner(uint32_t dense, uint32_t pid, int64_t live)
{
	struct owner_sample o = {.owner = dense, .id = {pid, pid ? 10 : 0}};

	o.live[PAGES_USER] = live;
	return o;
}

static size_t owners_tick(struct fixture *f, const struct owner_sample *now, size_t n)
{
	tick__clear(&f->t);
	assert_int_equal(delta__owners(f->d, now, n, &f->t), 0);
	return f->t.owners.n;
}

static void owners_change(void **state)
{
	struct fixture *f = *state;
	struct owner_sample now[] = {owner(1, 0, 0),  owner(2, 0, 0), owner(3, 30, 3),
				     owner(4, 40, 4), owner(0, 0, 9), owner(0, 0, 9)};
	struct owner_sample other[4];

	now[0].kind = OWNER_ASYNC;
	now[1].kind = OWNER_OVERFLOW;
	now[4].kind = now[5].kind = OWNER_EXITED_GROUP;
	strcpy(now[4].comm, "sh");
	strcpy(now[5].comm, "cc");
	assert_int_equal(owners_tick(f, NULL, 0), 0);
	assert_int_equal(owners_tick(f, now, 6), 6);
	assert_int_equal(owners_tick(f, now, 6), 0);

	now[5].live[PAGES_FILE] = 1;
	now[3].dead = true;
	assert_int_equal(owners_tick(f, now, 6), 2);
	assert_int_equal(f->t.owners.v[0].id.pid, 40);
	assert_string_equal(f->t.owners.v[1].comm, "cc");

	/* In other places: found again. One went and came back: new. */
	other[0] = now[5];
	other[1] = now[3];
	other[2] = now[0];
	other[3] = now[4];
	assert_int_equal(owners_tick(f, other, 4), 0);
	assert_int_equal(owners_tick(f, now, 6), 2);
	assert_int_equal(f->t.owners.v[0].kind, OWNER_OVERFLOW);
	assert_int_equal(f->t.owners.v[1].id.pid, 30);
}

/* The dense id is used again: another owner. */
static void owner_id_reused(void **state)
{
	struct fixture *f = *state;
	struct owner_sample now = owner(7, 70, 1);

	assert_int_equal(owners_tick(f, &now, 1), 1);
	now.id.pid = 71;
	assert_int_equal(owners_tick(f, &now, 1), 1);
	now.id.start_ticks++;
	assert_int_equal(owners_tick(f, &now, 1), 1);
	assert_int_equal(owners_tick(f, &now, 1), 0);
}

static void owner_fields(void **state)
{
	struct fixture *f = *state;
	struct owner_sample now = owner(7, 70, 1);

	assert_int_equal(owners_tick(f, &now, 1), 1);
#define CHANGES(assignment)                                                                        \
	assignment;                                                                                \
	assert_int_equal(owners_tick(f, &now, 1), 1);                                              \
	assert_int_equal(owners_tick(f, &now, 1), 0)
	CHANGES(now.owner = 8);
	CHANGES(now.kind = OWNER_KTHREAD);
	CHANGES(now.parent.pid = 1);
	CHANGES(now.comm[3] = 'z');
	CHANGES(now.exit_ns = 5);
	now.exit_ns = 6; /* read again through another clock */
	assert_int_equal(owners_tick(f, &now, 1), 0);
	CHANGES(now.dead = true);
	CHANGES(now.has_exit_status = true);
	CHANGES(now.exit_status = 9);
	CHANGES(now.has_exit_rss = true);
	CHANGES(now.exit_anon = 1);
	CHANGES(now.exit_file = 1);
	CHANGES(now.exit_swap = 1);
	CHANGES(now.exit_shmem = 1);
	CHANGES(now.live[PAGES_KERNEL] = -1);
	CHANGES(now.taken[PAGES_USER] = 1);
	CHANGES(now.members = 1);
	CHANGES(now.residue.known = true);
	CHANGES(now.residue.inherited = 1);
	CHANGES(now.residue.shmem = 1);
	CHANGES(now.residue.file = 1);
	CHANGES(now.residue.kernel = 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(appear_change_end), TEST(reused_pid),	  TEST(what_counts_as_change),
		TEST(cgroups),		 TEST(unordered_reading), TEST(thousands),
		TEST(owners_change),	 TEST(owner_id_reused),	  TEST(owner_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
