import type { ServedGroupVersion } from '../../api/served.ts';
import type { ExtraDocument } from '../http/openapi.ts';
import type { Extension, ExtensionDeps } from './extension.ts';

export interface ExtensionGateway {
  /** Built-in group-versions and those of custom resources: the same array as long as nothing changes. */
  served(): readonly ServedGroupVersion[];
  openApi(): readonly ExtraDocument[];
  close(): void;
}

const none: readonly ExtraDocument[] = [];

/** Loads what serves custom resources when there is a definition: most servers never need it. */
export async function openExtensionGateway(
  deps: ExtensionDeps,
  builtIn: readonly ServedGroupVersion[],
): Promise<ExtensionGateway> {
  let extension: Extension | undefined;
  let isClosed = false;
  let combined = { custom: [] as readonly ServedGroupVersion[], all: builtIn };
  const load = async (): Promise<void> => {
    const { openExtension } = await import('./extension.ts');
    if (!isClosed) extension ??= openExtension(deps);
  };
  const cache = deps.resources.stored('customresourcedefinitions.apiextensions.k8s.io')?.cache;
  let stop = (): void => undefined;
  if (cache !== undefined && cache.entries.size > 0) await load();
  else if (cache !== undefined) {
    stop = cache.listen({}, () => {
      stop();
      load().catch((error: unknown) => deps.onError(error, 'custom resources'));
    });
  }
  return {
    served() {
      const custom = extension?.groupVersions() ?? combined.custom;
      if (custom !== combined.custom) combined = { custom, all: [...builtIn, ...custom] };
      return combined.all;
    },
    openApi: () => extension?.openApi() ?? none,
    close() {
      isClosed = true;
      stop();
      extension?.close();
    },
  };
}
