/* SPDX-License-Identifier: ISC */

#ifndef NET_TCP_H
#define NET_TCP_H

#include <sys/socket.h>

#include <skalibs/tai.h>

#include "net/ip.h"

/* tcp_socket: a socket for connections to addresses of ip's family, non-blocking and close-on-exec; or -1, with
 * errno 0 when the kernel does not have the family: such an address is out of reach, which is no lack of
 * resources. */
extern int tcp_socket(ip_address const *ip);

/* tcp_bind: connections of fd come from that address of ours, any port. 1, or 0 with errno. */
extern int tcp_bind(int fd, ip_address const *ip);

/* tcp_connect: connect fd before the deadline. 1, or 0 with errno (ETIMEDOUT when it passed). One that is reset
 * at once, and not refused, was a connection: what is written or read next will tell. */
extern int tcp_connect(int fd, ip_address const *ip, unsigned int port, tain const *deadline);

/* tcp_address: what a socket address of the Internet says. 1, or 0 if it is of another family. */
extern int tcp_address(ip_address *ip, unsigned int *port, struct sockaddr_storage const *sa);

#endif
