import { duplicate, type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { certificateRequestError } from './certificate-request.ts';
import type { CertificateSigningRequest } from './certificate-signing-requests.ts';
import { certificateChainError } from './pem.ts';
import { validateSignerName } from './signer-name.ts';

const specPath = FieldPath.of('spec');
const usagesPath = specPath.child('usages');
const conditionsPath = FieldPath.of('status', 'conditions');
const legacySigner = 'kubernetes.io/legacy-unknown';
const minExpirationSeconds = 600;

const knownUsages: readonly string[] = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

/** Faults that an object may keep because it already has them. */
interface Tolerated {
  readonly bothApprovedAndDenied: boolean;
  readonly legacySigner: boolean;
  readonly duplicateConditions: boolean;
  readonly emptyConditionType: boolean;
  readonly anyCertificate: boolean;
  readonly duplicateUsages: boolean;
  readonly unknownUsages: boolean;
}

function hasDuplicates(values: readonly unknown[]): boolean {
  return new Set(values).size < values.length;
}

function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}

function certificateError(request: Readonly<CertificateSigningRequest>): string | undefined {
  const certificate = request.status?.certificate ?? '';
  return certificate === '' ? undefined : certificateChainError(textOf(certificate));
}

function toleratedOf(
  request: Readonly<CertificateSigningRequest>,
  old: Readonly<CertificateSigningRequest> | undefined,
): Tolerated {
  const types = (old?.status?.conditions ?? []).map(({ type = '' }) => type);
  const usages = old?.spec?.usages ?? [];
  const before = old?.status?.certificate ?? '';
  return {
    bothApprovedAndDenied: types.includes('Approved') && types.includes('Denied'),
    legacySigner: old?.spec?.signerName === legacySigner,
    duplicateConditions: hasDuplicates(types),
    emptyConditionType: types.includes(''),
    anyCertificate:
      old !== undefined && ((request.status?.certificate ?? '') === before || certificateError(old) !== undefined),
    duplicateUsages: hasDuplicates(usages),
    unknownUsages: usages.some((usage) => !knownUsages.includes(usage)),
  };
}

function validateUsages(usages: readonly string[], tolerated: Tolerated): FieldErrors {
  const errors: FieldErrors = [];
  if (usages.length === 0) errors.push(required(usagesPath));
  if (!tolerated.unknownUsages) {
    usages.forEach((usage, i) => {
      if (!knownUsages.includes(usage)) errors.push(notSupported(usagesPath.index(i), usage, knownUsages));
    });
  }
  if (!tolerated.duplicateUsages) {
    usages.forEach((usage, i) => {
      if (usages.indexOf(usage) < i) errors.push(duplicate(usagesPath.index(i), usage));
    });
  }
  return errors;
}

function validateConditions(request: Readonly<CertificateSigningRequest>, tolerated: Tolerated): FieldErrors {
  const errors: FieldErrors = [];
  const seen = new Set<string>();
  for (const [i, { type = '', status = '' }] of (request.status?.conditions ?? []).entries()) {
    const path = conditionsPath.index(i);
    if (type === '' && !tolerated.emptyConditionType) errors.push(required(path.child('type')));
    const allowed = ['Approved', 'Denied', 'Failed'].includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (status === '') errors.push(required(path.child('status')));
    else if (!allowed.includes(status)) errors.push(notSupported(path.child('status'), status, allowed));
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (!tolerated.bothApprovedAndDenied && opposite !== undefined && seen.has(opposite)) {
      errors.push(invalid(conditionsPath, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.has(type) && !tolerated.duplicateConditions) errors.push(duplicate(path.child('type'), type));
    seen.add(type);
  }
  return errors;
}

/** All rules of a request but those on what an update may change; an update may keep faults of the old object. */
export function validateRequest(
  request: Readonly<CertificateSigningRequest>,
  old?: Readonly<CertificateSigningRequest>,
): FieldErrors {
  const { request: pem, usages = [], signerName = '', expirationSeconds } = request.spec ?? {};
  const tolerated = toleratedOf(request, old);
  const errors: FieldErrors = [];
  const requestError = certificateRequestError(textOf(pem ?? ''));
  if (requestError !== undefined) errors.push(invalid(specPath.child('request'), pem || undefined, requestError));
  errors.push(...validateUsages(usages, tolerated));
  if (signerName === legacySigner && !tolerated.legacySigner) {
    errors.push(
      invalid(specPath.child('signerName'), signerName, 'the legacy signerName is not allowed via this API version'),
    );
  } else {
    errors.push(...validateSignerName(specPath.child('signerName'), signerName));
  }
  if (expirationSeconds !== undefined && expirationSeconds < minExpirationSeconds) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid(specPath.child('expirationSeconds'), expirationSeconds, detail));
  }
  errors.push(...validateConditions(request, tolerated));
  if (!tolerated.anyCertificate) {
    const error = certificateError(request);
    if (error !== undefined) errors.push(invalid(FieldPath.of('status', 'certificate'), '<certificate data>', error));
  }
  return errors;
}
