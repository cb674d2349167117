import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { sleep } from '../../client/sleep.ts';
import type { ControllerDefinition } from '../../framework/controller.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import {
  accountNameAnnotation,
  accountUidAnnotation,
  type Secret,
  type ServiceAccount,
  secrets,
  serviceAccounts,
  tokenSecretsOnly,
} from './token-secrets.ts';

type ConfigMap = Api<'io.k8s.api.core.v1.ConfigMap'>;
type Pod = Readonly<Api<'io.k8s.api.core.v1.Pod'>>;

const configMaps: GroupVersionResource = { group: '', version: 'v1', resource: 'configmaps' };
const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const controllerName = 'legacy-serviceaccount-token-cleaner-controller';
const dayMs = 24 * 3600_000;
const cleanUpMs = 365 * dayMs;
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function isDate(text: string | undefined): text is string {
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** What becomes of a token that was made for an account, not asked for: kept while it is young or in use, then marked, then removed. */
export function fateOf(secret: Secret, isNeeded: boolean, now: number): 'keep' | 'mark' | 'remove' {
  const { metadata } = secret;
  const keepSince = now - cleanUpMs;
  if (metadata?.deletionTimestamp !== undefined || Date.parse(metadata?.creationTimestamp ?? '') >= keepSince)
    return 'keep';
  const lastUsed = metadata?.labels?.[lastUsedLabel];
  if (lastUsed !== undefined && (!isDate(lastUsed) || lastUsed >= dateOf(keepSince))) return 'keep';
  if (isNeeded) return 'keep';
  const invalidSince = metadata?.labels?.[invalidSinceLabel];
  if (!isDate(invalidSince)) return 'mark';
  return invalidSince >= dateOf(keepSince) ? 'keep' : 'remove';
}

/** The names of Secrets anywhere in a pod's spec: every one that it could mount or read. */
export function secretsNamedBy(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'secretName' && typeof inner === 'string') return [inner];
    const isReference = key === 'secretRef' || key === 'secretKeyRef' || key === 'secret';
    const name = isReference ? (inner as { readonly name?: unknown } | null)?.name : undefined;
    const pulled =
      key === 'imagePullSecrets' && Array.isArray(inner) ? inner.flatMap(({ name: text }) => text ?? []) : [];
    return [...(typeof name === 'string' ? [name] : []), ...pulled, ...secretsNamedBy(inner)];
  });
}

/** Once a day, old tokens of times when every ServiceAccount got one are marked, and removed a year later. */
export const legacyTokenCleaner: ControllerDefinition = {
  name: controllerName,
  start: ({ client, clock, informers, onError }, signal) => {
    const trackedSince = async (): Promise<number | undefined> => {
      const map = await unlessMissing(
        client.get<ConfigMap>(configMaps, 'kube-system', 'kube-apiserver-legacy-service-account-token-tracking'),
      );
      const since = map?.data?.['since'];
      return isDate(since) ? Date.parse(since) + dayMs : undefined;
    };
    const clean = async (): Promise<void> => {
      const now = clock.now();
      const since = await trackedSince();
      if (since === undefined || now < since + cleanUpMs) return;
      const { items } = await client.list<Secret>(secrets, tokenSecretsOnly);
      for (const secret of items) {
        const { namespace = '', name = '', annotations = {}, resourceVersion = '' } = secret.metadata ?? {};
        const accountName = annotations[accountNameAnnotation] ?? '';
        const account = informers.of<ServiceAccount>(serviceAccounts).get(`${namespace}/${accountName}`);
        const uid = annotations[accountUidAnnotation] ?? '';
        // Only what was made for an account stands in its list.
        if (account?.secrets?.some((one) => one.name === name) !== true) continue;
        if (uid !== '' && uid !== account.metadata?.uid) continue;
        const users = informers.of<Pod>(pods).list(namespace);
        const fate = fateOf(
          secret,
          users.some(({ spec }) => secretsNamedBy(spec).includes(name)),
          now,
        );
        if (fate === 'mark') {
          const metadata = { uid: secret.metadata?.uid, labels: { [invalidSinceLabel]: dateOf(now) } };
          const target = { resource: secrets, namespace, name, type: 'application/merge-patch+json' } as const;
          await client.patch(target, { metadata });
        } else if (fate === 'remove')
          await unlessMissing(client.delete(secrets, namespace, name, { preconditions: { resourceVersion } }));
      }
    };
    const run = async (): Promise<void> => {
      const synced = [informers.of<ServiceAccount>(serviceAccounts), informers.of<Pod>(pods)];
      await Promise.race([Promise.all(synced.map((one) => one.whenSynced())), sleep(clock, dayMs, signal)]);
      while (!signal.aborted) {
        await clean().catch((error: unknown) => onError(error, controllerName));
        await sleep(clock, dayMs, signal);
      }
    };
    return { name: controllerName, queues: [], ended: run() };
  },
};
