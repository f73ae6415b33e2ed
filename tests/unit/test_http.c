/* SPDX-License-Identifier: Apache-2.0
 * TLS trust of HTTP requests against a real server (openssl s_server) with certificates made
 * here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/http.h"

static char dir[] = "/tmp/test_http.XXXXXX";
static char url[64];
static pid_t server;

static int sh(const char *command)
{
	return system(command) == 0 ? 0 : -1;
}

/* A port that nobody has now. */
static int free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int port =
	    !bind(fd, (struct sockaddr *)&a, len) && !getsockname(fd, (struct sockaddr *)&a, &len)
		? ntohs(a.sin_port)
		: 0;
	close(fd);
	return port;
}

static int start(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir))
		return -1;
	if (sh("exec 2>/dev/null; openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out "
	       "ca.pem -days 2 "
	       "-subj /CN=test-ca && openssl req -newkey rsa:2048 -nodes -keyout s.key -out s.csr "
	       "-subj /CN=localhost && "
	       "printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > ext && "
	       "openssl x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
	       "-extfile ext -out s.pem"))
		return -1;
	int port = free_port();
	snprintf(url, sizeof(url), "https://localhost:%d/", port);
	server = fork();
	if (server == 0) {
		char text[16];
		snprintf(text, sizeof(text), "%d", port);
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(126);
		execlp("openssl", "openssl", "s_server", "-quiet", "-www", "-accept", text, "-cert",
		       "s.pem", "-key", "s.key", "-cert_chain", "ca.pem", NULL);
		_exit(127);
	}
	return server > 0 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return sh(command);
}

static int get(struct elastic_settings *s, struct err *err)
{
	s->timeout_ms = s->connect_timeout_ms = 5000;
	struct http *h = http_new(s, err);
	struct http_reply reply = { 0 };
	buf_init(&reply.body, 1 << 20);
	int ret = -1;
	/* the server may need a moment to listen */
	for (int i = 0; i < 100; i++) {
		ret =
		    http_do(h, &(struct http_request){ .method = "GET", .url = url }, &reply, err);
		if (!ret || err->code != EF_UNREACHABLE)
			break;
		usleep(50000);
	}
	if (!ret)
		assert_int_equal(reply.status, 200);
	buf_release(&reply.body);
	http_free(h);
	return ret;
}

static void unknown_ca_is_refused(void **state)
{
	(void)state;
	struct elastic_settings s = { .verify = true };
	struct err err = ERR_NONE;
	assert_int_equal(get(&s, &err), -1);
	assert_int_equal(err.code, EF_FAILED);
	assert_non_null(strstr(err.msg, "elasticsearch.ca_file"));
}

static void ca_file_is_trusted(void **state)
{
	(void)state;
	struct elastic_settings s = { .verify = true, .ca_file = "ca.pem" };
	struct err err = ERR_NONE;
	if (get(&s, &err))
		fail_msg("%s", err.msg);
}

static void verification_can_be_off(void **state)
{
	(void)state;
	struct elastic_settings s = { .verify = false };
	struct err err = ERR_NONE;
	if (get(&s, &err))
		fail_msg("%s", err.msg);
}

static void fingerprint_is_pinned(void **state)
{
	(void)state;
	char right[128] = "";
	FILE *f = popen("openssl x509 -in ca.pem -noout -fingerprint -sha256 | sed 's/.*=//'", "r");
	assert_non_null(fgets(right, sizeof(right), f));
	pclose(f);
	right[strcspn(right, "\n")] = '\0';
	struct elastic_settings s = { .verify = true, .ca_fingerprint = right };
	struct err err = ERR_NONE;
	if (get(&s, &err))
		fail_msg("%s", err.msg);
	memcpy(right + strlen(right), "00", 3); /* one with text behind it is another one */
	assert_int_equal(get(&s, &err), -1);
	assert_int_equal(err.code, EF_FAILED);
	right[strlen(right) - 2] = '\0';
	s.verify = false; /* does not make another one good */
	if (get(&s, &err))
		fail_msg("%s", err.msg);
	right[0] = right[0] == '0' ? '1' : '0';
	for (int verify = 0; verify < 2; verify++) {
		s.verify = verify;
		assert_int_equal(get(&s, &err), -1);
		assert_int_equal(err.code, EF_FAILED);
	}
}

int main(void)
{
	struct err err;
	if (http_global_init(&err))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_ca_is_refused),
		cmocka_unit_test(ca_file_is_trusted),
		cmocka_unit_test(verification_can_be_off),
		cmocka_unit_test(fingerprint_is_pinned),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
