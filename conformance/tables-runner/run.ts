import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Response } from './connection.ts';
import { hidePaths, type Names, normalise, sortCauses } from './normalise.ts';
import { valueAt } from './path.ts';
import type { Answer, Step, Table } from './table.ts';

type Captured = Map<string, unknown>;

function freshNames(): Names {
  // Starts with a letter, so that it may begin any kind of name.
  const rand = `z${randomBytes(4).toString('hex')}`;
  return { ns: `tables-${rand}`, rand };
}

function fill(value: unknown, names: Names, captured: Captured): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, names, captured));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [fillText(k, names, captured), fill(v, names, captured)]),
    );
  }
  if (typeof value !== 'string') return value;
  const whole = /^\{\{(\w+)\}\}$/.exec(value)?.[1];
  return whole === undefined ? fillText(value, names, captured) : captured.get(whole);
}

function fillText(text: string, names: Names, captured: Captured): string {
  return text
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(captured.get(name) ?? ''))
    .replaceAll('{ns}', names.ns)
    .replaceAll('{rand}', names.rand);
}

function parseBody(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    // Not one document: a watch's stream of them, or plain text.
  }
  try {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  } catch {
    return text;
  }
}

/** Tables that mention `{ns}` get a namespace of their own, with its ServiceAccount `default` in place. */
async function makeNamespace(connection: Connection, name: string): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const made = await connection.send({ method: 'POST', path: '/api/v1/namespaces', headers, body });
  if (made.status !== 201) throw new Error(`cannot create namespace ${name}: ${made.status} ${made.text}`);
  const path = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  for (let tries = 0; tries < 200; tries++) {
    const { status } = await connection.send({ method: 'GET', path, headers: {} });
    if (status === 200) return;
    await sleep(50);
  }
  throw new Error(`ServiceAccount default did not appear in namespace ${name} within 10 s`);
}

/** Where to delete what a step created outside the namespace; undefined when it created nothing that stays. */
function createdPath(
  method: string,
  path: string,
  response: Response,
  body: unknown,
  names: Names,
): string | undefined {
  const at = path.split('?')[0] ?? '';
  const name = valueAt(body, 'metadata.name');
  if (response.status !== 201 || typeof valueAt(body, 'metadata.uid') !== 'string' || typeof name !== 'string')
    return undefined;
  if (at.includes(`/namespaces/${names.ns}/`)) return undefined;
  return method === 'POST' ? `${at}/${name}` : at;
}

/** Told of each step's request and answer as they were; not of setup and cleanup. */
export type StepObserver = (step: { method: string; path: string; requestType: string }, response: Response) => void;

/** Runs the steps of one table in order and gives their normalised answers; removes afterwards what they created. */
/** What a step waits for is there. */
function isSettled({ until, untilHas }: Step, { status, text }: Response): boolean {
  if (until !== undefined && status !== until) return false;
  if (untilHas === undefined) return true;
  const body = parseBody(text);
  return Object.entries(untilHas).every(([place, wanted]) => valueAt(body, place) === wanted);
}

export async function runTable(connection: Connection, table: Table, observe?: StepObserver): Promise<Answer[]> {
  const names = { ...freshNames(), managers: table.managers };
  const captured: Captured = new Map();
  const created: string[] = [];
  const usesNamespace = JSON.stringify(table).includes('{ns}');

  const send = async (step: Step): Promise<{ response: Response; body: unknown }> => {
    const path = fillText(step.path, names, captured);
    const content =
      step.rawBody === undefined
        ? JSON.stringify(fill(step.body, names, captured))
        : fillText(step.rawBody, names, captured);
    const extra = Object.entries(step.headers ?? {}).map(([k, v]) => [k, fillText(v ?? '', names, captured)]);
    const headers = {
      ...(content === undefined ? {} : { 'Content-Type': step.contentType ?? 'application/json' }),
      ...Object.fromEntries(extra),
    };
    const request = { method: step.method, path, headers, ...(content === undefined ? {} : { body: content }) };
    let response = await connection.send(request);
    for (let tries = 0; !isSettled(step, response) && tries < 100; tries++) {
      await sleep(100);
      response = await connection.send(request);
    }
    const body = parseBody(response.text);
    for (const [name, from] of Object.entries(step.capture ?? {})) captured.set(name, valueAt(body, from));
    const leftover = createdPath(step.method, path, response, body, names);
    if (leftover !== undefined) created.push(leftover);
    return { response, body };
  };

  try {
    if (usesNamespace) await makeNamespace(connection, names.ns);
    for (const step of table.setup) {
      const { response } = await send(step);
      if (response.status >= 400 && response.status !== step.until)
        throw new Error(`setup: ${step.method} ${step.path}: ${response.status} ${response.text}`);
    }
    const answers: Answer[] = [];
    for (const [i, step] of table.steps.entries()) {
      const { response, body } = await send(step);
      const requestType = step.body === undefined && step.rawBody === undefined ? '' : 'application/json';
      const path = fillText(step.path, names, captured);
      observe?.({ method: step.method, path, requestType: step.contentType ?? requestType }, response);
      const now = Date.now();
      const shown = normalise(body, names, now);
      hidePaths(shown, step.ignore ?? []);
      if (step.unordered === true) sortCauses(shown);
      const { status, contentType, warnings } = response;
      const shownWarnings = normalise(warnings, names, now) as string[];
      answers.push({
        id: step.id ?? `step ${i + 1}`,
        status,
        contentType,
        warnings: step.unordered === true ? shownWarnings.sort() : shownWarnings,
        body: shown,
      });
    }
    return answers;
  } finally {
    for (const step of table.cleanup) await send(step);
    if (usesNamespace) created.push(`/api/v1/namespaces/${names.ns}`);
    for (const path of [...new Set(created)].reverse()) await connection.send({ method: 'DELETE', path, headers: {} });
  }
}
