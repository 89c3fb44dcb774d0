/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the machine (model/fact.h), each reader for itself: what is not there adds nothing. */
#pragma once

#include <stdint.h>

#include "base/parse.h"
#include "model/fact.h"

/* "os" (PRETTY_NAME of os-release), "cmdline", and "config": those options of the kernel that
 * decide what can be seen, where boot/config-RELEASE can be read. 0 or -ENOMEM. */
int facts_machine(int root_fd, const char *release, struct facts *f);

/* "unit" NAME: units of systemd that are or were started since boot and have not been forgotten,
 * by what systemd keeps in run/systemd/units. 0, -ENOMEM, or -ENOENT: no systemd runs here. */
int facts_units(int root_fd, struct facts *f);

/* "memory" ADDRESSES: the ranges of System RAM, where proc/iomem tells them. 0 or -ENOMEM. */
int facts_memory_map(int root_fd, struct facts *f);

/* "packages" dpkg|rpm, the value a fingerprint of what is installed. 0 or -ENOMEM. */
int facts_packages(int root_fd, struct facts *f);

/* Number and fingerprint of the packages that dpkg's status file lists as installed, whatever
 * their order. Pure. */
struct package_set {
	uint64_t n, sum;
};
void dpkg_status_parse(struct cursor text, struct package_set *ret);
