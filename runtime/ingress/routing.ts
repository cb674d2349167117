import type { Api } from '../../api/object.ts';

export type Ingress = Api<'io.k8s.api.networking.v1.Ingress'>;
type IngressBackend = NonNullable<NonNullable<Ingress['spec']>['defaultBackend']>;

/** A Service and one of its ports, by number or by name. */
export interface Backend {
  readonly namespace: string;
  readonly service: string;
  readonly port: number | string;
}

interface Rule {
  /** '' for every host. */
  readonly host: string;
  readonly path: string;
  readonly isExact: boolean;
  readonly backend: Backend;
}

export interface Routes {
  /** Undefined: nobody serves this. */
  match(host: string, path: string): Backend | undefined;
  /** The Secret, as `namespace/name`, that has the certificate of a host. */
  secretFor(host: string): string | undefined;
}

/** All rules of some Ingresses as one table. Of those that say the same the oldest Ingress holds. */
export function createRoutes(ingresses: readonly Readonly<Ingress>[]): Routes {
  const byHost = new Map<string, Rule[]>();
  const secrets = new Map<string, string>();
  let fallback: Backend | undefined;
  for (const ingress of ingresses.toSorted(byAge)) {
    const { namespace = '' } = ingress.metadata ?? {};
    fallback ??= backendOf(namespace, ingress.spec?.defaultBackend);
    for (const rule of rulesOf(ingress)) byHost.set(rule.host, [...(byHost.get(rule.host) ?? []), rule]);
    for (const { hosts = [''], secretName } of ingress.spec?.tls ?? []) {
      if (secretName === undefined) continue;
      for (const host of hosts) if (!secrets.has(host)) secrets.set(host, `${namespace}/${secretName}`);
    }
  }
  for (const rules of byHost.values()) rules.sort(byWeight);
  return {
    match: (host, path) => {
      for (const candidate of candidatesOf(host)) {
        const rule = byHost.get(candidate)?.find((each) => isMatch(each, path));
        if (rule !== undefined) return rule.backend;
      }
      return fallback;
    },
    secretFor: (host) =>
      candidatesOf(host)
        .map((candidate) => secrets.get(candidate))
        .find(Boolean),
  };
}

function byAge(a: Readonly<Ingress>, b: Readonly<Ingress>): number {
  const key = ({ metadata = {} }: Readonly<Ingress>): string =>
    `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`;
  return key(a) < key(b) ? -1 : 1;
}

/** Exact paths before all others, then the longest; stable, so that age decides the rest. */
function byWeight(a: Rule, b: Rule): number {
  return Number(b.isExact) - Number(a.isExact) || b.path.length - a.path.length;
}

function rulesOf({ metadata = {}, spec = {} }: Readonly<Ingress>): Rule[] {
  return (spec.rules ?? []).flatMap(({ host = '', http }) => {
    const paths = http?.paths ?? [];
    // A host without paths is for the default backend of its own Ingress.
    const whole = http === undefined ? [{ path: '/', pathType: 'Prefix', backend: spec.defaultBackend }] : [];
    return [...paths, ...whole].flatMap(({ path = '/', pathType, backend }) => {
      const found = backendOf(metadata.namespace ?? '', backend);
      if (found === undefined) return [];
      return [{ host: host.toLowerCase(), path, isExact: pathType === 'Exact', backend: found }];
    });
  });
}

function backendOf(namespace: string, backend: IngressBackend | undefined): Backend | undefined {
  const { name, port } = backend?.service ?? {};
  const wanted = port?.number ?? port?.name;
  return name === undefined || wanted === undefined ? undefined : { namespace, service: name, port: wanted };
}

/** The host itself, a wildcard for its first label, then rules without a host. */
function candidatesOf(host: string): string[] {
  const name = host.toLowerCase();
  return [name, name.replace(/^[^.]+\./, '*.'), ''];
}

/** Prefixes match whole elements of a path. */
function isMatch({ path, isExact }: Rule, asked: string): boolean {
  if (isExact) return asked === path;
  const prefix = path.replace(/\/$/, '');
  return asked === prefix || asked.startsWith(`${prefix}/`);
}
