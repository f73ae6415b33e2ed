/* SPDX-License-Identifier: Apache-2.0
 * Words of the filter with rules of their own. */
#include "importer/query/special.h"

#include <string.h>
#include <strings.h>

#include "importer/query/words.h"

int read_any(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	(void)p;
	(void)row;
	*ret_node = node_all();
	return 0;
}

int read_version(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	(void)p;
	*ret_node = node_is(row->fields[0], json_string(strchr(row->word, '6') ? "ipv6" : "ipv4"));
	return 0;
}
