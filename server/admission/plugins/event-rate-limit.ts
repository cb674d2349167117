import type { Clock } from '../../../api/clock.ts';
import { type FieldErrors, FieldPath, fieldErrorMessage, invalid, notSupported } from '../../../api/field-error.ts';
import { StatusError } from '../../../api/status.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts';

export interface EventLimit {
  readonly type: string;
  /** Tokens that come in a second. */
  readonly qps: number;
  /** Tokens that fit. */
  readonly burst: number;
  readonly cacheSize?: number;
}

/** `eventratelimit.admission.k8s.io/v1alpha1`. */
export interface EventRateLimitConfiguration {
  readonly limits?: readonly EventLimit[];
}

interface EventFields {
  readonly source?: { readonly component?: string; readonly host?: string };
  readonly involvedObject?: {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
    readonly apiVersion?: string;
  };
}

const keys: Readonly<Record<string, (request: AdmissionRequest) => string>> = {
  Server: () => '',
  Namespace: ({ namespace }) => namespace,
  User: ({ user }) => user.username,
  SourceAndObject: ({ object }) => {
    const { source = {}, involvedObject: about = {} } = (object ?? {}) as EventFields;
    return [source.component, source.host, about.kind, about.namespace, about.name, about.uid, about.apiVersion].join(
      '',
    );
  },
};

const defaultBuckets = 4096;

export function validateEventRateLimit({ limits = [] }: EventRateLimitConfiguration): FieldErrors {
  const path = FieldPath.of('limits');
  if (limits.length === 0) return [invalid(path, limits, 'must not be empty')];
  return limits.flatMap(({ type, burst = 0, qps = 0, cacheSize = 0 }, i) => {
    const at = path.index(i);
    const errors: FieldErrors = [];
    if (!(type in keys)) errors.push(notSupported(at.child('type'), type, Object.keys(keys)));
    if (burst <= 0) errors.push(invalid(at.child('burst'), burst, 'must be positive'));
    if (qps <= 0) errors.push(invalid(at.child('qps'), qps, 'must be positive'));
    if (type !== 'Server' && cacheSize < 0)
      errors.push(invalid(at.child('cacheSize'), cacheSize, 'must not be negative'));
    return errors;
  });
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Takes a token from the bucket of a key; the buckets used last are kept. */
function createBuckets({ qps, burst, cacheSize = 0 }: EventLimit): (key: string, now: number) => boolean {
  const buckets = new Map<string, Bucket>();
  return (key, now) => {
    const bucket = buckets.get(key) ?? { tokens: burst, filledAt: now };
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.filledAt) * qps) / 1000);
    bucket.filledAt = now;
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > (cacheSize || defaultBuckets))
      for (const oldest of buckets.keys()) {
        buckets.delete(oldest);
        break;
      }
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  };
}

/** So many Events in a second, by server, namespace, user, or what they are about. Upstream: plugin/pkg/admission/eventratelimit. */
export function createEventRateLimit(
  { limits = [] }: EventRateLimitConfiguration,
  clock: Pick<Clock, 'now'>,
): AdmissionPlugin {
  const [problem] = validateEventRateLimit({ limits });
  if (problem !== undefined)
    throw new Error(`couldn't init admission plugin "EventRateLimit": ${fieldErrorMessage(problem)}`);
  const enforcers = limits.map((limit) => ({
    type: limit.type,
    keyOf: keys[limit.type] ?? (() => ''),
    take: createBuckets(limit),
  }));
  return {
    name: 'EventRateLimit',
    handles: ({ operation, kind, group, dryRun }) =>
      // Those of events.k8s.io pass, as they do upstream.
      kind === 'Event' && group === '' && !dryRun && (operation === 'CREATE' || operation === 'UPDATE'),
    validate(request) {
      const now = clock.now();
      const refusals = enforcers.flatMap(({ type, keyOf, take }) => {
        const key = keyOf(request);
        return take(key, now) ? [] : [`limit reached on type ${type} for key ${key}`];
      });
      if (refusals.length === 0) return;
      const text = refusals.length === 1 ? `${refusals[0]}` : `[${refusals.join(', ')}]`;
      throw new StatusError('TooManyRequests', `Too many requests: ${text}`);
    },
  };
}
