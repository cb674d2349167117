import { createFieldManager } from '../../api/apply/field-manager.ts';
import type { FieldType, JsonObject } from '../../api/apply/field-type.ts';
import type { ManagedFields } from '../../api/apply/managers.ts';
import { ignoredFields } from '../../api/apply/reset-fields.ts';
import { createSchemaTypes } from '../../api/apply/schema-types.ts';
import type { FieldTarget } from '../../api/apply/target.ts';
import type { Clock } from '../../api/clock.ts';
import { toTime } from '../../api/clock.ts';
import { cloneJson } from '../../api/clone.ts';
import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../../api/object.ts';
import type { SchemaDocument } from '../../api/schema/schema.ts';
import { customTarget, withConversions } from './custom-fields.ts';
import { type ServedResource, type StoredResource, withHead } from './resource.ts';
import type { ResourceTable } from './resources.ts';

/** The managedFields of the object that a request is about to store; both objects are in the stored version. */
export type Manage = (
  live: Readonly<KubeObject> | undefined,
  next: KubeObject,
) => ManagedFields | undefined | Promise<ManagedFields | undefined>;

/** One apply of a body as it was parsed. */
export interface ApplySource {
  /** The stored object, undefined where the apply creates it. */
  readonly live: Readonly<KubeObject> | undefined;
  readonly applied: unknown;
  readonly manager: string;
  readonly force: boolean;
}

/** A kind that requests carry without being a resource: reviews, tokens, Scales. */
export interface AnsweredKind {
  readonly gvk: { readonly group: string; readonly version: string; readonly kind: string };
  readonly typeName: string;
  readonly subresource: string;
}

/** Keeps `metadata.managedFields` for the writes of the server. Made once when the server is wired. */
export interface FieldManagement {
  /** For creates, updates and patches at one place: '' or the name of a subresource that carries the kind itself. */
  updating(served: ServedResource, subresource: string, manager: string): Manage;
  /** The applied object in the served version, to be decoded and defaulted; it carries its managedFields. */
  apply(served: ServedResource, subresource: string, source: ApplySource): KubeObject | Promise<KubeObject>;
  /** For what the server itself writes into a stored object. */
  own(stored: StoredResource, subresource: string, manager?: string): Manage;
  /** For kinds that are answered and not stored. */
  answering(place: AnsweredKind, manager: string): Manage;
  /** How objects of a kind are merged, at a resource whose own kind it is or in a Scale; undefined: no schema tells. */
  typeOf(served: ServedResource, kind: GroupVersionKind): FieldType | undefined;
  /** The first two for Scales, which have a type of their own. */
  updateScale(live: KubeObject, next: KubeObject, manager: string): ManagedFields | undefined;
  applyScale(source: ApplySource): KubeObject;
}

const scaleKind: AnsweredKind = {
  gvk: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  typeName: 'io.k8s.api.autoscaling.v1.Scale',
  subresource: 'scale',
};
const ownManager = 'kube-apiserver';
const metaType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Managers are settled already: they stay as they came with the object. */
export const asGiven: Manage = (_live, next) => next.metadata?.managedFields;

export function fromHub(served: ServedResource, object: Readonly<KubeObject>): KubeObject {
  const { conversion, definition } = served;
  const converted = conversion === undefined ? object : conversion.fromHub(cloneJson(object) as KubeObject);
  return withHead(converted as KubeObject, definition);
}

