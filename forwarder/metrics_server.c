/* SPDX-License-Identifier: Apache-2.0
 * HTTP for operators: /metrics in Prometheus' text format, /healthz, /readyz. */
#include "forwarder/metrics_server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

#include "common/thread.h"
#include "forwarder/alive.h"
#include "forwarder/metrics.h"
#include "forwarder/ship/shipper.h"

#define TEXT_MAX         (8u << 20)
#define CONNECTIONS_MAX  64
#define CONNECTIONS_KEPT 48 /* then the oldest is closed for a new one */

/* A connection without an answer yet. */
struct http_client {
	struct http_client *prev, *next; /* oldest first */
	int fd;
};

struct metrics {
	struct MHD_Daemon *daemon;
	struct efd *efd;
	struct http_client *clients; /* of libmicrohttpd's thread alone */
	unsigned clients_n;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type,
			      const char *text, size_t len)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", type);
	enum MHD_Result queued = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return queued;
}

static enum MHD_Result reply_text(struct MHD_Connection *c, unsigned status, const char *text)
{
	return answer(c, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result answer_metrics(struct MHD_Connection *c, struct efd *efd)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	enum MHD_Result result =
	    metrics_write(efd, &text) < 0
		? reply_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n")
		: answer(c, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text.data,
			 text.len);
	buf_release(&text);
	return result;
}

static enum MHD_Result answer_ready(struct MHD_Connection *c, struct efd *efd)
{
	char problem[SHIP_PROBLEM_MAX + 2] = "", doubt[440] = "";
	if (efd->shipper)
		shipper_problem(efd->shipper, problem, sizeof(problem) - 1);
	else
		output_problem(efd->output, problem, sizeof(problem) - 1);
	if (efd->shipper && !*problem)
		shipper_doubt(efd->shipper, doubt, sizeof(doubt));
	if (!*problem && !*doubt)
		return reply_text(c, MHD_HTTP_OK, "ok\n");
	if (!*problem) {
		snprintf(problem, sizeof(problem), "not verified: %s\n", doubt);
		return reply_text(c, MHD_HTTP_OK, problem);
	}
	strncat(problem, "\n", 2);
	return reply_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, problem);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_len, void **state)
{
	(void)version, (void)upload, (void)upload_len, (void)state;
	struct metrics *m = arg;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return reply_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
	if (strcmp(url, "/metrics") == 0)
		return answer_metrics(c, m->efd);
	if (strcmp(url, "/healthz") == 0)
		return efd_alive(m->efd)
			   ? reply_text(c, MHD_HTTP_OK, "ok\n")
			   : reply_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, "a worker stands still\n");
	if (strcmp(url, "/readyz") == 0)
		return answer_ready(c, m->efd);
	return reply_text(c, MHD_HTTP_NOT_FOUND, "/metrics, /healthz, /readyz\n");
}

/* Who is slow must not keep out who asks whether efd lives: the one that has been connected for the
 * longest goes while there is still a place for the next. */
static void client_begin(struct metrics *m, struct MHD_Connection *c, void **ret_client)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_client *client = info ? calloc(1, sizeof(*client)) : NULL;
	if (!client)
		return;
	client->fd = info->connect_fd;
	*ret_client = client;
	if (m->clients_n >= CONNECTIONS_KEPT) {
		struct http_client *oldest = m->clients;
		DL_DELETE(m->clients, oldest);
		oldest->prev = NULL; /* it is in the list no more */
		m->clients_n--;
		shutdown(oldest->fd, SHUT_RDWR);
	}
	DL_APPEND(m->clients, client);
	m->clients_n++;
}

static void client_end(struct metrics *m, struct http_client *client)
{
	if (client && client->prev) {
		DL_DELETE(m->clients, client);
		m->clients_n--;
	}
	free(client);
}

static void connection_changed(void *arg, struct MHD_Connection *c, void **state,
			       enum MHD_ConnectionNotificationCode what)
{
	struct metrics *m = arg;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		client_begin(m, c, state);
	else
		client_end(m, *state);
}

struct metrics *metrics_start(const char *listen, struct efd *efd, struct err *err)
{
	struct listen_address a;
	if (listen_parse(listen, true, &a, err) < 0) {
		err_wrap(err, "metrics.listen");
		return NULL;
	}
	struct metrics *m = calloc(1, sizeof(*m));
	if (!m) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	m->efd = efd;
	/* select() would end at descriptor 1,024 */
	unsigned flags =
	    MHD_USE_EPOLL_INTERNAL_THREAD | (a.addr.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);
	m->daemon = MHD_start_daemon(
	    flags, 0, NULL, NULL, handle, m, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&a.addr,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, 10u,
	    MHD_OPTION_NOTIFY_CONNECTION, connection_changed, m, MHD_OPTION_THREAD_STACK_SIZE,
	    (size_t)THREAD_STACK, MHD_OPTION_END);
	if (m->daemon)
		return m;
	err_set(err, EF_FAILED,
		"metrics.listen: cannot listen on %s; another program may have this port", listen);
	free(m);
	return NULL;
}

void metrics_stop(struct metrics *m)
{
	if (!m)
		return;
	MHD_stop_daemon(m->daemon);
	free(m);
}
