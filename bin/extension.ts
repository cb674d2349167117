import type { Logger } from 'pino';
import type { ApiClient } from '../api/client.ts';
import type { Document } from '../api/openapi.ts';
import type { ServedGroupVersion } from '../api/served.ts';
import { type ExtensionGateway, openExtensionGateway } from '../server/extension/gateway.ts';
import type { ServerParts } from '../server/server.ts';
import type { ConversionConfig, ConvertByWebhook } from '../server/webhook/conversion.ts';
import { systemClock } from './system.ts';

export interface ExtensionParts {
  readonly parts: ServerParts;
  readonly client: ApiClient;
  readonly log: Logger;
  readonly builtIn: readonly ServedGroupVersion[];
  readonly convert: ConvertByWebhook;
  readGenerated<T>(name: string): Promise<T>;
}

/** Custom resources. */
export function openExtension({
  parts,
  client,
  log,
  builtIn,
  convert,
  readGenerated,
}: ExtensionParts): Promise<ExtensionGateway> {
  const { registry, resources, api } = parts;
  return openExtensionGateway(
    {
      registry,
      resources,
      client,
      decoder: api.decoder,
      clock: systemClock,
      readTemplate: () => readGenerated<Document>('openapi/v3/apis__apps__v1_openapi.json'),
      converterOf: ({ spec }) => ({
        convert: (objects, apiVersion) => convert(spec?.conversion as ConversionConfig, objects, apiVersion),
      }),
      onError: (err, name) => log.error({ err, name }, 'custom resource failed'),
    },
    builtIn,
  );
}
