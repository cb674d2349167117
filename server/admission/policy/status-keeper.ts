import type { ApiClient } from '../../../api/client.ts';
import type { Clock } from '../../../api/clock.ts';
import { StatusError } from '../../../api/status.ts';
import type { ValidatingAdmissionPolicy } from '../../resources/admissionregistration/validating-policies.ts';
import type { TypeCheckDeps } from './type-check.ts';

export interface StatusKeeperOptions {
  readonly clock: Clock;
  readonly client: ApiClient;
  readonly types: TypeCheckDeps;
  policies(): readonly Readonly<ValidatingAdmissionPolicy>[];
  onError(error: unknown): void;
}

export interface StatusKeeper extends Disposable {
  /** A policy has changed. */
  check(): void;
}

const group = 'admissionregistration.k8s.io';
const manager = 'validatingadmissionpolicy-status';
const resource = { group, version: 'v1', resource: 'validatingadmissionpolicies' };
const retryDelayMs = 1000;

function observed({ status }: Readonly<ValidatingAdmissionPolicy>): number {
  return status?.observedGeneration ?? 0;
}

/** Checks the types of policies that it has not seen in their present form, and says in their status what it found. */
export function createStatusKeeper(options: StatusKeeperOptions): StatusKeeper {
  const { clock, client } = options;
  let timer: { cancel(): void } | undefined;
  let running = false;
  let isClosed = false;
  const isBehind = (policy: Readonly<ValidatingAdmissionPolicy>): boolean =>
    (policy.metadata?.generation ?? 0) > observed(policy);
  const write = async (policy: Readonly<ValidatingAdmissionPolicy>): Promise<void> => {
    const { checkTypes } = await import('./type-check.ts');
    const expressionWarnings = await checkTypes(policy, options.types);
    const { name = '', generation } = policy.metadata ?? {};
    const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
    await client.patch(
      { resource, namespace: '', name, type: 'application/apply-patch+yaml' },
      {
        kind: 'ValidatingAdmissionPolicy',
        apiVersion: `${group}/v1`,
        metadata: { name },
        status: { observedGeneration: generation, typeChecking },
      },
      { subresource: 'status', fieldManager: manager, force: true },
    );
  };
  const run = async (): Promise<void> => {
    for (const policy of options.policies().filter(isBehind)) {
      try {
        await write(policy);
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'NotFound') continue;
        options.onError(error);
        schedule(retryDelayMs);
      }
    }
  };
  const schedule = (delayMs: number): void => {
    if (timer !== undefined || isClosed) return;
    timer = clock.after(delayMs, () => {
      timer = undefined;
      if (running) return schedule(1);
      running = true;
      void run().finally(() => {
        running = false;
      });
    });
  };
  return {
    check() {
      if (options.policies().some(isBehind)) schedule(0);
    },
    [Symbol.dispose]() {
      isClosed = true;
      timer?.cancel();
    },
  };
}
