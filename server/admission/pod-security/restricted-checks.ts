import type { Api } from '../../../api/object.ts';
import { procMount } from './baseline-checks.ts';
import {
  type CheckedPod,
  distinct,
  hasUserNamespace,
  isWindows,
  named,
  namesOf,
  type PodCheck,
  plural,
  quotedList,
  setters,
  type VersionedCheck,
  type Violation,
} from './check.ts';
import { seccompRestricted } from './seccomp-checks.ts';

type Volume = Api<'io.k8s.api.core.v1.Volume'>;

const allowedVolumes: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);
/** The others by their names; one without a source is said to be unknown. */
const restrictedVolumes: ReadonlySet<string> = new Set([
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
]);

function exceptOnWindows(check: PodCheck): PodCheck {
  return (pod) => (isWindows(pod) ? undefined : check(pod));
}

function exceptInUserNamespace(check: PodCheck): PodCheck {
  return (pod) => (hasUserNamespace(pod) ? undefined : check(pod));
}

/** In the order in which refusals list them, after those of the baseline. */
export const restrictedChecks: readonly VersionedCheck[] = [
  {
    id: 'allowPrivilegeEscalation',
    since: [
      [8, allowPrivilegeEscalation],
      [25, exceptOnWindows(allowPrivilegeEscalation)],
    ],
  },
  {
    id: 'capabilities_restricted',
    since: [
      [22, capabilities],
      [25, exceptOnWindows(capabilities)],
    ],
    replaces: 'capabilities_baseline',
  },
  { id: 'procMount_restricted', since: [[35, procMount]], replaces: 'procMount' },
  { id: 'restrictedVolumes', since: [[0, volumeTypes]], replaces: 'hostPathVolumes' },
  {
    id: 'runAsNonRoot',
    since: [
      [0, runAsNonRoot],
      [35, exceptInUserNamespace(runAsNonRoot)],
    ],
  },
  {
    id: 'runAsUser',
    since: [
      [23, runAsUser],
      [35, exceptInUserNamespace(runAsUser)],
    ],
  },
  {
    id: 'seccompProfile_restricted',
    since: [
      [19, seccompRestricted],
      [25, exceptOnWindows(seccompRestricted)],
    ],
    replaces: 'seccompProfile_baseline',
  },
];

function allowPrivilegeEscalation({ containers }: CheckedPod): Violation | undefined {
  const bad = containers.filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  const detail = `${named('container', namesOf(bad))} must set securityContext.allowPrivilegeEscalation=false`;
  return { reason: 'allowPrivilegeEscalation != false', detail };
}

function capabilities({ containers }: CheckedPod): Violation | undefined {
  const given = containers.map(({ name = '', securityContext }) => {
    const { add = [], drop = [] } = securityContext?.capabilities ?? {};
    return {
      name,
      dropsAll: drop.includes('ALL'),
      added: add.filter((capability) => capability !== 'NET_BIND_SERVICE'),
    };
  });
  const keeping = given.filter(({ dropsAll }) => !dropsAll).map(({ name }) => name);
  const adding = given.filter(({ added }) => added.length > 0);
  const details: string[] = [];
  if (keeping.length > 0)
    details.push(`${named('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const who = named(
      'container',
      adding.map(({ name }) => name),
    );
    const added = quotedList(distinct(adding.flatMap((container) => container.added)));
    details.push(`${who} must not include ${added} in securityContext.capabilities.add`);
  }
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

function volumeTypes({ spec }: CheckedPod): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => !sourcesOf(volume).some((source) => allowedVolumes.has(source)));
  if (bad.length === 0) return undefined;
  const types = distinct(
    bad.map((volume) => sourcesOf(volume).find((source) => restrictedVolumes.has(source)) ?? 'unknown'),
  );
  const who = named(
    'volume',
    bad.map(({ name = '' }) => name),
  );
  const what = `${plural(types.length, 'restricted volume type')} ${quotedList(types)}`;
  return { reason: 'restricted volume types', detail: `${who} ${plural(bad.length, 'uses', 'use')} ${what}` };
}

function sourcesOf(volume: Readonly<Volume>): string[] {
  return Object.keys(volume).filter((field) => field !== 'name');
}

function runAsNonRoot({ spec, containers }: CheckedPod): Violation | undefined {
  const reason = 'runAsNonRoot != true';
  const byPod = spec.securityContext?.runAsNonRoot;
  const explicit = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === false);
  const who = setters(byPod === false, namesOf(explicit));
  if (who !== '') return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
  const implicit = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (byPod === true || implicit.length === 0) return undefined;
  return {
    reason,
    detail: `pod or ${named('container', namesOf(implicit))} must set securityContext.runAsNonRoot=true`,
  };
}

function runAsUser({ spec, containers }: CheckedPod): Violation | undefined {
  const bad = containers.filter(({ securityContext }) => securityContext?.runAsUser === 0);
  const who = setters(spec.securityContext?.runAsUser === 0, namesOf(bad));
  return who === '' ? undefined : { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` };
}
