/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Touches memory and is gone at once, with a known status. */
#include "victim.h"

int main(int argc, char **argv)
{
	uint64_t status = 0, sig = 0;
	const struct victim_option own[] = {
		{"status", VICTIM_COUNT, &status, "exit status (0)"},
		{"signal", VICTIM_COUNT, &sig, "die of this signal instead"},
		{0},
	};
	struct rlimit no_core = {0};
	sigset_t none;

	victim_init(argc, argv, "quickexit", "Touches memory and exits at once.", own);
	if (status > 255 || sig > 64)
		victim_usage(2, own);
	victim_begin();
	touch_pages(map_anon(victim_bytes(), MADV_NOHUGEPAGE), victim_bytes());
	tell(&(struct truth){.kind = "none",
			     .note = "about to exit",
			     .pid = getpid(),
			     .touched = victim_bytes()},
	     "\"status\":%d,\"signal\":%d", (int)status, (int)sig);
	if (sig) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal((int)sig, SIG_DFL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		raise((int)sig);
	}
	return (int)status;
}
