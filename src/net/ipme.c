/* SPDX-License-Identifier: ISC */

#include "net/ipme.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { V4 = 4, V6 = 16 };

static unsigned char const loopback4[V4] = { 127, 0, 0, 1 };
static unsigned char const loopback6[V6] = { [15] = 1 };
static unsigned char const unspecified[V6] = { 0 };
static unsigned char const mapped[V6 - V4] = { [10] = 0xff, [11] = 0xff };

int ipme_add(ipme *me, unsigned char const *address, size_t len)
{
	if (len != V4 && len != V6)
		return errno = EINVAL, 0;
	return stralloc_catb(len == V4 ? &me->v4 : &me->v6, (char const *)address, len);
}

static int add_sockaddr(ipme *me, struct sockaddr const *sa)
{
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		return ipme_add(me, (unsigned char const *)&in.sin_addr, V4);
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, sa, sizeof in);
		return ipme_add(me, in.sin6_addr.s6_addr, V6);
	}
	return 1;
}

static int add_interfaces(ipme *me, struct ifaddrs const *list)
{
	struct ifaddrs const *i;

	for (i = list; i; i = i->ifa_next)
		if (i->ifa_addr && (i->ifa_flags & IFF_UP) && !add_sockaddr(me, i->ifa_addr))
			return 0;
	return 1;
}

int ipme_load(ipme *me)
{
	struct ifaddrs *list;
	int ok;

	me->v4.len = 0;
	me->v6.len = 0;
	if (!ipme_add(me, unspecified, V4) || !ipme_add(me, loopback4, V4)
	 || !ipme_add(me, unspecified, V6) || !ipme_add(me, loopback6, V6))
		return 0;
	if (getifaddrs(&list) < 0)
		return 0;
	ok = add_interfaces(me, list);
	freeifaddrs(list);
	return ok;
}

static int has(stralloc const *list, unsigned char const *address, size_t len)
{
	size_t i;

	for (i = 0; i + len <= list->len; i += len)
		if (memcmp(list->s + i, address, len) == 0)
			return 1;
	return 0;
}

int ipme_has(ipme const *me, unsigned char const *address, size_t len)
{
	if (len == V4)
		return has(&me->v4, address, V4);
	if (len != V6)
		return 0;
	if (memcmp(address, mapped, sizeof mapped) == 0)
		return has(&me->v4, address + sizeof mapped, V4);
	return has(&me->v6, address, V6);
}

void ipme_free(ipme *me)
{
	stralloc_free(&me->v4);
	stralloc_free(&me->v6);
}