export function createFieldManagement(schema: SchemaDocument, resources: ResourceTable, clock: Clock): FieldManagement {
  const types = createSchemaTypes(schema);
  const fields = createFieldManager();
  const targets = new WeakMap<ServedResource, Map<string, FieldTarget>>();
  const time = (): string => toTime(clock.now());
  const objectMeta = (): FieldType => types.typeNamed(metaType) ?? {};

  const makeTarget = (served: ServedResource, subresource: string): FieldTarget => {
    if (served.custom !== undefined) return customTarget(served, served.custom, subresource, objectMeta());
    const { stored, definition } = served;
    const { group, kind } = definition;
    const versions = new Map(
      resources
        .versionsOf(stored)
        // Upstream's types are those of one group: events of the core group know nothing of events.k8s.io.
        .filter((other) => other.definition.group === group)
        .map((other) => [apiVersionOf(other.definition), other] as const),
    );
    const ignored = ignoredFields({ group, kind, subresource });
    const apiVersion = apiVersionOf(definition);
    return {
      apiVersion,
      kind,
      subresource,
      type: (version) => {
        const other = versions.get(version);
        return other === undefined ? undefined : types.typeNamed(other.typeName);
      },
      empty: { ...types.emptyObject(served.typeName), apiVersion, kind },
      convert: (object, version) => {
        const other = versions.get(version);
        if (other === undefined) return object;
        const { conversion } = versions.get(String(object['apiVersion'])) ?? served;
        const hub = conversion === undefined ? object : conversion.toHub(cloneJson(object) as KubeObject);
        return fromHub(other, hub as KubeObject) as JsonObject;
      },
      ...(kind === 'ServiceAccount' ? { mayLackKeys: true } : {}),
      ...(ignored === undefined ? {} : { ignored }),
    };
  };

  const targetOf = (served: ServedResource, subresource: string): FieldTarget => {
    const places = targets.get(served) ?? new Map<string, FieldTarget>();
    targets.set(served, places);
    const target = places.get(subresource) ?? makeTarget(served, subresource);
    places.set(subresource, target);
    return target;
  };

  const answered = new Map<string, FieldTarget>();
  const answeredTarget = ({ gvk, typeName, subresource }: AnsweredKind): FieldTarget => {
    const apiVersion = apiVersionOf(gvk);
    const { kind } = gvk;
    const made = answered.get(`${typeName}/${subresource}`) ?? {
      apiVersion,
      kind,
      subresource,
      type: (version) => (version === apiVersion ? types.typeNamed(typeName) : undefined),
      empty: { ...types.emptyObject(typeName), apiVersion, kind },
    };
    answered.set(`${typeName}/${subresource}`, made);
    return made;
  };
  const scale = (): FieldTarget => answeredTarget(scaleKind);

  const applyAt = (target: FieldTarget, { live, ...source }: ApplySource): KubeObject => {
    const { object, managedFields } = fields.apply({ ...source, target, live, time: time() });
    // The result shares parts with the stored object, and decoding works in place.
    const { managedFields: _, ...metadata } = object.metadata ?? {};
    const copy = cloneJson({ ...object, metadata }) as KubeObject;
    copy.metadata = { ...copy.metadata, managedFields };
    return copy;
  };

  const updating = (served: ServedResource, subresource: string, manager: string): Manage => {
    const target = targetOf(served, subresource);
    const asServed = (object: Readonly<KubeObject>): KubeObject =>
      served.conversion === undefined && served.head.text === served.stored.head.text
        ? object
        : fromHub(served, object);
    const update = (at: FieldTarget, live: Readonly<KubeObject> | undefined, next: KubeObject) =>
      fields.update({
        target: at,
        live: live === undefined ? undefined : asServed(live),
        next: asServed(next),
        manager,
        time: time(),
      });
    const { custom } = served;
    if (custom === undefined) return (live, next) => update(target, live, next);
    return (live, next) => withConversions(custom, target, (at) => update(at, live, next));
  };

  return {
    updating,
    own(stored, subresource, manager = ownManager) {
      const versions = resources.versionsOf(stored);
      const served = versions.find(({ definition }) => definition.version === stored.version) ?? versions[0];
      return served === undefined ? asGiven : updating(served, subresource, manager);
    },
    answering(place, manager) {
      const target = answeredTarget(place);
      return (live, next) => fields.update({ target, live, next, manager, time: time() });
    },
    apply(served, subresource, source) {
      const live = source.live === undefined ? undefined : fromHub(served, source.live);
      const target = targetOf(served, subresource);
      const { custom } = served;
      if (custom === undefined) return applyAt(target, { ...source, live });
      return withConversions(custom, target, (at) => applyAt(at, { ...source, live }));
    },
    typeOf(served, { group, version, kind }) {
      const apiVersion = apiVersionOf({ group, version });
      if (served.definition.kind === kind) return targetOf(served, '').type(apiVersion);
      return kind === scaleKind.gvk.kind ? scale().type(apiVersion) : undefined;
    },
    updateScale: (live, next, manager) => fields.update({ target: scale(), live, next, manager, time: time() }),
    applyScale: (source) => applyAt(scale(), source),
  };
}

const longestName = 128;

/** Who stands behind a request that names no manager: the user agent up to its first slash. */
export function managerOf(fieldManager: string, userAgent: string): string {
  if (fieldManager !== '') return fieldManager;
  const [program = ''] = userAgent.split('/', 1);
  if (/^[\x20-\x7e]*$/.test(program)) return program.slice(0, longestName);
  // Header values come as Latin-1, one character for each byte.
  let name = '';
  let room = longestName;
  for (const letter of Buffer.from(program, 'latin1').toString()) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(letter)) continue;
    const size = Buffer.byteLength(letter);
    if (size > room) break;
    name += letter;
    room -= size;
  }
  return name;
}

const ownClients: Readonly<Record<string, string>> = {
  'system:apiserver': 'kube-apiserver',
  'system:kube-scheduler': 'kube-scheduler',
  'system:kube-controller-manager': 'kube-controller-manager',
};

/** The same for clients inside the process: the name of the program that does their work elsewhere. */
export function managerOfUser(username: string): string {
  if (username.startsWith('system:node:')) return 'kubelet';
  if (username.startsWith('system:serviceaccount:kube-system:')) return 'kube-controller-manager';
  return ownClients[username] ?? username;
}
