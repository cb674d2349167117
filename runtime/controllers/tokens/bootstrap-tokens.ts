import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { unlessOvertaken } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { type Secret, secrets } from './token-secrets.ts';

type ConfigMap = Readonly<Api<'io.k8s.api.core.v1.ConfigMap'>>;

const configMaps: GroupVersionResource = { group: '', version: 'v1', resource: 'configmaps' };
const bootstrapTokens = { namespace: 'kube-system', fieldSelector: 'type=bootstrap.kubernetes.io/token' };
const clusterInfo = { namespace: 'kube-public', fieldSelector: 'metadata.name=cluster-info' };
const clusterInfoKey = 'kube-public/cluster-info';
const signaturePrefix = 'jws-kubeconfig-';
const workers = 1;

function textIn({ data }: Secret, key: string): string {
  const text = (data as Readonly<Record<string, string>> | undefined)?.[key];
  return text === undefined ? '' : atob(text);
}

/** Milliseconds until a token ends; undefined: never. What cannot be read has ended. */
export function remainingMs(secret: Secret, now: number): number | undefined {
  const expiration = textIn(secret, 'expiration');
  if (expiration === '') return undefined;
  const end = /^\d{4}-\d\d-\d\dT/.test(expiration) ? Date.parse(expiration) : Number.NaN;
  return Number.isNaN(end) ? 0 : Math.max(0, end - now);
}

/** The tokens that may sign, by id. */
export function signingTokens(all: readonly Secret[], now: number): Map<string, string> {
  const tokens = new Map<string, string>();
  for (const secret of all) {
    const id = textIn(secret, 'token-id');
    const text = textIn(secret, 'token-secret');
    const isNamedSo = secret.metadata?.name === `bootstrap-token-${id}` && /^[a-z0-9]{6}$/.test(id);
    const maySign = textIn(secret, 'usage-bootstrap-signing') === 'true' && remainingMs(secret, now) !== 0;
    if (isNamedSo && maySign && text !== '' && !tokens.has(id)) tokens.set(id, text);
  }
  return tokens;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/** A JSON web signature (HS256) whose content stands elsewhere. */
export async function detachedSignature(content: string, id: string, secret: string): Promise<string> {
  const encoder = new TextEncoder();
  const header = base64url(encoder.encode(JSON.stringify({ alg: 'HS256', kid: id })));
  const signed = `${header}.${base64url(encoder.encode(content))}`;
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', key, encoder.encode(signed));
  return `${header}..${base64url(new Uint8Array(signature))}`;
}

/** The data of `cluster-info` with a signature by each token, and none else; undefined when it is so. */
async function signedData(map: ConfigMap, tokens: ReadonlyMap<string, string>) {
  const data = (map.data ?? {}) as Readonly<Record<string, string>>;
  const content = data['kubeconfig'];
  if (content === undefined) return undefined;
  const signed = Object.fromEntries(Object.entries(data).filter(([key]) => !key.startsWith(signaturePrefix)));
  for (const [id, text] of tokens) signed[signaturePrefix + id] = await detachedSignature(content, id, text);
  const keys = Object.keys(signed);
  const isSame = keys.length === Object.keys(data).length && keys.every((key) => signed[key] === data[key]);
  return isSame ? undefined : signed;
}

/** Signs `cluster-info` with each bootstrap token, for those who know nothing of the cluster but their token. */
export const bootstrapSigner: ControllerDefinition = {
  name: 'bootstrap-signer-controller',
  isOffByDefault: true,
  start: (context, signal) => {
    const { client, clock, informers } = context;
    const queue = new WorkQueue(clock);
    const maps = informers.of<ConfigMap>(configMaps, clusterInfo);
    const tokens = informers.of<Secret>(secrets, bootstrapTokens);
    const enqueue = (): void => queue.add(clusterInfoKey);
    maps.subscribe({ added: enqueue, updated: enqueue });
    tokens.subscribe({ added: enqueue, updated: enqueue, deleted: enqueue });
    const reconcile = async (key: string): Promise<void> => {
      const map = maps.get(key);
      const data = map === undefined ? undefined : await signedData(map, signingTokens(tokens.list(), clock.now()));
      if (data !== undefined) await unlessOvertaken(client.update(configMaps, 'kube-public', { ...map, data }));
    };
    const name = 'bootstrap-signer-controller';
    return startReconciling({ name, workers, informers: [maps, tokens], queue, reconcile }, context, signal);
  },
};

/** Removes bootstrap tokens when they end. */
export const bootstrapTokenCleaner: ControllerDefinition = {
  name: 'token-cleaner-controller',
  isOffByDefault: true,
  start: (context, signal) => {
    const { client, clock, informers } = context;
    const queue = new WorkQueue(clock);
    const tokens = informers.of<Secret>(secrets, bootstrapTokens);
    const enqueue = ({ metadata }: Secret): void => queue.add(metadata?.name ?? '');
    tokens.subscribe({ added: enqueue, updated: enqueue });
    const reconcile = async (name: string): Promise<void> => {
      const secret = tokens.get(`kube-system/${name}`);
      const left = secret === undefined ? undefined : remainingMs(secret, clock.now());
      if (left === undefined) return;
      if (left > 0) {
        // Timers reach no further than 24 days.
        queue.addAfter(name, Math.min(left, 2 ** 31 - 1));
        return;
      }
      const { uid = '' } = secret?.metadata ?? {};
      await unlessOvertaken(client.delete(secrets, 'kube-system', name, { preconditions: { uid } }));
    };
    const name = 'token-cleaner-controller';
    return startReconciling({ name, workers, informers: [tokens], queue, reconcile }, context, signal);
  },
};
