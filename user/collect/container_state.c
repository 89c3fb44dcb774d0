/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of containers in what their runtimes keep on disk. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "collect/container.h"
#include "collect/json_read.h"

/* containers.json holds a few KiB a container; the others are of one container. */
#define STATE_MAX (32u * 1024 * 1024)

/* Labels (Docker) or annotations (OCI) that name what runs; the first that is there. */
static const struct {
	const char *key;
	size_t offset, size;
} label_fields[] = {
#define FIELD(key, member)                                                                         \
	{                                                                                          \
		key, offsetof(struct container, member), sizeof(((struct container *)0)->member)   \
	}
	FIELD("io.kubernetes.cri.container-name", name),
	FIELD("io.kubernetes.container.name", name),
	FIELD("nerdctl/name", name),
	FIELD("io.kubernetes.cri.sandbox-name", pod),
	FIELD("io.kubernetes.pod.name", pod),
	FIELD("io.kubernetes.cri.sandbox-namespace", namespace),
	FIELD("io.kubernetes.pod.namespace", namespace),
	FIELD("io.kubernetes.cri.image-name", image),
	FIELD("io.kubernetes.cri-o.ImageName", image),
#undef FIELD
};

/* Copies a string that is there and not empty; a longer one is cut. */
static bool copy_string(struct json_object *o, char *dst, size_t size)
{
	const char *s;
	size_t len;

	if (!o || !json_object_is_type(o, json_type_string))
		return false;
	s = json_object_get_string(o);
	if (!*s)
		return false;
	len = strnlen(s, size - 1);
	memcpy(dst, s, len);
	dst[len] = '\0';
	return true;
}

static bool set_name(struct json_object *o, struct container *c)
{
	if (!copy_string(o, c->name, sizeof(c->name)))
		return false;
	c->name_is_id = false;
	return true;
}

static bool is_sandbox(struct json_object *labels)
{
	static const char *const keys[] = {"io.kubernetes.cri.container-type",
					   "io.kubernetes.cri-o.ContainerType"};
	char type[16];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (copy_string(json_member(labels, keys[i]), type, sizeof(type)) &&
		    !strcmp(type, "sandbox"))
			return true;
	return false;
}

/* Whether they told anything. */
static bool apply_labels(struct json_object *labels, struct container *c)
{
	unsigned int named = 0;
	bool any = false;

	for (size_t i = 0; i < sizeof(label_fields) / sizeof(label_fields[0]); i++) {
		char *dst = (char *)c + label_fields[i].offset;
		unsigned int bit = dst == c->name ? 1 : dst == c->pod ? 2 : dst == c->image ? 4 : 8;

		if ((named & bit) || !copy_string(json_member(labels, label_fields[i].key), dst,
						  label_fields[i].size))
			continue;
		named |= bit;
		any = true;
	}
	if (named & 1) {
		c->name_is_id = false;
	} else if (is_sandbox(labels)) { /* holds the pod's namespaces open; has no name */
		snprintf(c->name, sizeof(c->name), "sandbox");
		c->name_is_id = false;
		any = true;
	}
	return any;
}

int container_docker_parse(struct cursor text, struct container *c)
{
	_cleanup_json_ struct json_object *root = NULL;
	struct container found = *c;
	struct json_object *config;
	int err = json_read(text, &root);

	if (err)
		return err;
	if (!set_name(json_member(root, "Name"), &found))
		return -ENOENT;
	if (found.name[0] == '/' && found.name[1]) /* from the time of linked containers */
		memmove(found.name, found.name + 1, strlen(found.name));
	config = json_member(root, "Config");
	copy_string(json_member(config, "Image"), found.image, sizeof(found.image));
	apply_labels(json_member(config, "Labels"), &found);
	*c = found;
	return 0;
}

int container_oci_parse(struct cursor text, struct container *c)
{
	_cleanup_json_ struct json_object *root = NULL;
	struct container found = *c;
	int err = json_read(text, &root);

	if (err)
		return err;
	if (!apply_labels(json_member(root, "annotations"), &found))
		return -ENOENT;
	*c = found;
	return 0;
}

