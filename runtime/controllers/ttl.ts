import type { Api } from '../../api/object.ts';
import { keyOf } from '../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../framework/controller.ts';
import { unlessMissing } from '../framework/status-cause.ts';
import { WorkQueue } from '../framework/work-queue.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;

const name = 'ttl-controller';
const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;
const annotation = 'node.alpha.kubernetes.io/ttl';

/** How long nodes may keep Secrets and ConfigMaps, by the size of the cluster; the ranges overlap so that it does not flap. */
const steps = [
  { min: 0, max: 100, seconds: 0 },
  { min: 90, max: 500, seconds: 15 },
  { min: 450, max: 1000, seconds: 30 },
  { min: 900, max: 2000, seconds: 60 },
  { min: 1800, max: Number.POSITIVE_INFINITY, seconds: 300 },
] as const;

/** The step for so many nodes, as near to the one before as the ranges allow. */
export function stepFor(count: number, before: number): number {
  let step = before;
  while (count > (steps[step]?.max ?? 0)) step++;
  while (count < (steps[step]?.min ?? 0)) step--;
  return step;
}

/** Tells nodes how long they may keep what they have read. */
export const ttlController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client } = context;
    const informer = context.informers.of<Node>(nodes);
    const queue = new WorkQueue(context.clock);
    let step = 0;
    const wanted = (): string => String(steps[step]?.seconds ?? 0);
    const check = (node: Readonly<Node>): void => {
      if (node.metadata?.annotations?.[annotation] !== wanted()) queue.add(keyOf(node));
    };
    const counted = (): void => {
      const next = stepFor(informer.size, step);
      if (next === step) return;
      step = next;
      for (const node of informer.list()) check(node);
    };
    informer.subscribe({
      added: (node) => {
        counted();
        check(node);
      },
      updated: check,
      deleted: counted,
    });
    const reconcile = async (key: string): Promise<void> => {
      const node = informer.get(key);
      if (node === undefined || node.metadata?.annotations?.[annotation] === wanted()) return;
      const target = {
        resource: nodes,
        namespace: '',
        name: key,
        type: 'application/strategic-merge-patch+json',
      } as const;
      await unlessMissing(client.patch<Node>(target, { metadata: { annotations: { [annotation]: wanted() } } }));
    };
    return startReconciling({ name, workers: 5, informers: [informer], queue, reconcile }, context, signal);
  },
};
