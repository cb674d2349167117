import type { Api, KubeObject } from '../../../api/object.ts';
import type { Conversion } from '../../registry/conversion.ts';

type CoreEvent = Api<'io.k8s.api.core.v1.Event'>;
type NewEvent = Api<'io.k8s.api.events.v1.Event'>;

/** Names in events.k8s.io/v1 and in core/v1; all other fields are called the same. */
const renamed = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['reportingController', 'reportingComponent'],
] as const satisfies readonly (readonly [keyof NewEvent, keyof CoreEvent])[];

const toCore = new Map<string, string>(renamed.map(([name, core]) => [name, core]));
const fromCore = new Map<string, string>(renamed.map(([name, core]) => [core, name]));

function rename(object: Readonly<KubeObject>, names: ReadonlyMap<string, string>, apiVersion: string): KubeObject {
  const entries = Object.entries(object).map(([field, value]) => [names.get(field) ?? field, value]);
  return { ...Object.fromEntries(entries), ...(object.apiVersion === undefined ? {} : { apiVersion }) };
}

export const eventConversions: readonly Conversion[] = [
  {
    group: 'events.k8s.io',
    resource: 'events',
    version: 'v1',
    toHub: (object) => rename(object, toCore, 'v1'),
    fromHub: (object) => rename(object, fromCore, 'events.k8s.io/v1'),
  },
];
