import {
  boolType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  stringType,
  type Type,
  type TypeProvider,
  timestampType,
} from '../../../api/cel/types.ts';

type Fields = Readonly<Record<string, Type>>;

const texts = listType(stringType);
const textMap = mapType(stringType, stringType);
const kind = objectType('kubernetes.GroupVersionKind');
const resource = objectType('kubernetes.GroupVersionResource');

/** What expressions know of a request and of its namespace. */
const objects: Readonly<Record<string, Fields>> = {
  'kubernetes.GroupVersionKind': { group: stringType, version: stringType, kind: stringType },
  'kubernetes.GroupVersionResource': { group: stringType, version: stringType, resource: stringType },
  'kubernetes.UserInfo': {
    username: stringType,
    uid: stringType,
    groups: texts,
    extra: mapType(stringType, texts),
  },
  'kubernetes.AdmissionRequest': {
    kind,
    resource,
    subResource: stringType,
    requestKind: kind,
    requestResource: resource,
    requestSubResource: stringType,
    name: stringType,
    namespace: stringType,
    operation: stringType,
    userInfo: objectType('kubernetes.UserInfo'),
    dryRun: boolType,
    options: dynType,
  },
  'kubernetes.NamespaceSpec': { finalizers: texts },
  'kubernetes.NamespaceCondition': {
    status: stringType,
    type: stringType,
    lastTransitionTime: timestampType,
    message: stringType,
    reason: stringType,
  },
  'kubernetes.NamespaceStatus': {
    conditions: listType(objectType('kubernetes.NamespaceCondition')),
    phase: stringType,
  },
  'kubernetes.NamespaceMetadata': {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: textMap,
    annotations: textMap,
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: texts,
  },
  'kubernetes.Namespace': {
    metadata: objectType('kubernetes.NamespaceMetadata'),
    spec: objectType('kubernetes.NamespaceSpec'),
    status: objectType('kubernetes.NamespaceStatus'),
  },
};

export const requestType = objectType('kubernetes.AdmissionRequest');
export const namespaceType = objectType('kubernetes.Namespace');

export function providerOf(types: Readonly<Record<string, Fields>>): TypeProvider {
  const fieldsOf = (name: string): Fields | undefined => (Object.hasOwn(types, name) ? types[name] : undefined);
  return {
    findType: (name) => (fieldsOf(name) === undefined ? undefined : objectType(name)),
    findField: (name, field) => {
      const fields = fieldsOf(name);
      return fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined;
    },
    fieldNames: (name) => Object.keys(fieldsOf(name) ?? {}),
  };
}

export const requestTypes: TypeProvider = providerOf(objects);

const patchFields: Fields = { op: stringType, from: stringType, path: stringType, value: dynType };
export const jsonPatchType = objectType('JSONPatch');
export const appliedObjectType = objectType('Object');

/** `Object.spec.template` is an object at that place, whatever its fields; a JSONPatch is one operation. */
export const patchTypes: TypeProvider = {
  findType: (name) =>
    name === 'JSONPatch' || name === 'Object' || name.startsWith('Object.') ? objectType(name) : undefined,
  findField: (name, field) => {
    if (name === 'JSONPatch') return patchFields[field];
    return name === 'Object' || name.startsWith('Object.') ? dynType : undefined;
  },
  fieldNames: (name) => (name === 'JSONPatch' ? Object.keys(patchFields) : []),
};

export const variablesType = objectType('kubernetes.variables');

const kept = new Set(['bool', 'bytes', 'double', 'duration', 'int', 'null', 'string', 'timestamp', 'uint']);

/** A variable keeps simple types, and lists and maps of them; the rest is known at run time alone. */
export function variableType(type: Type | undefined): Type {
  if (type === undefined) return dynType;
  const [first, second] = type.parameters;
  if (type.kind === 'list') return listType(variableType(first));
  if (type.kind === 'map') return mapType(variableType(first), variableType(second));
  return kept.has(type.kind) && type.nullable !== true ? type : dynType;
}
