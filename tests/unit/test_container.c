/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/container.h"
#include "fixture.h"
#include "skip.h"

#define ID_A "4f5e0c0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789"
#define ID_B "9a8b7c6d5e4f30211203f4e5d6c7b8a99a8b7c6d5e4f30211203f4e5d6c7b8a9"
#define POD "0d3ccd2c-6a3f-4b0c-9a53-4f0ff1b8a111"
#define POD_ "0d3ccd2c_6a3f_4b0c_9a53_4f0ff1b8a111"
#define USER_1000 "/user.slice/user-1000.slice/user@1000.service"

/* "runtime name [id] [pod] [inner]" */
static const struct {
	const char *path, *expected;
} paths[] = {
	{"", ""},
	{"/", ""},
	{"//", ""},
	{"/user.slice/user-1000.slice/session-2.scope", ""},
	{"/init.scope", ""},
	/* systemd */
	{"/system.slice/nginx.service", "service nginx.service"},
	{"/system.slice/system-getty.slice/getty@tty1.service", "service getty@tty1.service"},
	{"/system.slice/a\\x2db.service", "service a-b.service"},
	{"/system.slice/nginx.service/workers/", "service nginx.service inner"},
	{USER_1000 "/app.slice/dbus.service", "service dbus.service"},
	{USER_1000 "/app.slice/app-term-7.scope", "service user@1000.service inner"},
	/* Docker */
	{"/docker/" ID_A, "docker 4f5e0c0a1b2c id"},
	{"/system.slice/docker-" ID_A ".scope", "docker 4f5e0c0a1b2c id"},
	{"/system.slice/docker.service", "service docker.service"},
	{"/docker/" ID_A "/init.scope", "docker 4f5e0c0a1b2c id inner"},
	{"/docker/" ID_A "/docker/" ID_B, "docker 9a8b7c6d5e4f id"},
	{"/docker/" ID_A "/system.slice/cron.service", "docker 4f5e0c0a1b2c id inner"},
	{"/docker", ""},
	{"/docker/buildx", ""},
	{"/system.slice/docker-short.scope", ""},
	{"/ecs/0123/" ID_A, "container 4f5e0c0a1b2c id"},
	/* Podman */
	{"/machine.slice/libpod-" ID_B ".scope", "podman 9a8b7c6d5e4f id"},
	{"/machine.slice/libpod-" ID_B ".scope/container", "podman 9a8b7c6d5e4f id inner"},
	{"/libpod_parent/libpod-" ID_B, "podman 9a8b7c6d5e4f id"},
	{"/machine.slice/libpod-conmon-" ID_B ".scope", ""},
	{USER_1000 "/user.slice/libpod-" ID_B ".scope", "podman 9a8b7c6d5e4f id"},
	{"/system.slice/db.service/libpod-payload-" ID_B, "podman 9a8b7c6d5e4f id"},
	/* containerd, CRI-O, Kubernetes */
	{"/kubepods/besteffort/pod" POD "/" ID_A, "container 4f5e0c0a1b2c id pod " POD},
	{"/kubepods/pod" POD, "pod " POD},
	{"/kubepods.slice/kubepods-pod" POD_ ".slice/cri-containerd-" ID_A ".scope",
	 "containerd 4f5e0c0a1b2c id pod " POD},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	 ".slice/docker-" ID_A ".scope",
	 "docker 4f5e0c0a1b2c id pod " POD},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_ ".slice",
	 "pod " POD},
	{"/kubepods.slice/kubepods-pod" POD_ ".slice/crio-" ID_A ".scope",
	 "cri-o 4f5e0c0a1b2c id pod " POD},
	{"/kubepods.slice/kubepods-pod" POD_ ".slice/crio-conmon-" ID_A ".scope", "pod " POD},
	{"/system.slice/containerd.service/kubepods-burstable-pod" POD_
	 ".slice:cri-containerd:" ID_A,
	 "containerd 4f5e0c0a1b2c id pod " POD},
	{"/system.slice/nerdctl-" ID_A ".scope", "containerd 4f5e0c0a1b2c id"},
	/* LXC, LXD, Proxmox */
	{"/lxc/mail", "lxc mail"},
	{"/lxc.payload.mail", "lxc mail"},
	{"/lxc.payload/mail/system.slice/cron.service", "lxc mail inner"},
	{"/lxc/101/ns", "lxc 101 inner"},
	{"/lxc.monitor.mail", ""},
	{"/lxc", ""},
	/* nspawn, libvirt */
	{"/machine.slice/systemd-nspawn@build\\x2dbox.service", "nspawn build-box"},
	{"/machine.slice/machine-build.scope", "nspawn build"},
	{"/machine.slice/machine-qemu\\x2d3\\x2dweb\\x2d1.scope", "libvirt web-1"},
	{"/machine.slice/machine-qemu\\x2d3\\x2dweb\\x2d1.scope/libvirt/emulator",
	 "libvirt web-1 inner"},
	/* bytes of any kind stay as they are, but for one that would end the name */
	{"/lxc/a,b\"\n\033[2J", "lxc a,b\"\n\033[2J"},
	{"/machine.slice/machine-a\\x00b\\x2.scope", "nspawn a?b\\x2"},
};

