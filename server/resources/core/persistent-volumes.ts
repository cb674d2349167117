import { toTime } from '../../../api/clock.ts';
import { FieldPath } from '../../../api/field-error.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { nodeExpressionWarnings } from './node-selector.ts';
import { defaultPersistentVolumeSource } from './persistent-volume-defaults.ts';
import type { VolumeSpec } from './persistent-volume-sources.ts';
import {
  mountOptionErrors,
  mountOptions,
  type PersistentVolume,
  volumeErrors,
  volumeUpdateErrors,
} from './persistent-volume-validation.ts';
import { defaultResourceList } from './resource-requirements-defaults.ts';

const deprecations: readonly (readonly [key: keyof VolumeSpec, at: string, message: string])[] = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

function warnings({ metadata, spec = {} }: Readonly<PersistentVolume>): string[] {
  const annotations = metadata?.annotations ?? {};
  const deprecated = {
    'volume.beta.kubernetes.io/storage-class': 'deprecated since v1.8; use "storageClassName" attribute instead',
    [mountOptions]: 'deprecated since v1.31; use "mountOptions" attribute instead',
  };
  const terms = FieldPath.of('spec', 'nodeAffinity', 'required', 'nodeSelectorTerms');
  return [
    ...Object.entries(deprecated)
      .filter(([key]) => annotations[key] !== undefined)
      .map(([key, message]) => `metadata.annotations[${key}]: ${message}`),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...(spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap((term, i) =>
      nodeExpressionWarnings(term.matchExpressions, terms.index(i)),
    ),
    ...deprecations.filter(([key]) => spec[key] !== undefined).map(([, at, message]) => `spec.${at}: ${message}`),
  ];
}

export const persistentVolumeStrategy: Strategy<PersistentVolume> = {
  resource: 'persistentvolumes',
  applyDefaults(volume) {
    volume.status = { ...volume.status, phase: volume.status?.phase || 'Pending' };
    volume.spec ??= {};
    volume.spec.persistentVolumeReclaimPolicy ||= 'Retain';
    volume.spec.volumeMode ??= 'Filesystem';
    if (volume.spec.capacity !== undefined) defaultResourceList(volume.spec.capacity as Record<string, string>);
    defaultPersistentVolumeSource(volume.spec);
  },
  prepareForCreate(volume, context) {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: toTime(context.now) };
  },
  validateCreate: (volume) => [...volumeErrors(volume), ...mountOptionErrors(volume)],
  warningsOnCreate: warnings,
  prepareForUpdate(volume, old) {
    volume.status = old.status;
  },
  validateUpdate: volumeUpdateErrors,
  warningsOnUpdate: warnings,
  subresources: {
    status: {
      prepareForUpdate(volume, old, context) {
        volume.spec = old.spec;
        const [status = {}, before = {}] = [volume.status, old.status];
        const { lastPhaseTransitionTime: time } = status;
        const isSamePhase = status.phase === before.phase;
        if (isSamePhase && time === undefined) {
          if (before.lastPhaseTransitionTime !== undefined) {
            volume.status = { ...status, lastPhaseTransitionTime: before.lastPhaseTransitionTime };
          }
        } else if (!isSamePhase && (time === undefined || time === before.lastPhaseTransitionTime)) {
          volume.status = { ...status, lastPhaseTransitionTime: toTime(context.now) };
        }
      },
    },
  },
};
