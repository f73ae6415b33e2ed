/* SPDX-License-Identifier: Apache-2.0
 * The version of the Elastic Common Schema that all our documents follow. */
#ifndef EF_COMMON_ECS_H
#define EF_COMMON_ECS_H

/* The pipelines say it, too (tests/assets/test_mappings.py compares them). */
#define ECS_VERSION "8.17.0"

#endif
