import type { ApiClient } from '../../api/client.ts';
import { type Clock, toTime } from '../../api/clock.ts';
import { semanticEqual } from '../../api/equal.ts';
import { goQuote } from '../../api/go-text.ts';
import type { KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { flowControlObjects } from '../bootstrap/flow-control.ts';
import type { FlowSchema } from '../resources/flowcontrol/flow-schemas.ts';
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from '../resources/flowcontrol/mandatory.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

type Configured = KubeObject & { spec?: object };

export interface KeeperOptions {
  readonly clock: Clock;
  readonly client: ApiClient;
  flowSchemas(): readonly Readonly<FlowSchema>[];
  priorityLevels(): readonly Readonly<KubeObject>[];
  onError(error: unknown): void;
}

export interface FlowKeeper extends Disposable {
  /** Something has changed: whatever should be otherwise will be put right. */
  check(): void;
}

const group = 'flowcontrol.apiserver.k8s.io';
const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';
const producer = 'api-priority-and-fairness-config-producer-v1';
const consumer = 'api-priority-and-fairness-config-consumer-v1';
const statusDelayMs = 10;
/** A client that replaces an object by deleting and creating it is left the time to do so. */
const repairDelayMs = 2000;

function resourceOf(resource: string): { group: string; version: string; resource: string } {
  return { group, version: 'v1', resource };
}

/** Whether the flow schema names a priority level that is not there. */
export function danglingCondition(schema: Readonly<FlowSchema>, levels: ReadonlySet<string>): Condition {
  const level = schema.spec?.priorityLevelConfiguration?.name ?? '';
  const begin = `This FlowSchema references the PriorityLevelConfiguration object named ${goQuote(level)}`;
  return levels.has(level)
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${begin} and it exists` }
    : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${begin} but there is no such object` };
}

function isTrue(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  return /^(0|f|F|false|FALSE|False)$/.test(text) ? false : undefined;
}

/** What a bootstrap object is to become; undefined: it may stay. Mandatory ones follow always, suggested ones unless told otherwise. */
export function revised(current: Configured, wanted: Configured, isMandatory: boolean): Configured | undefined {
  const annotation = isTrue(current.metadata?.annotations?.[autoUpdate]);
  const follows = isMandatory || (annotation ?? current.metadata?.generation === 1);
  const isExempt = current.metadata?.name === 'exempt' && current.kind === 'PriorityLevelConfiguration';
  const isSame = isExempt || semanticEqual(current.spec, wanted.spec);
  if (annotation === follows && (isSame || !follows)) return undefined;
  const object = structuredClone(current);
  if (follows && !isSame) object.spec = structuredClone(wanted.spec ?? {});
  object.metadata = { ...object.metadata };
  object.metadata.annotations = { ...object.metadata.annotations, [autoUpdate]: String(follows) };
  return object;
}

function isExpected(error: unknown): boolean {
  return error instanceof StatusError && ['Conflict', 'AlreadyExists', 'NotFound'].includes(error.reason);
}

/** Keeps the condition Dangling of flow schemas true, and the objects that every cluster has in place. */
export function createFlowKeeper(options: KeeperOptions): FlowKeeper {
  const { clock, client } = options;
  const attempt = async (write: () => Promise<unknown>): Promise<void> => {
    try {
      await write();
    } catch (error) {
      // Another write came between: it brought an event, and with it the next check.
      if (!isExpected(error)) options.onError(error);
    }
  };
  const keepStatuses = async (): Promise<void> => {
    const levels = new Set([
      ...options.priorityLevels().map(({ metadata }) => metadata?.name ?? ''),
      ...Object.keys(mandatoryPriorityLevels),
    ]);
    for (const schema of options.flowSchemas()) {
      const wanted = danglingCondition(schema, levels);
      const found = (schema.status?.conditions ?? []).find(({ type }) => type === wanted.type);
      if (found?.status === wanted.status && found.reason === wanted.reason && found.message === wanted.message)
        continue;
      const name = schema.metadata?.name ?? '';
      const condition = { ...wanted, lastTransitionTime: toTime(clock.now()) };
      await attempt(() =>
        client.patch(
          { resource: resourceOf('flowschemas'), namespace: '', name, type: 'application/apply-patch+yaml' },
          {
            kind: 'FlowSchema',
            apiVersion: `${group}/v1`,
            metadata: { name },
            status: { conditions: [condition] },
          },
          { subresource: 'status', fieldManager: consumer, force: true },
        ),
      );
    }
  };
  const keepObjects = async (): Promise<void> => {
    const existing = new Map<string, Readonly<KubeObject>>();
    for (const schema of options.flowSchemas()) existing.set(`flowschemas/${schema.metadata?.name}`, schema);
    for (const level of options.priorityLevels())
      existing.set(`prioritylevelconfigurations/${level.metadata?.name}`, level);
    for (const { resource: full, object } of flowControlObjects(clock.now())) {
      const resource = full.slice(0, full.indexOf('.'));
      const name = object.metadata?.name ?? '';
      const current = existing.get(`${resource}/${name}`);
      const fieldManager = producer;
      if (current === undefined) {
        const { status: _status, ...created } = object as KubeObject & { status?: unknown };
        await attempt(() => client.create(resourceOf(resource), '', created, { fieldManager }));
        continue;
      }
      const isMandatory = name in (resource === 'flowschemas' ? mandatoryFlowSchemas : mandatoryPriorityLevels);
      const update = revised(current as Configured, object as Configured, isMandatory);
      if (update !== undefined) await attempt(() => client.update(resourceOf(resource), '', update, { fieldManager }));
    }
  };
  /** Runs once for any number of asks, and not twice at a time. */
  const soon = (delayMs: number, work: () => Promise<void>): { ask(): void; cancel(): void } => {
    let timer: { cancel(): void } | undefined;
    let running: Promise<void> | undefined;
    const ask = (): void => {
      timer ??= clock.after(delayMs, () => {
        timer = undefined;
        running = (running ?? Promise.resolve()).then(work).catch((error) => options.onError(error));
      });
    };
    return { ask, cancel: () => timer?.cancel() };
  };
  const jobs = [soon(statusDelayMs, keepStatuses), soon(repairDelayMs, keepObjects)];
  return {
    check() {
      for (const job of jobs) job.ask();
    },
    [Symbol.dispose]() {
      for (const job of jobs) job.cancel();
    },
  };
}
