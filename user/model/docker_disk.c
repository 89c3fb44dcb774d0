/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/docker_disk.h"

const char *const docker_kind_names[] = {
	[DOCKER_IMAGES] = "images",
	[DOCKER_CONTAINERS] = "containers",
	[DOCKER_VOLUMES] = "volumes",
	[DOCKER_BUILD_CACHE] = "build-cache",
};
