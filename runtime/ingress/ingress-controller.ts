import type { Duplex } from 'node:stream';
import type { Api } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { keyOf, splitKey } from '../client/object-key.ts';
import { type ControllerContext, type ControllerDefinition, startReconciling } from '../framework/controller.ts';
import { unlessMissing } from '../framework/status-cause.ts';
import { WorkQueue } from '../framework/work-queue.ts';
import type { NetworkNamespace, VirtualNetwork } from '../network/network.ts';
import type { CertificatePair } from './certificates.ts';
import type { Gateway } from './gateway.ts';
import type { Ingress, Routes } from './routing.ts';

type IngressClass = Api<'io.k8s.api.networking.v1.IngressClass'>;

const name = 'ingress-controller';
export const ingressClassName = 'kubefacade';
export const ingressControllerName = 'kubefacade.io/ingress';
const ingresses = { group: 'networking.k8s.io', version: 'v1', resource: 'ingresses' } as const;
const ingressClasses = { group: 'networking.k8s.io', version: 'v1', resource: 'ingressclasses' } as const;
const classAnnotation = 'kubernetes.io/ingress.class';
const httpPort = 80;
const httpsPort = 443;

export interface IngressOptions {
  readonly network: VirtualNetwork;
  /** Where it listens: an address of the nodes' network, which Ingresses get into their status. */
  readonly address: string;
  /** For hosts without a certificate of their own. Asked for once, when the first of them is called. */
  readonly fallbackCertificate?: () => Promise<CertificatePair>;
  /** Is given what takes connections from outside of the network. */
  readonly onReady?: (
    accept: AcceptConnection,
    lifetime: { readonly signal: AbortSignal; onError(error: unknown): void },
  ) => void;
}

/** Who comes from outside: a stream, whether it is to speak TLS, and where it comes from. */
export type AcceptConnection = (stream: Duplex, isSecure: boolean, peer: string) => Promise<void>;

const ownClass: IngressClass = {
  metadata: {
    name: ingressClassName,
    annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
  },
  spec: { controller: ingressControllerName },
};

/** Serves Ingresses of its class: HTTP and HTTPS by host and path, through the network to Services. */
export function ingressDefinition(options: IngressOptions): ControllerDefinition {
  return {
    name,
    start: (context, signal) => {
      const { client, clock, informers } = context;
      const all = informers.of<Ingress>(ingresses);
      const classes = informers.of<IngressClass>(ingressClasses);
      const queue = new WorkQueue(clock);
      const site = createSite(options, context, signal, () => all.list().filter((ingress) => isOurs(ingress, classes)));
      options.onReady?.(site.accept, { signal, onError: (error) => context.onError(error, name) });
      const enqueue = (ingress: Readonly<Ingress>): void => {
        site.change();
        queue.add(keyOf(ingress));
      };
      all.subscribe({ added: enqueue, updated: enqueue, deleted: () => site.change() });
      const everything = (): void => {
        for (const ingress of all.list()) enqueue(ingress);
      };
      classes.subscribe({ added: everything, updated: everything, deleted: everything });
      void ensureClass(context);
      const reconcile = async (key: string): Promise<void> => {
        const ingress = all.get(key);
        if (ingress === undefined || ingress.metadata?.deletionTimestamp !== undefined) return;
        const wanted = isOurs(ingress, classes) ? [{ ip: options.address }] : null;
        if (wanted !== null) await site.open();
        const { ingress: current = [] } = ingress.status?.loadBalancer ?? {};
        const isThere = current.some(({ ip }) => ip === options.address);
        if (isThere === (wanted !== null)) return;
        const { namespace = '', name: own = '' } = splitKey(key);
        const target = { resource: ingresses, namespace, name: own, type: 'application/merge-patch+json' } as const;
        await unlessMissing(
          client.patch<Ingress>(target, { status: { loadBalancer: { ingress: wanted } } }, { subresource: 'status' }),
        );
      };
      return startReconciling({ name, workers: 1, informers: [all, classes], queue, reconcile }, context, signal);
    },
  };
}

async function ensureClass({ client, onError }: ControllerContext): Promise<void> {
  try {
    if ((await unlessMissing(client.get<IngressClass>(ingressClasses, '', ingressClassName))) === undefined)
      await client.create<IngressClass>(ingressClasses, '', ownClass);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') onError(error, name);
  }
}

/** By its class, or by the annotation of old. */
function isOurs(
  { metadata, spec }: Readonly<Ingress>,
  classes: { get(key: string): Readonly<IngressClass> | undefined },
): boolean {
  const annotated = metadata?.annotations?.[classAnnotation];
  if (annotated !== undefined) return annotated === ingressClassName;
  return classes.get(spec?.ingressClassName ?? '')?.spec?.controller === ingressControllerName;
}

interface Site {
  open(): Promise<void>;
  /** What is routed where is asked anew. */
  change(): void;
  readonly accept: AcceptConnection;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Listens, and knows its routes, from the first Ingress on. */
function createSite(
  { network, address, fallbackCertificate }: IngressOptions,
  { client, informers, random }: ControllerContext,
  signal: AbortSignal,
  current: () => readonly Readonly<Ingress>[],
): Site {
  let routes: Routes | undefined;
  let opening: Promise<Gateway> | undefined;
  const start = async (): Promise<Gateway> => {
    const { createRoutes } = await import('./routing.ts');
    const { createGateway } = await import('./gateway.ts');
    const { createDialer } = await import('./backends.ts');
    const { createCertificates, contextOf } = await import('./certificates.ts');
    const place: NetworkNamespace = network.open({ node: '', ips: [address] });
    const certificates = createCertificates(client);
    const fallback = once(async () => {
      const pair = await fallbackCertificate?.();
      return pair === undefined ? undefined : contextOf(pair);
    });
    const known = (): Routes => {
      routes ??= createRoutes(current());
      return routes;
    };
    const gateway = createGateway({
      random,
      routes: known,
      dial: createDialer(informers, place),
      certificateFor: async (host) => {
        const key = known().secretFor(host);
        return (key === undefined ? undefined : await certificates(key)) ?? fallback();
      },
    });
    place.listen(httpPort, ({ stream, flow }) => gateway.accept(stream, false, flow.from.ip));
    place.listen(httpsPort, ({ stream, flow }) => gateway.accept(stream, true, flow.from.ip));
    const close = (): void => {
      place.close();
      gateway.close();
    };
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
    return gateway;
  };
  const open = (): Promise<Gateway> => {
    opening ??= start();
    return opening;
  };
  return {
    open: async () => void (await open()),
    change: () => {
      routes = undefined;
    },
    accept: async (stream, isSecure, peer) => (await open()).accept(stream, isSecure, peer),
  };
}
