/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/page_pool.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "base/cleanup.h"
#include "collect/netlink.h"

/* include/uapi/linux/netdev.h: newer than many machines' headers. */
#define NETDEV_FAMILY "netdev"
#define NETDEV_CMD_PAGE_POOL_GET 5

enum pool_attribute {
	POOL_IFINDEX = 2,
	POOL_INFLIGHT = 4,
	POOL_INFLIGHT_MEM = 5,
};

struct generic_request {
	struct nlmsghdr h;
	struct genlmsghdr g;
	struct nlattr a;
	char name[8];
};
_Static_assert(sizeof(NETDEV_FAMILY) <= 8, "room for the family's name");

/* An unsigned number of 4 or 8 bytes, as the kernel likes. */
static uint64_t number(const char *data, size_t len)
{
	uint64_t n = 0;
	uint32_t small;

	if (len == sizeof(n)) {
		memcpy(&n, data, sizeof(n));
	} else if (len == sizeof(small)) {
		memcpy(&small, data, sizeof(small));
		n = small;
	}
	return n;
}

static void take_attribute(void *arg, uint16_t type, const char *data, size_t len)
{
	struct page_pool *pool = arg;

	if (type == POOL_IFINDEX)
		pool->ifindex = (uint32_t)number(data, len);
	else if (type == POOL_INFLIGHT)
		pool->pages = number(data, len);
	else if (type == POOL_INFLIGHT_MEM)
		pool->bytes = number(data, len);
}

static int take_pool(void *arg, const char *data, size_t len)
{
	struct page_pool pool = {0};

	if (len < GENL_HDRLEN)
		return -EBADMSG;
	netlink_attributes(data + GENL_HDRLEN, len - GENL_HDRLEN, take_attribute, &pool);
	return vec_push((struct page_pools *)arg, pool);
}

/* Families have numbers that are given at boot: any but netlink's own messages. */
static uint16_t type_of(const void *data, size_t len)
{
	struct nlmsghdr h = {0};

	if (len >= sizeof(h))
		memcpy(&h, data, sizeof(h));
	return h.nlmsg_type >= NLMSG_MIN_TYPE ? h.nlmsg_type : 0;
}

int page_pool_parse(const void *data, size_t len, struct page_pools *p)
{
	return netlink_messages(data, len, type_of(data, len), take_pool, p);
}

static void take_family_id(void *arg, uint16_t type, const char *data, size_t len)
{
	if (type == CTRL_ATTR_FAMILY_ID && len == sizeof(uint16_t))
		memcpy(arg, data, len);
}

static int take_family(void *arg, const char *data, size_t len)
{
	if (len < GENL_HDRLEN)
		return -EBADMSG;
	netlink_attributes(data + GENL_HDRLEN, len - GENL_HDRLEN, take_family_id, arg);
	return 1;
}

static int parse_family(void *arg, const void *data, size_t len)
{
	return netlink_messages(data, len, GENL_ID_CTRL, take_family, arg);
}

static int find_family(int fd, uint16_t *ret)
{
	struct generic_request q = {
		.h = {.nlmsg_len = sizeof(q),
		      .nlmsg_type = GENL_ID_CTRL,
		      .nlmsg_flags = NLM_F_REQUEST},
		.g = {.cmd = CTRL_CMD_GETFAMILY, .version = 1},
		.a = {.nla_len = sizeof(q.a) + sizeof(NETDEV_FAMILY),
		      .nla_type = CTRL_ATTR_FAMILY_NAME},
		.name = NETDEV_FAMILY,
	};
	int err;

	*ret = 0;
	err = netlink_dump(fd, &q, sizeof(q), parse_family, ret);
	return err ? err : *ret ? 0 : -ENOENT;
}

static int parse_pools(void *arg, const void *data, size_t len)
{
	return page_pool_parse(data, len, arg);
}

int page_pool_read(struct page_pools *p)
{
	_cleanup_close_ int fd = netlink_open(NETLINK_GENERIC);
	struct {
		struct nlmsghdr h;
		struct genlmsghdr g;
	} q = {
		.h = {.nlmsg_len = sizeof(q), .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.g = {.cmd = NETDEV_CMD_PAGE_POOL_GET, .version = 1},
	};
	int err = fd < 0 ? fd : find_family(fd, &q.h.nlmsg_type);

	return err ? err : netlink_dump(fd, &q, sizeof(q), parse_pools, p);
}
