import type { Api, GroupVersionResource } from '../../../api/object.ts';
import type { Discovery } from '../../client/discovery.ts';
import { sleep } from '../../client/sleep.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';

type ClusterTrustBundle = Api<'io.k8s.api.certificates.v1beta1.ClusterTrustBundle'>;
type PodCertificateRequest = Api<'io.k8s.api.certificates.v1beta1.PodCertificateRequest'>;

const signerName = 'kubernetes.io/kube-apiserver-serving';
const requestLifetimeMs = 15 * 60_000;

/** The resource where it is served; stock clusters do not. */
async function served(discovery: Discovery, kind: string): Promise<GroupVersionResource | undefined> {
  await discovery.read();
  return discovery.known('certificates.k8s.io/v1beta1', kind) ?? discovery.known('certificates.k8s.io/v1alpha1', kind);
}

/** Named after what is in it, so that a new one never changes what somebody uses. */
export async function bundleName(trustBundle: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(trustBundle)));
  const digits = [...hash.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${signerName.replaceAll('/', ':')}:${digits}`;
}

/** Publishes the bundle that verifies the API server as a ClusterTrustBundle, where these are served. */
export const trustBundlePublisher: ControllerDefinition = {
  name: 'kube-apiserver-serving-clustertrustbundle-publisher-controller',
  start: (context, signal) => {
    const name = 'kube-apiserver-serving-clustertrustbundle-publisher-controller';
    const { client, clock, discovery, informers, options, onError } = context;
    const queue = new WorkQueue(clock);
    const run = async (): Promise<void> => {
      const resource = await served(discovery, 'ClusterTrustBundle');
      if (resource === undefined || options.rootCA === '' || signal.aborted) return;
      const informer = informers.of<ClusterTrustBundle>(resource, { fieldSelector: `spec.signerName=${signerName}` });
      const enqueue = (): void => queue.add(signerName);
      informer.subscribe({ updated: enqueue, deleted: enqueue });
      enqueue();
      const reconcile = async (): Promise<void> => {
        const trustBundle = options.rootCA;
        const current = await bundleName(trustBundle);
        const present = informer.get(current);
        const spec = { signerName, trustBundle };
        if (present === undefined)
          await client.create(resource, '', { metadata: { name: current }, spec } as ClusterTrustBundle);
        else if (present.spec?.trustBundle !== trustBundle) await client.update(resource, '', { ...present, spec });
        for (const { metadata } of informer.list())
          if (metadata?.name !== current) await unlessMissing(client.delete(resource, '', metadata?.name ?? ''));
      };
      await startReconciling({ name, workers: 1, informers: [informer], queue, reconcile }, context, signal).ended;
    };
    return { name, queues: [queue], ended: run().catch((error: unknown) => onError(error, name)) };
  },
};

/** Removes PodCertificateRequests that are older than any use of them. */
export const podCertificateRequestCleaner: ControllerDefinition = {
  name: 'podcertificaterequest-cleaner-controller',
  start: ({ client, clock, discovery, informers, onError }, signal) => {
    const name = 'podcertificaterequest-cleaner-controller';
    const run = async (): Promise<void> => {
      const resource = await served(discovery, 'PodCertificateRequest');
      if (resource === undefined) return;
      const informer = informers.of<PodCertificateRequest>(resource);
      while (!signal.aborted) {
        for (const { metadata = {} } of informer.list()) {
          if (clock.now() < Date.parse(metadata.creationTimestamp ?? '') + requestLifetimeMs) continue;
          const preconditions = { uid: metadata.uid ?? '' };
          const asked = client.delete(resource, metadata.namespace ?? '', metadata.name ?? '', { preconditions });
          await unlessMissing(asked).catch((error: unknown) => onError(error, name));
        }
        await sleep(clock, requestLifetimeMs, signal);
      }
    };
    return { name, queues: [], ended: run().catch((error: unknown) => onError(error, name)) };
  },
};