static void describe(const struct container *c, char *dst, size_t size)
{
	int n = snprintf(dst, size, "%s%s%s", container_runtime_names[c->runtime],
			 c->name[0] ? " " : "", c->name);

	if (c->name_is_id)
		n += snprintf(dst + n, size - (size_t)n, " id");
	if (c->pod[0])
		n += snprintf(dst + n, size - (size_t)n, "%spod %s", n ? " " : "", c->pod);
	if (c->inner)
		snprintf(dst + n, size - (size_t)n, " inner");
}

static void test_paths(void **state)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct container c;
		char found[1024];

		container_parse(paths[i].path, &c);
		describe(&c, found, sizeof(found));
		if (strcmp(found, paths[i].expected))
			fail_msg("%s: '%s' instead of '%s'", paths[i].path, found,
				 paths[i].expected);
		assert_int_equal(c.name_is_id, c.id[0] != '\0');
	}
}

static void test_long_names_are_cut(void **state)
{
	char path[4096] = "/lxc/";
	struct container c;

	memset(path + 5, 'n', 4000);
	container_parse(path, &c);
	assert_int_equal(c.runtime, RUNTIME_LXC);
	assert_int_equal(strlen(c.name), sizeof(c.name) - 1);
	memset(path, 0, sizeof(path));
	memset(path, 's', 4000);
	strcat(path, ".service");
	container_parse(path, &c);
	assert_int_equal(c.runtime, RUNTIME_SERVICE);
	assert_int_equal(strlen(c.name), sizeof(c.name) - 1);
}

/* --- state on disk -----------------------------------------------------------------------------*/

static struct container of_path(const char *path, int root_fd, int expected)
{
	struct container c;

	container_parse(path, &c);
	assert_int_equal(container_name(root_fd, path, &c), expected);
	return c;
}

static void test_docker(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/v2");
	struct container c = of_path("/system.slice/docker-" ID_A ".scope", root, 0);

	assert_string_equal(c.name, "web-1");
	assert_false(c.name_is_id);
	assert_string_equal(c.image, "nginx:1.25");
	c = of_path("/ecs/task/" ID_A, root, 0);
	assert_int_equal(c.runtime, RUNTIME_DOCKER);
	assert_string_equal(c.name, "web-1");
	c = of_path("/docker/" ID_B, root, -ENOENT);
	assert_string_equal(c.name, "9a8b7c6d5e4f");
	assert_true(c.name_is_id);
	of_path("/lxc/mail", root, -ENOENT);
	of_path("/", root, -ENOENT);
}

static void test_podman(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/v2");
	struct container c = of_path("/machine.slice/libpod-" ID_B ".scope", root, 0);

	assert_string_equal(c.name, "db");
	assert_string_equal(c.image, "docker.io/library/postgres:16");
}

static void test_kubernetes(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/v2");
	const char k8s[] = "/kubepods/pod" POD
			   "/00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	const char crio[] = "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-"
			    "c1c2c3c4c5c6c7c8c9cacbcccdcecfd0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0"
			    ".scope";
	struct container c = of_path(k8s, root, 0);

	assert_int_equal(c.runtime, RUNTIME_CONTAINERD);
	assert_string_equal(c.name, "api");
	assert_string_equal(c.pod, "api-6f7c9d-x2lqp");
	assert_string_equal(c.namespace, "shop");
	assert_string_equal(c.image, "registry.example.com/shop/api:2.4");
	c = of_path(crio, root, 0);
	assert_string_equal(c.name, "worker");
	assert_string_equal(c.pod, "worker-0");
	assert_string_equal(c.namespace, "batch");
	assert_string_equal(c.image, "quay.io/example/worker:1");
}

