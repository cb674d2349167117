import type { Api, GroupVersionResource } from '../../../../api/object.ts';
import type { ControllerDefinition } from '../../../framework/controller.ts';
import { referenceTo } from '../../../framework/event-recorder.ts';
import { TableError } from './fields.ts';
import type { ImageTable } from './image-table.ts';
import { readTable } from './read-table.ts';

type ConfigMap = Api<'io.k8s.api.core.v1.ConfigMap'>;

const name = 'image-table';
const kind = { group: '', version: 'v1', kind: 'ConfigMap' } as const;
const configMaps: GroupVersionResource = { group: '', version: 'v1', resource: 'configmaps' };
/** In kube-system: each value is a table. */
const labelSelector = 'kubefacade.dev/images=true';

/** Keeps what ConfigMaps say of images in a table, for containers that start from now on. */
export function imageTableDefinition(table: ImageTable): ControllerDefinition {
  return {
    name,
    start: (context) => {
      const informer = context.informers.of<ConfigMap>(configMaps, { namespace: 'kube-system', labelSelector });
      const recorder = context.recorder('kubelet');
      const take = (configMap: Readonly<ConfigMap>): void => {
        for (const [key, text] of Object.entries(configMap.data ?? {})) {
          try {
            table.set(sourceOf(configMap, key), readTable(text, key));
          } catch (error) {
            if (!(error instanceof TableError)) throw error;
            recorder.record(referenceTo(configMap, kind), 'Warning', 'InvalidImageTable', error.message);
          }
        }
      };
      const forget = (configMap: Readonly<ConfigMap>): void => {
        for (const key of Object.keys(configMap.data ?? {})) table.set(sourceOf(configMap, key), []);
      };
      informer.subscribe({
        added: take,
        updated: (configMap, old) => {
          forget(old);
          take(configMap);
        },
        deleted: forget,
      });
      return { name, queues: [], ended: Promise.resolve() };
    },
  };
}

function sourceOf({ metadata }: Readonly<ConfigMap>, key: string): string {
  return `configmap/${metadata?.name}/${key}`;
}
