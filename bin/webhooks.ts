import type { Logger } from 'pino';
import type { ExpressionAuthorizer } from '../server/admission/policy/deps.ts';
import type { WebhookConfiguration } from '../server/admission/webhook/configuration.ts';
import { unobserved } from '../server/admission/webhook/observer.ts';
import type { WebhookDeps } from '../server/admission/webhook/plugin.ts';
import type { Dial } from '../server/dial.ts';
import { createObjectVersions } from '../server/http/object-versions.ts';
import { keptList } from '../server/registry/kept-list.ts';
import type { ServerParts } from '../server/server.ts';
import { createServiceResolver, type Endpoint } from '../server/service-resolver.ts';
import type { WebhookClient } from '../server/webhook/client.ts';
import type { ConvertByWebhook } from '../server/webhook/conversion.ts';
import { openMatchConditions } from './policies.ts';
import { systemClock, systemRandom } from './system.ts';

export interface WebhookParts {
  readonly parts: ServerParts;
  readonly own: Endpoint;
  /** Whom conditions ask. */
  readonly authorizer: ExpressionAuthorizer;
  /** To webhooks in pods of this process. */
  readonly dial: Dial;
  readonly log: Logger;
}

export interface Webhooks {
  readonly deps: WebhookDeps;
  /** Loaded and made when the first webhook is called. */
  client(): Promise<WebhookClient>;
  /** Of custom resources; loaded with the first conversion. */
  readonly convert: ConvertByWebhook;
  close(): Promise<void>;
}

/** What calls webhooks: nothing of it is loaded while there are no configurations. */
export function openWebhooks({ parts, own, log, authorizer, dial }: WebhookParts): Webhooks {
  const { resources, reader } = parts;
  const configurations = (plural: string): (() => readonly WebhookConfiguration[]) =>
    keptList<WebhookConfiguration>(() => resources.stored(`${plural}.admissionregistration.k8s.io`));
  let opened: Promise<WebhookClient> | undefined;
  const open = async (): Promise<WebhookClient> => {
    const { createWebhookClient } = await import('../server/webhook/client.ts');
    const resolver = createServiceResolver({ reader, random: systemRandom, own: () => own });
    return createWebhookClient({ resolver, clock: systemClock, dial });
  };
  const client = (): Promise<WebhookClient> => {
    opened ??= open();
    return opened;
  };
  let converting: Promise<ConvertByWebhook> | undefined;
  const openConversion = async (): Promise<ConvertByWebhook> => {
    const { createConversionClient } = await import('../server/webhook/conversion.ts');
    return createConversionClient({ client, random: systemRandom });
  };
  return {
    client,
    convert: async (conversion, objects, desiredAPIVersion) => {
      converting ??= openConversion();
      return (await converting)(conversion, objects, desiredAPIVersion);
    },
    deps: {
      client,
      mutating: configurations('mutatingwebhookconfigurations'),
      validating: configurations('validatingwebhookconfigurations'),
      versions: createObjectVersions(parts.api),
      conditions: openMatchConditions(authorizer),
      observer: unobserved,
      warn: (message) => log.warn(message),
    },
    close: async () => (await opened)?.[Symbol.dispose](),
  };
}
