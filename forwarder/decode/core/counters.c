/* SPDX-License-Identifier: Apache-2.0
 * What the decoder counts, and the names of the numbers. */
#include "forwarder/decode/core/counters.h"

#define ROW(member, label, value, help)                                                      \
	{                                                                                    \
		offsetof(struct decode_counters, member), false, #member, label, value, help \
	}
#define GAUGE(member, name, help)                                                      \
	{                                                                              \
		offsetof(struct decode_counters, member), true, name, NULL, NULL, help \
	}
#define CASE(member, name, label, value, help)                                            \
	{                                                                                 \
		offsetof(struct decode_counters, member), false, name, label, value, help \
	}

#define PER_PROTOCOL(member, help)                                               \
	CASE(member[PROTO_NETFLOW1], #member, "protocol", "netflow1", help),     \
	    CASE(member[PROTO_NETFLOW5], #member, "protocol", "netflow5", help), \
	    CASE(member[PROTO_NETFLOW6], #member, "protocol", "netflow6", help), \
	    CASE(member[PROTO_NETFLOW7], #member, "protocol", "netflow7", help), \
	    CASE(member[PROTO_NETFLOW9], #member, "protocol", "netflow9", help), \
	    CASE(member[PROTO_IPFIX], #member, "protocol", "ipfix", help),       \
	    CASE(member[PROTO_SFLOW5], #member, "protocol", "sflow5", help)

#define MALFORMED "Parts of datagrams that could not be read"
#define TEMPLATES "What became of templates"
#define HELD      "Sets that came before their template"

const struct decode_counter_row decode_counter_rows[] = {
	PER_PROTOCOL(datagrams, "Datagrams decoded"),
	PER_PROTOCOL(bytes, "Bytes of the datagrams decoded"),
	PER_PROTOCOL(records, "Flow records and flow samples"),
	PER_PROTOCOL(options_records, "Options records"),
	/* sFlow's own word; a name with "counter" in it is none that Prometheus likes */
	CASE(counter_samples, "counters_samples", NULL, NULL, "sFlow counter samples"),
	ROW(unknown_version, NULL, NULL, "Datagrams that are no NetFlow, IPFIX or sFlow 5"),
	CASE(short_datagram, "malformed", "kind", "datagram", MALFORMED),
	CASE(malformed_header, "malformed", "kind", "header", MALFORMED),
	CASE(malformed_set, "malformed", "kind", "set", MALFORMED),
	CASE(malformed_template, "malformed", "kind", "template", MALFORMED),
	CASE(malformed_record, "malformed", "kind", "record", MALFORMED),
	CASE(malformed_list, "malformed", "kind", "list", MALFORMED),
	CASE(malformed_sample, "malformed", "kind", "sample", MALFORMED),
	CASE(reserved_set, "malformed", "kind", "reserved_set", MALFORMED),
	ROW(skipped_structures, NULL, NULL, "sFlow structures of unknown format, skipped"),
	CASE(templates_added, "template_changes", "kind", "added", TEMPLATES),
	CASE(templates_replaced, "template_changes", "kind", "replaced", TEMPLATES),
	CASE(templates_withdrawn, "template_changes", "kind", "withdrawn", TEMPLATES),
	CASE(templates_expired, "template_changes", "kind", "expired", TEMPLATES),
	CASE(templates_refused, "template_changes", "kind", "refused", TEMPLATES),
	CASE(templates_evicted, "template_changes", "kind", "evicted", TEMPLATES),
	CASE(templates_suspended, "template_changes", "kind", "suspended", TEMPLATES),
	ROW(descriptions_deferred, NULL, NULL,
	    "Data sets decoded without new descriptions of their elements (RFC 5610), of which an "
	    "exporter sent too many"),
	ROW(exporters_refused, NULL, NULL, "Datagrams of exporters beyond the ceiling"),
	ROW(exporters_evicted, NULL, NULL,
	    "Exporters forgotten because there was no room for others"),
	ROW(lines_withheld, NULL, NULL,
	    "Minutes of new exporters that were added to the next, for there were too many"),
	ROW(options_refused, NULL, NULL, "Names and rates beyond the ceiling"),
	ROW(options_ignored, NULL, NULL, "Options records with nothing that is used"),
	ROW(options_repeated, NULL, NULL,
	    "Measurements of an exporter that it stated within the last minute already"),
	ROW(unknown_template, NULL, NULL, "Data sets whose template was not known"),
	CASE(held, "held_sets", "kind", "held", HELD),
	CASE(held_decoded, "held_sets", "kind", "decoded", HELD),
	CASE(held_dropped, "held_sets", "kind", "dropped", HELD),
	ROW(unconfirmed_sets, NULL, NULL,
	    "Data sets decoded with a template of before a restart, for it did not come again"),
	ROW(lost, NULL, NULL, "Lost before efd: datagrams or records, as the exporter counts"),
	ROW(reordered, NULL, NULL, "Datagrams that came late"),
	ROW(duplicates, NULL, NULL, "Datagrams that came twice"),
	ROW(restarts, NULL, NULL, "Exporters that started again"),
	ROW(clock_skew, NULL, NULL, "Records whose time was not believed"),
	ROW(meters_refused, NULL, NULL,
	    "Records of interfaces that nothing is learnt of, beyond the ceiling"),
	ROW(flows_evicted, NULL, NULL,
	    "Flows that count up, forgotten because the table of sums was full"),
	ROW(foreign_agents, NULL, NULL, "sFlow datagrams that named an agent of another sender"),
	ROW(devices_split, NULL, NULL, "Devices behind one address, told apart by their ports"),
	ROW(devices_refused, NULL, NULL,
	    "Datagrams of devices beyond the ceiling of their address"),
	ROW(output_refused, NULL, NULL,
	    "Lines not written because their exporter sent too few bytes for so many of them"),
	ROW(sink_dropped, NULL, NULL, "Lines that found no room"),
	GAUGE(exporters_now, "exporters", "Exporters and domains known"),
	GAUGE(devices_now, "devices", "Devices behind addresses of several"),
	GAUGE(sessions_now, "sessions", "Sessions of TCP connections, one for each domain"),
	GAUGE(templates_now, "templates", "Templates known"),
	GAUGE(options_now, "options", "Names and rates known"),
	GAUGE(held_now, "held_now", "Sets waiting for their template"),
	GAUGE(memory_now, "memory_bytes", "Memory of templates and options"),
};
const size_t decode_counter_rows_len = sizeof(decode_counter_rows) / sizeof(*decode_counter_rows);

const struct domain_count_row domain_count_rows[] = {
#define DOMAIN_ROW(member, help) { offsetof(struct domain_counts, member), #member, help },
	DOMAIN_COUNTS(DOMAIN_ROW)
#undef DOMAIN_ROW
};
const size_t domain_count_rows_len = sizeof(domain_count_rows) / sizeof(*domain_count_rows);
