/* SPDX-License-Identifier: Apache-2.0
 * What the log says of datagrams and their senders. */
#include "forwarder/tell.h"

#include "common/log.h"

void tell_problem(const struct decode_problem *problem, const struct datagram *d)
{
	char src[IP_TEXT_MAX];
	ip_format(&d->src, src);
	log_warn("datagram of %zu bytes from %s port %u: %s (found %u at byte %zu)", d->len, src,
		 d->port, problem->reason, problem->value, problem->offset);
}

void tell_notice(const struct decode_notice *notice, const struct datagram *d)
{
	char src[IP_TEXT_MAX], who[IP_TEXT_MAX];
	ip_format(&d->src, src);
	ip_format(&notice->who, who);
	log_warn("%s port %u (%s): %s", src, d->port, who, notice->text);
}

void tell_forgotten(const struct ip *src)
{
	char text[IP_TEXT_MAX];
	ip_format(src, text);
	log_warn("the connection of %s is closed, so that its templates come again: they had to "
		 "make room for others (decode.memory, decode.max_exporters)",
		 text);
}
