import type { AdmissionDeps } from '../default-plugins.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts';
import { type DispatchDeps, isExcluded, type PolicyLists } from './deps.ts';

type Run = (request: AdmissionRequest) => Promise<void>;

/** Without a policy and a binding there is nothing to ask, and nothing is loaded. */
function isSubject({ policies, bindings }: PolicyLists<unknown, unknown>, request: AdmissionRequest): boolean {
  return bindings().length > 0 && policies().length > 0 && !isExcluded(request);
}

function lazily(load: () => Promise<Run>): Run {
  let loading: Promise<Run> | undefined;
  return async (request) => {
    loading ??= load();
    return (await loading)(request);
  };
}

export function createValidatingAdmissionPolicy({ policies, reader }: AdmissionDeps): AdmissionPlugin {
  const name = 'ValidatingAdmissionPolicy';
  if (policies === undefined) return { name, handles: () => false };
  const deps: DispatchDeps = { ...policies, reader };
  const validate = lazily(async () => (await import('./validating.ts')).createValidation(deps));
  return { name, handles: (request) => isSubject(policies.validating, request), validate };
}

export function createMutatingAdmissionPolicy({ policies, reader }: AdmissionDeps): AdmissionPlugin {
  const name = 'MutatingAdmissionPolicy';
  if (policies === undefined) return { name, handles: () => false };
  const deps: DispatchDeps = { ...policies, reader };
  const mutate = lazily(async () => (await import('./mutating.ts')).createMutation(deps));
  return { name, handles: (request) => isSubject(policies.mutating, request), mutate };
}
