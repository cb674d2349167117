import type { KubeObject } from '../../api/object.ts';
import { type Authorizer, requireAllowed } from '../auth/authorizer.ts';
import { checkEscalation, isEscalationProne } from '../auth/rbac/escalation.ts';
import type { RbacAuthorizer } from '../auth/rbac/rbac-authorizer.ts';
import type { Admission } from '../registry/context.ts';
import type { AdmissionTarget } from './handlers/handler.ts';

type MakeAdmission = (target: AdmissionTarget) => Admission;

export interface GuardDeps {
  readonly authorizer: Authorizer;
  /** Absent: roles are not enforced, and what they grant does not matter. */
  readonly rbac?: RbacAuthorizer | undefined;
}

/**
 * What is decided once the object is known: nobody grants what they do not have, and a PUT or apply that turns out to create needs the
 * permission to create.
 */
export function guardAdmission(make: MakeAdmission, deps: GuardDeps): MakeAdmission {
  return (target) => {
    const admission = make(target);
    const { group, version, resource } = target.served.definition;
    const { rbac, authorizer } = deps;
    const isProne = rbac !== undefined && target.subresource === '' && isEscalationProne(group, resource);
    const { user, namespace, name } = target;
    const mayCreate = (): Promise<void> =>
      requireAllowed(authorizer, {
        isResource: true,
        verb: 'create',
        user,
        group,
        version,
        resource,
        subresource: target.subresource,
        namespace,
        name,
      });
    if (!isProne && target.isUpdate !== true) return admission;
    return {
      async mutate(operation, object, old) {
        await admission.mutate(operation, object, old);
        if (
          rbac === undefined ||
          !isProne ||
          object === undefined ||
          (operation !== 'CREATE' && operation !== 'UPDATE')
        )
          return;
        await checkEscalation(
          { rbac, authorizer },
          { resource, user, namespace, name, object: object as KubeObject, old },
        );
      },
      async validate(operation, object, old) {
        if (operation === 'CREATE' && target.isUpdate === true) await mayCreate();
        await admission.validate(operation, object, old);
      },
    };
  };
}
