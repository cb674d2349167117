import { createHash } from 'node:crypto';
import { type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { parseYaml } from '../api/yaml.ts';
import type { Pod } from '../runtime/kubelet/pod-runtime.ts';
import type { StaticPod, StaticPodSource } from '../runtime/kubelet/static-pods.ts';

/** Editors write a file in several steps. */
const settleMs = 200;

/** Manifests in `folder/NODE/`, one pod in each file, read again when something there changes. */
export function openStaticPods(folder: string): StaticPodSource {
  return {
    follow: (node, tell, onError) => {
      const place = join(folder, node);
      let timer: NodeJS.Timeout | undefined;
      let watcher: FSWatcher | undefined;
      const read = (): void => tell(readAll(place, onError));
      try {
        watcher = watch(place, { persistent: false }, () => {
          clearTimeout(timer);
          timer = setTimeout(read, settleMs).unref();
        });
        watcher.on('error', onError);
      } catch (error) {
        // Most nodes have none.
        if ((error as { readonly code?: string }).code !== 'ENOENT') onError(error);
      }
      read();
      return {
        close: () => {
          clearTimeout(timer);
          watcher?.close();
        },
      };
    },
  };
}

function readAll(place: string, onError: (error: unknown) => void): StaticPod[] {
  let names: readonly string[] = [];
  try {
    names = readdirSync(place);
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'ENOENT') onError(error);
  }
  return names
    .filter((name) => /\.(ya?ml|json)$/.test(name) && !name.startsWith('.'))
    .sort()
    .flatMap((name) => {
      try {
        const text = readFileSync(join(place, name), 'utf8');
        const pod = parseYaml(text).value as Pod & { readonly kind?: string };
        if (pod.kind !== 'Pod' || pod.metadata?.name === undefined) throw new Error(`${join(place, name)} is no pod`);
        return [{ hash: createHash('md5').update(text).digest('hex'), pod }];
      } catch (error) {
        onError(error);
        return [];
      }
    });
}
