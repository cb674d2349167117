import type { ControllerDefinition } from '../framework/controller.ts';
import { horizontalPodAutoscaler } from './autoscaling/horizontal-pod-autoscaler.ts';
import { signingRequestCleaner } from './certificates/cleaner.ts';
import { signingRequestApprover, signingRequestSigner } from './certificates/signing-requests.ts';
import { podCertificateRequestCleaner, trustBundlePublisher } from './certificates/trust-bundles.ts';
import { cloudNodeLifecycleController } from './cloud/cloud-node-lifecycle.ts';
import { nodeRouteController } from './cloud/node-route.ts';
import { clusterRoleAggregationController } from './cluster-roles/aggregation.ts';
import { cronJobController } from './cronjob/cron-job-controller.ts';
import { daemonSetController } from './daemonset/daemonset.ts';
import { deviceTaintEvictionController } from './device-taints/device-taint-eviction-controller.ts';
import { disruptionController } from './disruption/disruption-controller.ts';
import { endpointSliceController } from './endpoints/endpoint-slice-controller.ts';
import { endpointsController } from './endpoints/endpoints-controller.ts';
import { endpointSliceMirroringController } from './endpoints/mirroring-controller.ts';
import { garbageCollectorController } from './garbage-collector/garbage-collector.ts';
import { jobController } from './job/job-controller.ts';
import { ttlAfterFinishedController } from './job/ttl-after-finished.ts';
import { namespaceController } from './namespace/namespace-controller.ts';
import { nodeIpamController } from './node-ipam/node-ipam-controller.ts';
import { nodeLifecycleController } from './node-lifecycle/node-lifecycle-controller.ts';
import { podGarbageCollectorController } from './pod-gc/pod-gc.ts';
import { attributesClassProtection, claimProtection, volumeProtection } from './protection/protection.ts';
import { rootCACertificatePublisher } from './publishers/root-ca-certificates.ts';
import { serviceAccountController } from './publishers/service-accounts.ts';
import { resourceClaimController } from './resource-claims/resource-claim-controller.ts';
import { resourceQuotaController } from './resource-quota/resource-quota-controller.ts';
import { serviceCIDRController } from './services/service-cidr.ts';
import { serviceLbController } from './services/service-lb-controller.ts';
import { statefulSetController } from './statefulset/statefulset.ts';
import { storageVersionMigrator } from './storage-migration/storage-version-migrator.ts';
import { taintEvictionController } from './taint-eviction/taint-eviction-controller.ts';
import { bootstrapSigner, bootstrapTokenCleaner } from './tokens/bootstrap-tokens.ts';
import { legacyTokenCleaner } from './tokens/token-cleaner.ts';
import { tokenSecretController } from './tokens/token-secrets.ts';
import { ttlController } from './ttl.ts';
import { attachDetachController } from './volumes/attach-detach.ts';
import { persistentVolumeBinder } from './volumes/binder.ts';
import { ephemeralVolumeController } from './volumes/ephemeral.ts';
import { persistentVolumeExpander } from './volumes/expander.ts';
import { deploymentController } from './workloads/deployment/deployment-controller.ts';
import { replicaSetController, replicationControllerController } from './workloads/replica-controller.ts';

/** Every controller by its upstream name. */
export const controllerDefinitions: readonly ControllerDefinition[] = [
  bootstrapSigner,
  bootstrapTokenCleaner,
  signingRequestApprover,
  signingRequestSigner,
  signingRequestCleaner,
  podCertificateRequestCleaner,
  trustBundlePublisher,
  tokenSecretController,
  legacyTokenCleaner,
  podGarbageCollectorController,
  resourceQuotaController,
  clusterRoleAggregationController,
  garbageCollectorController,
  jobController,
  cronJobController,
  disruptionController,
  ttlAfterFinishedController,
  taintEvictionController,
  nodeIpamController,
  serviceCIDRController,
  serviceLbController,
  cloudNodeLifecycleController,
  nodeRouteController,
  ttlController,
  endpointsController,
  endpointSliceController,
  endpointSliceMirroringController,
  persistentVolumeBinder,
  horizontalPodAutoscaler,
  namespaceController,
  deploymentController,
  replicaSetController,
  replicationControllerController,
  statefulSetController,
  daemonSetController,
  claimProtection,
  volumeProtection,
  attributesClassProtection,
  ephemeralVolumeController,
  persistentVolumeExpander,
  attachDetachController,
  resourceClaimController,
  deviceTaintEvictionController,
  nodeLifecycleController,
  serviceAccountController,
  rootCACertificatePublisher,
  storageVersionMigrator,
];
