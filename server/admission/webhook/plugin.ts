import type { WebhookClient } from '../../webhook/client.ts';
import type { AdmissionDeps } from '../default-plugins.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts';
import type { ObjectVersions } from '../versions.ts';
import type { CallDeps } from './call.ts';
import type { Webhook, WebhookConfiguration } from './configuration.ts';
import type { ConditionMatcher, MatchDeps } from './match.ts';
import type { WebhookObserver } from './observer.ts';
import { isExempt } from './rules.ts';

/** What the two plug-ins need beside what all have. */
export interface WebhookDeps {
  /** The same array as long as nothing changes. */
  mutating(): readonly Readonly<WebhookConfiguration>[];
  validating(): readonly Readonly<WebhookConfiguration>[];
  readonly versions: ObjectVersions;
  readonly conditions: ConditionMatcher;
  readonly observer: WebhookObserver;
  /** Made when the first webhook matches. */
  client(): Promise<WebhookClient>;
  warn(message: string): void;
}

type Dispatch = (deps: CallDeps & MatchDeps, webhooks: readonly Webhook[], request: AdmissionRequest) => Promise<void>;

/** Compiles configurations when they change. */
function createSource(
  list: () => readonly Readonly<WebhookConfiguration>[],
): (compile: (list: readonly Readonly<WebhookConfiguration>[]) => readonly Webhook[]) => readonly Webhook[] {
  let made: { readonly from: object; readonly webhooks: readonly Webhook[] } | undefined;
  return (compile) => {
    const configurations = list();
    if (made?.from !== configurations) made = { from: configurations, webhooks: compile(configurations) };
    return made.webhooks;
  };
}

/** What calls webhooks is loaded with the first configuration. */
function createRun(
  { reader, random, clock, webhooks }: AdmissionDeps & { readonly webhooks: WebhookDeps },
  list: () => readonly Readonly<WebhookConfiguration>[],
  load: () => Promise<Dispatch>,
): (request: AdmissionRequest) => Promise<void> {
  const source = createSource(list);
  let dispatching: Promise<(request: AdmissionRequest) => Promise<void>> | undefined;
  const prepare = async (): Promise<(request: AdmissionRequest) => Promise<void>> => {
    const [dispatch, { compileWebhooks }, client] = await Promise.all([
      load(),
      import('./configuration.ts'),
      webhooks.client(),
    ]);
    const { versions, conditions, observer, warn } = webhooks;
    const deps = { client, clock, random, observer, reader, versions, conditions, warn };
    return (request) => dispatch(deps, source(compileWebhooks), request);
  };
  return async (request) => {
    dispatching ??= prepare();
    return (await dispatching)(request);
  };
}

function isSubject(list: () => readonly unknown[], request: AdmissionRequest): boolean {
  return list().length > 0 && !isExempt(request);
}

export function createMutatingAdmissionWebhook(deps: AdmissionDeps): AdmissionPlugin {
  const name = 'MutatingAdmissionWebhook';
  const { webhooks } = deps;
  if (webhooks === undefined) return { name, handles: () => false };
  const load = async (): Promise<Dispatch> => (await import('./mutating.ts')).dispatchMutating;
  const mutate = createRun({ ...deps, webhooks }, webhooks.mutating, load);
  return { name, handles: (request) => isSubject(webhooks.mutating, request), mutate };
}

export function createValidatingAdmissionWebhook(deps: AdmissionDeps): AdmissionPlugin {
  const name = 'ValidatingAdmissionWebhook';
  const { webhooks } = deps;
  if (webhooks === undefined) return { name, handles: () => false };
  const load = async (): Promise<Dispatch> => (await import('./validating.ts')).dispatchValidating;
  const validate = createRun({ ...deps, webhooks }, webhooks.validating, load);
  return { name, handles: (request) => isSubject(webhooks.validating, request), validate };
}
