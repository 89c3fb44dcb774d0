/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cgroup's path, and what runtimes wrote of a container. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/container.h"

typedef int parse_fn(struct cursor text, struct container *c);

static void check_strings(const struct container *c)
{
	assert(memchr(c->id, '\0', sizeof(c->id)) && memchr(c->name, '\0', sizeof(c->name)));
	assert(memchr(c->pod, '\0', sizeof(c->pod)) && memchr(c->image, '\0', sizeof(c->image)));
	assert(memchr(c->namespace, '\0', sizeof(c->namespace)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static parse_fn *const parsers[] = {container_docker_parse, container_oci_parse,
					    container_storage_parse};
	const struct cursor text = {(const char *)data, (const char *)data + size};
	char *path = strndup(text.p, size);
	struct container c;

	assert(path);
	container_parse(path, &c);
	check_strings(&c);
	assert((c.runtime == RUNTIME_NONE) == !c.name[0]);
	assert(c.name_is_id == (c.id[0] != '\0'));
	assert(!c.inner || c.runtime != RUNTIME_NONE);
	free(path);

	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		struct container before = {.id = "0123", .name = "x", .name_is_id = true};
		int err;

		c = before;
		err = parsers[i](text, &c);
		check_strings(&c);
		assert(!err || err == -ENOENT || err == -EBADMSG);
		assert(!err || !memcmp(&c, &before, sizeof(c)));
	}
	return 0;
}
