import { type FieldErrors, FieldPath, forbidden, notSupported } from '../../api/field-error.ts';
import { badRequest, invalidError, type StatusError } from '../../api/status.ts';
import { validateFieldManager } from '../../api/validation/object-meta.ts';

// Go ignores what it cannot read.
function readable(query: string): string {
  if (!/;|%(?![0-9a-fA-F]{2})/.test(query)) return query;
  return query
    .split('&')
    .filter((pair) => !pair.includes(';') && !/%(?![0-9a-fA-F]{2})/.test(pair))
    .join('&');
}

const maxInt64 = 2n ** 63n - 1n;

/** Query parameters, parsed on first use: most requests have none. */
export class Query {
  readonly #parameters: URLSearchParams | undefined;

  constructor(query: string) {
    this.#parameters = query === '' ? undefined : new URLSearchParams(readable(query));
  }

  get(name: string): string {
    return this.#parameters?.get(name) ?? '';
  }

  all(name: string): readonly string[] {
    return this.#parameters?.getAll(name) ?? [];
  }

  has(name: string): boolean {
    return this.#parameters?.has(name) ?? false;
  }

  /** Go's strconv.ParseInt and its words. */
  int(name: string): number | undefined {
    if (!this.has(name)) return undefined;
    const text = this.get(name);
    const refuse = (why: string): StatusError =>
      badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
    if (!/^[+-]?\d+$/.test(text)) throw refuse('invalid syntax');
    const value = BigInt(text.replace('+', ''));
    if (value > maxInt64 || value < -maxInt64 - 1n) throw refuse('value out of range');
    return Number(value);
  }

  // Upstream's conversion of booleans: anything but false and 0 that is there means true.
  bool(name: string): boolean {
    if (!this.has(name)) return false;
    const text = this.get(name).toLowerCase();
    return text !== 'false' && text !== '0';
  }
}

const metaGroup = 'meta.k8s.io';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  readonly fieldManager: string;
}

function checkDryRun(values: readonly string[], errors: FieldErrors): void {
  for (const value of values) {
    if (value !== 'All') {
      errors.push(notSupported(FieldPath.of('dryRun'), values, ['All']));
      return;
    }
  }
}

/** `kind` is CreateOptions, UpdateOptions or PatchOptions; `force` only belongs to apply patches. */
export function writeOptions(query: Query, kind: string, isApply = false): WriteOptions {
  const errors: FieldErrors = [];
  const fieldManager = query.get('fieldManager');
  const validation = query.get('fieldValidation');
  if (kind === 'PatchOptions') {
    if (!isApply && query.has('force'))
      errors.push(forbidden(FieldPath.of('force'), 'may not be specified for non-apply patch'));
    if (isApply && fieldManager === '') {
      errors.push({
        reason: 'FieldValueRequired',
        field: 'fieldManager',
        detail: 'Required value: is required for apply patch',
      });
    }
  }
  errors.push(...validateFieldManager(fieldManager, FieldPath.of('fieldManager')));
  checkDryRun(query.all('dryRun'), errors);
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation)) {
    errors.push(notSupported(FieldPath.of('fieldValidation'), validation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  if (errors.length > 0) throw invalidError({ group: metaGroup, kind }, '', errors);
  return {
    dryRun: query.has('dryRun'),
    fieldValidation: (validation === '' ? 'Warn' : validation) as WriteOptions['fieldValidation'],
    fieldManager,
  };
}

export interface ListQuery {
  readonly watch: boolean;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly limit: number;
  readonly continueToken: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

function validateWatch(options: ListQuery, errors: FieldErrors): void {
  const { resourceVersionMatch: match } = options;
  const path = FieldPath.of('resourceVersionMatch');
  if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbidden(path, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match === '') return;
  if (options.sendInitialEvents === undefined) {
    errors.push(forbidden(path, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  }
  if (match !== 'NotOlderThan') errors.push(notSupported(path, match, ['NotOlderThan']));
  if (options.continueToken !== '')
    errors.push(forbidden(path, 'resourceVersionMatch is forbidden when continue is provided'));
}

function validateList(options: ListQuery, errors: FieldErrors): void {
  const { resourceVersionMatch: match } = options;
  const path = FieldPath.of('resourceVersionMatch');
  if (match !== '') {
    if (options.resourceVersion === '')
      errors.push(forbidden(path, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (options.continueToken !== '')
      errors.push(forbidden(path, 'resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(notSupported(path, match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && options.resourceVersion === '0') {
      errors.push(forbidden(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (options.sendInitialEvents !== undefined)
    errors.push(forbidden(FieldPath.of('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
}

export function listOptions(query: Query, forceWatch = false): ListQuery {
  const given = givenOptions(query, forceWatch || query.bool('watch'));
  // Upstream: a watch from nowhere begins with what there is.
  const { resourceVersion: rv } = given;
  const fromNowhere =
    given.watch &&
    given.sendInitialEvents === undefined &&
    given.resourceVersionMatch === '' &&
    (rv === '' || rv === '0');
  const options = fromNowhere ? { ...given, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' } : given;
  const errors: FieldErrors = [];
  if (options.watch) validateWatch(options, errors);
  else validateList(options, errors);
  if (errors.length > 0) throw invalidError({ group: metaGroup, kind: 'ListOptions' }, '', errors);
  return options;
}

function givenOptions(query: Query, watch: boolean): ListQuery {
  return {
    watch,
    labelSelector: query.get('labelSelector'),
    fieldSelector: query.get('fieldSelector'),
    limit: Math.max(query.int('limit') ?? 0, 0),
    continueToken: query.get('continue'),
    resourceVersion: query.get('resourceVersion'),
    resourceVersionMatch: query.get('resourceVersionMatch'),
    timeoutSeconds: query.int('timeoutSeconds'),
    allowWatchBookmarks: query.bool('allowWatchBookmarks'),
    sendInitialEvents: query.has('sendInitialEvents') ? query.bool('sendInitialEvents') : undefined,
  };
}
