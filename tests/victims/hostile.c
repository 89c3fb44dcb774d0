/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Children whose names try to break whoever prints or parses them. comm holds
 * any 15 bytes that are not NUL.
 */
#include "victim.h"

static const char *const names[] = {
	"quote\"back\\",      "line\nbreak",
	"\033[31mred\033[0m", "\033]0;title\a",
	"bad\xff\xfe utf8",   "cut\xc3",
	") R 1 2 3 (x",	      "\xe2\x80\xae\144esrever",
	"<b>&amp;'",	      "=1+1,\"a\";b",
	"%s%n%1000d",	      "",
	"\t\r\x01\x7f",	      "\xc0\x80\xed\xa0\x80",
};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

static pid_t children[N_NAMES];

static void tidy(void)
{
	for (size_t i = 0; i < N_NAMES; i++)
		if (children[i] > 0)
			kill(children[i], SIGTERM);
	while (wait(NULL) > 0)
		;
}

__attribute__((noreturn)) static void run_child(const char *name, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_NAME, name);
	touch_pages(map_anon(victim_bytes(), MADV_NOHUGEPAGE), victim_bytes());
	if (write(ready, "", 1) != 1)
		_exit(1);
	/* Not victim_hold(): exit() would run the parent's tidying here. */
	signal(SIGTERM, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	usleep((useconds_t)(victim.hold_ms < 60000 ? victim.hold_ms : 60000) * 1000);
	_exit(0);
}

int main(int argc, char **argv)
{
	char list[N_NAMES * 12 + 1] = "", c;
	int ready[2];
	size_t len = 0;

	victim.mib = 4;
	victim_init(argc, argv, "hostile", "Starts children with hostile names, --mib (4) each.",
		    NULL);
	victim_begin();
	if (pipe2(ready, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	for (size_t i = 0; i < N_NAMES; i++) {
		children[i] = fork();
		if (children[i] < 0)
			die("fork: %s", strerror(errno));
		if (!children[i])
			run_child(names[i], ready[1]);
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%d", i ? "," : "",
					(int)children[i]);
	}
	atexit(tidy);
	for (size_t i = 0; i < N_NAMES; i++)
		if (read(ready[0], &c, 1) != 1)
			die("a child failed");
	tell(&(struct truth){.kind = "anon",
			     .note = "held by each child",
			     .pid = getpid(),
			     .held = victim_bytes(),
			     .touched = victim_bytes()},
	     "\"children\":[%s]", list);
	victim_hold();
	return 0;
}
