/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grows, then becomes another program: what it held is gone. */
#include "victim.h"

static uint64_t after; /* bytes touched before the exec; 0: not executed yet */
static uint64_t then_mib;

__attribute__((noreturn)) static void become_another(void)
{
	char self[4096], touched[32], then[32], hold[32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		die("/proc/self/exe: %s", strerror(errno));
	self[n] = '\0';
	snprintf(touched, sizeof(touched), "%zu", victim_bytes());
	snprintf(then, sizeof(then), "%llu", (unsigned long long)then_mib);
	snprintf(hold, sizeof(hold), "%llu", (unsigned long long)victim.hold_ms / 1000);
	execl(self, "execer", "--after", touched, "--then-mib", then, "--hold", hold, NULL);
	die("exec: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	const struct victim_option own[] = {
		{"then-mib", VICTIM_COUNT, &then_mib, "MiB to touch and hold after the exec (0)"},
		{"after", VICTIM_COUNT, &after, "for its own use: this is the second program"},
		{0},
	};

	victim_init(argc, argv, "execer", "Grows, waits a phase, then executes itself.", own);
	if (!after) {
		victim_begin();
		grow_pages(map_anon(victim_bytes(), MADV_NOHUGEPAGE), victim_bytes());
		victim_phase();
		become_another();
	}
	if (then_mib)
		touch_pages(map_anon(then_mib * MIB, MADV_NOHUGEPAGE), then_mib * MIB);
	tell(&(struct truth){.kind = then_mib ? "anon" : "none",
			     .note = "another program",
			     .pid = getpid(),
			     .held = then_mib * MIB,
			     .touched = after + then_mib * MIB},
	     NULL);
	victim_hold();
	return 0;
}
