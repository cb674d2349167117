import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../api/clock.ts';
import type { Api, KubeObject } from '../../api/object.ts';
import type { ResourceTable } from '../registry/resources.ts';
import type { ClusterReader, ClusterRewriter, ClusterWriter } from '../registry/strategy.ts';

type ConfigMap = Api<'io.k8s.api.core.v1.ConfigMap'>;
type Data = Readonly<Record<string, string>>;

/** How an aggregated server, or this one as an aggregated server, knows its front proxy. */
export interface RequestHeaderConfig {
  /** PEM. */
  readonly clientCa: string;
  /** Common names of front proxies; none: everyone whom the CA signed. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/** The data of kube-system/extension-apiserver-authentication. */
export function authenticationData(clientCa: string, requestHeader: RequestHeaderConfig): Record<string, string> {
  return {
    'client-ca-file': clientCa,
    'requestheader-allowed-names': JSON.stringify(requestHeader.allowedNames),
    'requestheader-client-ca-file': requestHeader.clientCa,
    'requestheader-extra-headers-prefix': JSON.stringify(requestHeader.extraHeaderPrefixes),
    'requestheader-group-headers': JSON.stringify(requestHeader.groupHeaders),
    ...(requestHeader.uidHeaders.length === 0
      ? {}
      : { 'requestheader-uid-headers': JSON.stringify(requestHeader.uidHeaders) }),
    'requestheader-username-headers': JSON.stringify(requestHeader.usernameHeaders),
  };
}

const name = 'extension-apiserver-authentication';
const namespace = 'kube-system';

export interface AuthenticationConfigDeps {
  readonly resources: ResourceTable;
  readonly reader: ClusterReader;
  readonly writer: ClusterWriter;
  readonly rewriter: ClusterRewriter;
  readonly clock: Clock;
  onError(error: unknown, name: string): void;
}

/** What others wrote stays beside what this server needs; what is missing comes back. Upstream: cluster_authentication_trust_controller. Returns how to stop. */
export function keepAuthenticationConfig(deps: AuthenticationConfigDeps, required: Data): () => void {
  const { cache } = deps.resources.stored('configmaps') ?? {};
  if (cache === undefined) return () => undefined;
  const check = async (): Promise<void> => {
    try {
      const current = deps.reader.get<ConfigMap>('configmaps', namespace, name);
      if (current === undefined) {
        const metadata = { name, namespace };
        const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { ...required } };
        await deps.writer.create('configmaps', namespace, object as KubeObject);
        return;
      }
      const now = deps.clock.now();
      if (isSame(current.data ?? {}, combined(current.data ?? {}, required, now))) return;
      const combine = (old: Readonly<ConfigMap>): ConfigMap => ({
        ...old,
        data: combined(old.data ?? {}, required, now),
      });
      await deps.rewriter.rewrite<ConfigMap>('configmaps', namespace, name, combine, '');
    } catch (error) {
      deps.onError(error, name);
    }
  };
  void check();
  return cache.listen({ namespace, name }, () => queueMicrotask(() => void check()));
}

function isSame(a: Data, b: Data): boolean {
  const keys = Object.keys(b);
  return Object.keys(a).length === keys.length && keys.every((key) => a[key] === b[key]);
}

function combined(existing: Data, required: Data, now: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(required).map(([key, value]) => [key, combinedValue(key, existing[key] ?? '', value, now)]),
  );
}

function combinedValue(key: string, existing: string, required: string, now: number): string {
  if (existing === required || existing === '') return required;
  if (key.endsWith('client-ca-file')) return combinedCertificates(existing, required, now);
  const names = (text: string): string[] => {
    try {
      return [JSON.parse(text) as unknown].flat().map(String);
    } catch {
      return [];
    }
  };
  return JSON.stringify([...new Set([...names(existing), ...names(required)])]);
}

function combinedCertificates(existing: string, required: string, now: number): string {
  const pem = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
  const valid = (text: string): boolean => {
    try {
      return new X509Certificate(text).validToDate.getTime() > now;
    } catch {
      return false;
    }
  };
  const all = [...(existing.match(pem) ?? []), ...(required.match(pem) ?? [])].filter(valid);
  return `${[...new Set(all)].join('\n')}\n`;
}
