import { type FieldErrors, type FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { listErrors, setErrors } from './collections.ts';
import { className, fullyQualifiedNameErrors, labelErrors } from './device-names.ts';
import { configurationErrors, type SelectionOptions, selectorsErrors, tolerationErrors } from './device-selection.ts';

export type ClaimSpec = Api<'io.k8s.api.resource.v1.ResourceClaimSpec'>;
type DeviceRequest = Api<'io.k8s.api.resource.v1.DeviceRequest'>;
type SubRequest = Api<'io.k8s.api.resource.v1.DeviceSubRequest'>;
type Constraint = Api<'io.k8s.api.resource.v1.DeviceConstraint'>;

const maxRequests = 32;
const maxAlternatives = 8;
const maxConstraints = 32;
export const maxConfigurations = 32;

/** Request to the names of its alternatives, none for a plain one. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export function requestNamesOf(spec: Readonly<ClaimSpec> | undefined): RequestNames {
  const requests = spec?.devices?.requests ?? [];
  return new Map(
    requests.map(({ name = '', firstAvailable = [] }) => [
      name,
      new Set(firstAvailable.map((each) => each.name ?? '')),
    ]),
  );
}

export function defaultTolerations(tolerations: { operator?: string }[] | undefined): void {
  for (const toleration of tolerations ?? []) toleration.operator ||= 'Equal';
}

function defaultAllocation(request: SubRequest): void {
  request.allocationMode ||= 'ExactCount';
  defaultTolerations(request.tolerations);
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
}

export function defaultClaimSpec(spec: ClaimSpec | undefined): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    if (exactly !== undefined) defaultAllocation(exactly);
    firstAvailable.forEach(defaultAllocation);
  }
}

function allocationModeErrors(mode: string, count: number, path: FieldPath): FieldErrors {
  const at = path.child('count');
  switch (mode) {
    case 'All':
      return count === 0 ? [] : [invalid(at, count, "must not be specified when allocationMode is 'All'")];
    case 'ExactCount':
      return count > 0 ? [] : [invalid(at, count, 'must be greater than zero')];
    default:
      return [notSupported(path.child('allocationMode'), mode, ['All', 'ExactCount'])];
  }
}

function plainRequestErrors(request: Readonly<SubRequest>, options: SelectionOptions, path: FieldPath): FieldErrors {
  const { deviceClassName = '', allocationMode = '', count = 0, tolerations = [] } = request;
  return [
    ...className(deviceClassName, path.child('deviceClassName')),
    ...selectorsErrors(request.selectors, options, path.child('selectors')),
    ...allocationModeErrors(allocationMode, count, path),
    ...tolerations.flatMap((each, i) => tolerationErrors(each, path.child('tolerations').index(i))),
  ];
}

function requestErrors(request: Readonly<DeviceRequest>, options: SelectionOptions, path: FieldPath): FieldErrors {
  const errors = labelErrors(request.name ?? '', path.child('name'));
  const { exactly, firstAvailable = [] } = request;
  const rule = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly === undefined && firstAvailable.length === 0) return [...errors, required(path, rule)];
  if (exactly !== undefined && firstAvailable.length > 0) {
    return [...errors, invalid(path, undefined, `${rule}, but multiple fields are set`)];
  }
  if (exactly !== undefined) return [...errors, ...plainRequestErrors(exactly, options, path.child('exactly'))];
  const check = (each: Readonly<SubRequest>, at: FieldPath): FieldErrors => [
    ...labelErrors(each.name ?? '', at.child('name')),
    ...plainRequestErrors(each, options, at),
  ];
  const key = (each: Readonly<SubRequest>): string => each.name ?? '';
  return [...errors, ...setErrors(firstAvailable, maxAlternatives, { check, key }, path.child('firstAvailable'))];
}

export function requestReferenceErrors(name: string, names: RequestNames, path: FieldPath): FieldErrors {
  const unknown = invalid(
    path,
    name,
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
  );
  const [request = '', alternative, ...more] = name.split('/');
  if (more.length > 0) return [unknown];
  const errors = [...labelErrors(request, path), ...(alternative === undefined ? [] : labelErrors(alternative, path))];
  const alternatives = names.get(request);
  const isKnown = alternatives !== undefined && (alternative === undefined || alternatives.has(alternative));
  return isKnown ? errors : [...errors, unknown];
}

export function requestReferencesErrors(
  list: readonly string[] | undefined,
  names: RequestNames,
  path: FieldPath,
): FieldErrors {
  const check = (name: string, at: FieldPath): FieldErrors => requestReferenceErrors(name, names, at);
  return setErrors(list, maxRequests, { check, key: (name) => name }, path);
}

function constraintErrors(constraint: Readonly<Constraint>, names: RequestNames, path: FieldPath): FieldErrors {
  const errors = requestReferencesErrors(constraint.requests, names, path.child('requests'));
  const { matchAttribute, distinctAttribute } = constraint;
  if (matchAttribute !== undefined)
    return [...errors, ...fullyQualifiedNameErrors(matchAttribute, path.child('matchAttribute'))];
  if (distinctAttribute !== undefined)
    return [...errors, ...fullyQualifiedNameErrors(distinctAttribute, path.child('distinctAttribute'))];
  const detail = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(path, detail)];
}

export function claimSpecErrors(
  spec: Readonly<ClaimSpec> | undefined,
  options: SelectionOptions,
  path: FieldPath,
): FieldErrors {
  const { requests, constraints, config } = spec?.devices ?? {};
  const names = requestNamesOf(spec);
  const at = path.child('devices');
  const rules = {
    check: (request: Readonly<DeviceRequest>, where: FieldPath) => requestErrors(request, options, where),
    key: (request: Readonly<DeviceRequest>) => request.name ?? '',
  };
  return [
    ...setErrors(requests, maxRequests, rules, at.child('requests')),
    ...listErrors(
      constraints,
      maxConstraints,
      (each, where) => constraintErrors(each, names, where),
      at.child('constraints'),
    ),
    ...listErrors(
      config,
      maxConfigurations,
      (each, where) => [
        ...requestReferencesErrors(each.requests, names, where.child('requests')),
        ...configurationErrors(each, options.stored, where),
      ],
      at.child('config'),
    ),
  ];
}
