import type { Api, GroupVersionKind, GroupVersionResource, KubeObject, LabelSelector } from '../../../api/object.ts';
import { type LabelMatcher, labelSelectorMatcher, labelSetMatcher } from '../../../api/selectors.ts';
import type { PodTemplate } from '../pod-control.ts';

export type ReplicaCondition = Api<'io.k8s.api.apps.v1.ReplicaSetCondition'>;

export interface ReplicaStatus {
  readonly replicas?: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly ReplicaCondition[];
}

/** What ReplicaSets and ReplicationControllers have in common. */
export interface Replicated extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly template?: PodTemplate;
    readonly selector?: unknown;
  };
  readonly status?: ReplicaStatus;
}

export interface ReplicaKind {
  /** The controller's. */
  readonly name: string;
  /** The source of its events. */
  readonly component: string;
  readonly gvk: GroupVersionKind;
  readonly resource: GroupVersionResource;
  /** A field that ReplicationControllers do not have. */
  readonly countsTerminating: boolean;
  matcherOf(object: Readonly<Replicated>): LabelMatcher;
}

export const replicaSetKind: ReplicaKind = {
  name: 'replicaset-controller',
  component: 'replicaset-controller',
  gvk: { group: 'apps', version: 'v1', kind: 'ReplicaSet' },
  resource: { group: 'apps', version: 'v1', resource: 'replicasets' },
  countsTerminating: true,
  matcherOf: ({ spec }) => labelSelectorMatcher(spec?.selector as LabelSelector | undefined),
};

export const replicationControllerKind: ReplicaKind = {
  name: 'replicationcontroller-controller',
  component: 'replication-controller',
  gvk: { group: '', version: 'v1', kind: 'ReplicationController' },
  resource: { group: '', version: 'v1', resource: 'replicationcontrollers' },
  countsTerminating: false,
  matcherOf: ({ spec }) => labelSetMatcher(spec?.selector as Readonly<Record<string, string>> | undefined),
};
