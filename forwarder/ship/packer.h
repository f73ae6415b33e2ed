/* SPDX-License-Identifier: Apache-2.0
 * The packer thread: closed batches are compressed and put where they will be sent from. */
#ifndef EF_SHIP_PACKER_H
#define EF_SHIP_PACKER_H

/* Runs until the pool is finished and empty; `shipper` is a struct shipper. */
void *packer_main(void *shipper);

#endif
