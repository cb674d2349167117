import type { GroupVersionResource, KubeObject } from '../../api/object.ts';
import { textOf } from '../files/byte-text.ts';
import type { ByteText } from '../files/file-tree.ts';
import { referenceTo } from '../framework/event-recorder.ts';
import { unlessMissing } from '../framework/status-cause.ts';
import { ContainerConfigError } from './environment/container-config-error.ts';
import { type ConfigMap, environmentOf, environmentReferences, type Secret } from './environment/environment.ts';
import { expanded } from './environment/expansion.ts';
import { hostsFile, sandboxHostname } from './environment/hosts-file.ts';
import { resolverConfig, resolverFile } from './environment/resolver-config.ts';
import type { Service } from './environment/service-variables.ts';
import type { Container, Mount, NodeFacts, Pod } from './pod-runtime.ts';
import type { PodSetupDeps, PreparedPod } from './pod-setup.ts';
import { FollowedObjects } from './volumes/followed-objects.ts';
import { LazyFile } from './volumes/lazy-file.ts';
import { mountsOf } from './volumes/mounts.ts';
import { openPodVolumes, type PodVolumes } from './volumes/pod-volumes.ts';
import { SharedPayloads } from './volumes/volume-content.ts';
import { messageOf } from './volumes/volume-error.ts';

const podKind = { group: '', version: 'v1', kind: 'Pod' } as const;
const services = { group: '', version: 'v1', resource: 'services' } as const;
const configMaps = { group: '', version: 'v1', resource: 'configmaps' } as const;
const secrets = { group: '', version: 'v1', resource: 'secrets' } as const;
const terminationPath = '/dev/termination-log';
const hostsPath = '/etc/hosts';

/** Makes what pods' containers find: volumes, environment, files about the network. */
export class PodPreparer {
  readonly #deps: PodSetupDeps;
  readonly #objects: FollowedObjects;
  readonly #payloads = new SharedPayloads();

  constructor(deps: PodSetupDeps) {
    this.#deps = deps;
    this.#objects = new FollowedObjects(deps);
  }

