/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the kernel by netlink: messages of a datagram, attributes of a message. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A message of the type asked for, without its netlink header. 0 to go on. */
typedef int netlink_message_fn(void *arg, const char *data, size_t len);
/* The value of an attribute. */
typedef void netlink_attribute_fn(void *arg, uint16_t type, const char *data, size_t len);

/* 0 (more to come), 1 (done, or acknowledged), -EBADMSG, the kernel's -errno, or what `each`
 * returned. Pure. */
int netlink_messages(const void *data, size_t len, uint16_t type, netlink_message_fn *each,
		     void *arg);
/* Attributes until the end, or one that is cut. Pure. */
void netlink_attributes(const char *data, size_t len, netlink_attribute_fn *each, void *arg);

/* A socket of this protocol whose answers do not keep us waiting for ever, or -errno. */
int netlink_open(int protocol);

typedef int netlink_parse_fn(void *arg, const void *data, size_t len);
/* Sends a request and gives each datagram of the answer to `parse` until it returns other than 0;
 * 1 becomes 0. */
int netlink_dump(int fd, const void *request, size_t len, netlink_parse_fn *parse, void *arg);
