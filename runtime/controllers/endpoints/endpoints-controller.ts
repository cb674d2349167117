import { keyOf, splitKey } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { referenceTo } from '../../framework/event-recorder.ts';
import { isNamespaceTerminating, unlessMissing } from '../../framework/status-cause.ts';
import { messageOf } from '../../framework/thrown.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import {
  type Endpoints,
  endpoints,
  endpointsKind,
  hasSelector,
  type Pod,
  pods,
  type Service,
  services,
} from './kinds.ts';
import { onPodChanges, selects } from './pod-changes.ts';
import { planEndpoints } from './service-endpoints.ts';
import { TriggerTimes } from './trigger-times.ts';

const name = 'endpoints-controller';
const workers = 5;
const staleRetryMs = 50;
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';

/** Endpoints, the older form of EndpointSlices, of Services that select pods. */
export const endpointsController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { client } = context;
    const informers = {
      services: context.informers.of<Service>(services),
      pods: context.informers.of<Pod>(pods),
      endpoints: context.informers.of<Endpoints>(endpoints),
    };
    const events = context.recorder('endpoint-controller');
    const queue = new WorkQueue(context.clock);
    const times = new TriggerTimes();
    /** The revision that an update replaced: an informer that still shows it is behind. */
    const replaced = new Map<string, string>();
    const enqueue = ({ metadata }: Readonly<Service>): void => queue.add(keyOf({ metadata: metadata ?? {} }));

    informers.services.subscribe({ added: enqueue, updated: enqueue, deleted: enqueue });
    onPodChanges(informers.pods, informers.services, (key) => queue.add(key));
    informers.endpoints.subscribe({
      // What a Service left behind while nobody watched.
      added: (object, isInitial) => {
        if (isInitial && object.metadata?.annotations?.[leaderAnnotation] === undefined) queue.add(keyOf(object));
      },
      deleted: (object) => queue.add(keyOf(object)),
    });

    const remove = async (key: string): Promise<void> => {
      times.forget(key);
      replaced.delete(key);
      const { namespace, name } = splitKey(key);
      if (informers.endpoints.get(key) === undefined) return;
      await unlessMissing(client.delete(endpoints, namespace, name));
    };

    const write = async (key: string, planned: Endpoints, current: Readonly<Endpoints> | undefined): Promise<void> => {
      const { namespace } = splitKey(key);
      const what = current === undefined ? 'create' : 'update';
      try {
        if (current === undefined) {
          await client.create<Endpoints>(endpoints, namespace, planned);
          return;
        }
        const written = await client.update<Endpoints>(endpoints, namespace, planned);
        const { resourceVersion = '' } = current.metadata ?? {};
        if (written.metadata?.resourceVersion !== resourceVersion) replaced.set(key, resourceVersion);
      } catch (error) {
        if (current === undefined && isNamespaceTerminating(error)) return;
        const reason = current === undefined ? 'FailedToCreateEndpoint' : 'FailedToUpdateEndpoint';
        const why = messageOf(error);
        const message = `Failed to ${what} endpoint${current === undefined ? ' for service' : ''} ${key}: ${why}`;
        events.record(referenceTo(planned, endpointsKind), 'Warning', reason, message);
        throw error;
      }
    };

    return startReconciling(
      {
        name,
        workers,
        informers: Object.values(informers),
        queue,
        reconcile: async (key) => {
          const service = informers.services.get(key);
          if (service === undefined) return remove(key);
          if (service.spec?.type === 'ExternalName' || !hasSelector(service)) return;
          const current = informers.endpoints.get(key);
          const { selector = {} } = service.spec ?? {};
          const selected = informers.pods
            .list(splitKey(key).namespace)
            .filter(({ metadata }) => selects(selector, metadata?.labels));
          const { resourceVersion } = current?.metadata ?? {};
          if (resourceVersion !== undefined && replaced.get(key) === resourceVersion) {
            queue.addAfter(key, staleRetryMs);
            return;
          }
          const planned = planEndpoints(service, selected, current, times.next(key, service, selected));
          if (planned !== undefined) await write(key, planned, current);
        },
      },
      context,
      signal,
    );
  },
};
