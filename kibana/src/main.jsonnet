// SPDX-License-Identifier: Apache-2.0
// All saved objects. `make dashboards` writes them one a file beside this folder.
(import 'views.libsonnet')
+ (import 'dashboards/overview.libsonnet')
+ (import 'dashboards/topn.libsonnet')
+ (import 'dashboards/threats.libsonnet')
+ (import 'dashboards/flows.libsonnet')
+ (import 'dashboards/as.libsonnet')
+ (import 'dashboards/hosts.libsonnet')
+ (import 'dashboards/firewall.libsonnet')
+ (import 'dashboards/details.libsonnet')
+ (import 'dashboards/exporters.libsonnet')
+ (import 'dashboards/records.libsonnet')
