/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which container a cgroup is: from its path, and from what the runtimes keep on disk. */
#pragma once

#include "base/parse.h"
#include "model/system.h"

/*
 * What the path alone tells: the innermost container in it, else the innermost
 * systemd service, else RUNTIME_NONE (pod may be set: a pod's own cgroup holds
 * its containers'). Runtimes without names in the path get name_is_id. Pure.
 */
void container_parse(const char *cgroup_path, struct container *ret);

/*
 * Names it by the state files below root_fd: Docker's config.v2.json, the
 * container storage of Podman and CRI-O (rootless Podman: in the user's home,
 * if the file is the user's own), containerd's config.json. Asks no daemon.
 * Needs root, mostly. 0; -ENOENT when nothing there tells more (c unchanged);
 * -ENOMEM.
 */
int container_name(int root_fd, const char *cgroup_path, struct container *c);

/* Both, and containerd's own names of tasks: as much as can be told. 0 or -ENOMEM. */
int container_identify(int root_fd, const char *cgroup_path, struct container *ret);

/*
 * Where the runtimes keep their state, without the slash in front: what
 * etc/docker/daemon.json ("data-root") and etc/containers/storage.conf
 * (graphroot) say, else their defaults. Always fills ret.
 */
#define CONTAINER_ROOT_SIZE 1024
void container_docker_root(int root_fd, char ret[static CONTAINER_ROOT_SIZE]);
void container_storage_root(int root_fd, char ret[static CONTAINER_ROOT_SIZE]);
/* graphroot of the [storage] table in storage.conf's text (TOML); 0 or -ENOENT. Pure. */
int container_graphroot_parse(struct cursor text, char ret[static CONTAINER_ROOT_SIZE]);

/* What the text of each says of c->id; all of them 0, -ENOENT (nothing), -EBADMSG (no JSON),
 * -ENOMEM, and c changed on success only. Pure. */
int container_docker_parse(struct cursor text, struct container *c);
int container_oci_parse(struct cursor text, struct container *c);
int container_storage_parse(struct cursor text, struct container *c);
