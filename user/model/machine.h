/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of what a tick says of the machine beside /proc/meminfo. */
#pragma once

#define MACHINE_FREE_PCP "FreePcp"	   /* on the CPUs' own free lists: not in MemFree */
#define MACHINE_ZSMALLOC "Zsmalloc"	   /* zram's and zswap's compressed pages */
#define MACHINE_ZSWAP_APART "ZswapApart"   /* count, 1: zswap's pages are not zsmalloc's */
#define MACHINE_STACKS_APART "StacksApart" /* count, 1: kernel stacks are not vmalloc's */
#define MACHINE_ARC "ZfsArc"
#define MACHINE_FILES "OpenFiles"		     /* count */
#define MACHINE_FILES_MAX "OpenFilesMax"	     /* count: fs.file-max */
#define MACHINE_NEGATIVE_DENTRIES "NegativeDentries" /* count: names known not to be there */
