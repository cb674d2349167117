import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../tables-runner/connection.ts';
import { customDefinition, customKind, group } from './custom-kind.ts';
import { digestOf } from './digest.ts';
import { builtInKinds } from './kinds.ts';
import { createRandom } from './random.ts';
import type { Json } from './shapes.ts';
import { createSequence, type Request } from './steps.ts';

export interface Plan {
  readonly seed: number;
  readonly sequences: number;
  readonly stepsEach: number;
}

export interface Told {
  readonly sequence: number;
  readonly step: number;
  readonly request: Request;
  readonly status: number;
  readonly answer: Json;
}

const namespace = 'fuzz';
const parallel = 4;

async function send(connection: Connection, { method, path, contentType, body }: Request) {
  const headers = { Accept: 'application/json', 'Content-Type': contentType ?? 'application/json' };
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await connection.send({ method, path, headers, ...text });
  return { status: answer.status, answer: JSON.parse(answer.text) as Json };
}

/** The namespace and the definition, whose objects must be served. */
export async function prepare(connection: Connection): Promise<void> {
  await send(connection, { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: namespace } } });
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await send(connection, { method: 'POST', path: definitions, body: customDefinition() });
  for (let tries = 0; tries < 300; tries += 1) {
    const path = `/apis/${group}/v2/namespaces/${namespace}/things`;
    const served = await connection.send({ method: 'GET', path, headers: {} });
    const account = await connection.send({
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/default`,
      headers: {},
    });
    if (served.status === 200 && account.status === 200) return;
    await sleep(100);
  }
  throw new Error('the definition is not served');
}

async function runSequence(
  connection: Connection,
  { seed, stepsEach }: Plan,
  sequence: number,
  tell: (told: Told) => void,
): Promise<string[]> {
  const random = createRandom(seed * 1_000_003 + sequence);
  // Every third object is a custom one.
  const kind = sequence % 3 === 0 ? customKind : random.pick(builtInKinds);
  const { path, next } = createSequence(random, kind, namespace, `s${sequence}`);
  const clear = async (): Promise<void> => {
    await send(connection, {
      method: 'PATCH',
      path,
      contentType: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    });
    await send(connection, { method: 'DELETE', path });
  };
  await clear();
  const digests: string[] = [];
  let live: Json | undefined;
  for (let step = 0; step < stepsEach; step += 1) {
    const request = next(live);
    const { status, answer } = await send(connection, request);
    tell({ sequence, step, request, status, answer });
    digests.push(digestOf(status, answer));
    if (status >= 300) continue;
    const isOwn = answer['kind'] === kind.kind && request.method !== 'DELETE';
    const now = isOwn ? { status, answer } : await send(connection, { method: 'GET', path });
    live = now.status === 200 || now.status === 201 ? now.answer : undefined;
  }
  await clear();
  return digests;
}

/** The digests of all answers, by sequence. */
export async function runAll(
  connection: Connection,
  plan: Plan,
  tell: (told: Told) => void = () => undefined,
  only?: number,
): Promise<string[][]> {
  const found: string[][] = [];
  let next = only ?? 0;
  const end = only === undefined ? plan.sequences : only + 1;
  const work = async (): Promise<void> => {
    for (let sequence = next++; sequence < end; sequence = next++)
      found[sequence] = await runSequence(connection, plan, sequence, tell);
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return found;
}
