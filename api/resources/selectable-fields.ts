import { goQuote } from '../go-text.ts';
import type { Api, GroupVersionResource, KubeObject } from '../object.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type Node = Api<'io.k8s.api.core.v1.Node'>;
type ReplicationController = Api<'io.k8s.api.core.v1.ReplicationController'>;
type Event = Api<'io.k8s.api.core.v1.Event'> & Partial<Api<'io.k8s.api.events.v1.Event'>>;
type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;
type Secret = Api<'io.k8s.api.core.v1.Secret'>;
type Service = Api<'io.k8s.api.core.v1.Service'>;
type Job = Api<'io.k8s.api.batch.v1.Job'>;
type SigningRequest = Api<'io.k8s.api.certificates.v1.CertificateSigningRequest'>;
type PodCertificateRequest = Api<'io.k8s.api.certificates.v1beta1.PodCertificateRequest'>;
type ResourceSlice = Api<'io.k8s.api.resource.v1.ResourceSlice'>;

type Getter<T> = (object: T) => string | undefined;

export interface SelectableFields {
  /** The text of a field, '' where the object has none. Accepts whatever check accepts. */
  get(object: KubeObject, field: string): string;
  /** Why a field cannot be selected by, undefined when it can. */
  check(field: string): string | undefined;
  /** Fields that indexes may be kept for: those by which nodes and other numerous clients watch. */
  readonly indexed: readonly string[];
  readonly names: readonly string[];
}

interface FieldTable<T = never> {
  readonly fields: Readonly<Record<string, Getter<T>>>;
  /** Other names of fields, from older versions. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly indexed?: readonly string[];
  /** What stands before `: FIELD` in the refusal. */
  readonly refusal?: string;
}

function fieldTable<T extends KubeObject>(table: FieldTable<T>): FieldTable {
  return table;
}

const name: Readonly<Record<string, Getter<KubeObject>>> = { 'metadata.name': ({ metadata }) => metadata?.name };
const both: Readonly<Record<string, Getter<KubeObject>>> = {
  ...name,
  'metadata.namespace': ({ metadata }) => metadata?.namespace,
};

function referenceFields(prefix: string): Readonly<Record<string, Getter<Event>>> {
  const members = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;
  return Object.fromEntries(
    members.map((member) => [
      `${prefix}.${member}`,
      (event: Event) => (event.involvedObject ?? event.regarding)?.[member],
    ]),
  );
}

const reporter: Getter<Event> = (event) => event.reportingComponent || event.reportingController;

const signedFields = fieldTable<SigningRequest>({
  fields: { ...name, 'spec.signerName': ({ spec }) => spec?.signerName },
});

/** By `group/resource`; a version stands behind it where versions of one resource differ. */
const tables: Readonly<Record<string, FieldTable>> = {
  '/pods': fieldTable<Pod>({
    fields: {
      ...both,
      'spec.nodeName': ({ spec }) => spec?.nodeName,
      'spec.restartPolicy': ({ spec }) => spec?.restartPolicy,
      'spec.schedulerName': ({ spec }) => spec?.schedulerName,
      'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName,
      'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork ?? false),
      'status.phase': ({ status }) => status?.phase,
      'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP,
      // Accepted, but without a value.
      'status.podIPs': () => '',
      'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName,
    },
    aliases: { 'spec.host': 'spec.nodeName' },
    indexed: ['spec.nodeName'],
  }),
  '/nodes': fieldTable<Node>({
    fields: { ...name, 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
  }),
  '/replicationcontrollers': fieldTable<ReplicationController>({
    fields: { ...both, 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  }),
  '/events': fieldTable<Event>({
    fields: {
      ...both,
      ...referenceFields('involvedObject'),
      reason: ({ reason }) => reason,
      reportingComponent: reporter,
      source: (event) => (event.source ?? event.deprecatedSource)?.component || reporter(event),
      type: ({ type }) => type,
    },
  }),
  'events.k8s.io/events': fieldTable<Event>({
    fields: {
      ...both,
      ...referenceFields('regarding'),
      reason: ({ reason }) => reason,
      reportingController: reporter,
      type: ({ type }) => type,
    },
  }),
  '/namespaces': fieldTable<Namespace>({ fields: { ...name, 'status.phase': ({ status }) => status?.phase } }),
  '/secrets': fieldTable<Secret>({ fields: { ...both, type: ({ type }) => type } }),
  '/services': fieldTable<Service>({
    fields: { ...both, 'spec.clusterIP': ({ spec }) => spec?.clusterIP, 'spec.type': ({ spec }) => spec?.type },
  }),
  'batch/jobs': fieldTable<Job>({
    fields: { ...both, 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
  }),
  'certificates.k8s.io/certificatesigningrequests': signedFields,
  'certificates.k8s.io/clustertrustbundles': signedFields,
  'certificates.k8s.io/podcertificaterequests': fieldTable<PodCertificateRequest>({
    fields: {
      ...name,
      'spec.signerName': ({ spec }) => spec?.signerName,
      'spec.podName': ({ spec }) => spec?.podName,
      'spec.nodeName': ({ spec }) => spec?.nodeName,
    },
  }),
  'resource.k8s.io/resourceslices': fieldTable<ResourceSlice>({
    fields: { ...name, 'spec.nodeName': ({ spec }) => spec?.nodeName, 'spec.driver': ({ spec }) => spec?.driver },
    indexed: ['spec.nodeName'],
  }),
};

function createSelectableFields(table: FieldTable, refuse: (field: string) => string): SelectableFields {
  const getters = table.fields as Readonly<Record<string, Getter<KubeObject>>>;
  const aliases = table.aliases ?? {};
  const getterOf = (field: string) => {
    const target = Object.hasOwn(aliases, field) ? aliases[field] : field;
    return target !== undefined && Object.hasOwn(getters, target) ? getters[target] : undefined;
  };
  return {
    get: (object, field) => getterOf(field)?.(object) ?? '',
    check: (field) => (getterOf(field) === undefined ? refuse(field) : undefined),
    indexed: table.indexed ?? [],
    names: Object.keys(getters),
  };
}

const defaultFields = createSelectableFields({ fields: both }, (field) => {
  return `${goQuote(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
});

/** The fields by which objects of a built-in resource can be selected. Those of custom resources: see customSelectableFields. */
export function selectableFields({ group, version, resource }: GroupVersionResource): SelectableFields {
  const key = `${group}/${resource}`;
  const table = Object.hasOwn(tables, key) ? tables[key] : undefined;
  if (table === undefined) return defaultFields;
  const where = resource === 'resourceslices' ? ` for ${group}/${version}, Kind=ResourceSlice` : '';
  return createSelectableFields(table, (field) => `field label not supported${where}: ${field}`);
}

/** `extra` are a definition's own selectable fields, without the leading dot of their paths. */
export function customSelectableFields(
  namespaced: boolean,
  extra: Readonly<Record<string, (object: KubeObject) => string>> = {},
): SelectableFields {
  const fields = { ...(namespaced ? both : name), ...extra };
  return createSelectableFields({ fields }, (field) => `field label not supported: ${field}`);
}
