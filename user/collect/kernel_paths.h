/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which call paths in the kernel hold pages: the samples of the page source's
 * kernel pages in the book of paths. Of all processes, from the start on.
 */
#pragma once

#include "collect/code_book.h"
#include "collect/pages.h"

struct kernel_paths;

/* Sampling is on from here. pages and book must outlive it. 0 or -errno. */
int kernel_paths__open(struct pages *pages, struct code_book *book, struct kernel_paths **ret);
void kernel_paths__close(struct kernel_paths *k); /* NULL allowed */

/* Brings the book's kernel paths up to date. 0 or -errno. */
int kernel_paths__update(struct kernel_paths *k);
/* 0 or -ENOMEM. */
int kernel_paths__limits(const struct kernel_paths *k, struct limits *l);

/*
 * Mean bytes between two samples while so many of n slots are taken. Each time
 * half of the rest is used up it is four times as much, so that a large machine's
 * kernel memory finds room, and a small one's is told most exactly. Pure.
 */
uint64_t kernel_paths_interval(uint32_t used, uint32_t n);
