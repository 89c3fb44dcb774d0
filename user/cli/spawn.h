/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `-- COMMAND`: a child that waits before exec until tracing is attached.
 *
 * Start it first of all: before descriptors are opened, limits raised and
 * privileges dropped, none of which it should see. It takes its user id at
 * once, so that the parent may drop its own rights while it waits; and when
 * the parent dies meanwhile, it ends without running anything.
 *
 * The command is in our process group: Ctrl-C on the terminal reaches it
 * without our help. A SIGINT or SIGTERM that was sent to us alone (si_code
 * SI_USER) is what spawn__kill() is for. It is not killed when we die.
 *
 * Functions that fail say why in one line on stderr.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Its comm while it waits: exec from this name is the start of the command. */
#define SPAWN_COMM "(memtrace)"

struct spawn;

/*
 * Forks. As root with SUDO_UID set the child becomes that user: group and
 * supplementary groups too, HOME left alone; ids that are no numbers or not
 * known are an error, never a command run as root. Signal dispositions and
 * mask are the defaults, descriptors above 2 closed. 0 or -errno.
 */
int spawn__start(char *const argv[], struct spawn **ret);

/* Lets it go and waits until exec was done: 0, or -errno when the command
 * could not be run (it has been reaped then). Once. */
int spawn__release(struct spawn *s);

pid_t spawn__pid(const struct spawn *s);

/* Does not block: 1 with its wait(2) status when it has ended (as often as
 * asked), 0 while it runs, -errno. */
int spawn__reap(struct spawn *s, int *ret_status);

/* Its user and system time, with what it waited for; 0 until it was reaped: getrusage(2) has it
 * among our children's from then on. */
uint64_t spawn__cpu_ns(const struct spawn *s);

/* 0, or -errno: -ESRCH when it has ended. Silent. */
int spawn__kill(struct spawn *s, int sig);

/* One that waits ends without running; one that runs goes on. NULL allowed. */
void spawn__free(struct spawn *s);
