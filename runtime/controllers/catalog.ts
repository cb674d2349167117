import type { ApiClient } from '../../api/client.ts';
import type { Clock } from '../../api/clock.ts';
import type { KeyedController, KeySource } from './keyed-runner.ts';
import { nodeLifecycleController } from './node-lifecycle/condition-taints.ts';
import { protectionControllers } from './protection/protection.ts';
import type { NamespaceSource } from './publishers/namespace-source.ts';
import {
  publishRootCACertificate,
  rootCACertificatePublisherName,
  rootCACertificateSources,
} from './publishers/root-ca-certificates.ts';
import {
  ensureServiceAccounts,
  serviceAccountControllerName,
  serviceAccountSources,
} from './publishers/service-accounts.ts';

export interface ControllerOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** PEM, for `kube-root-ca.crt`. */
  readonly rootCA: string;
}

function keyed(sources: readonly NamespaceSource[]): KeySource[] {
  return sources.map(({ resource, namespacesOf }) => ({ resource, keysOf: namespacesOf }));
}

/** Every controller by its upstream name. */
export function controllers({ client, clock, rootCA }: ControllerOptions): readonly KeyedController[] {
  return [
    ...protectionControllers(client),
    nodeLifecycleController(client, clock),
    {
      name: serviceAccountControllerName,
      sources: keyed(serviceAccountSources),
      reconcile: (namespace) => ensureServiceAccounts(client, namespace),
    },
    {
      name: rootCACertificatePublisherName,
      sources: keyed(rootCACertificateSources),
      reconcile: (namespace) => publishRootCACertificate(client, namespace, rootCA),
    },
  ];
}
