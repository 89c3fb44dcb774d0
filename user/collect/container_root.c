/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where container runtimes were told to keep their state. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "collect/container.h"
#include "collect/json_read.h"

#define CONFIG_MAX (1u * 1024 * 1024)

/* An absolute path, relative to the root directory. */
static int set_root(const char *path, size_t len, char ret[static CONTAINER_ROOT_SIZE])
{
	size_t slashes = strspn(path, "/");

	if (!slashes || len <= slashes || len - slashes >= CONTAINER_ROOT_SIZE)
		return -ENOENT;
	memcpy(ret, path + slashes, len - slashes);
	ret[len - slashes] = '\0';
	return 0;
}

static int read_docker_root(struct cursor text, char ret[static CONTAINER_ROOT_SIZE])
{
	static const char *const keys[] = {"data-root", "graph" /* up to 17.05 */};
	_cleanup_json_ struct json_object *root = NULL;
	int err = json_read(text, &root);

	for (size_t i = 0; !err && i < 2; i++) {
		struct json_object *o = json_member(root, keys[i]);
		const char *path = o && json_object_is_type(o, json_type_string)
					   ? json_object_get_string(o)
					   : "";

		if (!set_root(path, strlen(path), ret))
			return 0;
	}
	return -ENOENT;
}

void container_docker_root(int root_fd, char ret[static CONTAINER_ROOT_SIZE])
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "etc/docker/daemon.json", &text, &cap, CONFIG_MAX);

	if (len < 0 || read_docker_root((struct cursor){text, text + len}, ret))
		snprintf(ret, CONTAINER_ROOT_SIZE, "var/lib/docker");
}

static struct cursor trimmed(struct cursor c)
{
	while (c.p < c.end && (*c.p == ' ' || *c.p == '\t'))
		c.p++;
	return c;
}

/* key = "value" or 'value'; what follows the value is a comment. */
static int take_value(struct cursor line, const char *key, char ret[static CONTAINER_ROOT_SIZE])
{
	size_t len = strlen(key);
	const char *end;
	char value[CONTAINER_ROOT_SIZE + 16];

	line = trimmed(line);
	if ((size_t)(line.end - line.p) < len || memcmp(line.p, key, len))
		return -ENOENT;
	line.p += len;
	line = trimmed(line);
	if (line.p == line.end || *line.p++ != '=')
		return -ENOENT;
	line = trimmed(line);
	if (line.p == line.end || (*line.p != '"' && *line.p != '\''))
		return -ENOENT;
	end = memchr(line.p + 1, *line.p, (size_t)(line.end - line.p - 1));
	if (!end || !cursor_copy((struct cursor){line.p + 1, end}, value, sizeof(value)))
		return -ENOENT;
	return set_root(value, strlen(value), ret);
}

int container_graphroot_parse(struct cursor text, char ret[static CONTAINER_ROOT_SIZE])
{
	bool in_storage = false;
	struct cursor line;

	while (!cursor_line(&text, &line)) {
		struct cursor c = trimmed(line), word;

		if (c.p < c.end && *c.p == '[')
			in_storage = !cursor_word(&c, &word) && cursor_is(word, "[storage]");
		else if (in_storage && !take_value(line, "graphroot", ret))
			return 0;
	}
	return -ENOENT;
}

void container_storage_root(int root_fd, char ret[static CONTAINER_ROOT_SIZE])
{
	/* The second is the distribution's own, and read when there is no first. */
	static const char *const paths[] = {"etc/containers/storage.conf",
					    "usr/share/containers/storage.conf"};

	for (size_t i = 0; i < 2; i++) {
		_cleanup_free_ char *text = NULL;
		size_t cap = 0;
		ssize_t len = read_file_grow(root_fd, paths[i], &text, &cap, CONFIG_MAX);

		if (len < 0)
			continue;
		if (!container_graphroot_parse((struct cursor){text, text + len}, ret))
			return;
		break;
	}
	snprintf(ret, CONTAINER_ROOT_SIZE, "var/lib/containers/storage");
}
