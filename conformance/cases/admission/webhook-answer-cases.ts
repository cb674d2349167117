import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { reply } from '../../runner/webhook-server.ts';
import { allow, type Check, deny, failing, patch, runChecks, withWebhooks } from './webhook-fixture.ts';

const status = (code: number, text: string, headers?: Record<string, string>) => () =>
  reply({ status: code, text, ...(headers === undefined ? {} : { headers }) });

function denied(id: string, why: string): string {
  return `admission webhook "${id}.example.com" denied the request${why}`;
}

const denials: readonly Check[] = [
  {
    id: 'message',
    answer: (call) => deny(call, { message: 'no' }),
    status: 400,
    has: { message: denied('message', ': no'), reason: undefined, code: 400, metadata: {}, status: 'Failure' },
  },
  {
    id: 'nothing',
    answer: (call) => deny(call),
    status: 400,
    has: { message: denied('nothing', ' without explanation'), reason: undefined, code: 400 },
  },
  {
    id: 'code',
    answer: (call) =>
      deny(call, {
        code: 418,
        reason: 'Teapot',
        message: 'short',
        details: { name: 'x', causes: [{ reason: 'r', message: 'm', field: 'f' }] },
      }),
    status: 418,
    has: {
      message: denied('code', ': short'),
      reason: 'Teapot',
      code: 418,
      details: { name: 'x', causes: [{ reason: 'r', message: 'm', field: 'f' }] },
    },
  },
  {
    id: 'success',
    answer: (call) => deny(call, { reason: 'Because', code: 200, status: 'Success' }),
    status: 400,
    has: { message: denied('success', ': Because'), reason: 'Because', code: 400, status: 'Failure' },
  },
  { id: 'allowed', answer: (call) => allow(call, { status: { message: 'fine' } }), has: { 'data.a': 'b' } },
  {
    id: 'ignored',
    answer: (call) => deny(call, { message: 'no' }),
    webhook: { failurePolicy: 'Ignore' },
    status: 400,
    has: { message: denied('ignored', ': no') },
  },
];

async function denying(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    await runChecks(c, w, 'Validating', denials);
    await w.install('Mutating', [{ id: 'mutating', answer: (call) => deny(call, { message: 'no', code: 403 }) }]);
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', labels: { check: 'mutating' } } };
    const message = denied('mutating', ': no');
    await c.post(`/api/v1/namespaces/${w.ns}/configmaps`, body, { status: 403, has: { message } });
    await c.get(`/api/v1/namespaces/${w.ns}/configmaps/m`, { status: 404, has: { reason: 'NotFound' } });
  });
}

const noHead =
  'json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const text = { 'Content-Type': 'text/plain' };

const refusals: readonly Check[] = [
  failing(
    'e500',
    'failed to call webhook: an error on the server ("unknown") has prevented the request from succeeding',
    {
      answer: status(500, 'oops'),
    },
  ),
  failing('t500', 'failed to call webhook: an error on the server ("oops") has prevented the request from succeeding', {
    answer: status(500, 'oops\n', text),
  }),
  failing('t404', 'failed to call webhook: the server could not find the requested resource', {
    answer: status(404, '404 page not found\n', text),
  }),
  failing('t403', 'failed to call webhook: go away', { answer: status(403, 'go away', text) }),
  failing('e503', 'failed to call webhook: the server is currently unable to handle the request', {
    answer: status(503, 'busy'),
  }),
  failing('status', 'failed to call webhook: from body', {
    answer: status(503, '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"from body","code":403}'),
  }),
  failing(
    'e204',
    'failed to call webhook: 0-length response with status code: 204 and content type: application/json',
    {
      answer: status(204, ''),
    },
  ),
  failing(
    'empty',
    'failed to call webhook: 0-length response with status code: 200 and content type: application/json',
    {
      answer: status(200, ''),
    },
  ),
  failing('words', `failed to call webhook: couldn't get version/kind; json parse error: ${noHead}`, {
    answer: status(200, 'hello'),
  }),
  failing(
    'list',
    `failed to call webhook: couldn't get version/kind; json parse error: ${noHead.replace('string', 'array')}`,
    {
      answer: status(200, '[]'),
    },
  ),
  {
    id: 'created',
    answer: (call) => reply({ status: 201, text: JSON.stringify(allow(call)) }),
    has: { 'data.a': 'b' },
  },
  {
    id: 'plain',
    answer: (call) => reply({ text: JSON.stringify(allow(call)), headers: text }),
    has: { 'data.a': 'b' },
  },
];

const invalid = 'received invalid webhook response: ';

