/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process is doing: where it sleeps, and what it does about its children's ends. */
#pragma once

#include "base/parse.h"
#include "model/analysis.h"

#define SYSCALL_TEXT_SIZE sizeof(((struct zombie_parent *)0)->syscall)

/*
 * Text of /proc/PID/syscall into a name: "epoll_wait", "syscall 511" for those
 * without one here (a 32-bit program counts other ones: "syscall 7 (32 bits)");
 * "" when it is in none. 0 or -EBADMSG. Pure.
 */
int syscall_parse(struct cursor text, char ret[static SYSCALL_TEXT_SIZE]);
/* From the signal masks in the text of /proc/PID/status; SIGCHLD_UNKNOWN without them. Pure. */
enum sigchld sigchld_parse(struct cursor text);

/* Fills wchan, syscall and sigchld as far as rights go. */
void pid_wait_read(int root_fd, struct zombie_parent *p);
