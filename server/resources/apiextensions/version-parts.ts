import {
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isDNS1035Label } from '../../../api/names.ts';
import { validateWebhookClient } from '../admissionregistration/webhook-client.ts';
import { trustBundleError } from '../certificates/pem.ts';
import type { Conversion, DefinitionNames, PrinterColumn, Subresources } from './definition-types.ts';

const columnTypes = 'boolean,date,integer,number,string';
const columnFormats = 'byte,date,date-time,double,float,int32,int64,password';
const reviewVersions = ['v1', 'v1beta1'];

export function validateNames(names: Readonly<DefinitionNames> | undefined, path: FieldPath): FieldErrors {
  const { plural = '', singular = '', kind = '', listKind = '', shortNames = [], categories = [] } = names ?? {};
  const errors: FieldErrors = [];
  const label = (value: string, at: FieldPath, intro = ''): void => {
    const messages = value === '' ? [] : isDNS1035Label(intro === '' ? value : value.toLowerCase());
    if (messages.length > 0) errors.push(invalid(at, value, intro + messages.join(',')));
  };
  const mixed = 'may have mixed case, but should otherwise match: ';
  label(plural, path.child('plural'));
  label(singular, path.child('singular'));
  label(kind, path.child('kind'), mixed);
  label(listKind, path.child('listKind'), mixed);
  const list = (values: readonly string[], at: FieldPath): void => {
    for (const [i, value] of values.entries()) {
      const messages = isDNS1035Label(value);
      if (messages.length > 0) errors.push(invalid(at.index(i), value, messages.join(',')));
    }
  };
  list(shortNames, path.child('shortNames'));
  if (kind !== '' && kind === listKind)
    errors.push(invalid(path.child('listKind'), listKind, 'kind and listKind may not be the same'));
  list(categories, path.child('categories'));
  return errors;
}

function validateJsonPath(text: string, path: FieldPath): FieldErrors {
  return text.startsWith('.') ? [] : [invalid(path, text, 'must be a simple json path starting with .')];
}

export function validatePrinterColumn(column: Readonly<PrinterColumn>, path: FieldPath): FieldErrors {
  const { name = '', type = '', format = '', jsonPath = '' } = column;
  const errors: FieldErrors = [];
  if (name === '') errors.push(required(path.child('name')));
  if (type === '') errors.push(required(path.child('type'), `must be one of ${columnTypes}`));
  else if (!columnTypes.split(',').includes(type))
    errors.push(invalid(path.child('type'), type, `must be one of ${columnTypes}`));
  if (format !== '' && !columnFormats.split(',').includes(format)) {
    errors.push(invalid(path.child('format'), format, `must be one of ${columnFormats}`));
  }
  if (jsonPath === '') return [...errors, required(path.child('JSONPath'))];
  return [...errors, ...validateJsonPath(jsonPath, path.child('JSONPath'))];
}

export function validateSubresources(subresources: Readonly<Subresources> | undefined, path: FieldPath): FieldErrors {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  const { specReplicasPath = '', statusReplicasPath = '', labelSelectorPath = '' } = scale;
  const under = (text: string, at: FieldPath, roots: readonly string[], where: string): FieldErrors => {
    const errors = validateJsonPath(text, at);
    if (errors.length > 0 || roots.some((root) => text.startsWith(root))) return errors;
    return [invalid(at, text, `should be a json path under ${where}`)];
  };
  const at = path.child('scale');
  return [
    ...(specReplicasPath === ''
      ? [required(at.child('specReplicasPath'))]
      : under(specReplicasPath, at.child('specReplicasPath'), ['.spec.'], '.spec')),
    ...(statusReplicasPath === ''
      ? [required(at.child('statusReplicasPath'))]
      : under(statusReplicasPath, at.child('statusReplicasPath'), ['.status.'], '.status')),
    ...(labelSelectorPath === ''
      ? []
      : under(labelSelectorPath, at.child('labelSelectorPath'), ['.spec.', '.status.'], 'either .spec or .status')),
  ];
}

/** No errors for a text that a client may be warned with. */
export function deprecationWarningErrors(deprecated: boolean, warning: string | undefined): string[] {
  if (warning === undefined) return [];
  if (!deprecated) return ['can only be set for deprecated versions'];
  const errors: string[] = [];
  const bytes = new TextEncoder();
  if (bytes.encode(warning).length > 256) errors.push('must be <= 256 characters long');
  if (warning === '') errors.push('must not be an empty string');
  const found = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(warning);
  if (found !== null) {
    const index = bytes.encode(warning.slice(0, found.index)).length;
    errors.push(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`);
  }
  return errors;
}

function validateReviewVersions(versions: readonly string[], requireKnown: boolean, path: FieldPath): FieldErrors {
  if (versions.length === 0) return [required(path)];
  const errors = versions.flatMap((version, i) => {
    if (versions.indexOf(version) < i) return [invalid(path.index(i), version, 'duplicate version')];
    return isDNS1035Label(version).map((message) => invalid(path.index(i), version, message));
  });
  if (requireKnown && !hasKnownReviewVersion(versions)) {
    errors.push(invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  }
  return errors;
}

export function hasKnownReviewVersion(versions: readonly string[]): boolean {
  return versions.some((version) => reviewVersions.includes(version));
}

/** What an update may keep is not required: known review versions and a sound bundle. */
export interface ConversionRules {
  readonly requireKnownReviewVersion: boolean;
  readonly requireSoundBundle: boolean;
}

export function bundleErrorOf(conversion: Readonly<Conversion> | undefined): string | undefined {
  const bundle = conversion?.webhook?.clientConfig?.caBundle ?? '';
  return bundle === '' ? undefined : trustBundleError(Buffer.from(bundle, 'base64').toString('latin1'));
}

export function validateConversion(
  conversion: Readonly<Conversion> | undefined,
  rules: ConversionRules,
  path: FieldPath,
): FieldErrors {
  if (conversion === undefined) return [];
  const { strategy = '', webhook } = conversion;
  const errors: FieldErrors = [];
  if (strategy === '') errors.push(required(path.child('strategy')));
  else if (!['None', 'Webhook'].includes(strategy))
    errors.push(notSupported(path.child('strategy'), strategy, ['None', 'Webhook']));
  const clientPath = path.child('webhookClientConfig');
  const versionsPath = path.child('conversionReviewVersions');
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy === 'Webhook') {
    if (webhook?.clientConfig === undefined)
      errors.push(required(clientPath, 'required when strategy is set to Webhook'));
    else errors.push(...validateWebhookClient(webhook.clientConfig, clientPath));
    const bundleError = rules.requireSoundBundle ? bundleErrorOf(conversion) : undefined;
    if (bundleError !== undefined)
      errors.push(invalid(clientPath.child('caBundle'), webhook?.clientConfig?.caBundle, bundleError));
    return [...errors, ...validateReviewVersions(versions, rules.requireKnownReviewVersion, versionsPath)];
  }
  const detail = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig !== undefined) errors.push(forbidden(clientPath, detail));
  if (versions.length > 0) errors.push(forbidden(versionsPath, detail));
  return errors;
}
