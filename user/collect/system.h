/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/system.h"

/*
 * Reads every part below root_fd in place of what ret held (only the names of
 * containers are taken from there); what could not be read has its reason in
 * err[]. 0 or -ENOMEM.
 */
int system_read(int root_fd, struct system_sample *ret);
