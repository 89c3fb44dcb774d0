/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --analyze makes of a run: ranking, and its sections in text and JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/look_first.h"
#include "analyze/suspects.h"
#include "golden.h"
#include "model/machine.h"
#include "sample_report.h"

static struct run_info analyze_info(void)
{
	struct run_info info = story_info();

	put(info.mode, sizeof(info.mode), "analyze");
	put(info.target, sizeof(info.target), "");
	return info;
}

/* --- urgency --- */

static void urgencies(void **state)
{
	const double hour = 3600, day = 86400;

	/* the sooner memory ends, the more */
	assert_int_equal(growth_urgency(hour / 2), 900);
	assert_int_equal(growth_urgency(5 * hour), 750);
	assert_int_equal(growth_urgency(3 * day), 600);
	assert_int_equal(growth_urgency(20 * day), 500);
	assert_int_equal(growth_urgency(400 * day), 400);
	assert_int_equal(growth_urgency(0), 400); /* nobody knows what is available */
	/* idle memory by its share; never nothing */
	assert_int_equal(idle_urgency(2 << 20, 16 << 20), 760);
	assert_int_equal(idle_urgency(64 * MIB, 16384 * MIB), 520);
	assert_int_equal(idle_urgency(MIB, 16384 * MIB), 350);
	assert_int_equal(idle_urgency(1, 0), 350);
	/* descriptors: near the limit, or on the way there */
	assert_int_equal(fds_urgency(1000, 1024, 0), 880);
	assert_int_equal(fds_urgency(900, 1024, 0), 640);
	assert_int_equal(fds_urgency(900, 1024, 1), 860);
	assert_int_equal(fds_urgency(100, 1024, 0), 0);
	assert_int_equal(fds_urgency(100, 1024, 2000), 780);
	assert_int_equal(fds_urgency(100, 1024, 100), 680);
	assert_int_equal(fds_urgency(100, 1024, 1), 540);
	assert_int_equal(fds_urgency(100, 0, 1), 540);
	assert_int_equal(fds_urgency(100, UINT64_MAX, 1), 540);
	assert_int_equal(zombies_urgency(1), 430);
	assert_int_equal(zombies_urgency(10), 530);
	assert_int_equal(zombies_urgency(100000), 700);
}

/* --- whom to look at --- */

static const struct suspect *suspect_of(const struct suspect_list *l, size_t at)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].at == at)
			return &l->v[i];
	return NULL;
}

static void suspects(void **state)
{
	struct run_info info = analyze_info();
	struct proc_sample procs[40];
	struct suspect_list l = {0};
	struct history *h = NULL;
	struct tick t = {0};

	assert_int_equal(history__new(&info, &h), 0);
	begin_tick(&t, 0, 0);
	for (uint32_t i = 0; i < 40; i++) {
		procs[i] = story_proc(100 + i, "p", (i + 1) * MIB, 0);
		procs[i].known |= 1u << PROC_FDS;
		procs[i].value[PROC_FDS] = 10;
		assert_int_equal(vec_push(&t.procs, procs[i]), 0);
	}
	assert_int_equal(history__add(h, &t), 0);
	tick__free(&t);
	procs[0].value[PROC_ANON] += MIB;    /* small, and grows */
	procs[1].value[PROC_ANON] += 1000;   /* noise */
	procs[2].value[PROC_FDS] = 30;	     /* opens */
	procs[3].value[PROC_FDS] = 12;	     /* noise */
	procs[39].flags = PROC_KTHREAD;	     /* would be the largest */
	procs[4].known &= ~(1u << PROC_FDS); /* not known is not none */
	assert_int_equal(suspects_choose(procs, 40, h, &l), 0);
	assert_int_equal(l.v[0].at, 0);
	assert_int_equal(l.v[0].why & SUSPECT_MEMORY, SUSPECT_GROWS);
	assert_int_equal(l.v[1].at, 2);
	assert_true(l.v[1].why & SUSPECT_FDS_GROW);
	assert_true(suspect_of(&l, 38)->why & SUSPECT_RSS);
	assert_true(suspect_of(&l, 38)->why & SUSPECT_ANON);
	assert_null(suspect_of(&l, 39));
	assert_null(suspect_of(&l, 20));
	/* at the first look there is nothing to compare with */
	assert_int_equal(suspects_choose(procs, 40, NULL, &l), 0);
	vec_for_each(s, &l)
		assert_false(s->why & (SUSPECT_GROWS | SUSPECT_FDS_GROW));
	assert_int_equal(suspects_choose(procs, 0, h, &l), 0);
	assert_int_equal(l.n, 0);
	vec_free(&l);
	history__free(h);
}

