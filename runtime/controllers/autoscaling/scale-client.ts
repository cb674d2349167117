import type { ApiClient } from '../../../api/client.ts';
import { type Api, groupResourceName } from '../../../api/object.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { MetricError } from './replica-calculator.ts';

export type Scale = Api<'io.k8s.api.autoscaling.v1.Scale'>;

interface Mapping {
  /** `/apis/apps/v1/namespaces/{namespace}/deployments` with the namespace left open. */
  pathIn(namespace: string): string;
  readonly resource: string;
}

interface Reference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
}

interface APIGroup {
  readonly versions?: readonly { readonly version: string }[];
}

interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** Discovery is asked again after this long, as upstream's mapper is reset. */
const mappingMs = 30_000;

/** Resources by kind, and their scales, whatever they are. */
export class Scales {
  readonly #client: ApiClient;
  readonly #now: () => number;
  readonly #mappings = new Map<string, { readonly mapping: Mapping; readonly at: number }>();

  constructor(client: ApiClient, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  async resourceOf({ apiVersion = '', kind = '' }: Reference): Promise<Mapping> {
    const key = `${apiVersion}|${kind}`;
    const known = this.#mappings.get(key);
    if (known !== undefined && this.#now() - known.at < mappingMs) return known.mapping;
    const mapping = await this.#discover(apiVersion, kind);
    this.#mappings.set(key, { mapping, at: this.#now() });
    return mapping;
  }

  async get(reference: Reference, namespace: string): Promise<Readonly<Scale>> {
    return this.#client.request<Scale>('GET', await this.#path(reference, namespace));
  }

  async update(reference: Reference, namespace: string, scale: Scale): Promise<Readonly<Scale>> {
    return this.#client.request<Scale>('PUT', await this.#path(reference, namespace), scale);
  }

  async #path(reference: Reference, namespace: string): Promise<string> {
    const { pathIn } = await this.resourceOf(reference);
    return `${pathIn(namespace)}/${reference.name}/scale`;
  }

  /** In the version named, else in any of the group. */
  async #discover(apiVersion: string, kind: string): Promise<Mapping> {
    const parts = apiVersion.split('/');
    if (parts.length > 2) throw new MetricError(`unexpected GroupVersion string: ${apiVersion}`);
    const [version = '', group = ''] = parts.length === 2 ? [parts[1], parts[0]] : [parts[0]];
    const versions = [version, ...(group === '' ? [] : await this.#versions(group))];
    for (const each of new Set(versions)) {
      const root = group === '' ? `/api/${each}` : `/apis/${group}/${each}`;
      const list = await unlessMissing(this.#client.request<ResourceList>('GET', root));
      const found = list?.resources?.find((resource) => resource.kind === kind && !resource.name.includes('/'));
      if (found === undefined) continue;
      return {
        resource: groupResourceName({ group, resource: found.name }),
        pathIn: (namespace) => `${root}/${found.namespaced ? `namespaces/${namespace}/` : ''}${found.name}`,
      };
    }
    throw new MetricError(`no matches for kind "${kind}" in group "${group}"`);
  }

  async #versions(group: string): Promise<string[]> {
    const found = await unlessMissing(this.#client.request<APIGroup>('GET', `/apis/${group}`));
    return (found?.versions ?? []).map(({ version }) => version);
  }
}
