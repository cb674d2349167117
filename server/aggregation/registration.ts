import type { Clock } from '../../api/clock.ts';
import { semanticEqual } from '../../api/equal.ts';
import type { Api, KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { builtinAPIService, customAPIService } from '../bootstrap/api-services.ts';
import type { ResourceTable } from '../registry/resources.ts';
import type { ClusterReader, ClusterRewriter, ClusterWriter } from '../registry/strategy.ts';
import {
  type APIService,
  automanagedLabel,
  type Condition,
  type GroupVersion,
  groupVersionOfName,
  nameOf,
  resourceName,
  withCondition,
} from './api-service.ts';

export interface RegistrationDeps {
  readonly resources: ResourceTable;
  readonly reader: ClusterReader;
  readonly writer: ClusterWriter;
  readonly rewriter: ClusterRewriter;
  readonly clock: Clock;
  /** What is built in and has an APIService. */
  readonly builtIn: readonly GroupVersion[];
  onError(error: unknown, name: string): void;
}

type CustomResourceDefinition =
  Api<'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition'>;

const definitions = 'customresourcedefinitions.apiextensions.k8s.io';
const retryMs = 1000;

/**
 * Keeps the local APIServices: those of CustomResourceDefinitions exist as long as one serves their version, those of built-in
 * group-versions are put right when the server starts and are the users' from then on. Returns how to stop.
 */
export function keepLocalAPIServices(deps: RegistrationDeps): () => void {
  const custom = createCustomVersions();
  const atStart = new Set<string>();
  const queue = new Set<string>();
  let working = false;
  let stopped = false;

  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    for (const name of queue) {
      queue.delete(name);
      if (stopped) break;
      try {
        await reconcile(deps, { name, isCustom: custom.has(name), startedWith: atStart.delete(name) });
      } catch (error) {
        if (!isRace(error)) deps.onError(error, name);
        deps.clock.after(retryMs, () => enqueue(name));
      }
    }
    working = false;
  };
  const enqueue = (name: string): void => {
    queue.add(name);
    queueMicrotask(() => void work());
  };

  const services = deps.resources.stored(resourceName)?.cache;
  const crds = deps.resources.stored(definitions)?.cache;
  if (services === undefined || crds === undefined) return () => undefined;
  for (const entry of crds.entries.range(crds.prefix)) {
    custom.set(entry.name, versionsOf(crds.objectOf(entry) as CustomResourceDefinition)).forEach(enqueue);
  }
  for (const { name } of services.entries.range(services.prefix)) {
    atStart.add(name);
    enqueue(name);
  }
  const stops = [
    crds.listen({}, ({ type, entry }) => {
      const versions = type === 'put' ? versionsOf(crds.objectOf(entry) as CustomResourceDefinition) : [];
      custom.set(entry.name, versions).forEach(enqueue);
    }),
    services.listen({}, ({ entry }) => enqueue(entry.name)),
  ];
  return () => {
    stopped = true;
    for (const stop of stops) stop();
  };
}

function versionsOf({ spec }: Readonly<CustomResourceDefinition>): string[] {
  return (spec?.versions ?? [])
    .filter(({ served }) => served)
    .map(({ name = '' }) => nameOf({ group: spec?.group ?? '', version: name }));
}

/** Which APIServices the definitions ask for, each perhaps several times. */
function createCustomVersions() {
  const byDefinition = new Map<string, readonly string[]>();
  const counts = new Map<string, number>();
  const count = (name: string, by: number): void => {
    const next = (counts.get(name) ?? 0) + by;
    if (next === 0) counts.delete(name);
    else counts.set(name, next);
  };
  return {
    has: (name: string) => counts.has(name),
    /** Returns the names that may have come or gone. */
    set(definition: string, names: readonly string[]): readonly string[] {
      const before = byDefinition.get(definition) ?? [];
      if (names.length === 0) byDefinition.delete(definition);
      else byDefinition.set(definition, names);
      for (const name of names) count(name, 1);
      for (const name of before) count(name, -1);
      return [...new Set([...before, ...names])];
    },
  };
}

function isRace(error: unknown): boolean {
  return error instanceof StatusError && ['Conflict', 'NotFound', 'AlreadyExists'].includes(error.reason);
}

interface Subject {
  readonly name: string;
  readonly isCustom: boolean;
  /** It was there when the server started, and has not been looked at since. */
  readonly startedWith: boolean;
}

/** Upstream: autoRegisterController.checkAPIService, and the local AvailableConditionController. */
async function reconcile(deps: RegistrationDeps, { name, isCustom, startedWith }: Subject): Promise<void> {
  const gv = groupVersionOfName(name);
  const now = deps.clock.now();
  const current = deps.reader.get<APIService>(resourceName, '', name);
  if (current === undefined) {
    if (isCustom) await deps.writer.create(resourceName, '', customAPIService(gv, now) as KubeObject);
    return;
  }
  const managed = current.metadata?.labels?.[automanagedLabel];
  const isManaged = managed === 'true' || (managed === 'onstart' && startedWith);
  const isBuiltIn = startedWith && deps.builtIn.some((each) => nameOf(each) === name);
  if (isManaged && !isCustom && !isBuiltIn) {
    await deps.writer.delete(resourceName, '', name);
    return;
  }
  if (isManaged) {
    const { spec } = (isBuiltIn ? builtinAPIService(gv, now) : customAPIService(gv, now)) as APIService;
    if (spec !== undefined && !semanticEqual(spec, current.spec)) {
      await deps.rewriter.rewrite<APIService>(resourceName, '', name, (old) => ({ ...old, spec }), '');
      return;
    }
  }
  if (current.spec?.service === undefined) await markLocal(deps, current);
}

async function markLocal(deps: RegistrationDeps, current: Readonly<APIService>): Promise<void> {
  const [condition, ...others] = current.status?.conditions ?? [];
  if (others.length === 0 && condition?.reason === 'Local' && condition.status === 'True') return;
  const local: Condition = builtinAPIService({ group: '', version: '' }, deps.clock.now()).status
    ?.conditions?.[0] as Condition;
  await deps.rewriter.rewrite<APIService>(resourceName, '', current.metadata?.name ?? '', (old) =>
    old.spec?.service === undefined ? withCondition(old, local) : { ...old },
  );
}