/* --- a run --- */

static void note_parts(struct analysis *a, bool last)
{
	for (int part = 0; part < _ANALYSIS_PART_MAX; part++)
		if (last || part != PART_SHM)
			PUSH(&a->notes, (struct analysis_note){.part = (enum analysis_part)part});
}

static struct mapping_sample mapping(uint32_t pid, enum mapping_class class, uint64_t rss,
				     const char *name)
{
	struct mapping_sample m = {.id = {pid, 100 * pid}, .class = class, .n = 3};

	m.size = 2 * rss;
	m.rss = m.pss = rss;
	m.private_dirty = class == MAPPING_FILE ? 0 : rss;
	m.shared_clean = class == MAPPING_FILE ? rss : 0;
	m.pss = class == MAPPING_FILE ? rss / 4 : rss;
	m.largest = rss / 2;
	put(m.name, sizeof(m.name), name);
	return m;
}

static struct fd_sample fds(uint64_t sockets)
{
	struct fd_sample s = {.id = {300, 30000}, .limit_known = true, .limit = 1024};

	put(s.comm, sizeof(s.comm), "leaky");
	s.count[FD_SOCKET] = sockets;
	s.count[FD_FILE] = 7;
	return s;
}

static struct sysv_segment orphan(void)
{
	return (struct sysv_segment){.id = 7,
				     .key = 0x1234,
				     .mode = 0600,
				     .size = 512 * MIB,
				     .creator = 4711,
				     .rss = 512 * MIB,
				     .uid = 26,
				     .changed_s = 1699990000};
}

static void zombies(struct analysis *a)
{
	struct zombie_parent parent = {.id = {400, 40000}, .n_zombies = 2, .state = 'S'};
	struct zombie z = {.id = {401, 40100}, .ppid = 400, .since_ns = SAMPLE_START_NS};

	put(parent.comm, sizeof(parent.comm), "init.sh");
	put(parent.syscall, sizeof(parent.syscall), "epoll_wait");
	put(parent.wchan, sizeof(parent.wchan), "ep_poll");
	parent.sigchld = SIGCHLD_DEFAULT;
	PUSH(&a->parents, parent);
	put(z.comm, sizeof(z.comm), "a,b\"c\nd");
	PUSH(&a->zombies, z);
	z.id = (struct proc_id){402, 40200};
	z.since_exact = true;
	z.since_ns += 8 * SAMPLE_NS_PER_S;
	PUSH(&a->zombies, z);
}

static void segments(struct analysis *a)
{
	struct sysv_segment used = {.id = 8, .size = MIB, .n_attached = 2};

	PUSH(&a->sysv, orphan());
	used.creator = 300; /* alive, and older than the segment */
	used.changed_s = SAMPLE_START_NS / SAMPLE_NS_PER_S + 30;
	PUSH(&a->sysv, used);
}