static void test_sandbox_and_nerdctl(void **state)
{
	struct container c = {.name = "0123", .name_is_id = true};

	assert_int_equal(container_oci_parse(text_of("{\"annotations\":{"
						     "\"io.kubernetes.cri.container-type\":"
						     "\"sandbox\","
						     "\"io.kubernetes.cri.sandbox-name\":\"p\"}}"),
					     &c),
			 0);
	assert_string_equal(c.name, "sandbox");
	assert_string_equal(c.pod, "p");
	assert_false(c.name_is_id);
	assert_int_equal(
		container_oci_parse(text_of("{\"annotations\":{\"nerdctl/name\":\"app\"}}"), &c),
		0);
	assert_string_equal(c.name, "app");
}

typedef int parse_fn(struct cursor text, struct container *c);

static void test_damaged_state(void **state)
{
	static parse_fn *const parsers[] = {container_docker_parse, container_oci_parse,
					    container_storage_parse};
	static const char *const texts[] = {
		"",
		"{",
		"null",
		"[]",
		"{}",
		"7",
		"\"x\"",
		"[{}]",
		"[7]",
		"{\"Name\":7}",
		"{\"Name\":\"\"}",
		"{\"annotations\":[]}",
		"{\"annotations\":{\"nerdctl/name\":1}}",
		"[{\"id\":\"0123\"}]",
		"[{\"id\":\"0123\",\"names\":[]}]",
		"[{\"id\":\"0123\",\"names\":[1]}]",
		"[{\"id\":\"0123\",\"names\":\"x\"}]",
		"{\"Config\":null}",
	};

	for (size_t p = 0; p < 3; p++)
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			struct container c = {.id = "0123", .name = "kept", .name_is_id = true};
			int err = parsers[p](text_of(texts[i]), &c);

			if (err != -ENOENT && err != -EBADMSG)
				fail_msg("%zu took %s", p, texts[i]);
			assert_string_equal(c.name, "kept");
			assert_true(c.name_is_id);
		}
}

static void test_deep_json(void **state)
{
	struct container c = {.name = "kept"};
	char text[4096];

	memset(text, '[', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(container_docker_parse(text_of(text), &c), -EBADMSG);
}

static void test_long_strings_are_cut(void **state)
{
	struct container c = {0};
	char text[2048] = "{\"Name\":\"/";

	memset(text + strlen(text), 'n', 1000);
	strcat(text, "\"}");
	assert_int_equal(container_docker_parse(text_of(text), &c), 0);
	assert_int_equal(strlen(c.name), sizeof(c.name) - 2); /* and the slash */
}

/* --- rootless Podman: in the user's home, which the user commands ------------------------------*/

#define STORAGE "users/ann/.local/share/containers/storage/overlay-containers"
#define ROOTLESS USER_1000 "/user.slice/libpod-" ID_A ".scope"

static void shell(const char *dir, const char *command)
{
	char text[1024];

	snprintf(text, sizeof(text), "cd '%s' && %s", dir, command);
	assert_int_equal(system(text), 0);
}

static void test_rootless(void **state)
{
	char dir[] = "/tmp/test_container.XXXXXX";
	_cleanup_close_ int root = -1;
	struct container c;

	if (geteuid()) /* cannot give files to others */
		skip_because("not root: files of another user cannot be made");
	assert_non_null(mkdtemp(dir));
	root = open_root(dir);
	shell(dir, "mkdir -p etc " STORAGE " && "
		   "echo 'ann:x:1000:1000::/users/ann:/bin/sh' >etc/passwd && "
		   "echo '[{\"id\":\"" ID_A "\",\"names\":[\"dev\"]}]' >list.json && "
		   "cp list.json " STORAGE "/containers.json");
	/* not the user's own file: perhaps a link to one that the user may not read */
	c = of_path(ROOTLESS, root, -ENOENT);
	shell(dir, "chown 1000 " STORAGE "/containers.json");
	c = of_path(ROOTLESS, root, 0);
	assert_string_equal(c.name, "dev");
	shell(dir, "chown 1000 list.json && ln -sf ../../../../../../../list.json " STORAGE
		   "/containers.json");
	of_path(ROOTLESS, root, -ENOENT);
	shell(dir, "rm " STORAGE "/containers.json && mkfifo " STORAGE "/containers.json && "
		   "chown 1000 " STORAGE "/containers.json");
	of_path(ROOTLESS, root, -ENOENT);
	shell(dir, "rm -rf -- \"$PWD\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_long_names_are_cut),
		cmocka_unit_test(test_docker),
		cmocka_unit_test(test_podman),
		cmocka_unit_test(test_kubernetes),
		cmocka_unit_test(test_sandbox_and_nerdctl),
		cmocka_unit_test(test_damaged_state),
		cmocka_unit_test(test_deep_json),
		cmocka_unit_test(test_long_strings_are_cut),
		cmocka_unit_test(test_rootless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
