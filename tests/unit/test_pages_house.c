/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The owner tables as real maps, without programs: what user space does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>

#include "collect/pages_table.h"
#include "skip.h"

#define OWNERS 64
#define CHUNKS 4

static struct tracer tracer;
static struct pages pages;
static uint32_t *table; /* MT_CHUNK * CHUNKS entries */

static int array(const char *name, __u32 value_size, __u32 n)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, name, 4, value_size, n, &opts);
}

static int setup(void **state)
{
	uint32_t n_cpus = libbpf_num_possible_cpus();

	(void)state;
	memset(&pages, 0, sizeof(pages));
	tracer.max_owners = OWNERS;
	tracer.machine.config.n_cpus = n_cpus;
	tracer.machine.config.n_pages = CHUNKS * MT_CHUNK;
	pages.tracer = &tracer;
	pages.kpageflags = -1;
	pages.page_size = 4096;
	pages.ticks_per_s = 100;
	pages.max_owner = MT_FIRST_OWNER - 1;
	pages.owners_fd = array("t_owners", sizeof(struct mt_owner), OWNERS);
	pages.table_fd = array("t_table", sizeof(struct mt_chunk), CHUNKS);
	pages.ids_fd = bpf_map_create(BPF_MAP_TYPE_HASH, "t_ids", sizeof(struct mt_owner_key), 4,
				      OWNERS, NULL);
	pages.free_fd = bpf_map_create(BPF_MAP_TYPE_STACK, "t_free", 0, 4, OWNERS, NULL);
	pages.cpu_fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "t_cpu", 4, sizeof(struct mt_cpu),
				      1, NULL);
	pages.cpu = calloc(n_cpus, sizeof(struct mt_cpu));
	pages.cpu_again = calloc(n_cpus, sizeof(struct mt_cpu));
	if (pages.cpu_fd < 0)
		return 0; /* no rights: each test skips */
	pages.owners = mmap(NULL, OWNERS * sizeof(struct mt_owner), PROT_READ | PROT_WRITE,
			    MAP_SHARED, pages.owners_fd, 0);
	table = mmap(NULL, CHUNKS * sizeof(struct mt_chunk), PROT_READ | PROT_WRITE, MAP_SHARED,
		     pages.table_fd, 0);
	for (uint32_t id = OWNERS - 1; id >= MT_FIRST_OWNER; id--)
		bpf_map_update_elem(pages.free_fd, NULL, &id, BPF_ANY);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (pages.cpu_fd >= 0) {
		munmap(table, CHUNKS * sizeof(struct mt_chunk));
		close(pages.owners_fd);
		close(pages.table_fd);
		close(pages.ids_fd);
		close(pages.free_fd);
		close(pages.cpu_fd);
	}
	munmap(pages.owners, OWNERS * sizeof(struct mt_owner));
	pages.owners = NULL;
	free(pages.cpu);
	free(pages.cpu_again);
	free(pages.removed.v);
	return 0;
}

static void need_maps(void)
{
	if (pages.cpu_fd < 0)
		skip_because("no BPF maps without root");
}

/* As the programs would: an id, its key, its first `n` pages from `at` on. */
static uint32_t make_owner(const char *comm, uint32_t tgid, uint32_t at, uint32_t n, bool dead)
{
	struct mt_owner_key key = {.start_ns = tgid, .tgid = tgid};
	struct mt_owner *o;
	uint32_t id;

	assert_int_equal(bpf_map_lookup_and_delete_elem(pages.free_fd, NULL, &id), 0);
	o = &pages.owners[id];
	o->tgid = tgid;
	o->start_ns = tgid;
	o->exit_ns = dead ? 1 : 0;
	o->live[MT_FILE] = n;
	o->taken[MT_FILE] = 2 * n;
	snprintf(o->comm, sizeof(o->comm), "%s", comm);
	for (uint32_t i = 0; i < n; i++)
		table[at + i] = id | MT_FILE << MT_CLASS_SHIFT;
	bpf_map_update_elem(pages.ids_fd, &key, &id, BPF_ANY);
	if (id > pages.max_owner)
		pages.max_owner = id;
	return id;
}

static bool has_key(uint32_t tgid)
{
	struct mt_owner_key key = {.start_ns = tgid, .tgid = tgid};
	uint32_t id;

	return bpf_map_lookup_elem(pages.ids_fd, &key, &id) == 0;
}

