import { badRequest } from '../../api/status.ts';

export interface WantedUser {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Names in lower case; a header that came several times has a list, which Node's `req.headers` does not give: use `headersDistinct`. */
export type HeaderLists = Readonly<Record<string, string | readonly string[] | undefined>>;

const extraPrefix = 'impersonate-extra-';

/** Whom the request wants to act as; undefined when nobody. Throws BadRequest. */
export function wantedUser(headers: HeaderLists): WantedUser | undefined {
  const list = (name: string): readonly string[] => [headers[name] ?? []].flat();
  const [username = ''] = list('impersonate-user');
  const [uid = ''] = list('impersonate-uid');
  const groups = list('impersonate-group');
  const extra: Record<string, string[]> = {};
  for (const name of Object.keys(headers)) {
    if (!name.startsWith(extraPrefix)) continue;
    const key = unescaped(name.slice(extraPrefix.length));
    extra[key] = [...(extra[key] ?? []), ...list(name)];
  }
  const wanted = { username, uid, groups, extra };
  if (username !== '') return wanted;
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw badRequest(`requested ${goSyntax(wanted)} without impersonating a user name`);
}

/** True when the request has any of the headers at all: the cheap question asked of each request. */
export function hasImpersonation(headers: HeaderLists): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // As upstream: recorded even when malformed.
  }
}

// Go's %#v of the user, which clients see.
function goSyntax({ uid, groups, extra }: WantedUser): string {
  const strings = (values: readonly string[]) => `[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
  const entries = Object.entries(extra).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const extraText = entries.map(([key, values]) => `${JSON.stringify(key)}:${strings(values)}`).join(', ');
  const groupText = groups.length === 0 ? '[]string(nil)' : strings(groups);
  const map = entries.length === 0 ? 'map[string][]string(nil)' : `map[string][]string{${extraText}}`;
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${groupText}, Extra:${map}}`;
}
