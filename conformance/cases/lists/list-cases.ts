import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

async function filled(c: CaseContext, count: number): Promise<string> {
  const maps = `/api/v1/namespaces/${await c.namespace()}/configmaps`;
  for (let i = 0; i < count; i++) {
    const labels = { set: 'yes', parity: i % 2 === 0 ? 'even' : 'odd' };
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `m${String(i).padStart(2, '0')}`, labels },
    };
    await c.post(maps, object, { has: { kind: 'ConfigMap' } });
  }
  return maps;
}

const namesOf = (body: unknown): string[] =>
  (body as { items: readonly { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);

async function pages(c: CaseContext): Promise<void> {
  const maps = await filled(c, 7);
  const seen: string[] = [];
  let token = '';
  let revision = '';
  for (const remaining of [4, 1, undefined]) {
    const query = `labelSelector=set&limit=3${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`;
    // The number that remains is not told where a selector is given.
    const page = await c.get(`${maps}?${query}`, {
      has: { kind: 'ConfigMapList', 'metadata.remainingItemCount': undefined },
      unstable: true,
    });
    seen.push(...namesOf(page.body));
    if (revision !== '') c.equal(page.at('metadata.resourceVersion'), revision, 'all pages are of one revision');
    revision = page.textAt('metadata.resourceVersion');
    token = page.textAt('metadata.continue');
    c.equal(token !== '', remaining !== undefined, 'there is a next page');
    // What is made between two pages is in none of them.
    if (seen.length === 3)
      await c.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm99', labels: { set: 'yes' } } });
  }
  c.equal(seen, ['m00', 'm01', 'm02', 'm03', 'm04', 'm05', 'm06'], 'items of all pages');
}

async function remaining(c: CaseContext): Promise<void> {
  const maps = await filled(c, 5);
  const page = await c.get(`${maps}?limit=2`, { has: { 'items.length': 2 }, unstable: true });
  const whole = await c.get(maps, { has: { kind: 'ConfigMapList' }, unstable: true });
  c.equal(page.at('metadata.remainingItemCount'), namesOf(whole.body).length - 2, 'remainingItemCount');
}

async function selectors(c: CaseContext): Promise<void> {
  const maps = await filled(c, 4);
  const cases: Readonly<Record<string, readonly string[]>> = {
    'labelSelector=parity%3Dodd': ['m01', 'm03'],
    'labelSelector=set%2Cparity!%3Dodd': ['m00', 'm02'],
    'labelSelector=parity%20in%20(odd%2Cnone)': ['m01', 'm03'],
    'labelSelector=set%2Cparity%20notin%20(odd)': ['m00', 'm02'],
    'labelSelector=!nothing%2Cset': ['m00', 'm01', 'm02', 'm03'],
    'fieldSelector=metadata.name%3Dm02': ['m02'],
    'labelSelector=set&fieldSelector=metadata.name!%3Dm02': ['m00', 'm01', 'm03'],
  };
  for (const [query, names] of Object.entries(cases)) {
    const { body } = await c.get(`${maps}?${query}`, { has: { kind: 'ConfigMapList' } });
    c.equal(namesOf(body), names, query);
  }
}

async function refusals(c: CaseContext): Promise<void> {
  const maps = `/api/v1/namespaces/${await c.namespace()}/configmaps`;
  await c.get(`${maps}?fieldSelector=a%3Db`, {
    status: 400,
    has: { message: '"a" is not a known field selector: only "metadata.name", "metadata.namespace"' },
  });
  await c.get(`${maps}?resourceVersion=abc`, {
    status: 400,
    has: {
      message:
        'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    },
  });
  await c.get(`${maps}?continue=x`, {
    status: 400,
    has: { message: 'invalid continue token: continue key is not valid: illegal base64 data at input byte 0' },
  });
  await c.get(`${maps}?resourceVersionMatch=Exact`, {
    status: 422,
    has: {
      message:
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    },
  });
}

async function exactRevision(c: CaseContext): Promise<void> {
  const maps = await filled(c, 2);
  const before = await c.get(`${maps}?labelSelector=set`, { has: { 'items.length': 2 } });
  const at = before.textAt('metadata.resourceVersion');
  await c.delete(`${maps}/m00`, { has: { status: 'Success' } });
  await c.get(`${maps}?labelSelector=set`, { has: { 'items.length': 1 } });
  await c.get(`${maps}?labelSelector=set&resourceVersionMatch=Exact&resourceVersion=${at}`, {
    has: { 'items.length': 2, 'metadata.resourceVersion': at },
    unstable: true,
  });
  await c.get(`${maps}?labelSelector=set&resourceVersionMatch=NotOlderThan&resourceVersion=${at}`, {
    has: { kind: 'ConfigMapList' },
    unstable: true,
  });
  await c.get(`${maps}?labelSelector=set&resourceVersion=0`, { has: { kind: 'ConfigMapList' }, unstable: true });
}

async function future(c: CaseContext): Promise<void> {
  const maps = await filled(c, 0);
  await c.get(`${maps}?resourceVersion=999999999999`, {
    status: 504,
    has: {
      reason: 'Timeout',
      message: /^Timeout: Too large resource version: 999999999999, current: \d+$/,
      'details.causes[0].reason': 'ResourceVersionTooLarge',
    },
    unstable: true,
  });
}

const chunks =
  '[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls [Conformance]';
const concepts = 'Kubernetes API concepts: resource versions';

export const listCases: readonly Case[] = [
  { id: 'lists/configmaps/pages are of one revision', proves: chunks, run: pages },
  { id: 'lists/configmaps/a page tells how many remain', proves: chunks, run: remaining },
  { id: 'lists/configmaps/selectors choose', proves: 'Labels and selectors', run: selectors },
  { id: 'lists/configmaps/what cannot be read is refused', proves: concepts, run: refusals },
  { id: 'lists/configmaps/a past revision is listed', proves: concepts, run: exactRevision },
  { id: 'lists/configmaps/a future revision is waited for in vain', proves: concepts, run: future },
];
