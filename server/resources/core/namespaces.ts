import { type FieldErrors, FieldPath, invalid } from '../../../api/field-error.ts';
import { isQualifiedName, nameIsDNSLabel } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { invalidEach, metadataErrorsAgain } from './field-checks.ts';

export type Namespace = Api<'io.k8s.api.core.v1.Namespace'>;

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
const nameLabel = 'kubernetes.io/metadata.name';

function setNameLabel(namespace: Namespace): void {
  const { metadata } = namespace;
  if (metadata?.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
}

function finalizerErrors(name: string, path: FieldPath): FieldErrors {
  const errors = invalidEach(path, name, isQualifiedName(name));
  if (!name.includes('/') && !standardFinalizers.has(name)) {
    errors.push(invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified'));
  }
  return errors;
}

function specErrors(namespace: Readonly<Namespace>): FieldErrors {
  const path = FieldPath.of('spec', 'finalizers');
  return (namespace.spec?.finalizers ?? []).flatMap((name) => finalizerErrors(name, path));
}

function statusErrors(namespace: Readonly<Namespace>): FieldErrors {
  const deleting = namespace.metadata?.deletionTimestamp !== undefined;
  const phase = namespace.status?.phase ?? '';
  const expected = deleting ? 'Terminating' : 'Active';
  if (phase === expected) return [];
  const why = `may only be '${expected}' if \`deletionTimestamp\` is ${deleting ? 'not ' : ''}empty`;
  return [invalid(FieldPath.of('status', 'Phase'), phase, why)];
}

export const namespaceStrategy: Strategy<Namespace> = {
  resource: 'namespaces',
  validateName: nameIsDNSLabel,
  applyDefaults(namespace) {
    setNameLabel(namespace);
    namespace.status = { ...namespace.status, phase: namespace.status?.phase || 'Active' };
  },
  prepareForCreate(namespace) {
    setNameLabel(namespace);
    namespace.status = { phase: 'Active' };
    const finalizers = namespace.spec?.finalizers ?? [];
    if (!finalizers.includes('kubernetes')) {
      namespace.spec = { ...namespace.spec, finalizers: [...finalizers, 'kubernetes'] };
    }
  },
  validateCreate: specErrors,
  prepareForUpdate(namespace, old) {
    namespace.spec = old.spec;
    namespace.status = old.status;
  },
  validateUpdate: (namespace) => [
    ...metadataErrorsAgain(namespace, 'cluster', nameIsDNSLabel),
    ...specErrors(namespace),
  ],
  subresources: {
    status: {
      prepareForUpdate(namespace, old) {
        namespace.spec = old.spec;
      },
      validateUpdate: statusErrors,
    },
    finalize: {
      prepareForUpdate(namespace, old) {
        namespace.status = old.status;
      },
      validateUpdate(namespace) {
        const path = FieldPath.of('spec', 'finalizers');
        return (namespace.spec?.finalizers ?? []).flatMap((name, i) => finalizerErrors(name, path.index(i)));
      },
    },
  },
  isHeldByFinalizers: (namespace) => (namespace.spec?.finalizers ?? []).length > 0,
  prepareForDelete(namespace) {
    // Held by their own finalizers, namespaces are not told when to end.
    delete namespace.metadata?.deletionGracePeriodSeconds;
    namespace.status = { ...namespace.status, phase: 'Terminating' };
  },
};
