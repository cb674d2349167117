import type { Clock } from '../../../api/clock.ts';
import { quotaEvaluatorFor } from '../../../api/quota/evaluators.ts';
import { StatusError } from '../../../api/status.ts';
import type { ClusterReader, ClusterRewriter } from '../../registry/strategy.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts';
import { type Charge, charged, chargesOf, type Quota } from '../resource-quota/charge.ts';

export interface ResourceQuotaDeps {
  readonly reader: ClusterReader;
  readonly rewriter: ClusterRewriter;
  readonly clock: Pick<Clock, 'now'>;
}

/** A request that waits for its place in the quotas of its namespace. */
interface Waiter {
  readonly request: AdmissionRequest;
  readonly charges: readonly Charge[];
  settle(error?: unknown): void;
}

/** Counts what a namespace uses, and refuses what its quotas do not allow. A controller counts anew what has gone. */
export function createResourceQuota(deps: ResourceQuotaDeps): AdmissionPlugin {
  // Requests of one namespace that come while its quotas are being written share the next write.
  const waiting = new Map<string, Waiter[]>();
  const enqueue = (waiter: Waiter): void => {
    const { namespace } = waiter.request;
    const queue = waiting.get(namespace);
    if (queue !== undefined) {
      queue.push(waiter);
      return;
    }
    waiting.set(namespace, [waiter]);
    void drain(namespace);
  };
  const drain = async (namespace: string): Promise<void> => {
    for (;;) {
      const batch = waiting.get(namespace) ?? [];
      if (batch.length === 0) break;
      waiting.set(namespace, []);
      await settleBatch(namespace, batch, deps.rewriter);
    }
    waiting.delete(namespace);
  };
  return {
    name: 'ResourceQuota',
    handles: ({ operation, namespace, group, kind }) =>
      namespace !== '' && (operation === 'CREATE' || operation === 'UPDATE') && !(kind === 'Namespace' && group === ''),
    validate(request) {
      const { group, resource, namespace, dryRun } = request;
      const quotas = deps.reader.list<Quota>('resourcequotas', namespace);
      if (quotas.length === 0) return;
      const evaluator = quotaEvaluatorFor(group === '' ? resource : `${resource}.${group}`);
      if (evaluator === undefined || !evaluator.handles(request)) return;
      const charges = chargesOf(quotas, request, evaluator, deps.clock.now());
      for (const charge of charges) {
        const quota = quotas.find(({ metadata }) => metadata?.name === charge.quota);
        if (quota !== undefined) charged(quota, charge, request);
      }
      if (charges.length === 0 || dryRun) return;
      return new Promise<void>((resolve, reject) => {
        enqueue({ request, charges, settle: (error) => (error === undefined ? resolve() : reject(error)) });
      });
    },
  };
}

/** One write for each quota that the batch concerns. */
async function settleBatch(namespace: string, batch: readonly Waiter[], rewriter: ClusterRewriter): Promise<void> {
  const refused = new Map<Waiter, unknown>();
  const names = new Set(batch.flatMap(({ charges }) => charges.map(({ quota }) => quota)));
  for (const name of names) {
    const concerned = batch.filter((waiter) => !refused.has(waiter));
    try {
      const charge = (quota: Readonly<Quota>): Quota => {
        for (const waiter of concerned) refused.delete(waiter);
        return concerned.reduce((sum, waiter) => withCharge(sum, name, waiter, refused), quota);
      };
      await rewriter.rewrite<Quota>('resourcequotas', namespace, name, charge, 'status');
    } catch (error) {
      // A quota that has gone limits nothing.
      if (error instanceof StatusError && error.reason === 'NotFound') continue;
      for (const waiter of concerned)
        if (waiter.charges.some(({ quota }) => quota === name)) refused.set(waiter, error);
    }
  }
  for (const waiter of batch) waiter.settle(refused.get(waiter));
}

function withCharge(quota: Quota, name: string, waiter: Waiter, refused: Map<Waiter, unknown>): Quota {
  const charge = waiter.charges.find((one) => one.quota === name);
  if (charge === undefined) return quota;
  try {
    return charged(quota, charge, waiter.request);
  } catch (error) {
    refused.set(waiter, error);
    return quota;
  }
}
