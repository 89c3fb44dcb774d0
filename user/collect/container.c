/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/container.h"

#include <string.h>

#define SHORT_ID 12 /* what docker ps and podman ps print */
#define FULL_ID 64  /* hex digits of a SHA-256: what the OCI runtimes use */

enum form {
	FORM_HEX,    /* what is left of the component is an id */
	FORM_NAME,   /* … a name as it is */
	FORM_UNIT,   /* … a name in systemd's escapes */
	FORM_DOMAIN, /* … in systemd's escapes, "DRIVER-NUMBER-NAME" */
};

/* Components of a path, the first that fits; RUNTIME_NONE: no container, whatever follows. */
static const struct pattern {
	const char *parent, *prefix, *suffix; /* NULL parent: any */
	enum container_runtime runtime;
	enum form form;
} patterns[] = {
	{NULL, "libpod-conmon-", "", RUNTIME_NONE, FORM_NAME},
	{NULL, "crio-conmon-", "", RUNTIME_NONE, FORM_NAME},
	{NULL, "lxc.monitor.", "", RUNTIME_NONE, FORM_NAME},
	{NULL, "docker-", ".scope", RUNTIME_DOCKER, FORM_HEX},
	{"docker", "", "", RUNTIME_DOCKER, FORM_HEX},
	{NULL, "libpod-payload-", "", RUNTIME_PODMAN, FORM_HEX},
	{NULL, "libpod-", ".scope", RUNTIME_PODMAN, FORM_HEX},
	{NULL, "libpod-", "", RUNTIME_PODMAN, FORM_HEX},
	{NULL, "cri-containerd-", ".scope", RUNTIME_CONTAINERD, FORM_HEX},
	{NULL, "nerdctl-", ".scope", RUNTIME_CONTAINERD, FORM_HEX},
	{NULL, "crio-", ".scope", RUNTIME_CRIO, FORM_HEX},
	{NULL, "crio-", "", RUNTIME_CRIO, FORM_HEX},
	{NULL, "lxc.payload.", "", RUNTIME_LXC, FORM_NAME},
	{"lxc.payload", "", "", RUNTIME_LXC, FORM_NAME},
	{"lxc", "", "", RUNTIME_LXC, FORM_NAME},
	{NULL, "systemd-nspawn@", ".service", RUNTIME_NSPAWN, FORM_UNIT},
	{NULL, "machine-qemu\\x2d", ".scope", RUNTIME_LIBVIRT, FORM_DOMAIN},
	{NULL, "machine-lxc\\x2d", ".scope", RUNTIME_LXC, FORM_DOMAIN},
	{NULL, "machine-", ".scope", RUNTIME_NSPAWN, FORM_UNIT},
	{NULL, "", "", RUNTIME_UNKNOWN, FORM_HEX},
};

/* "SLICE:PREFIX:ID": what systemd's cgroup driver is told, taken for a path by a runtime that is
 * set up for the other driver. */
static const struct {
	const char *prefix;
	enum container_runtime runtime;
} colon_prefixes[] = {
	{"docker", RUNTIME_DOCKER},	 {"cri-containerd", RUNTIME_CONTAINERD},
	{"nerdctl", RUNTIME_CONTAINERD}, {"crio", RUNTIME_CRIO},
	{"libpod", RUNTIME_PODMAN},
};

static size_t length(struct cursor c)
{
	return (size_t)(c.end - c.p);
}

static bool starts_with(struct cursor c, const char *text)
{
	size_t len = strlen(text);

	return length(c) >= len && !memcmp(c.p, text, len);
}

static bool ends_with(struct cursor c, const char *text)
{
	size_t len = strlen(text);

	return length(c) >= len && !memcmp(c.end - len, text, len);
}