static void shared_files(struct analysis *a)
{
	struct shm_file file = {1, 11, SHM_MEMFD, "/memfd:cache", true, true, MIB, MIB, 2};
	struct shm_holder holder = {1, 11, {300, 30000}, "leaky", 1, true};
	struct tmpfs_mount mount = {
		.path = "/run", .type = "tmpfs", .minor = 25, .use_known = true};

	PUSH(&a->shm, file);
	PUSH(&a->holders, holder);
	holder.id = (struct proc_id){77, 7700};
	put(holder.comm, sizeof(holder.comm), "java");
	PUSH(&a->holders, holder);
	file = (struct shm_file){24,	  5,	   SHM_POSIX, "/dev/shm/old", false, true,
				 3 * MIB, 3 * MIB, 0};
	PUSH(&a->shm, file);
	file = (struct shm_file){1, 12, SHM_ANON, "/dev/zero", true, false, 5 * MIB, 0, 0};
	PUSH(&a->shm, file);
	file = (struct shm_file){1, 8, SHM_SEGMENT, "/SYSV00000000", true, true, MIB, 0, 1};
	PUSH(&a->shm, file);
	holder.inode = 8;
	PUSH(&a->holders, holder);
	mount.size = 100 * MIB;
	mount.used = 95 * MIB;
	mount.n_inodes = 12;
	PUSH(&a->tmpfs, mount);
}

static void machine_files(struct tick *t, uint64_t n)
{
	struct meminfo_line line = {.name = MACHINE_FILES, .bytes = n, .is_count = true};

	PUSH(&t->machine, line);
	put(line.name, sizeof(line.name), MACHINE_FILES_MAX);
	line.bytes = 100000;
	PUSH(&t->machine, line);
}

static void analyze_start(struct tick *t)
{
	struct proc_sample p = story_proc(77, "java", 800 * MIB, MIB);

	begin_tick(t, 0, 0);
	story_meminfo(t, 0);
	p.cgroup = strdup("/system.slice/shop.service");
	PUSH(&t->procs, p);
	p = story_proc(300, "leaky", 20 * MIB, MIB);
	p.known |= 1u << PROC_FDS;
	p.value[PROC_FDS] = 107;
	PUSH(&t->procs, p);
	PUSH(&t->procs, story_proc(400, "init.sh", MIB, 0));
	machine_files(t, 4000);
	note_parts(&t->analysis, false);
	PUSH(&t->analysis.sysv, orphan());
	PUSH(&t->analysis.fds, fds(100));
	PUSH(&t->analysis.mappings, mapping(77, MAPPING_HEAP, 780 * MIB, "[heap]"));
	PUSH(&t->analysis.mappings, mapping(77, MAPPING_FILE, 8 * MIB, "/usr/bin/java"));
	PUSH(&t->analysis.tmpfs, (struct tmpfs_mount){.path = "/run",
						      .type = "tmpfs",
						      .minor = 25,
						      .use_known = true,
						      .size = 100 * MIB,
						      .used = 90 * MIB});
}

/* After 20 s. */
static void analyze_end(struct tick *t)
{
	struct alert alert = {.kind = ALERT_MEMORY, .unit = ALERT_PERCENT, .value = 96};
	struct proc_sample p = story_proc(77, "java", 900 * MIB, MIB);
	struct fd_group group = {.id = {300, 30000}, .kind = FD_SOCKET, .count = 200};

	begin_tick(t, 1, 20);
	story_meminfo(t, 150 * MIB);
	PUSH(&t->procs, p);
	p = story_proc(300, "leaky", 20 * MIB, MIB);
	p.known |= 1u << PROC_FDS;
	p.value[PROC_FDS] = 207;
	PUSH(&t->procs, p);
	PUSH(&t->owners, story_owner(77, "java", 100 * MIB, 2 * MIB, MIB));
	machine_files(t, 4210);
	note_parts(&t->analysis, true);
	t->analysis.notes.v[PART_MAPPINGS].n_skipped = 1;
	PUSH(&t->analysis.fds, fds(200));
	put(group.what, sizeof(group.what), "TCP CLOSE_WAIT to 10.0.0.1:5432");
	group.fresh_known = true;
	group.fresh = 100;
	PUSH(&t->analysis.fd_groups, group);
	PUSH(&t->analysis.mappings, mapping(77, MAPPING_HEAP, 880 * MIB, "[heap]"));
	PUSH(&t->analysis.mappings, mapping(77, MAPPING_FILE, 8 * MIB, "/usr/bin/java"));
	zombies(&t->analysis);
	segments(&t->analysis);
	shared_files(&t->analysis);
	alert.time_ns = t->time_ns;
	alert.threshold = 80;
	put(alert.message, sizeof(alert.message), "memory use is 96 %: 15 GiB of 16 GiB");
	PUSH(&t->alerts, alert);
}

