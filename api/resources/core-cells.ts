import type { Api } from '../object.ts';
import {
  accessModeText,
  age,
  type CellTable,
  cellsOf,
  findCondition,
  name,
  type PrintContext,
  quantityText,
  since,
} from './cell.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;
type Event = Api<'io.k8s.api.core.v1.Event'> & Partial<Api<'io.k8s.api.events.v1.Event'>>;
type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;
type Secret = Api<'io.k8s.api.core.v1.Secret'>;
type ConfigMap = Api<'io.k8s.api.core.v1.ConfigMap'>;
type PersistentVolume = Api<'io.k8s.api.core.v1.PersistentVolume'>;
type PersistentVolumeClaim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
type ResourceQuota = Api<'io.k8s.api.core.v1.ResourceQuota'>;
type ComponentStatus = Api<'io.k8s.api.core.v1.ComponentStatus'>;

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

function nodeStatus({ spec, status }: Node): string {
  const ready = findCondition(status?.conditions, 'Ready');
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

function nodeRoles({ metadata }: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(metadata?.labels ?? {})) {
    if (key.startsWith('node-role.kubernetes.io/')) roles.add(key.slice('node-role.kubernetes.io/'.length));
    else if (key === 'kubernetes.io/role') roles.add(value);
  }
  roles.delete('');
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',');
}

function nodeAddress({ status }: Node, type: string): string {
  return status?.addresses?.find((address) => address.type === type)?.address ?? '<none>';
}

function kernel({ status }: Node): string {
  const { kernelVersion, architecture } = status?.nodeInfo ?? {};
  return (kernelVersion || '<unknown>') + (architecture ? ` (${architecture})` : '');
}

/** Both groups' events: the fields of events.k8s.io have other names, the deprecated ones hold core's. */
function firstSeen(event: Event, context: PrintContext): string {
  return since(event.firstTimestamp || event.deprecatedFirstTimestamp || event.eventTime, context);
}

function lastSeen(event: Event, context: PrintContext): string {
  if (event.series !== undefined) return since(event.series.lastObservedTime, context);
  const time = event.lastTimestamp || event.deprecatedLastTimestamp;
  return time ? since(time, context) : firstSeen(event, context);
}

function involved(event: Event) {
  return event.involvedObject ?? event.regarding ?? {};
}

function eventObject(event: Event): string {
  const object = involved(event);
  const kind = (object.kind ?? '').toLowerCase();
  return object.name ? `${kind}/${object.name}` : kind;
}

function eventSource(event: Event): string {
  const source = event.source ?? event.deprecatedSource;
  const component = source?.component || event.reportingComponent || event.reportingController || '';
  const instance = source?.host || event.reportingInstance || '';
  return instance === '' ? component : `${component}, ${instance}`;
}

function quotaText({ status }: ResourceQuota, limits: boolean): string {
  const names = Object.keys(status?.hard ?? {}).sort();
  return names
    .filter((resource) => resource.startsWith('limits.') === limits)
    .map(
      (resource) => `${resource}: ${quantityText(status?.used?.[resource])}/${quantityText(status?.hard?.[resource])}`,
    )
    .join(', ');
}

function claimText({ spec }: PersistentVolume): string {
  return spec?.claimRef === undefined ? '' : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`;
}

function volumePhase({ metadata, status }: PersistentVolume | PersistentVolumeClaim): string {
  return metadata?.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating';
}

function volumeClass({ metadata, spec }: PersistentVolume | PersistentVolumeClaim): string {
  return metadata?.annotations?.[classAnnotation] ?? spec?.storageClassName ?? '';
}

const eventCells = cellsOf<Event>(
  lastSeen,
  ({ type }) => type ?? '',
  ({ reason }) => reason ?? '',
  eventObject,
  (event) => involved(event).fieldPath ?? '',
  eventSource,
  ({ message, note }) => (message ?? note ?? '').trim(),
  firstSeen,
  ({ series, count, deprecatedCount }) => (series === undefined ? count || deprecatedCount || 1 : (series.count ?? 0)),
  name,
);

export const coreCells: CellTable = {
  nodes: cellsOf<Node>(
    name,
    nodeStatus,
    nodeRoles,
    age,
    ({ status }) => status?.nodeInfo?.kubeletVersion ?? '',
    (node) => nodeAddress(node, 'InternalIP'),
    (node) => nodeAddress(node, 'ExternalIP'),
    ({ status }) => status?.nodeInfo?.osImage || '<unknown>',
    kernel,
    ({ status }) => status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
  ),
  events: eventCells,
  'events.events.k8s.io': eventCells,
  namespaces: cellsOf<Namespace>(name, ({ status }) => status?.phase ?? '', age),
  secrets: cellsOf<Secret>(
    name,
    ({ type }) => type ?? '',
    ({ data }) => Object.keys(data ?? {}).length,
    age,
  ),
  configmaps: cellsOf<ConfigMap>(
    name,
    ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    age,
  ),
  serviceaccounts: cellsOf(name, age),
  persistentvolumes: cellsOf<PersistentVolume>(
    name,
    ({ spec }) => quantityText(spec?.capacity?.['storage']),
    ({ spec }) => accessModeText(spec?.accessModes),
    ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '',
    volumePhase,
    claimText,
    volumeClass,
    ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    ({ status }) => status?.reason ?? '',
    age,
    ({ spec }) => spec?.volumeMode ?? '<unset>',
  ),
  persistentvolumeclaims: cellsOf<PersistentVolumeClaim>(
    name,
    volumePhase,
    ({ spec }) => spec?.volumeName ?? '',
    ({ spec, status }) => (spec?.volumeName ? quantityText(status?.capacity?.['storage']) : ''),
    ({ spec, status }) => (spec?.volumeName ? accessModeText(status?.accessModes) : ''),
    volumeClass,
    ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    age,
    ({ spec }) => spec?.volumeMode ?? '<unset>',
  ),
  resourcequotas: cellsOf<ResourceQuota>(
    name,
    (quota) => quotaText(quota, false),
    (quota) => quotaText(quota, true),
    age,
  ),
  componentstatuses: cellsOf<ComponentStatus>(
    name,
    ({ conditions }) => {
      const healthy = findCondition(conditions, 'Healthy');
      if (healthy === undefined) return 'Unknown';
      return healthy.status === 'True' ? 'Healthy' : 'Unhealthy';
    },
    ({ conditions }) => findCondition(conditions, 'Healthy')?.message ?? '',
    ({ conditions }) => findCondition(conditions, 'Healthy')?.error ?? '',
  ),
};
