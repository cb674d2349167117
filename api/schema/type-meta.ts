import type { GroupVersionKind } from '../object.ts';
import { DecodeError, kindOfJson } from './decode-state.ts';

const metaStruct =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Splits an apiVersion as upstream does. Throws DecodeError. */
export function parseGroupVersion(text: string): { group: string; version: string } {
  if (text === '' || text === '/') return { group: '', version: '' };
  const parts = text.split('/');
  if (parts.length === 1) return { group: '', version: text };
  if (parts.length > 2) throw new DecodeError(`unexpected GroupVersion string: ${text}`);
  const [group = '', version = ''] = parts;
  return { group, version };
}

/**
 * Which kind a body says it is; what it leaves out is ''. Upstream reads these two keys in any case of letters, the last one wins.
 * Throws DecodeError.
 */
export function readTypeMeta(body: unknown): GroupVersionKind {
  const found = { apiversion: '', kind: '' };
  if (body !== null) {
    if (kindOfJson(body) !== 'object') throw unreadable(`${kindOfJson(body)} into Go value of type ${metaStruct}`);
    const object = body as Record<string, unknown>;
    for (const key in object) {
      if (key.length !== 4 && key.length !== 10) continue;
      const name = key.toLowerCase();
      if (name !== 'kind' && name !== 'apiversion') continue;
      const value = object[key];
      if (typeof value === 'string') found[name] = value;
      else if (value !== null) {
        const field = name === 'kind' ? 'kind' : 'apiVersion';
        throw unreadable(`${kindOfJson(value)} into Go struct field .${field} of type string`);
      }
    }
  }
  return { ...parseGroupVersion(found.apiversion), kind: found.kind };
}

function unreadable(what: string): DecodeError {
  return new DecodeError(`couldn't get version/kind; json parse error: json: cannot unmarshal ${what}`);
}

/** Fills in what the body left out. Upstream: gvkWithDefaults. */
export function withDefaults(actual: GroupVersionKind, expected: GroupVersionKind): GroupVersionKind {
  const kind = actual.kind === '' ? expected.kind : actual.kind;
  if (actual.version !== '') return { ...actual, kind };
  const group = actual.group === '' ? expected.group : actual.group;
  return { group, version: group === expected.group ? expected.version : '', kind };
}
