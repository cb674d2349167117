import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { becomes, goes, tells } from '../storage/volume-objects.ts';

const groupVersion = 'resource.k8s.io/v1';

async function paths(c: CaseContext) {
  const namespace = await c.namespace();
  const root = `/apis/${groupVersion}/namespaces/${namespace}`;
  return {
    pods: `/api/v1/namespaces/${namespace}/pods`,
    claims: `${root}/resourceclaims`,
    templates: `${root}/resourceclaimtemplates`,
  };
}

const request = (c: CaseContext) => ({ devices: { requests: [{ name: 'r', exactly: { deviceClassName: c.rand } }] } });

function podWith(c: CaseContext, name: string, template: string) {
  const nodeSelector = { 'conformance.example.com/nowhere': c.rand };
  const containers = [{ name: 'c', image: 'example.com/none', resources: { claims: [{ name: 'gpu' }] } }];
  const resourceClaims = [{ name: 'gpu', resourceClaimTemplateName: template }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { nodeSelector, containers, resourceClaims } };
}

async function fromTemplate(c: CaseContext): Promise<void> {
  const { pods, claims, templates } = await paths(c);
  const { uid } = (await c.post(pods, podWith(c, 'user', 'gpu'), { has: { 'metadata.name': 'user' } })).at(
    'metadata',
  ) as { uid: string };
  const missing = 'resource claim template "gpu": resourceclaimtemplate.resource.k8s.io "gpu" not found';
  await tells(c, 'user', 'FailedResourceClaimCreation', `PodResourceClaim gpu: ${missing}`);
  const spec = { metadata: { labels: { a: 'b' }, annotations: { x: 'y' } }, spec: request(c) };
  const body = { apiVersion: groupVersion, kind: 'ResourceClaimTemplate', metadata: { name: 'gpu' }, spec };
  await c.post(templates, body, { has: { 'metadata.name': 'gpu' } });
  const status = 'status.resourceClaimStatuses[0]';
  await becomes(c, `${pods}/user`, { [`${status}.name`]: 'gpu', [`${status}.resourceClaimName`]: /^user-gpu-/ });
  const name = (await c.get(`${pods}/user`, { unstable: true })).textAt(`${status}.resourceClaimName`);
  await c.get(`${claims}/${name}`, {
    has: {
      'metadata.labels': { a: 'b' },
      'metadata.annotations': { x: 'y', 'resource.kubernetes.io/pod-claim-name': 'gpu' },
      'metadata.generateName': 'user-gpu-',
      'metadata.ownerReferences': [
        // As upstream: the pod's deletion does not wait for the claim.
        { apiVersion: 'v1', kind: 'Pod', name: 'user', uid, controller: true },
      ],
      'spec.devices.requests[0].exactly.deviceClassName': c.rand,
    },
  });
  await c.patch(`${pods}/user/status`, { status: { phase: 'Succeeded' } }, { unstable: true });
  await goes(c, `${claims}/${name}`);
}

async function freed(c: CaseContext): Promise<void> {
  const { claims } = await paths(c);
  const metadata = { name: 'shared', finalizers: ['resource.kubernetes.io/delete-protection'] };
  const body = { apiVersion: groupVersion, kind: 'ResourceClaim', metadata, spec: request(c) };
  await c.post(claims, body, { has: { 'metadata.name': 'shared' } });
  const results = [{ request: 'r', driver: 'example.com', pool: 'p', device: 'd' }];
  const reservedFor = [{ resource: 'pods', name: 'gone', uid: c.rand }];
  await c.patch(
    `${claims}/shared/status`,
    { status: { allocation: { devices: { results } }, reservedFor } },
    { unstable: true },
  );
  await becomes(c, `${claims}/shared`, {
    'status.reservedFor': undefined,
    'status.allocation': undefined,
    'metadata.finalizers': undefined,
  });
}

const needs = ['controllers'] as const;

export const resourceClaimCases: readonly Case[] = [
  { id: 'devices/resourceclaims/a pods claim is made from its template', needs, groupVersion, run: fromTemplate },
  { id: 'devices/resourceclaims/a claim is freed when its last consumer has gone', needs, groupVersion, run: freed },
];
