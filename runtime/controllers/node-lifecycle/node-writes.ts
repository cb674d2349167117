import type { ApiClient } from '../../../api/client.ts';
import { type Clock, toTime } from '../../../api/clock.ts';
import type { EventRecorder } from '../../framework/event-recorder.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { retryOnConflict } from '../../framework/retry-on-conflict.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { type Node, nodes, type Pod, pods, readyCondition, type Taint } from './kinds.ts';
import { unknownConditions } from './node-health.ts';

export interface NodeWriterDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** Changes the taints of a node from its newest state. `change` answers with the same list when nothing is to be done. */
export async function changeTaints(
  { client }: NodeWriterDeps,
  name: string,
  change: (node: Readonly<Node>) => readonly Taint[],
): Promise<void> {
  await unlessMissing(
    retryOnConflict(async () => {
      const node = await client.get<Node>(nodes, '', name);
      const taints = change(node);
      if (taints.length === 0 && (node.spec?.taints ?? []).length === 0) return;
      if (taints === node.spec?.taints) return;
      await client.update<Node>(nodes, '', { ...node, spec: { ...node.spec, taints: [...taints] } });
    }),
  );
}

export async function addLabels(
  { client }: NodeWriterDeps,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const target = { resource: nodes, namespace: '', name, type: 'application/strategic-merge-patch+json' } as const;
  await unlessMissing(client.patch<Node>(target, { metadata: { labels } }));
}

/** Says that a node is not heard of any more; answers with what its Ready condition said before and says now. */
export async function markUnknown(
  { client, clock }: NodeWriterDeps,
  seen: Readonly<Node>,
): Promise<{ readonly before: string | undefined; readonly node: Readonly<Node> } | undefined> {
  let node: Readonly<Node> | undefined = seen;
  return unlessMissing(
    retryOnConflict(async () => {
      node ??= await client.get<Node>(nodes, '', seen.metadata?.name ?? '');
      const before = readyCondition(node)?.status;
      const conditions = unknownConditions(node, clock.now());
      const current = node;
      node = undefined;
      if (conditions === undefined) return { before, node: current };
      const changed = { ...current, status: { ...current.status, conditions } };
      return { before, node: await client.update<Node>(nodes, '', changed, { subresource: 'status' }) };
    }),
  );
}

/** The pod's node cannot say any more that it is ready. */
export async function markPodNotReady({ client, clock, events }: NodeWriterDeps, pod: Readonly<Pod>): Promise<void> {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined || ready.status === 'False') return;
  const { namespace = '', name = '', uid } = pod.metadata ?? {};
  const target = { resource: pods, namespace, name, type: 'application/strategic-merge-patch+json' } as const;
  const condition = { type: 'Ready', status: 'False', lastTransitionTime: toTime(clock.now()) };
  const patched = await unlessMissing(
    client.patch<Pod>(target, { metadata: { uid }, status: { conditions: [condition] } }, { subresource: 'status' }),
  );
  if (patched === undefined) return;
  const reference = referenceTo(pod, { group: '', version: 'v1', kind: 'Pod' });
  events.record(reference, 'Warning', 'NodeNotReady', 'Node is not ready');
}