const reviews: readonly Check[] = [
  failing('nothing', `${invalid}webhook response was absent`, { answer: () => ({}) }),
  failing('absent', `${invalid}webhook response was absent`, {
    answer: () => ({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }),
  }),
  {
    ...failing('uid', '', { answer: (call) => allow(call, { uid: 'x' }) }),
    has: {
      message:
        /^Internal error occurred: failed calling webhook "uid.example.com": received invalid webhook response: expected response.uid="[-0-9a-f]{36}", got "x"$/,
    },
  },
  failing(
    'other',
    'failed to call webhook: converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion',
    {
      answer: (call) => ({ ...allow(call), apiVersion: 'admission.k8s.io/v1beta1' }),
    },
  ),
  failing(
    'unknown',
    'failed to call webhook: no kind "AdmissionReview" is registered for version "admission.k8s.io/v7" in scheme "pkg/runtime/scheme.go:111"',
    {
      answer: (call) => ({ ...allow(call), apiVersion: 'admission.k8s.io/v7' }),
    },
  ),
  failing(
    'headless',
    `${invalid}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=AdmissionReview`,
    {
      answer: (call) => ({ ...allow(call), apiVersion: undefined }),
    },
  ),
  failing('success', 'failed to call webhook: converting (v1.Status) to (v1.AdmissionReview): unknown conversion', {
    answer: () => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'm' }),
  }),
  failing(
    'bool',
    'failed to call webhook: json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool',
    {
      answer: (call) => allow(call, { allowed: 'yes' }),
    },
  ),
  failing(
    'warnings',
    'failed to call webhook: json: cannot unmarshal string into Go struct field AdmissionResponse.response.warnings of type []string',
    {
      answer: (call) => allow(call, { warnings: 'w' }),
    },
  ),
  failing('patch', `${invalid}validating webhook may not return response.patch`, { answer: (call) => patch(call, []) }),
  failing('type', `${invalid}validating webhook may not return response.patchType`, {
    answer: (call) => allow(call, { patchType: 'JSONPatch' }),
  }),
  {
    id: 'lenient',
    answer: (call) => allow(call, { uid: 'x' }),
    webhook: { failurePolicy: 'Ignore' },
    has: { 'data.a': 'b' },
  },
  {
    id: 'beta',
    answer: (call) => ({ response: { allowed: call.body['apiVersion'] === 'admission.k8s.io/v1beta1' } }),
    webhook: { admissionReviewVersions: ['v1beta1', 'v1'] },
    has: { 'data.a': 'b' },
  },
  {
    id: 'future',
    answer: (call) => allow(call, { allowed: call.body['apiVersion'] === 'admission.k8s.io/v1' }),
    webhook: { admissionReviewVersions: ['v2', 'v1'] },
    has: { 'data.a': 'b' },
  },
];

async function warning(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const maps = `/api/v1/namespaces/${w.ns}/configmaps`;
    await w.install('Validating', [
      { id: 'warns', answer: (call) => allow(call, { warnings: ['one', 'say "two"', 'one', 'bad\nline', 'ünï'] }) },
      { id: 'refuses', answer: (call) => allow(call, { allowed: false, warnings: ['before'] }) },
      {
        id: 'long',
        answer: (call) => allow(call, { warnings: Array.from({ length: 20 }, (_, i) => `${i}`.repeat(300)) }),
      },
    ]);
    const create = (check: string, code: number) =>
      c.post(
        maps,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: check, labels: { check } } },
        { status: code },
      );
    const texts = async (check: string, code: number) => (await create(check, code)).warnings;
    c.equal(await texts('warns', 201), ['299 - "one"', '299 - "say \\"two\\""', '299 - "Ã¼nÃ¯"'], 'warnings');
    c.equal(await texts('refuses', 400), ['299 - "before"'], 'warnings of a refusal');
    const long = await texts('long', 201);
    c.ok(
      long.every((each) => each.length <= 256 + '299 - ""'.length),
      'warnings beyond all bounds are cut',
    );
  });
}

async function timing(c: CaseContext): Promise<void> {
  await withWebhooks(c, async (w) => {
    const slow = async (call: Parameters<typeof allow>[0]): Promise<object> => {
      await sleep(1500);
      return allow(call);
    };
    const timeout = (id: string) => `Post "${w.server.url(`/${id}`)}?timeout=1s": context deadline exceeded`;
    await runChecks(c, w, 'Validating', [
      failing('slow', `failed to call webhook: ${timeout('slow')}`, {
        answer: slow,
        webhook: { timeoutSeconds: 1 },
        unstable: true,
      }),
      failing('retry', `failed to call webhook: ${timeout('retry')}`, {
        answer: status(429, 'later', { 'Retry-After': '1' }),
        webhook: { timeoutSeconds: 1 },
        unstable: true,
      }),
      { id: 'patient', answer: slow, webhook: { timeoutSeconds: 3 }, has: { 'data.a': 'b' } },
      {
        id: 'open',
        answer: slow,
        webhook: { timeoutSeconds: 1, failurePolicy: 'Ignore' },
        has: { 'data.a': 'b' },
      },
    ]);
    c.equal(w.server.calls('/patient')[0]?.query, 'timeout=3s', 'the deadline as the webhook is told');
    const { headers } = w.server.calls('/patient')[0] ?? {};
    c.equal(headers?.['user-agent'], 'kube-apiserver-admission', 'user agent');
    c.equal(headers?.['content-type'], 'application/json', 'content type');
  });
}

function table(kind: 'Mutating' | 'Validating', checks: readonly Check[]): Case['run'] {
  return (c) => withWebhooks(c, (w) => runChecks(c, w, kind, checks));
}

const webhooks: Pick<Case, 'needs' | 'proves'> = { needs: ['loopback'], proves: 'AdmissionWebhook' };

export const webhookAnswerCases: readonly Case[] = [
  { id: 'admission/webhooks/denials keep code, reason and details', run: denying, ...webhooks },
  { id: 'admission/webhooks/what is no review fails the call', run: table('Validating', refusals), ...webhooks },
  { id: 'admission/webhooks/a wrong review is refused', run: table('Validating', reviews), ...webhooks },
  { id: 'admission/webhooks/warnings reach the client', run: warning, ...webhooks },
  { id: 'admission/webhooks/a late answer is none', run: timing, ...webhooks },
];
