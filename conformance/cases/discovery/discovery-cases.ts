import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { subjects } from '../api/subject.ts';

interface GroupList {
  readonly groups: readonly { name: string; versions: readonly { groupVersion: string }[] }[];
}

async function groups(c: CaseContext): Promise<void> {
  const { body } = await c.get('/apis', { has: { kind: 'APIGroupList', apiVersion: 'v1' }, unstable: true });
  for (const { name, versions } of (body as GroupList).groups.filter((group) => !group.name.includes('example.com'))) {
    await c.get(`/apis/${name}`, { has: { kind: 'APIGroup', name, 'versions.length': versions.length } });
    for (const { groupVersion } of versions)
      await c.get(`/apis/${groupVersion}`, {
        has: {
          kind: 'APIResourceList',
          groupVersion,
          resources: (all: unknown) => Array.isArray(all) && all.length > 0,
        },
      });
  }
}

async function core(c: CaseContext): Promise<void> {
  await c.get('/api', { has: { kind: 'APIVersions', versions: ['v1'] }, unstable: true });
  await c.get('/api/v1', { has: { kind: 'APIResourceList', groupVersion: 'v1' } });
}

async function everyResource(c: CaseContext): Promise<void> {
  for (const apiVersion of new Set(subjects().map((subject) => subject.apiVersion))) {
    const path = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
    const { body } = await c.get(path, { has: { groupVersion: apiVersion } });
    const { resources } = body as { resources: readonly { name: string; kind: string; verbs: string[] }[] };
    for (const { resource } of subjects().filter((subject) => subject.apiVersion === apiVersion)) {
      const found = resources.find(({ name }) => name === resource.resource);
      c.equal(found?.kind, resource.kind, `kind of ${resource.resource}`);
      c.equal(found?.verbs, [...resource.verbs].sort(), `verbs of ${resource.resource}`);
    }
  }
}

async function aggregated(c: CaseContext): Promise<void> {
  const Accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const has = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' };
  const { body, headers } = await c.get('/apis', { headers: { Accept }, has, unstable: true });
  const { items } = body as { items: readonly { metadata: { name: string } }[] };
  c.ok(
    items.some(({ metadata }) => metadata.name === 'apps'),
    'apps is there',
  );
  await c.get('/api', { headers: { Accept }, has: { ...has, 'items[0].versions[0].version': 'v1' } });
  const tag = String(headers['etag'] ?? '');
  c.ok(tag !== '', 'an ETag is sent');
  await c.get('/apis', { headers: { Accept, 'If-None-Match': tag }, status: [304, 200], unstable: true });
}

async function openapi(c: CaseContext): Promise<void> {
  const { body } = await c.get('/openapi/v3', {
    has: { 'paths["api/v1"].serverRelativeURL': /^\/openapi\/v3\/api\/v1\?hash=/ },
    unstable: true,
  });
  const { paths } = body as { paths: Record<string, { serverRelativeURL: string }> };
  const apps = paths['apis/apps/v1']?.serverRelativeURL ?? '';
  await c.get(apps, {
    has: { openapi: '3.0.0', 'components.schemas["io.k8s.api.apps.v1.Deployment"].type': 'object' },
    unstable: true,
  });
  await c.get('/openapi/v2', {
    has: { swagger: '2.0', 'definitions["io.k8s.api.core.v1.Pod"].type': 'object' },
    unstable: true,
  });
}

async function identity(c: CaseContext): Promise<void> {
  const found = await c.get('/.well-known/openid-configuration', {
    has: { issuer: /^https:\/\//, jwks_uri: /\/openid\/v1\/jwks$/, id_token_signing_alg_values_supported: ['RS256'] },
    unstable: true,
  });
  c.equal(found.contentType, 'application/json', 'media type');
  await c.get('/openid/v1/jwks', { has: { 'keys[0].kty': 'RSA', 'keys[0].use': 'sig' }, unstable: true });
}

async function health(c: CaseContext): Promise<void> {
  for (const path of ['/healthz', '/livez', '/readyz']) await c.get(path, { has: { '': 'ok' } });
  await c.get('/readyz?verbose', { has: { '': /readyz check passed\n?$/ }, unstable: true });
  await c.get('/livez/ping', { has: { '': 'ok' } });
  await c.get('/metrics', { has: { '': /^# HELP /m }, unstable: true });
}

async function missingPaths(c: CaseContext): Promise<void> {
  await c.get('/nothing', { status: 404, has: { '': (body: unknown) => body !== null } });
  await c.get('/apis/none.example.com', { status: 404, has: { '': '404 page not found\n' } });
  const missing = { reason: 'NotFound', message: 'the server could not find the requested resource' };
  await c.get('/apis/apps/v7/deployments', { status: 404, has: missing });
  await c.get('/api/v1/nothings', { status: 404, has: missing });
  await c.call('PATCH', '/api/v1/pods', {
    rawBody: '{}',
    type: 'application/merge-patch+json',
    status: 405,
    has: { reason: 'MethodNotAllowed' },
  });
}

async function componentStatuses(c: CaseContext): Promise<void> {
  await c.get('/api/v1/componentstatuses', { has: { kind: 'ComponentStatusList' }, unstable: true });
  const missing = { reason: 'NotFound', message: /none.* not found/ };
  await c.get('/api/v1/componentstatuses/none', { status: 404, has: missing });
}

const topic = 'Kubernetes API concepts: discovery';

export const discoveryCases: readonly Case[] = [
  {
    id: 'discovery/groups/each is described with its versions',
    proves: '[sig-api-machinery] Discovery should validate PreferredVersion for each APIGroup [Conformance]',
    run: groups,
  },
  { id: 'discovery/core/the old group is described', proves: topic, run: core },
  { id: 'discovery/resources/each has its kind and verbs', proves: topic, run: everyResource },
  {
    id: 'discovery/aggregated/all groups come in one document',
    proves: '[sig-api-machinery] Aggregated Discovery should return OK for groups [Conformance]',
    run: aggregated,
  },
  { id: 'discovery/openapi/documents are published', proves: 'Kubernetes API concepts: OpenAPI', run: openapi },
  {
    id: 'discovery/openid/the issuer of tokens is described',
    proves:
      '[sig-auth] ServiceAccounts ServiceAccountIssuerDiscovery should support OIDC discovery of service account issuer [Conformance]',
    run: identity,
  },
  {
    id: 'discovery/version/it says which release it is',
    proves: '[sig-api-machinery] server version should find the server version [Conformance]',
    run: async (c) =>
      void (await c.get('/version', { has: { major: '1', gitVersion: /^v1\.\d+\.\d+/ }, unstable: true })),
  },
  { id: 'discovery/health/checks answer', proves: 'Kubernetes API health endpoints', run: health },
  { id: 'discovery/paths/unknown ones are not found', proves: topic, run: missingPaths },
  {
    id: 'discovery/componentstatuses/are listed with a warning',
    proves: 'v1 ComponentStatus',
    run: componentStatuses,
  },
];