static void recycles_the_dead_that_hold_nothing(void **state)
{
	struct owner_list list = {};
	uint32_t empty, holding, alive, again;

	(void)state;
	need_maps();
	empty = make_owner("empty", 100, 0, 0, true);
	holding = make_owner("holding", 101, 0, 3, true);
	alive = make_owner("alive", 102, 0, 0, false);
	assert_int_equal(pages__keep_house(&pages), 0);
	assert_int_equal(pages.owners[empty].tgid, 0);
	assert_int_equal(pages.owners[holding].tgid, 101);
	assert_int_equal(pages.owners[alive].tgid, 102);
	assert_false(has_key(100));
	assert_true(has_key(101) && has_key(102));
	assert_int_equal(bpf_map_lookup_and_delete_elem(pages.free_fd, NULL, &again), 0);
	assert_int_equal(again, empty);
	/* Its last state is passed on once. */
	assert_int_equal(pages__read(&pages, &list), 0);
	assert_int_equal(list.v[list.n - 1].id.pid, 100);
	assert_true(list.v[list.n - 1].dead);
	assert_int_equal(pages__read(&pages, &list), 0);
	assert_int_not_equal(list.v[list.n - 1].id.pid, 100);
	free(list.v);
}

static void waits_for_what_a_cpu_holds_back(void **state)
{
	struct mt_cpu *cpu = calloc(tracer.machine.config.n_cpus, sizeof(*cpu));
	uint32_t id, zero = 0;

	(void)state;
	need_maps();
	id = make_owner("busy", 100, 0, 0, true);
	pages.owners[id].live[MT_FILE] = 5;
	cpu[0].free.owner = id;
	cpu[0].free.pages[MT_FILE] = 5; /* sums up to nothing, but is still to come */
	bpf_map_update_elem(pages.cpu_fd, &zero, cpu, BPF_ANY);
	assert_int_equal(pages__keep_house(&pages), 0);
	assert_int_equal(pages.owners[id].tgid, 100);
	cpu[0].free.pages[MT_FILE] = 0;
	pages.owners[id].live[MT_FILE] = 0;
	bpf_map_update_elem(pages.cpu_fd, &zero, cpu, BPF_ANY);
	assert_int_equal(pages__keep_house(&pages), 0);
	assert_int_equal(pages.owners[id].tgid, 0);
	free(cpu);
}

static const struct owner_sample *find_group(const struct owner_list *list, const char *comm)
{
	vec_for_each(o, list)
		if (o->kind == OWNER_EXITED_GROUP && !strcmp(o->comm, comm))
			return o;
	return NULL;
}

static void folds_when_half_full(void **state)
{
	struct owner_list list = {};
	uint32_t ids[40], dropped;

	(void)state;
	need_maps();
	for (uint32_t i = 0; i < 40; i++)
		ids[i] = make_owner(i % 2 ? "odd" : "even", 100 + i, i * 4, 4, true);
	/* One page's free was on its way while the table was walked: the entry is
	 * gone but the owner was not yet counted down. */
	table[0] = 0;
	assert_int_equal(pages__keep_house(&pages), 0);
	assert_int_equal(pages__read(&pages, &list), 0);
	assert_non_null(find_group(&list, "even"));
	assert_int_equal(find_group(&list, "odd")->live[PAGES_FILE], 20 * 4 * 4096);
	assert_int_equal(find_group(&list, "odd")->members, 20);
	assert_int_equal(find_group(&list, "odd")->taken[PAGES_FILE], 20 * 8 * 4096);
	/* Now it is counted down, and the old owners go. */
	dropped = ids[0];
	pages.owners[dropped].live[MT_FILE]--;
	assert_int_equal(pages__keep_house(&pages), 0);
	assert_int_equal(pages__read(&pages, &list), 0);
	assert_int_equal(find_group(&list, "even")->live[PAGES_FILE], (20 * 4 - 1) * 4096);
	for (int i = 0; i < 40; i++)
		assert_int_equal(pages.owners[ids[i]].tgid, 0);
	free(list.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(recycles_the_dead_that_hold_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(waits_for_what_a_cpu_holds_back, setup, teardown),
		cmocka_unit_test_setup_teardown(folds_when_half_full, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
