import type { CaseContext, Expected } from '../../runner/context.ts';
import {
  startWebhookServer,
  type WebhookCall,
  type WebhookHandler,
  type WebhookServer,
} from '../../runner/webhook-server.ts';

export type WebhookKind = 'Mutating' | 'Validating';

/** One webhook: what it answers, and what its configuration says beyond the usual. */
export interface WebhookSpec {
  readonly id: string;
  readonly answer: WebhookHandler;
  readonly webhook?: object;
  /** Without an object selector: called for every object of the namespace that the rules name. */
  readonly everything?: boolean;
}

/** A webhook server for one case, and configurations that reach no further than its namespace. */
export interface Webhooks {
  readonly server: WebhookServer;
  readonly ns: string;
  /** Stores a configuration and waits until the cluster acts by it. */
  install(kind: WebhookKind, webhooks: readonly WebhookSpec[], name?: string): Promise<string>;
  /** The AdmissionRequests that a webhook got. */
  requests(id: string): readonly Record<string, unknown>[];
}

export const registration = '/apis/admissionregistration.k8s.io/v1';

export function pluralOf(kind: WebhookKind): string {
  return `${kind.toLowerCase()}webhookconfigurations`;
}

function requestOf(call: WebhookCall): Record<string, unknown> {
  return call.body['request'] as Record<string, unknown>;
}

/** An AdmissionReview that allows, with whatever else. */
export function allow(call: WebhookCall, more: object = {}): object {
  const response = { uid: requestOf(call)['uid'], allowed: true, ...more };
  return { apiVersion: call.body['apiVersion'], kind: 'AdmissionReview', response };
}

export function deny(call: WebhookCall, status?: object): object {
  return allow(call, { allowed: false, ...(status === undefined ? {} : { status }) });
}

/** An answer with a JSON patch. */
export function patch(call: WebhookCall, operations: unknown, more: object = {}): object {
  const encoded = Buffer.from(JSON.stringify(operations)).toString('base64');
  return allow(call, { patchType: 'JSONPatch', patch: encoded, ...more });
}

export function configMap(name: string, labels: object = {}, data: object = { a: 'b' }): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data };
}

const anyRule = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], scope: 'Namespaced' }];

export async function withWebhooks(c: CaseContext, run: (webhooks: Webhooks) => Promise<void>): Promise<void> {
  await using server = await startWebhookServer();
  const ns = await c.namespace();
  let round = 0;

  const specOf = ({ id, answer, webhook, everything }: WebhookSpec): object => {
    server.handle(`/${id}`, answer);
    return {
      name: `${id}.example.com`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      timeoutSeconds: 5,
      clientConfig: { url: server.url(`/${id}`), caBundle: server.caBundle },
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': ns } },
      ...(everything === true ? {} : { objectSelector: { matchLabels: { check: id } } }),
      rules: anyRule,
      ...webhook,
    };
  };

  const install = async (kind: WebhookKind, webhooks: readonly WebhookSpec[], given?: string): Promise<string> => {
    const check = `ready-${++round}`;
    const ready: WebhookSpec = { id: check, answer: (call) => deny(call) };
    const name = given ?? `${c.rand}-${round}`;
    await c.post(
      `${registration}/${pluralOf(kind)}`,
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: `${kind}WebhookConfiguration`,
        metadata: { name },
        webhooks: [ready, ...webhooks].map(specOf),
      },
      { unstable: true, has: { 'metadata.name': name } },
    );
    await c.eventually('the configuration counts', async () => {
      const answer = await c.post(`/api/v1/namespaces/${ns}/configmaps?dryRun=All`, configMap('ready', { check }), {
        unstable: true,
        status: [201, 400, 500],
      });
      return answer.status === 400;
    });
    return name;
  };

  await run({ server, ns, install, requests: (id) => server.calls(`/${id}`).map(requestOf) });
}

/** One webhook and what a request that meets it is answered. */
export interface Check extends WebhookSpec {
  readonly status?: number;
  readonly has: Expected;
  /** The answer names an address of this run. */
  readonly unstable?: boolean;
}

const internal = (message: string | RegExp): Expected => ({ reason: 'InternalError', message });

/** `Internal error occurred: failed calling webhook …` with 500. */
export function failing(id: string, why: string, more: Omit<Check, 'id' | 'has' | 'status'>): Check {
  const message = `Internal error occurred: failed calling webhook "${id}.example.com": ${why}`;
  return { id, status: 500, has: internal(message), ...more };
}

/** Installs one configuration of all webhooks, and creates (without storing) one ConfigMap for each. */
export async function runChecks(c: CaseContext, webhooks: Webhooks, kind: WebhookKind, checks: readonly Check[]) {
  await webhooks.install(kind, checks);
  for (const { id, status = 201, has, unstable = false } of checks) {
    const path = `/api/v1/namespaces/${webhooks.ns}/configmaps?dryRun=All`;
    await c.post(path, configMap('x', { check: id }), { status, has, unstable });
  }
}
