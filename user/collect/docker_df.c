/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/docker_df.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "collect/json_read.h"

/* Some KiB an image, container or volume. */
#define REPLY_MAX (8u * 1024 * 1024)

/* /var/run is a link to it everywhere, which would lead out of a --sysroot. */
#define SOCKET_PATH "run/docker.sock"

/* 1.0: the reply ends with the connection, and is not cut into chunks. */
static const char request[] = "GET /system/df HTTP/1.0\r\nHost: docker\r\nAccept: "
			      "application/json\r\nConnection: close\r\n\r\n";

/* --- the answer ----------------------------------------------------------------------------- */

static uint64_t number(struct json_object *o, const char *key)
{
	uint64_t n = 0;

	json_u64(json_member(o, key), &n);
	return n;
}

/* From API 1.52 on the daemon adds up itself. */
static bool take_sums(struct json_object *o, struct docker_usage *u)
{
	if (json_u64(json_member(o, "TotalSize"), &u->size))
		return false;
	u->total = number(o, "TotalCount");
	u->active = number(o, "ActiveCount");
	u->reclaimable = number(o, "Reclaimable");
	u->known = true;
	return true;
}

/* One element's share: its size, whether it is in use. */
typedef void element_fn(struct json_object *o, uint64_t *ret_size, bool *ret_active);

static void take_list(struct json_object *list, element_fn *element, struct docker_usage *u)
{
	if (!list || !json_object_is_type(list, json_type_array))
		return;
	u->known = true;
	u->total = json_object_array_length(list);
	for (size_t i = 0; i < u->total; i++) {
		uint64_t size = 0;
		bool active = false;

		element(json_object_array_get_idx(list, i), &size, &active);
		u->size += size;
		u->active += active;
		u->reclaimable += active ? 0 : size;
	}
}

/* Layers that it shares with no other image. */
static void image(struct json_object *o, uint64_t *ret_size, bool *ret_active)
{
	uint64_t size, shared;

	*ret_active = number(o, "Containers") > 0;
	if (!json_u64(json_member(o, "Size"), &size) &&
	    !json_u64(json_member(o, "SharedSize"), &shared) && shared <= size)
		*ret_size = size - shared;
}

static void container(struct json_object *o, uint64_t *ret_size, bool *ret_active)
{
	static const char *const states[] = {"running", "paused", "restarting"};
	struct json_object *state = json_member(o, "State");

	*ret_size = number(o, "SizeRw");
	for (size_t i = 0; i < 3 && state; i++)
		*ret_active |= json_object_is_type(state, json_type_string) &&
			       !strcmp(json_object_get_string(state), states[i]);
}

static void volume(struct json_object *o, uint64_t *ret_size, bool *ret_active)
{
	struct json_object *use = json_member(o, "UsageData");

	*ret_size = number(use, "Size");
	*ret_active = number(use, "RefCount") > 0;
}

static bool is_true(struct json_object *o, const char *key)
{
	struct json_object *value = json_member(o, key);

	return value && json_object_is_type(value, json_type_boolean) &&
	       json_object_get_boolean(value);
}

static void build(struct json_object *o, uint64_t *ret_size, bool *ret_active)
{
	*ret_active = is_true(o, "InUse");
	if (!is_true(o, "Shared"))
		*ret_size = number(o, "Size");
}

/* What all images take is said; what those in use have alone is not to be had back. */
static void take_images(struct json_object *root, struct docker_usage *u)
{
	uint64_t layers, in_use;

	take_list(json_member(root, "Images"), image, u);
	if (!u->known || json_u64(json_member(root, "LayersSize"), &layers))
		return;
	in_use = u->size - u->reclaimable;
	u->size = layers;
	u->reclaimable = layers > in_use ? layers - in_use : 0;
}