/* The metadata is JSON in a string: the image's name, and CRI-O's pod. */
static void apply_metadata(struct json_object *metadata, struct container *c)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *s;

	if (!metadata || !json_object_is_type(metadata, json_type_string))
		return;
	s = json_object_get_string(metadata);
	if (json_read((struct cursor){s, s + strlen(s)}, &o))
		return;
	copy_string(json_member(o, "image-name"), c->image, sizeof(c->image));
	copy_string(json_member(o, "pod-name"), c->pod, sizeof(c->pod));
}

int container_storage_parse(struct cursor text, struct container *c)
{
	_cleanup_json_ struct json_object *root = NULL;
	struct container found = *c;
	int err = json_read(text, &root);

	if (err)
		return err;
	if (!json_object_is_type(root, json_type_array))
		return -EBADMSG;
	for (size_t i = 0; i < json_object_array_length(root); i++) {
		struct json_object *o = json_object_array_get_idx(root, i), *names;
		char id[sizeof(c->id)];

		if (!copy_string(json_member(o, "id"), id, sizeof(id)) || strcmp(id, c->id))
			continue;
		names = json_member(o, "names");
		if (!names || !json_object_is_type(names, json_type_array) ||
		    !json_object_array_length(names) ||
		    !set_name(json_object_array_get_idx(names, 0), &found))
			return -ENOENT;
		apply_metadata(json_member(o, "metadata"), &found);
		*c = found;
		return 0;
	}
	return -ENOENT;
}

/* --- where they are ------------------------------------------------------------------------- */

typedef int parse_fn(struct cursor text, struct container *c);

/* What is not there, not readable or no JSON tells nothing. */
static int try_file(int dir_fd, const char *path, parse_fn *parse, struct container *c)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(dir_fd, path, &text, &cap, STATE_MAX);
	int err = len < 0 ? (int)len : parse((struct cursor){text, text + len}, c);

	return err == -ENOMEM || !err ? err : -ENOENT;
}

static int try_path(int root_fd, const char *before, const char *id, const char *after,
		    struct container *c)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s/%s", before, id, after) >= (int)sizeof(path))
		return -ENOENT;
	return try_file(root_fd, path, container_oci_parse, c);
}

static int name_docker(int root_fd, struct container *c)
{
	char root[CONTAINER_ROOT_SIZE], path[PATH_MAX];

	container_docker_root(root_fd, root);
	snprintf(path, sizeof(path), "%s/containers/%s/config.v2.json", root, c->id);
	return try_file(root_fd, path, container_docker_parse, c);
}

/* One directory a namespace: k8s.io, moby, default … */
static int try_tasks(int root_fd, const char *tasks, struct container *c)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int err = -ENOENT;

	if (open_dir_at(root_fd, tasks, &dir))
		return -ENOENT;
	while (err == -ENOENT && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			err = try_path(dirfd(dir), e->d_name, c->id, "config.json", c);
	return err;
}

static int name_containerd(int root_fd, struct container *c)
{
	static const char *const dirs[] = {
		"run/containerd/io.containerd.runtime.v2.task",
		"run/k3s/containerd/io.containerd.runtime.v2.task",
	};
	int err = -ENOENT;

	for (size_t i = 0; err == -ENOENT && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		err = try_tasks(root_fd, dirs[i], c);
	return err;
}

static int name_crio(int root_fd, struct container *c)
{
	char root[CONTAINER_ROOT_SIZE], path[PATH_MAX];
	int err = try_path(root_fd, "run/containers/storage/overlay-containers", c->id,
			   "userdata/config.json", c);

	if (err != -ENOENT)
		return err;
	container_storage_root(root_fd, root);
	snprintf(path, sizeof(path), "%s/overlay-containers", root);
	return try_path(root_fd, path, c->id, "userdata/config.json", c);
}

/* The home directory of a user in etc/passwd. */
static int find_home(int root_fd, uint32_t uid, char *dst, size_t size)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "etc/passwd", &text, &cap, STATE_MAX);
	struct cursor rest, line;

	if (len < 0)
		return -ENOENT;
	rest = (struct cursor){text, text + len};
	while (!cursor_line(&rest, &line)) {
		struct cursor field[6];
		size_t n = 0;
		uint64_t found;

		for (const char *p = line.p; n < 6 && p <= line.end; n++) {
			const char *colon = memchr(p, ':', (size_t)(line.end - p));

			field[n] = (struct cursor){p, colon ? colon : line.end};
			p = field[n].end + 1;
		}
		if (n == 6 && !cursor_u64(&field[2], &found) && found == uid &&
		    cursor_copy(field[5], dst, size))
			return 0;
	}
	return -ENOENT;
}

