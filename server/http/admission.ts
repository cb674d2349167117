import type { KubeObject } from '../../api/object.ts';
import type { AdmissionChain } from '../admission/chain.ts';
import type { AdmissionRequest } from '../admission/plugin.ts';
import type { Admission, WriteOperation } from '../registry/context.ts';
import type { AdmissionTarget } from './handlers/handler.ts';

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
      // A namespace is in itself.
      namespace: resource === 'namespaces' && group === '' ? name : namespace,
      name: name === '' ? (object?.metadata?.name ?? '') : name,
      ...(object === undefined ? {} : { object }),
      ...(oldObject === undefined ? {} : { oldObject }),
      ...(target.options === undefined ? {} : { options: target.options as KubeObject }),
      warn: (text) => target.warn(text),
    });
    return {
      mutate: (operation, object, old) => chain.mutate(request(operation, object, old)),
      validate: (operation, object, old) => chain.validate(request(operation, object as KubeObject | undefined, old)),
    };
  };
}