static struct report *run(bool bpf, void (*last)(struct tick *))
{
	void (*const ticks[])(struct tick *) = {analyze_start, last, NULL};
	struct run_info info = analyze_info();

	info.bpf = bpf;
	return report_of(&info, &(struct report_options){.min_bytes = 65536, .top = 10}, ticks);
}

/* Takes out what stands from one line on up to another: sections that are others'. */
static char *without(char *text, const char *from, const char *to)
{
	char *start = strstr(text, from), *end = start && to ? strstr(start, to) : NULL;

	if (start)
		memmove(start, end ? end : "", end ? strlen(end) + 1 : 1);
	return text;
}

static char *own_text(char *text)
{
	without(text, "\nVERDICTS", "\nALERTS");
	return without(text, "\nLEFT BEHIND", NULL);
}

static void golden(void **state)
{
	struct report *r = run(true, analyze_end);
	char *text = written(&text_sink, r), *json = written(&json_sink, r);

	assert_golden("analysis.txt", own_text(text));
	assert_golden("analysis.json", without(json, "\"ledger\":[", NULL));
	assert_write_error(&text_sink, r);
	assert_write_error(&json_sink, r);
	free(text);
	free(json);
	report__free(r);
	r = run(false, analyze_end);
	text = written(&text_sink, r);
	assert_golden("analysis-no-bpf.txt", own_text(text));
	free(text);
	report__free(r);
}

/* The planted ones are in the first screen, and each is there once. */
static void first_screen(void **state)
{
	struct report *r = run(true, analyze_end);
	size_t n[_LOOK_KIND_MAX] = {0};

	assert_true(r->analysis->known && !r->analysis->n_looks_cut);
	vec_for_each(look, &r->analysis->looks) {
		n[look->kind]++;
		assert_true(*look->reason && *look->next && look->urgency <= 1000);
		assert_true(look == r->analysis->looks.v || look[-1].urgency >= look->urgency);
	}
	for (int kind = 0; kind < _LOOK_KIND_MAX; kind++) {
		bool planted = kind == LOOK_MEMORY || kind == LOOK_GROWTH || kind == LOOK_FDS ||
			       kind == LOOK_SEGMENTS || kind == LOOK_SHM || kind == LOOK_TMPFS ||
			       kind == LOOK_ZOMBIES;

		assert_int_equal(n[kind], planted ? 1 : 0);
	}
	assert_int_equal(r->analysis->looks.v[0].kind, LOOK_MEMORY);
	assert_true(r->analysis->segments.v[0].is_orphan);
	assert_int_equal(r->analysis->segments.v[0].creator, CREATOR_GONE);
	assert_int_equal(r->analysis->segments.v[1].creator, CREATOR_ALIVE);
	report__free(r);
}

/* Twenty growers leave room for what is of another sort. */
static void many_growers(struct tick *t)
{
	analyze_end(t);
	for (uint32_t i = 0; i < 20; i++)
		PUSH(&t->procs, story_proc(1000 + i, "grower", 300 * MIB + i, 0));
}

static void many_start(struct tick *t)
{
	analyze_start(t);
	for (uint32_t i = 0; i < 20; i++)
		PUSH(&t->procs, story_proc(1000 + i, "grower", 200 * MIB, 0));
}

