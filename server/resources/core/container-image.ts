const domain = String.raw`(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?`;
const pathComponent = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][0-9a-fA-F]{32,}';
const reference = new RegExp(
  `^((?:${domain}/)?${pathComponent}(?:/${pathComponent})*)(?::([\\w][\\w.-]{0,127}))?(?:@(${digest}))?$`,
);
const identifier = /^[a-f0-9]{64}$/;
const simple = /^[a-z0-9]+(?::([\w][\w.-]{0,127}))?$/;
const digestForms = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;

function normalized(image: string): string | undefined {
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  const hasDomain = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  const remainder = hasDomain ? image.slice(slash + 1) : image;
  const colon = remainder.indexOf(':');
  const name = colon < 0 ? remainder : remainder.slice(0, colon);
  if (name.toLowerCase() !== name) return undefined;
  return hasDomain ? image : `docker.io/${slash < 0 ? 'library/' : ''}${image}`;
}

/** The pull policy of an image without one: Always for `:latest` or no tag, IfNotPresent otherwise, also when it cannot be parsed. */
export function defaultPullPolicy(image: string | undefined): 'Always' | 'IfNotPresent' {
  return imageTag(image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
}

function imageTag(image: string): string | undefined {
  if (identifier.test(image)) return undefined;
  const short = simple.exec(image);
  if (short !== null) return short[1] ?? 'latest';
  const text = normalized(image);
  const match = text === undefined ? null : reference.exec(text);
  if (match === null || (match[1] ?? '').length > 255) return undefined;
  if (match[3] !== undefined && !digestForms.test(match[3])) return undefined;
  return match[2] ?? (match[3] === undefined ? 'latest' : undefined);
}
