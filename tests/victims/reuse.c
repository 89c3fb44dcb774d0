/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that dies and whose PID is at once another process's: phases
 * "first" (the PID to trace, before it grows), "second" (the PID's new owner).
 */
#include "victim.h"

#include <linux/sched.h>
#include <sys/syscall.h>

static uint64_t second_mib = 16;

/* glibc has no wrapper; set_tid needs 5.5 and CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = pid ? (uint64_t)(uintptr_t)&pid : 0,
		.set_tid_size = pid ? 1 : 0,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

__attribute__((noreturn)) static void run_child(uint64_t mib, int grown, const char *name)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, name);
	victim_phase();
	touch_pages(map_anon(mib * MIB, MADV_NOHUGEPAGE), mib * MIB);
	if (write(grown, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static pid_t start(pid_t as, uint64_t mib, int grown, const char *name)
{
	pid_t pid = fork_as(as);

	if (pid < 0)
		victim_skip("clone3 with a chosen PID", errno);
	if (!pid)
		run_child(mib, grown, name);
	return pid;
}

int main(int argc, char **argv)
{
	const struct victim_option own[] = {
		{"second-mib", VICTIM_COUNT, &second_mib, "MiB the second process touches (16)"},
		{0},
	};
	struct truth t = {.kind = "anon", .note = "the first of its PID"};
	int grown[2];
	char c;

	victim_init(argc, argv, "reuse", "Has one PID used by two processes, one after another.",
		    own);
	if (pipe2(grown, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	t.pid = start(0, victim.mib, grown[1], "reuse-first");
	tell(&t, "\"phase\":\"first\"");
	if (read(grown[0], &c, 1) != 1)
		die("the first child failed");
	victim_phase();
	kill(t.pid, SIGKILL);
	waitpid(t.pid, NULL, 0);
	start(t.pid, second_mib, grown[1], "reuse-second");
	if (read(grown[0], &c, 1) != 1)
		die("the second child failed");
	t.held = second_mib * MIB;
	t.touched = victim_bytes() + t.held;
	t.note = "the second of its PID";
	tell(&t, "\"phase\":\"second\",\"first_bytes\":%zu", victim_bytes());
	victim_hold();
	kill(t.pid, SIGKILL);
	return 0;
}