static bool is_hex_id(struct cursor c)
{
	for (const char *p = c.p; p < c.end; p++)
		if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f')))
			return false;
	return length(c) == FULL_ID;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* systemd.unit(5): "\x2d" is a dash, "-" was a slash; we keep the dash, which names are. */
static void copy_unit_name(struct cursor c, char *dst, size_t size)
{
	size_t n = 0;

	while (c.p < c.end && n + 1 < size) {
		bool escape = length(c) >= 4 && c.p[0] == '\\' && c.p[1] == 'x' &&
			      hex_digit(c.p[2]) >= 0 && hex_digit(c.p[3]) >= 0;
		char decoded = escape ? (char)(hex_digit(c.p[2]) * 16 + hex_digit(c.p[3])) : *c.p;

		if (!decoded) /* no name holds it, and it would end ours */
			decoded = '?';
		dst[n++] = decoded;
		c.p += escape ? 4 : 1;
	}
	dst[n] = '\0';
}

/* "1-web" is the machine "web": libvirt numbers them. */
static void drop_number(char *name)
{
	size_t digits = strspn(name, "0123456789");

	if (digits && name[digits] == '-' && name[digits + 1])
		memmove(name, name + digits + 1, strlen(name + digits + 1) + 1);
}

static void name_by_id(struct container *c)
{
	memcpy(c->name, c->id, SHORT_ID);
	c->name[SHORT_ID] = '\0';
	c->name_is_id = true;
}

static bool set_id(struct cursor id, enum container_runtime runtime, struct container *c)
{
	if (!is_hex_id(id) || !cursor_copy(id, c->id, sizeof(c->id)))
		return false;
	c->runtime = runtime;
	name_by_id(c);
	return true;
}

static bool set_name(struct cursor rest, const struct pattern *p, struct container *c)
{
	if (rest.p == rest.end)
		return false;
	if (p->form == FORM_HEX)
		return set_id(rest, p->runtime, c);
	if (p->form == FORM_NAME) {
		if (length(rest) >= sizeof(c->name))
			rest.end = rest.p + sizeof(c->name) - 1;
		cursor_copy(rest, c->name, sizeof(c->name));
	} else {
		copy_unit_name(rest, c->name, sizeof(c->name));
		if (p->form == FORM_DOMAIN)
			drop_number(c->name);
	}
	c->runtime = p->runtime;
	return true;
}

static bool match_colons(struct cursor component, struct container *c)
{
	const char *second = memrchr(component.p, ':', length(component));
	const char *first =
		second ? memrchr(component.p, ':', (size_t)(second - component.p)) : NULL;

	for (size_t i = 0; first && i < sizeof(colon_prefixes) / sizeof(colon_prefixes[0]); i++)
		if (cursor_is((struct cursor){first + 1, second}, colon_prefixes[i].prefix))
			return set_id((struct cursor){second + 1, component.end},
				      colon_prefixes[i].runtime, c);
	return false;
}

/* 1: a container; -1: what belongs to one and is none (its monitor); 0: neither. */
static int match_component(struct cursor parent, struct cursor component, struct container *c)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		const struct pattern *p = &patterns[i];
		struct cursor rest = component;

		if ((p->parent && !cursor_is(parent, p->parent)) ||
		    length(rest) < strlen(p->prefix) + strlen(p->suffix) ||
		    !starts_with(rest, p->prefix) || !ends_with(rest, p->suffix))
			continue;
		rest.p += strlen(p->prefix);
		rest.end -= strlen(p->suffix);
		if (p->runtime == RUNTIME_NONE)
			return -1;
		if (set_name(rest, p, c))
			return 1;
	}
	return match_colons(component, c);
}

/* The component before the one that starts at `start`; false at the front of the path. */
static bool component_before(const char *path, const char *start, struct cursor *ret)
{
	const char *end = start;

	while (end > path && end[-1] == '/')
		end--;
	if (end == path)
		return false;
	start = end;
	while (start > path && start[-1] != '/')
		start--;
	*ret = (struct cursor){start, end};
	return true;
}

/* "podUID" (cgroupfs) or "kubepods-burstable-podUID.slice" (systemd, dashes written as _). */
static void find_pod(struct cursor component, struct container *c)
{
	struct cursor uid = component;
	const char *pod;

	if (starts_with(component, "kubepods") &&
	    memmem(component.p, length(component), "-pod", 4)) {
		pod = memmem(component.p, length(component), "-pod", 4);
		uid.p = pod + 4;
		pod = memmem(uid.p, length(uid), ".slice", 6);
		if (pod)
			uid.end = pod;
	} else if (starts_with(component, "pod")) {
		uid.p += 3;
	} else {
		return;
	}
	if (length(uid) < 32 || length(uid) > 36 || !cursor_copy(uid, c->pod, sizeof(c->pod)))
		return;
	for (char *p = c->pod; *p; p++)
		if (*p == '_')
			*p = '-';
}

static void set_service(struct cursor component, struct container *c)
{
	copy_unit_name(component, c->name, sizeof(c->name));
	c->runtime = RUNTIME_SERVICE;
}

void container_parse(const char *cgroup_path, struct container *ret)
{
	struct container c = {0}, service = {0};
	struct cursor component, parent;
	const char *at = cgroup_path + strlen(cgroup_path);
	int found = 0;

	for (bool last = true; component_before(cgroup_path, at, &component); last = false) {
		at = component.p;
		if (!component_before(cgroup_path, at, &parent))
			parent = (struct cursor){at, at};
		if (!found) {
			found = match_component(parent, component, &c);
			c.inner = found > 0 && !last;
		}
		if (!service.name[0] && ends_with(component, ".service")) {
			set_service(component, &service);
			service.inner = !last;
		}
		if (!c.pod[0])
			find_pod(component, &c);
	}
	if (found <= 0 && service.name[0]) {
		service.pod[0] = '\0';
		c = service;
	}
	*ret = c;
}
