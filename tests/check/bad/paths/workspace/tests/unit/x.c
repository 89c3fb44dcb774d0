/* SPDX-License-Identifier: GPL-2.0-or-later */
#define X "/workspace/tree/x"
