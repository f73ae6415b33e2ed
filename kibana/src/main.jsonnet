// SPDX-License-Identifier: Apache-2.0
// All saved objects. `make dashboards` writes them one a file beside this folder.
(import 'views.libsonnet')
+ (import 'dashboards/overview.libsonnet')