static void crowd(void **state)
{
	static void (*const ticks[])(struct tick *) = {many_start, many_growers, NULL};
	struct run_info info = analyze_info();
	struct report *r =
		report_of(&info, &(struct report_options){.min_bytes = 65536, .top = 10}, ticks);
	size_t n_growth = 0, n_zombies = 0;

	assert_int_equal(r->analysis->looks.n, 8);
	assert_int_equal(r->analysis->n_looks_cut, 27 - 8);
	vec_for_each(look, &r->analysis->looks) {
		n_growth += look->kind == LOOK_GROWTH;
		n_zombies += look->kind == LOOK_ZOMBIES;
	}
	assert_int_equal(n_growth, 2);
	assert_int_equal(n_zombies, 1);
	report__free(r);
}

static void zombie_ages(struct tick *t, bool exact, uint64_t age_ns)
{
	analyze_end(t);
	vec_for_each(z, &t->analysis.zombies) {
		z->since_exact = exact;
		z->since_ns = t->time_ns - age_ns;
	}
}

static void new_zombies(struct tick *t)
{
	zombie_ages(t, false, 0);
}

static void young_zombies(struct tick *t)
{
	zombie_ages(t, true, 5 * SAMPLE_NS_PER_S - 1);
}

static void lasting_zombies(struct tick *t)
{
	zombie_ages(t, true, 5 * SAMPLE_NS_PER_S);
}

/* Every process that ends is one for a moment: only those of two samples are told. */
static void zombies_that_last(void **state)
{
	static void (*const ends[])(struct tick *) = {new_zombies, young_zombies, lasting_zombies};

	for (size_t i = 0; i < 3; i++) {
		struct report *r = run(true, ends[i]);
		size_t n = 0;

		assert_int_equal(r->info.interval_ns, 5 * SAMPLE_NS_PER_S);
		vec_for_each(look, &r->analysis->looks)
			n += look->kind == LOOK_ZOMBIES;
		assert_int_equal(n, i == 2);
		report__free(r);
	}
}

static void nothing_last(struct tick *t)
{
	begin_tick(t, 1, 20);
	story_meminfo(t, 0);
}

/* Killed before the last look: what there is is of the start, and it says so. */
static void killed(void **state)
{
	struct report *r = run(true, nothing_last);
	char *text = written(&text_sink, r), *json = written(&json_sink, r);

	assert_false(r->analysis->known);
	assert_non_null(strstr(text, "ENDED BEFORE ITS LAST LOOK"));
	assert_non_null(strstr(text, "DELETED BUT OPEN\nnot looked at\n"));
	assert_non_null(strstr(json, "\"analysis\":{\"complete\":false"));
	free(text);
	free(json);
	report__free(r);
}

/* Every row with strings out to do harm: no control character gets through. */
static void hostile_names(void **state)
{
	static void (*const ticks[])(struct tick *) = {hostile_tick_0, hostile_tick_1,
						       hostile_tick_2, NULL};
	struct run_info info = sample_info();
	struct report *r;
	char *text;

	put(info.mode, sizeof(info.mode), "analyze");
	r = report_of(&info, &(struct report_options){0}, ticks);
	text = written(&text_sink, r);
	for (const unsigned char *p = (unsigned char *)text; *p; p++)
		assert_true(*p >= ' ' || *p == '\n');
	assert_null(strstr(text, "\xe2\x80\xae"));
	free(text);
	text = written(&json_sink, r);
	for (const unsigned char *p = (unsigned char *)text; *p; p++)
		assert_true(*p >= ' ' || *p == '\n');
	free(text);
	report__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urgencies),	 cmocka_unit_test(suspects),
		cmocka_unit_test(golden),	 cmocka_unit_test(first_screen),
		cmocka_unit_test(crowd),	 cmocka_unit_test(killed),
		cmocka_unit_test(hostile_names), cmocka_unit_test(zombies_that_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
