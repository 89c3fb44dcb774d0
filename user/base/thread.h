/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <pthread.h>

/* A thread that gets no signals: they are the main thread's. 0 or -errno. */
int thread_start(pthread_t *ret, void *(*run)(void *arg), void *arg);
