/* SPDX-License-Identifier: Apache-2.0
 * What the error of one bulk item means for its document: the table of what clusters say. */
#ifndef EF_SHIP_VERDICT_H
#define EF_SHIP_VERDICT_H

enum verdict {
	VERDICT_STORED,
	VERDICT_DUPLICATE, /* 409: an earlier attempt had stored it */
	VERDICT_ASIDE, /* refused, and in the stream's failure store: no dashboard looks there */
	VERDICT_DISCARDED, /* a pipeline dropped it: it was taken, and is in no index */
	VERDICT_BUSY,      /* 429: the node has too much to do; a little later */
	VERDICT_RETRY,     /* a block, a shard that is away: this data stream cannot take it now */
	/* other 5xx: may be the moment, may be the document; retried, but not for ever */
	VERDICT_FAULT,
	VERDICT_UNHEARD, /* the reply broke off before it: stored or not, the next one tells */
	VERDICT_DENIED, /* somebody has to do something to the cluster or the key; the data waits */
	/* an error that nobody knows: the document's when others of its stream are taken, else it
	 * waits */
	VERDICT_DOUBTED,
	VERDICT_REJECTED, /* this document will never be taken */
	VERDICTS
};

/* `type` and `reason` of the item's error, "" when it has none. */
enum verdict verdict_of(int status, const char *type, const char *reason);

#endif
