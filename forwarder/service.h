/* SPDX-License-Identifier: Apache-2.0
 * systemd: readiness, watchdog and inherited sockets, where it is there; nothing happens where it
 * is not. */
#ifndef EF_SERVICE_H
#define EF_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

void service_ready(void);
void service_reloading(void);
void service_stopping(void);
/* Shown by `systemctl status`. */
void service_status(const char *text);
/* Tell the watchdog that all is well. */
void service_alive(void);
/* How often service_alive() must be called, 0: no watchdog. */
uint64_t service_watchdog_ms(void);

/* A datagram socket from socket activation that is bound to this address: taken once, or -1. */
int service_take_socket(const struct sockaddr *addr, socklen_t len);
/* Whether there are any. */
bool service_sockets(void);
/* How many inherited sockets nobody took. */
int service_sockets_left(void);

#endif
