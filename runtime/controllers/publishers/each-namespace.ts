import type { GroupVersionResource, KubeObject } from '../../../api/object.ts';
import type { Informer } from '../../client/informer.ts';
import { type ControllerContext, type RunningController, startReconciling } from '../../framework/controller.ts';
import { WorkQueue } from '../../framework/work-queue.ts';

export const namespaces: GroupVersionResource = { group: '', version: 'v1', resource: 'namespaces' };
const workers = 5;

export interface NamespaceUpkeep<T extends KubeObject> {
  readonly name: string;
  /** Of what each namespace has. */
  readonly informer: Informer<T>;
  concerns(object: Readonly<T>): boolean;
  /** Idempotent. */
  ensure(namespace: string): Promise<void>;
}

/** Looks at each namespace when it comes or changes, and when what it should have was changed or deleted. */
export function startForNamespaces<T extends KubeObject>(
  { name, informer, concerns, ensure }: NamespaceUpkeep<T>,
  context: ControllerContext,
  signal: AbortSignal,
): RunningController {
  const queue = new WorkQueue(context.clock);
  const all = context.informers.of(namespaces);
  const enqueue = ({ metadata }: Readonly<KubeObject>): void => queue.add(metadata?.name ?? '');
  const enqueueOf = (object: Readonly<T>): void => {
    if (concerns(object)) queue.add(object.metadata?.namespace ?? '');
  };
  all.subscribe({ added: enqueue, updated: enqueue });
  informer.subscribe({ updated: enqueueOf, deleted: enqueueOf });
  return startReconciling({ name, workers, informers: [all, informer], queue, reconcile: ensure }, context, signal);
}
