import { type Defect, type Hooks, type JsonObject, listAt, lose, objectAt, type Part, wrongAnswer } from './defect.ts';

const created = { table: 'core/configmaps', until: 'create minimal' };
const invalid = { table: 'core/configmaps', until: 'key with a slash' };
const conflict = { table: 'core/configmaps', until: 'update with a wrong uid' };
const isFailure = (document: JsonObject): boolean => document['status'] === 'Failure';

function wrongCode(name: string, from: number, to: number, part: Part): Defect {
  const inject = (): Hooks => ({
    // What the suite prepares by itself stays as it is.
    answer: (answer, { method, path }) =>
      answer.status === from && method !== 'GET' && path !== '/api/v1/namespaces'
        ? { ...answer, status: to }
        : undefined,
  });
  return { name, part, inject };
}

function staleRead(): Hooks {
  const first = new Map<string, string>();
  return {
    answer: (answer, { method, path, query }) => {
      if (method !== 'GET' || answer.status !== 200) return undefined;
      const key = `${path}?${query}`;
      const older = first.get(key);
      first.set(key, older ?? answer.text);
      return older === undefined || older === answer.text ? undefined : { ...answer, text: older };
    },
  };
}

/** Answers that say another thing than what happened. */
export const answerDefects: readonly Defect[] = [
  wrongCode('200 in place of 201', 201, 200, created),
  wrongCode('404 in place of 409', 409, 404, conflict),
  wrongCode('400 in place of 422', 422, 400, invalid),
  wrongCode('202 in place of 200', 200, 202, { table: 'core/configmaps', until: 'delete immutable' }),
  wrongAnswer('wrong reason', invalid, (document) => {
    if (isFailure(document)) document['reason'] = 'BadRequest';
    return isFailure(document);
  }),
  wrongAnswer('wrong message', invalid, (document) => {
    if (isFailure(document)) document['message'] = String(document['message']).replace('Invalid value', 'Forbidden');
    return isFailure(document);
  }),
  wrongAnswer('another code in the Status than in the head', conflict, (document) => {
    const wrong = isFailure(document) && document['code'] === 409;
    if (wrong) document['code'] = 500;
    return wrong;
  }),
  wrongAnswer('details are missing', invalid, (document) => isFailure(document) && lose(document, 'details')),
  wrongAnswer('causes are missing', invalid, (document) => lose(objectAt(document, 'details'), 'causes')),
  wrongAnswer('a cause names another field', invalid, (document) => {
    const [cause] = listAt(document, 'details', 'causes');
    if (cause !== undefined) cause['field'] = 'data';
    return cause !== undefined;
  }),
  wrongAnswer('causes in another order', { table: 'core/configmaps', until: 'bad name and bad key' }, (document) => {
    const causes = listAt(document, 'details', 'causes');
    causes.reverse();
    return causes.length > 1;
  }),
  {
    name: 'Warning header is missing',
    part: { table: 'core/endpoints', until: 'create minimal' },
    inject: () => ({
      answer: ({ headers: { warning, ...headers }, ...answer }) =>
        warning === undefined ? undefined : { ...answer, headers },
    }),
  },
  {
    name: 'Warning header without a cause',
    part: created,
    inject: () => ({
      answer: (answer) => ({ ...answer, headers: { ...answer.headers, warning: '299 - "beware"' } }),
    }),
  },
  {
    name: 'wrong Content-Type of answers',
    part: created,
    inject: () => ({
      answer: (answer) => ({ ...answer, headers: { ...answer.headers, 'content-type': 'text/plain' } }),
    }),
  },
  {
    name: 'body cut off',
    part: created,
    inject: () => ({ answer: (answer) => ({ ...answer, text: answer.text.slice(0, -20) }) }),
  },
  { name: 'stale read', part: { case: 'api/deployments.apps/has a status of its own' }, inject: staleRead },
  {
    name: 'a deleted object can still be read',
    part: { case: 'api/configmaps/is created, read, listed, replaced and deleted' },
    inject: () => {
      const last = new Map<string, string>();
      return {
        answer: (answer, { method, path }) => {
          if (method !== 'GET' || !path.includes('/configmaps/')) return undefined;
          if (answer.status === 200) last.set(path, answer.text);
          const text = answer.status === 404 ? last.get(path) : undefined;
          return text === undefined ? undefined : { ...answer, status: 200, text };
        },
      };
    },
  },
];
