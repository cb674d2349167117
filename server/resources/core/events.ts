import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import { isDNS1123Subdomain, nameIsDNSSubdomain, nameIsPathSegment } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy, StrategyContext } from '../../registry/strategy.ts';
import { immutableErrors, invalidEach, qualifiedNameErrors } from './field-checks.ts';
import { internalForm, internalShape } from './internal-form.ts';

export type Event = Api<'io.k8s.api.core.v1.Event'>;

const referenceShape = internalShape(
  'Kind:kind:s Namespace:namespace:s Name:name:s UID:uid:s APIVersion:apiVersion:s ResourceVersion:resourceVersion:s FieldPath:fieldPath:s',
);
const sourceShape = internalShape('Component:component:s Host:host:s');

function at(...names: string[]): FieldPath {
  return FieldPath.of(...names);
}

function isNewVersion(context: StrategyContext): boolean {
  return context.apiVersion === 'events.k8s.io/v1';
}

function boundedErrors(value: string, field: string, max: number): FieldErrors {
  const errors = value === '' ? [required(at(field))] : [];
  if (Buffer.byteLength(value) > max) errors.push(invalid(at(field), '', `can have at most ${max} characters`));
  return errors;
}

/** What both API versions ask for; events with a time are held to more than those of old clients. */
function commonErrors(event: Readonly<Event>, context: StrategyContext): FieldErrors {
  const namespace = event.metadata?.namespace ?? '';
  const involved = event.involvedObject?.namespace ?? '';
  const mismatch = (): FieldErrors => [
    invalid(at('involvedObject', 'namespace'), involved, 'does not match event.namespace'),
  ];
  const errors: FieldErrors = [];
  if (!event.eventTime) {
    const matches = involved === '' ? namespace === '' || namespace === 'default' : namespace === involved;
    if (!matches) errors.push(...mismatch());
  } else {
    if (involved === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(...mismatch());
    const controller = event.reportingComponent ?? '';
    const path = at(isNewVersion(context) ? 'reportingController' : 'reportingComponent');
    if (controller === '') errors.push(required(path));
    errors.push(...qualifiedNameErrors(controller, path));
    errors.push(...boundedErrors(event.reportingInstance ?? '', 'reportingInstance', 128));
    errors.push(...boundedErrors(event.action ?? '', 'action', 128));
    errors.push(...boundedErrors(event.reason ?? '', 'reason', 128));
    if (Buffer.byteLength(event.message ?? '') > 1024) {
      errors.push(invalid(at('message'), '', 'can have at most 1024 characters'));
    }
  }
  return [...errors, ...invalidEach(at('namespace'), namespace, isDNS1123Subdomain(namespace))];
}

function seriesErrors({ series }: Readonly<Event>): FieldErrors {
  if (series === undefined) return [];
  const errors: FieldErrors = [];
  if ((series.count ?? 0) < 2) errors.push(invalid(at('series.count'), '', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(required(at('series.lastObservedTime')));
  return errors;
}

function createErrors(event: Readonly<Event>, context: StrategyContext): FieldErrors {
  const errors = commonErrors(event, context);
  if (!isNewVersion(context)) return errors;
  const { name = '', generateName = '' } = event.metadata ?? {};
  const path = at('metadata');
  if (generateName !== '') {
    errors.push(...invalidEach(path.child('generateName'), generateName, nameIsDNSSubdomain(generateName, true)));
  }
  errors.push(...invalidEach(path.child('name'), name, nameIsDNSSubdomain(name, false)));
  errors.push(...seriesErrors(event));
  if (!event.eventTime) errors.push(required(at('eventTime')));
  const { type = '' } = event;
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid(at('type'), '', `has invalid value: ${type}`));
  const isSet = {
    firstTimestamp: event.firstTimestamp,
    lastTimestamp: event.lastTimestamp,
    count: event.count,
    source: event.source?.component || event.source?.host,
  };
  for (const [field, value] of Object.entries(isSet)) {
    if (value) errors.push(invalid(at(field), '', 'needs to be unset'));
  }
  return errors;
}

function updateErrors(event: Readonly<Event>, old: Readonly<Event>, context: StrategyContext): FieldErrors {
  const errors = commonErrors(event, context);
  if (!isNewVersion(context)) return errors;
  if (!semanticEqual(event.series, old.series)) errors.push(...seriesErrors(event));
  const immutable = <F extends keyof Event>(field: F, shown: unknown, name: string = field): void => {
    errors.push(...immutableErrors(event[field], old[field], at(name), shown));
  };
  immutable('involvedObject', internalForm(event.involvedObject, referenceShape));
  immutable('reason', event.reason ?? '');
  immutable('message', event.message ?? '');
  immutable('source', internalForm(event.source, sourceShape));
  immutable('firstTimestamp', event.firstTimestamp);
  immutable('lastTimestamp', event.lastTimestamp);
  immutable('count', event.count ?? 0);
  immutable('reason', event.reason ?? '');
  immutable('type', event.type ?? '');
  immutable('eventTime', event.eventTime);
  immutable('action', event.action ?? '');
  immutable('related', event.related && internalForm(event.related, referenceShape));
  immutable('reportingComponent', event.reportingComponent ?? '', 'reportingController');
  immutable('reportingInstance', event.reportingInstance ?? '');
  return errors;
}

/** One storage for `events` of the core group and of events.k8s.io; which one is asked decides how strict it is. */
export const eventStrategy: Strategy<Event> = {
  resource: 'events',
  allowCreateOnUpdate: true,
  validateName: nameIsPathSegment,
  validateCreate: createErrors,
  validateUpdate: updateErrors,
};
