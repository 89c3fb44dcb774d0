/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers of any runtime, and systemd's services, by what they use against their limits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/log_part.h"

static void head(struct strbuf *b, const struct run_info *info)
{
	log_head(b, info, "containers and services");
	strbuf_addf(
		b,
		"# USED counts the page cache, which is no leak: the kernel takes it back when\n"
		"#   memory is short. WORKING is USED without the part that goes first.\n"
		"# LIMIT: its own, or a tighter one of a cgroup above it; -: none. OOM, MAX: times "
		"its limit killed and was hit, since it began\n"
		"# PSI: percent of the last minute that some task waited for memory, where told\n"
		"# TIME                   container       USED    WORKING      LIMIT       ANON"
		"       FILE     KERNEL       SWAP   OOM   MAX    PSI RUNTIME NAME\n"
		"# TIME                   service   (the same columns)\n"
		"# TIME                   disk            SIZE RECLAIMABLE  TOTAL ACTIVE KIND\n"
		"# TIME                   total     CONTAINERS SERVICES CGROUPS HIERARCHY\n");
}

static void add_value(struct strbuf *b, const struct cgroup_sample *c, enum cgroup_value v)
{
	log_kb(b, c->known & 1u << v, c->value[v]);
}

/* Kubernetes: namespace/pod/container. */
static void add_pod(struct strbuf *b, const struct cgroup_sample *c)
{
	const struct container *k = &c->container;
	char path[sizeof(k->namespace) + sizeof(k->pod) + sizeof(k->name) + 3];

	snprintf(path, sizeof(path), "%s/%s/%s", k->namespace[0] ? k->namespace : "?", k->pod,
		 k->name);
	log_name(b, path, sizeof(path));
}

static void add_cgroup(struct strbuf *b, const struct moment *m, const struct cgroup_sample *c)
{
	const struct psi_line *some = &c->memory_psi.some;
	const char *name = c->container.name;

	uint64_t working = 0;
	bool has_working = !cgroup_working_set(c, &working);

	log_start(b, m, c->container.runtime == RUNTIME_SERVICE ? "service" : "container");
	add_value(b, c, CGROUP_CURRENT);
	log_kb(b, has_working, working);
	if (c->unlimited & 1u << CGROUP_MAX && !(c->known & 1u << CGROUP_EFFECTIVE_MAX))
		strbuf_addf(b, " %10s", "-");
	else
		add_value(b, c, CGROUP_EFFECTIVE_MAX);
	add_value(b, c, CGROUP_ANON);
	add_value(b, c, CGROUP_FILE);
	add_value(b, c, CGROUP_KERNEL);
	add_value(b, c, CGROUP_SWAP);
	log_count(b, 5, c->known & 1u << CGROUP_EVENT_OOM_KILL, c->value[CGROUP_EVENT_OOM_KILL]);
	log_count(b, 5, c->known & 1u << CGROUP_EVENT_MAX, c->value[CGROUP_EVENT_MAX]);
	log_percent(b, some->known, some->avg60);
	strbuf_addf(b, " %-7s", container_runtime_names[c->container.runtime]);
	if (c->container.pod[0])
		add_pod(b, c);
	else
		log_name(b, name, strlen(name));
	strbuf_addf(b, "\n");
}

static int by_current(const void *a, const void *b)
{
	const struct cgroup_sample *x = *(const struct cgroup_sample *const *)a;
	const struct cgroup_sample *y = *(const struct cgroup_sample *const *)b;
	uint64_t p = x->value[CGROUP_CURRENT], q = y->value[CGROUP_CURRENT];

	return (p < q) - (p > q);
}

/* Containers, or services: the largest first. Returns how many there are. */
static size_t add_kind(struct strbuf *b, const struct moment *m, bool services)
{
	const struct cgroup_list *list = &m->system->cgroups;
	VEC(const struct cgroup_sample *) v = {};
	size_t n;

	for (size_t i = 0; i < list->n; i++) {
		const struct container *c = &list->v[i].container;

		if (c->runtime == RUNTIME_NONE || c->inner ||
		    (c->runtime == RUNTIME_SERVICE) != services)
			continue;
		if (vec_push(&v, &list->v[i]))
			b->failed = true;
	}
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_current);
	for (size_t i = 0; i < v.n && (!m->top || i < m->top); i++)
		add_cgroup(b, m, v.v[i]);
	n = v.n;
	vec_free(&v);
	return n;
}

/* What its daemon says, or in one line why it says nothing. */
static void add_docker(struct strbuf *b, const struct moment *m)
{
	if (m->docker_err) {
		log_start(b, m, "docker");
		strbuf_addf(b, " disk use is not known: %s\n",
			    m->docker_err == -ENOENT	  ? "no run/docker.sock"
			    : m->docker_err == -ETIMEDOUT ? "no answer in time"
							  : strerror(-m->docker_err));
	}
	for (int k = 0; m->docker && k < _DOCKER_KIND_MAX; k++) {
		const struct docker_usage *u = &m->docker->kind[k];

		log_start(b, m, "disk");
		log_kb(b, u->known, u->size);
		strbuf_addf(b, " ");
		log_kb(b, u->known, u->reclaimable);
		log_count(b, 6, u->known, u->total);
		log_count(b, 6, u->known, u->active);
		strbuf_addf(b, " %s\n", docker_kind_names[k]);
	}
}

static void moment(struct strbuf *b, const struct moment *m)
{
	size_t containers, services;

	add_docker(b, m);
	if (m->system->err[SYSTEM_CGROUPS]) {
		log_missing(b, m, SYSTEM_CGROUPS);
		return;
	}
	containers = add_kind(b, m, false);
	services = add_kind(b, m, true);
	log_start(b, m, "total");
	log_count(b, 10, true, containers);
	log_count(b, 8, true, services);
	log_count(b, 7, true, m->system->cgroups.n);
	strbuf_addf(b, " %s\n", cgroup_mode_names[m->system->cgroups.mode]);
}

const struct log_sink docker_log = {.name = "docker", .head = head, .moment = moment};