static int take_disk(struct json_object *root, struct docker_disk *ret)
{
	static const struct {
		const char *sums, *list;
		element_fn *element;
	} kinds[] = {
		[DOCKER_IMAGES] = {"ImageUsage", "Images", image},
		[DOCKER_CONTAINERS] = {"ContainerUsage", "Containers", container},
		[DOCKER_VOLUMES] = {"VolumeUsage", "Volumes", volume},
		[DOCKER_BUILD_CACHE] = {"BuildCacheUsage", "BuildCache", build},
	};
	struct docker_disk disk = {0};
	bool any = false;

	for (int k = 0; k < _DOCKER_KIND_MAX; k++) {
		if (take_sums(json_member(root, kinds[k].sums), &disk.kind[k]))
			continue;
		if (k == DOCKER_IMAGES)
			take_images(root, &disk.kind[k]);
		else
			take_list(json_member(root, kinds[k].list), kinds[k].element,
				  &disk.kind[k]);
	}
	for (int k = 0; k < _DOCKER_KIND_MAX; k++)
		any |= disk.kind[k].known;
	if (!any)
		return -EBADMSG;
	*ret = disk;
	return 0;
}

int docker_df_parse(struct cursor reply, struct docker_disk *ret)
{
	static const char ok[] = "HTTP/1.";
	_cleanup_json_ struct json_object *root = NULL;
	const char *body = memmem(reply.p, (size_t)(reply.end - reply.p), "\r\n\r\n", 4);
	struct cursor line, word;
	int err;

	if (!body || cursor_line(&reply, &line) || cursor_word(&line, &word) ||
	    (size_t)(word.end - word.p) < sizeof(ok) || memcmp(word.p, ok, sizeof(ok) - 1) ||
	    cursor_word(&line, &word) || !cursor_is(word, "200"))
		return -EPROTO;
	err = json_read((struct cursor){body + 4, reply.end}, &root);
	return err ? err : take_disk(root, ret);
}

/* --- asking for it -------------------------------------------------------------------------- */

/* By way of the descriptor: an address has no directory to start from, and 108 bytes. */
static int connect_to(int root_fd)
{
	_cleanup_close_ int at = openat(root_fd, SOCKET_PATH, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int fd = -1;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;

	if (at < 0)
		return -errno;
	if (fstat(at, &st) || !S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", at);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return TAKE_FD(fd);
}

int docker_df__ask(struct docker_df *d, int root_fd, uint64_t now_ns)
{
	int fd;

	docker_df__close(d);
	d->next_ns = now_ns + DOCKER_DF_EVERY_NS;
	d->deadline_ns = now_ns + DOCKER_DF_LIMIT_NS;
	fd = connect_to(root_fd);
	if (fd < 0)
		return fd;
	/* A new connection's buffer takes so little. */
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != sizeof(request) - 1) {
		close(fd);
		return -EPROTO;
	}
	d->fd = fd;
	return 0;
}

/* 1: more may come, 0: all of it, -EAGAIN, -EFBIG, -ENOMEM, -errno. */
static int take_some(struct docker_df *d)
{
	char some[16384];
	ssize_t n = recv(d->fd, some, sizeof(some), 0);

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (!n)
		return 0;
	if (d->reply.len + (size_t)n > REPLY_MAX)
		return -EFBIG;
	strbuf_add(&d->reply, some, (size_t)n);
	return d->reply.failed ? -ENOMEM : 1;
}

int docker_df__poll(struct docker_df *d, uint64_t now_ns, struct docker_disk *ret)
{
	int err;

	if (d->fd < 0)
		return -EAGAIN;
	do
		err = take_some(d);
	while (err > 0);
	if (err == -EAGAIN && now_ns < d->deadline_ns)
		return -EAGAIN;
	if (err == -EAGAIN)
		err = -ETIMEDOUT;
	if (!err)
		err = docker_df_parse(
			(struct cursor){d->reply.s, d->reply.s ? d->reply.s + d->reply.len : NULL},
			ret);
	docker_df__close(d);
	return err;
}

void docker_df__close(struct docker_df *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	strbuf_free(&d->reply);
}
