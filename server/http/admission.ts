import { decodeManagedFields, type ManagedFields } from '../../api/apply/managers.ts';
import type { KubeObject } from '../../api/object.ts';
import type { AdmissionChain } from '../admission/chain.ts';
import type { AdmissionRequest } from '../admission/plugin.ts';
import type { Admission, WriteOperation } from '../registry/context.ts';
import type { AdmissionTarget } from './handlers/handler.ts';
import { plainOptions } from './operation-options.ts';

/** Binds the chain to one request. */
export function createAdmission(chain: AdmissionChain): (target: AdmissionTarget) => Admission {
  return (target) => {
    const { served, kind, namespace, name, subresource, user, dryRun } = target;
    const { group, version, resource } = served.definition;
    const request = (
      operation: WriteOperation,
      object: KubeObject | undefined,
      oldObject: Readonly<KubeObject> | undefined,
    ): AdmissionRequest => ({
      operation,
      group,
      version,
      resource,
      subresource,
      user,
      dryRun,
      kind: kind.kind,
      gvk: kind,
      // A namespace is in itself.
      namespace: resource === 'namespaces' && group === '' ? name : namespace,
      name: name === '' ? (object?.metadata?.name ?? '') : name,
      ...(object === undefined ? {} : { object }),
      ...(oldObject === undefined ? {} : { oldObject }),
      options: () => (target.options ?? plainOptions)(operation),
      warn: (text) => target.warn(text),
    });
    return {
      mutate: (operation, object, old) => {
        const before = object?.metadata?.managedFields;
        const pending = chain.mutate(request(operation, object, old));
        return pending instanceof Promise ? pending.then(() => checkManagers(object, before, target)) : pending;
      },
      validate: (operation, object, old) => chain.validate(request(operation, object as KubeObject | undefined, old)),
    };
  };
}

const invalidManagers =
  '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests';

/** Whoever changed the object outside of this process may have left no sense in its managedFields: they are as before then. */
function checkManagers(
  object: KubeObject | undefined,
  before: ManagedFields | undefined,
  target: AdmissionTarget,
): void {
  const { metadata } = object ?? {};
  if (metadata === undefined || metadata.managedFields === before) return;
  const decoded = decodeManagedFields(metadata.managedFields);
  if (!('problem' in decoded)) return;
  target.warn(`${invalidManagers}: ${decoded.problem}`);
  metadata.managedFields = before;
}
