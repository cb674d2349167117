import { X509Certificate } from 'node:crypto';
import { type FieldErrors, FieldPath, invalid, tooLong } from '../../../api/field-error.ts';
import { byteLength, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { pemBlocks } from './pem.ts';
import { validateSignerName } from './signer-name.ts';

export type ClusterTrustBundle = Api<'io.k8s.api.certificates.v1beta1.ClusterTrustBundle'>;

const bundlePath = FieldPath.of('spec', 'trustBundle');
const signerPath = FieldPath.of('spec', 'signerName');
const maxBundle = 1 << 20;

/** Bundles of a signer are named `signer:path:anything`. */
function nameErrors(bundle: Readonly<ClusterTrustBundle>): FieldErrors {
  const name = bundle.metadata?.name ?? '';
  const signer = bundle.spec?.signerName ?? '';
  const wrong = (messages: readonly string[]): FieldErrors =>
    messages.map((message) => invalid(FieldPath.of('metadata', 'name'), name, message));
  if (name === '') return [];
  if (signer === '') {
    return wrong(
      name.includes(':')
        ? ['ClusterTrustBundle without signer name must not have ":" in its name']
        : nameIsDNSSubdomain(name, false),
    );
  }
  const prefix = `${signer.replaceAll('/', ':')}:`;
  if (!name.startsWith(prefix))
    return wrong([`ClusterTrustBundle for signerName ${signer} must be named with prefix ${prefix}`]);
  return wrong(nameIsDNSSubdomain(name.slice(prefix.length), false));
}

function blockError({ type, hasHeaders, bytes }: ReturnType<typeof pemBlocks>[number]): string | undefined {
  if (type !== 'CERTIFICATE') return `has bad block type: ${type}`;
  if (hasHeaders) return 'has PEM block headers';
  try {
    return new X509Certificate(bytes).ca ? undefined : 'does not have the CA bit set';
  } catch {
    return 'does not parse as X.509';
  }
}

function trustBundleErrors(text: string): FieldErrors {
  if (byteLength(text) > maxBundle) return [tooLong(bundlePath, maxBundle)];
  const blocks = pemBlocks(text);
  const wrong = (detail: string): FieldErrors[number] => invalid(bundlePath, '<value omitted>', detail);
  const malformed = blocks.flatMap((block, i) => {
    const error = blockError(block);
    return error === undefined ? [] : [wrong(`entry ${i} ${error}`)];
  });
  if (malformed.length > 0) return malformed;
  if (blocks.length === 0) return [wrong('at least one trust anchor must be provided')];
  const places = Map.groupBy(blocks.keys(), (i) => blocks[i]?.bytes.toString('base64') ?? '');
  return [...places.values()]
    .filter((indices) => indices.length > 1)
    .map((indices) => wrong(`duplicate trust anchor (indices [${indices.join(' ')}])`));
}

function validate(bundle: Readonly<ClusterTrustBundle>, old?: Readonly<ClusterTrustBundle>): FieldErrors {
  const { signerName = '', trustBundle = '' } = bundle.spec ?? {};
  const errors = nameErrors(bundle);
  if (signerName !== '') errors.push(...validateSignerName(signerPath, signerName));
  if (old === undefined || trustBundle !== (old.spec?.trustBundle ?? ''))
    errors.push(...trustBundleErrors(trustBundle));
  if (old !== undefined && signerName !== (old.spec?.signerName ?? ''))
    errors.push(invalid(signerPath, signerName, 'field is immutable'));
  return errors;
}

/** Served only on request: an API that is not stable. */
export const clusterTrustBundles: Strategy<ClusterTrustBundle> = {
  resource: 'clustertrustbundles.certificates.k8s.io',
  allowUnconditionalUpdate: false,
  validateName: () => [],
  validateCreate: (bundle) => validate(bundle),
  validateUpdate: validate,
};
