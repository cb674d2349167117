import { admissionCases } from '../cases/admission/admission-cases.ts';
import { webhookAnswerCases } from '../cases/admission/webhook-answer-cases.ts';
import { webhookConnectionCases } from '../cases/admission/webhook-connection-cases.ts';
import { webhookConversionCases } from '../cases/admission/webhook-conversion-cases.ts';
import { webhookMatchCases } from '../cases/admission/webhook-match-cases.ts';
import { webhookMutationCases } from '../cases/admission/webhook-mutation-cases.ts';
import { aggregationCases } from '../cases/aggregation/aggregation-cases.ts';
import { connectionCases } from '../cases/api/connection-cases.ts';
import { resourceCases } from '../cases/api/resource-cases.ts';
import { autoscalerCases } from '../cases/autoscaling/autoscaler-cases.ts';
import { deletionCases } from '../cases/deletion/deletion-cases.ts';
import { resourceClaimCases } from '../cases/devices/resource-claim-cases.ts';
import { discoveryDetailCases } from '../cases/discovery/detail-cases.ts';
import { discoveryCases } from '../cases/discovery/discovery-cases.ts';
import { customResourceCases } from '../cases/extension/custom-resource-cases.ts';
import { flowControlCases } from '../cases/flowcontrol/flowcontrol-cases.ts';
import { certificateCases } from '../cases/housekeeping/certificate-cases.ts';
import { ownershipCases } from '../cases/housekeeping/ownership-cases.ts';
import { upkeepCases } from '../cases/housekeeping/upkeep-cases.ts';
import { listCases } from '../cases/lists/list-cases.ts';
import { dnsCases } from '../cases/network/dns-cases.ts';
import { endpointsCases } from '../cases/network/endpoints-cases.ts';
import { ingressCases } from '../cases/network/ingress-cases.ts';
import { serviceRangeCases } from '../cases/network/service-range-cases.ts';
import { trafficCases } from '../cases/network/traffic-cases.ts';
import { nodeConnectionCases } from '../cases/nodes/connection-cases.ts';
import { environmentCases } from '../cases/nodes/environment-cases.ts';
import { hookCases } from '../cases/nodes/hook-cases.ts';
import { imageCases } from '../cases/nodes/image-cases.ts';
import { kubeletPageCases } from '../cases/nodes/kubelet-page-cases.ts';
import { logCases } from '../cases/nodes/log-cases.ts';
import { metricsCases } from '../cases/nodes/metrics-cases.ts';
import { nodeCases } from '../cases/nodes/node-cases.ts';
import { podCases } from '../cases/nodes/pod-cases.ts';
import { podLifeCases } from '../cases/nodes/pod-life-cases.ts';
import { probeCases } from '../cases/nodes/probe-cases.ts';
import { resizeCases } from '../cases/nodes/resize-cases.ts';
import { shellCases } from '../cases/nodes/shell-cases.ts';
import { terminalCases } from '../cases/nodes/terminal-cases.ts';
import { volumeCases } from '../cases/nodes/volume-cases.ts';
import { patchCases } from '../cases/patch/patch-cases.ts';
import { schedulerCases } from '../cases/scheduling/scheduler-cases.ts';
import { securityCases } from '../cases/security/security-cases.ts';
import { claimCases } from '../cases/storage/claim-cases.ts';
import { storageCases } from '../cases/storage/storage-cases.ts';
import { volumeUseCases } from '../cases/storage/volume-use-cases.ts';
import { tableCases } from '../cases/tables/table-cases.ts';
import { eventCases } from '../cases/watch/event-cases.ts';
import { watchCases } from '../cases/watch/watch-cases.ts';
import { cronJobCases } from '../cases/workloads/cronjob-cases.ts';
import { daemonSetCases } from '../cases/workloads/daemonset-cases.ts';
import { deploymentCases } from '../cases/workloads/deployment-cases.ts';
import { disruptionCases } from '../cases/workloads/disruption-cases.ts';
import { jobCases } from '../cases/workloads/job-cases.ts';
import { replicaSetCases } from '../cases/workloads/replica-set-cases.ts';
import { statefulSetCases } from '../cases/workloads/statefulset-cases.ts';
import type { Case } from './case.ts';

/** Every case there is. A new file of cases is one line here. */
export function allCases(): Case[] {
  return [
    ...resourceCases(),
    ...connectionCases,
    ...discoveryCases,
    ...discoveryDetailCases,
    ...listCases,
    ...watchCases,
    ...eventCases,
    ...tableCases,
    ...deletionCases,
    ...patchCases,
    ...securityCases,
    ...flowControlCases,
    ...storageCases,
    ...claimCases,
    ...volumeUseCases,
    ...autoscalerCases,
    ...resourceClaimCases,
    ...admissionCases,
    ...webhookAnswerCases,
    ...webhookConnectionCases,
    ...webhookConversionCases,
    ...webhookMatchCases,
    ...webhookMutationCases,
    ...aggregationCases,
    ...customResourceCases,
    ...endpointsCases,
    ...serviceRangeCases,
    ...trafficCases,
    ...dnsCases,
    ...ingressCases,
    ...nodeCases,
    ...podCases,
    ...probeCases,
    ...hookCases,
    ...imageCases,
    ...podLifeCases,
    ...resizeCases,
    ...shellCases,
    ...nodeConnectionCases,
    ...logCases,
    ...terminalCases,
    ...volumeCases,
    ...environmentCases,
    ...kubeletPageCases,
    ...metricsCases,
    ...schedulerCases,
    ...ownershipCases,
    ...upkeepCases,
    ...certificateCases,
    ...replicaSetCases,
    ...deploymentCases,
    ...daemonSetCases,
    ...statefulSetCases,
    ...jobCases,
    ...cronJobCases,
    ...disruptionCases,
  ];
}