  /** As `PodSetup.prepare`. */
  async prepare(pod: () => Readonly<Pod>, node: NodeFacts, signal: AbortSignal): Promise<PreparedPod | undefined> {
    const { clock, recorder, names } = this.#deps;
    const seen = new Date(clock.now()).toISOString();
    const known = withSource(pod, seen);
    const about = () => referenceTo(pod(), podKind);
    const deps = { ...this.#deps, node, objects: this.#objects, payloads: this.#payloads };
    const volumes = await openPodVolumes(known, about, deps, signal);
    if (volumes === undefined) return undefined;
    if (pod().spec?.dnsConfig !== undefined)
      for (const complaint of resolverConfig(pod(), names).complaints)
        recorder.record(about(), 'Warning', 'DNSConfigForming', complaint);
    const madeAt = clock.now();
    const resolverTree = new LazyFile(() => resolverFile(resolverConfig(pod(), names)), madeAt);
    const hostnameOf = (): string => sandboxHostname(pod(), node.name, names.clusterDomain);
    const nameTree = new LazyFile(() => `${hostnameOf()}\n`, madeAt);
    let hosts: LazyFile | undefined;
    return {
      surroundings: async (container, podIPs) => {
        if (container.volumeMounts?.some(({ name = '' }) => !volumes.volumes.has(name)) === true) await volumes.more();
        hosts ??= new LazyFile(() => hostsText(pod(), node, this.#deps, podIPs), madeAt);
        const files = [
          [hostsPath, hosts],
          ['/etc/hostname', nameTree],
          ['/etc/resolv.conf', resolverTree],
          [container.terminationMessagePath || terminationPath, new LazyFile(() => '', clock.now(), 0o666)],
        ] as const;
        const placed = { pod: known(), podIPs, hostIPs: node.addresses };
        const environment = await this.#environment(placed, container, node, volumes);
        const own = mountsOf(container, volumes.volumes, environment);
        const paths = new Set(own.map(({ path }) => path));
        const given = files
          .filter(([path]) => !paths.has(path))
          .map(([path, tree]): Mount => ({ path, tree, isReadOnly: false }));
        const words = (list: readonly string[] | undefined): string[] | undefined =>
          list?.map((word) => expanded(textOf(word), (name) => environment.get(name)));
        const command = words(container.command);
        const args = words(container.args);
        return {
          container: {
            ...container,
            ...(command === undefined ? {} : { command }),
            ...(args === undefined ? {} : { args }),
          },
          environment: new Map([['HOSTNAME', textOf(hostnameOf())], ...environment]),
          mounts: [...own, ...given],
        };
      },
      close: () => volumes.close(),
    };
  }

  async #environment(
    placed: { readonly pod: Readonly<Pod>; readonly podIPs: readonly string[]; readonly hostIPs: readonly string[] },
    container: Container,
    node: NodeFacts,
    { volumes }: PodVolumes,
  ): Promise<Map<string, ByteText>> {
    const { informers } = this.#deps;
    const namespace = placed.pod.metadata?.namespace ?? '';
    const wanted = environmentReferences(container);
    const known = informers.of<Service>(services);
    await known.whenSynced();
    const links = [...known.list(namespace), ...(namespace === 'default' ? [] : [known.get('default/kubernetes')])];
    return environmentOf(placed, container, {
      configMaps: await this.#read<ConfigMap>(configMaps, namespace, wanted.configMaps),
      secrets: await this.#read<Secret>(secrets, namespace, wanted.secrets),
      services: links.filter((service) => service !== undefined),
      allocatable: node.allocatable ?? {},
      file: (volume, path) => volumes.get(volume)?.tree.read(`/${path}`),
    });
  }

  async #read<T extends KubeObject>(
    resource: GroupVersionResource,
    namespace: string,
    names: ReadonlySet<string>,
  ): Promise<Map<string, Readonly<T>>> {
    const found = new Map<string, Readonly<T>>();
    for (const name of names) {
      const object = await unlessMissing(this.#deps.client.get<T>(resource, namespace, name)).catch(
        (error: unknown) => {
          throw new ContainerConfigError(messageOf(error));
        },
      );
      if (object !== undefined) found.set(name, object);
    }
    return found;
  }
}

function seesAnnotations({ spec }: Readonly<Pod>): boolean {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const items = (spec?.volumes ?? []).flatMap(({ downwardAPI, projected }) => [
    ...(downwardAPI?.items ?? []),
    ...(projected?.sources ?? []).flatMap((source) => source.downwardAPI?.items ?? []),
  ]);
  const references = [
    ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.fieldRef)),
    ...items.map(({ fieldRef }) => fieldRef),
  ];
  return references.some((reference) => reference?.fieldPath?.startsWith('metadata.annotations') === true);
}

/** The pod with what the kubelet notes about it, which its own programs may see. */
function withSource(pod: () => Readonly<Pod>, seen: string): () => Readonly<Pod> {
  if (!seesAnnotations(pod())) return pod;
  let last: Readonly<Pod> | undefined;
  let noted: Readonly<Pod> | undefined;
  return () => {
    const now = pod();
    if (noted !== undefined && last === now) return noted;
    last = now;
    const notes = { 'kubernetes.io/config.seen': seen, 'kubernetes.io/config.source': 'api' };
    noted = { ...now, metadata: { ...now.metadata, annotations: { ...notes, ...now.metadata?.annotations } } };
    return noted;
  };
}

function hostsText(
  pod: Readonly<Pod>,
  node: NodeFacts,
  { names, store }: PodSetupDeps,
  podIPs: readonly string[],
): ByteText {
  const { clusterDomain } = names;
  const nodeHosts = pod.spec?.hostNetwork === true ? (store.hostPath(node.name, '/', '').read('/etc/hosts') ?? '') : '';
  return textOf(hostsFile(pod, { podIPs, clusterDomain, nodeHosts }));
}
