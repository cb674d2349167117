import type { ApiClient } from '../../api/client.ts';
import type { Api, GroupVersionKind, KubeObject } from '../../api/object.ts';
import { isAlreadyExists } from '../framework/status-cause.ts';
import { controllerOf, controllerRef } from './ownership.ts';
import type { PodTemplate } from './pod-control.ts';
import { canonicalJson, fnv32, safeEncode } from './template-hash.ts';

export type ControllerRevision = Readonly<Api<'io.k8s.api.apps.v1.ControllerRevision'>>;

export const revisionResource = { group: 'apps', version: 'v1', resource: 'controllerrevisions' } as const;
export const podRevisionLabel = 'controller-revision-hash';
const hashLabel = 'controller.kubernetes.io/hash';
const maxPrefixLength = 223;

/** As Go writes JSON into HTML: what a revision's bytes, and by them its name, are made of. */
function goJson(value: unknown): string {
  return canonicalJson(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** What a revision remembers: a strategic merge patch that puts the template back, in sorted order, since API servers compare its bytes. */
export function templatePatch(template: PodTemplate): Record<string, unknown> {
  return JSON.parse(canonicalJson({ spec: { template: { ...template, $patch: 'replace' } } })) as Record<
    string,
    unknown
  >;
}

/** The template that a revision remembers. */
export function templateOf(revision: ControllerRevision): PodTemplate {
  const data = revision.data as { readonly spec?: { readonly template?: PodTemplate } } | undefined;
  const { $patch: _, ...template } = (data?.spec?.template ?? {}) as PodTemplate & { readonly $patch?: string };
  return template;
}

/** Both would put the same template back. */
export function isSameRevision(a: ControllerRevision, b: ControllerRevision): boolean {
  return a.data === b.data || canonicalJson(a.data) === canonicalJson(b.data);
}

export function revisionHash(revision: ControllerRevision, collisionCount?: number): string {
  return safeEncode(String(fnv32(`${goJson(revision.data)}${collisionCount ?? ''}`)));
}

function revisionName(parent: string, hash: string): string {
  return `${parent.slice(0, maxPrefixLength)}-${hash}`;
}

export interface RevisionParent {
  readonly object: Readonly<KubeObject>;
  readonly gvk: GroupVersionKind;
  readonly template: PodTemplate;
}

export function newRevision(
  { object, gvk, template }: RevisionParent,
  revision: number,
  collisionCount: number,
): ControllerRevision {
  const { name = '', namespace = '', annotations } = object.metadata ?? {};
  const made: ControllerRevision = { data: templatePatch(template), revision };
  const hash = revisionHash(made, collisionCount);
  return {
    ...made,
    metadata: {
      name: revisionName(name, hash),
      namespace,
      labels: { ...template.metadata?.labels, [hashLabel]: hash },
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [controllerRef(object, gvk)],
    },
  };
}

export function compareRevisions(a: ControllerRevision, b: ControllerRevision): number {
  const numbers = (a.revision ?? 0) - (b.revision ?? 0);
  if (numbers !== 0) return numbers;
  const [madeA = '', madeB = ''] = [a.metadata?.creationTimestamp, b.metadata?.creationTimestamp];
  if (madeA !== madeB) return madeA < madeB ? -1 : 1;
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
}

/** Of revisions in order. */
export function nextRevisionNumber(revisions: readonly ControllerRevision[]): number {
  return (revisions.at(-1)?.revision ?? 0) + 1;
}

export interface CreatedRevision {
  readonly revision: ControllerRevision;
  readonly collisionCount: number;
}

/** One that has the name already is taken when it remembers the same; otherwise the name is made anew, with a higher collision count. */
export async function createRevision(
  client: ApiClient,
  revision: ControllerRevision,
  parent: string,
  collisionCount: number,
): Promise<CreatedRevision> {
  const namespace = revision.metadata?.namespace ?? '';
  for (let count = collisionCount; ; count++) {
    const name = revisionName(parent, revisionHash(revision, count));
    try {
      const made = await client.create(revisionResource, namespace, {
        ...revision,
        metadata: { ...revision.metadata, name },
      });
      return { revision: made, collisionCount: count };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const present = await client.get<ControllerRevision>(revisionResource, namespace, name);
      if (isSameRevision(present, revision)) return { revision: present, collisionCount: count };
    }
  }
}

/** An old revision becomes the newest when its template comes back. */
export async function renumberRevision(
  client: ApiClient,
  revision: ControllerRevision,
  number: number,
): Promise<ControllerRevision> {
  if (revision.revision === number) return revision;
  return await client.update<ControllerRevision>(revisionResource, revision.metadata?.namespace ?? '', {
    ...revision,
    revision: number,
  });
}

export async function deleteRevision(client: ApiClient, { metadata }: ControllerRevision): Promise<void> {
  await client.delete(revisionResource, metadata?.namespace ?? '', metadata?.name ?? '');
}

/** Gives an orphan to `parent`, who has been seen alive. */
export async function adoptRevision(
  client: ApiClient,
  revision: ControllerRevision,
  { object, gvk }: Pick<RevisionParent, 'object' | 'gvk'>,
): Promise<ControllerRevision> {
  const { namespace = '', name = '', uid } = revision.metadata ?? {};
  const owner = controllerOf(revision);
  if (owner !== undefined) throw new Error(`attempt to adopt revision owned by ${owner.kind} ${owner.name}`);
  return await client.patch<ControllerRevision>(
    { resource: revisionResource, namespace, name, type: 'application/strategic-merge-patch+json' },
    { metadata: { uid, ownerReferences: [controllerRef(object, gvk)] } },
  );
}