/*
 * A file in a place that its user commands: opened without effect first
 * (O_PATH), so that it cannot be made to name a device; read only if it is a
 * regular file of that user, so that it cannot be made to name others' files.
 */
static int try_users_file(int root_fd, const char *path, uint32_t uid, struct container *c)
{
	_cleanup_close_ int fd = openat(root_fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char self[64];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != uid)
		return -ENOENT;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return try_file(AT_FDCWD, self, container_storage_parse, c);
}

static const char *const storage_drivers[] = {"overlay", "vfs", "btrfs", "zfs"};

static int name_rootless(int root_fd, const char *cgroup_path, struct container *c)
{
	static const char prefix[] = "/user.slice/user-";
	char digits[16], home[1024], path[PATH_MAX];
	const char *p = strstr(cgroup_path, prefix);
	int err = -ENOENT;
	uint32_t uid;
	size_t len;

	if (!p)
		return -ENOENT;
	p += sizeof(prefix) - 1;
	len = strcspn(p, ".");
	if (!cursor_copy((struct cursor){p, p + len}, digits, sizeof(digits)) ||
	    parse_u32(digits, &uid) || find_home(root_fd, uid, home, sizeof(home)))
		return -ENOENT;
	for (size_t i = 0; err == -ENOENT && i < 4; i++) {
		snprintf(path, sizeof(path),
			 "%s/.local/share/containers/storage/%s-containers/containers.json",
			 home + strspn(home, "/"), storage_drivers[i]);
		err = try_users_file(root_fd, path, uid, c);
	}
	return err;
}

static int name_podman(int root_fd, struct container *c)
{
	char root[CONTAINER_ROOT_SIZE], path[PATH_MAX];
	int err = -ENOENT;

	container_storage_root(root_fd, root);
	for (size_t i = 0; err == -ENOENT && i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s-containers/containers.json", root,
			 storage_drivers[i]);
		err = try_file(root_fd, path, container_storage_parse, c);
	}
	return err;
}

/* In the order they are asked for a container of an unknown runtime (Kubernetes, ECS). */
static const struct {
	enum container_runtime runtime;
	int (*name)(int root_fd, struct container *c);
} sources[] = {
	{RUNTIME_DOCKER, name_docker},
	{RUNTIME_CONTAINERD, name_containerd},
	{RUNTIME_CRIO, name_crio},
	{RUNTIME_PODMAN, name_podman},
};

int container_name(int root_fd, const char *cgroup_path, struct container *c)
{
	bool any = c->runtime == RUNTIME_UNKNOWN;
	int err = -ENOENT;

	if (!c->id[0])
		return -ENOENT;
	for (size_t i = 0; err == -ENOENT && i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (!any && c->runtime != sources[i].runtime)
			continue;
		err = sources[i].name(root_fd, c);
		if (!err)
			c->runtime = sources[i].runtime;
	}
	if (err == -ENOENT && c->runtime == RUNTIME_PODMAN)
		err = name_rootless(root_fd, cgroup_path, c);
	return err;
}

/*
 * containerd's own tool puts a container at "/NAMESPACE/ID", where the id is a
 * name: only its state on disk tells it from a directory of anybody's.
 */
static bool is_containerd_task(int root_fd, const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strchr(path + 1, '/');

	return slash && slash[1] && !strchr(slash + 1, '/') &&
	       snprintf(dir, sizeof(dir), "run/containerd/io.containerd.runtime.v2.task%s", path) <
		       (int)sizeof(dir) &&
	       !faccessat(root_fd, dir, F_OK, 0);
}

int container_identify(int root_fd, const char *cgroup_path, struct container *ret)
{
	int err;

	container_parse(cgroup_path, ret);
	if (ret->runtime == RUNTIME_NONE && is_containerd_task(root_fd, cgroup_path)) {
		ret->runtime = RUNTIME_CONTAINERD;
		snprintf(ret->name, sizeof(ret->name), "%s", strrchr(cgroup_path, '/') + 1);
	}
	err = container_name(root_fd, cgroup_path, ret);
	return err == -ENOENT ? 0 : err;
}
