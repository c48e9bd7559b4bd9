#ifndef COMMON_EFFECTS_ADDRESS_H
#define COMMON_EFFECTS_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "common/core/base.h"

/*
 * Which addresses may be connected to. A name may resolve to anything, so it is the address of
 * the very socket that is judged, never one that was looked up before.
 */

/* An address of the internet at large: not private, loopback, link-local, multicast, reserved. */
bool address_is_public(const struct sockaddr *address);

/* 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct sockaddr *address);

/*
 * In one of the networks of "10.0.0.0/8,fd00::/8,192.0.2.7". IPv4 inside IPv6 (::ffff:10.0.0.1)
 * is IPv6 and matches nothing of IPv4. Networks that cannot be read match nothing.
 */
bool address_in_list(const struct sockaddr *address, const char *networks);

/* What is wrong with such a list, in words behind its name; NULL: nothing. "" is a list. */
const char *address_list_fault(const char *networks);

#endif
