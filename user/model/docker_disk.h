/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Docker has on disk, as `docker system df` adds it up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum docker_kind {
	DOCKER_IMAGES,
	DOCKER_CONTAINERS, /* their writable layers */
	DOCKER_VOLUMES,
	DOCKER_BUILD_CACHE,
	_DOCKER_KIND_MAX,
};

extern const char *const docker_kind_names[_DOCKER_KIND_MAX]; /* "images" … "build-cache" */

struct docker_usage {
	bool known;
	uint64_t total, active; /* how many, and of these in use */
	uint64_t size;		/* bytes */
	uint64_t reclaimable;	/* bytes of those that nobody uses */
};

struct docker_disk {
	struct docker_usage kind[_DOCKER_KIND_MAX];
};
